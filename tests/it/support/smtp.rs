//! A peer that speaks just enough SMTP to take mail, or to refuse it in the ways servers do.

use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use users_core::config::Config;

use super::World;

/// How it behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mood {
    Takes,
    /// 450 to the recipient, as greylisting does.
    PutsOff,
    /// 550 to the recipient.
    Refuses,
    /// 421 instead of a greeting.
    Busy,
    /// 554 instead of a greeting.
    Unwelcoming,
    /// Nothing at all.
    Silent,
    /// Hangs up in the middle of the mail.
    HangsUp,
    /// Takes the mail and hangs up before it says so.
    ForgetsToSay,
}

/// A mail as it arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub recipients: Vec<String>,
    pub head: String,
    pub text: String,
    pub html: String,
}

impl Arrived {
    /// A header, unfolded.
    pub fn header(&self, name: &str) -> String {
        let head = self.head.replace("\r\n ", " ");
        let start = format!("{}: ", name.to_lowercase());
        let line = head
            .lines()
            .find(|line| line.to_lowercase().starts_with(&start));
        line.map_or_else(String::new, |line| line[start.len()..].to_owned())
    }

    /// The address of its link.
    #[track_caller]
    pub fn link(&self) -> String {
        let at = self.text.find("http").expect("a link");
        let link = self.text[at..].split_whitespace().next().expect("a link");
        let in_html = link.replace('&', "&amp;");
        assert!(
            self.html.contains(&format!("href=\"{in_html}\"")),
            "{}",
            self.html
        );
        link.to_owned()
    }

    /// What stands in its link.
    #[track_caller]
    pub fn secret(&self) -> String {
        let link = self.link();
        let (_, secret) = link.split_once("?link=").expect("a secret");
        secret.to_owned()
    }
}

#[derive(Clone)]
pub struct Peer {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    mood: Mood,
    arrived: Vec<Arrived>,
    connections: usize,
}

impl Peer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let peer = Self {
            port: listener.local_addr().expect("an address").port(),
            state: Arc::new(Mutex::new(State {
                mood: Mood::Takes,
                arrived: Vec::new(),
                connections: 0,
            })),
        };
        let state = Arc::clone(&peer.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                tokio::spawn(async move { serve(stream, &state).await });
            }
        });
        peer
    }

    /// Settings that send mail here.
    pub fn configure(&self, config: &mut Config) {
        config.mail.host = Some("127.0.0.1".to_owned());
        config.mail.port = u32::from(self.port);
        "none".clone_into(&mut config.mail.tls);
        config.mail.from = Some("no-reply@id.example.test".to_owned());
        config.mail.timeout = std::time::Duration::from_millis(500);
        config.limits.mail_requests_per_minute = 1000;
    }

    pub fn is(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    /// What arrived since somebody asked last.
    pub fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.lock().arrived)
    }

    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// Lets the node send what is due; what arrived.
    pub async fn deliver(&self, world: &World) -> Vec<Arrived> {
        world.settle().await;
        let sent = users_core::letters::worker::send_due(&world.app, "this node").await;
        sent.expect("the queue can be worked on");
        self.take()
    }

    /// The same where one mail is expected.
    #[track_caller]
    pub fn one(arrived: Vec<Arrived>) -> Arrived {
        let [mail] = <[Arrived; 1]>::try_from(arrived).expect("one mail");
        mail
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Waits for what goes on after requests were answered.
    pub async fn settle(&self) {
        while !self.app.errands.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }
}

async fn serve(stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mood = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.connections += 1;
        state.mood
    };
    let mut stream = BufReader::new(stream);
    match mood {
        Mood::Silent => {
            tokio::time::sleep(std::time::Duration::from_mins(1)).await;
            return None;
        }
        Mood::Unwelcoming => return say(&mut stream, "554 no mail is taken here").await,
        Mood::Busy => return say(&mut stream, "421 too many connections").await,
        _ => say(&mut stream, "220 sink.test ESMTP").await?,
    }
    let mut recipients = Vec::new();
    loop {
        let line = line(&mut stream).await?;
        let verb = line
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_uppercase();
        match verb.as_str() {
            "EHLO" => say(&mut stream, "250-sink.test\r\n250-8BITMIME\r\n250 SMTPUTF8").await?,
            "RCPT" => match mood {
                Mood::PutsOff => say(&mut stream, "450 4.7.1 greylisted, come back later").await?,
                Mood::Refuses => say(&mut stream, "550 5.1.1 no such user here").await?,
                _ => {
                    recipients.push(line);
                    say(&mut stream, "250 ok").await?;
                }
            },
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                if mood == Mood::HangsUp {
                    return None;
                }
                let mail = data(&mut stream).await?;
                let arrived = arrived(std::mem::take(&mut recipients), &mail);
                keep(state, arrived);
                if mood == Mood::ForgetsToSay {
                    return None;
                }
                say(&mut stream, "250 taken").await?;
            }
            "QUIT" => return say(&mut stream, "221 bye").await,
            _ => say(&mut stream, "250 ok").await?,
        }
    }
}

fn keep(state: &Mutex<State>, arrived: Arrived) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.arrived.push(arrived);
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> Option<()> {
    let text = format!("{text}\r\n");
    stream.get_mut().write_all(text.as_bytes()).await.ok()
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

async fn data(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut mail = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line == ".\r\n" {
            return Some(mail);
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn arrived(recipients: Vec<String>, mail: &str) -> Arrived {
    let (head, body) = mail.split_once("\r\n\r\n").expect("a head");
    let unfolded = head.replace("\r\n ", " ");
    let (_, boundary) = unfolded.split_once("boundary=\"").expect("parts");
    let boundary = format!("--{}", boundary.split('"').next().expect("its end"));
    let part = |kind: &str| {
        let parts = body.split(boundary.as_str());
        let mut found = parts.filter_map(|part| part.trim_start().split_once("\r\n\r\n"));
        let (head, body) = found
            .find(|(head, _)| head.contains(kind))
            .unwrap_or_else(|| panic!("no {kind} in {body}"));
        decoded(&head.to_lowercase(), body.trim_end_matches("\r\n"))
    };
    Arrived {
        recipients,
        head: head.to_owned(),
        text: part("text/plain"),
        html: part("text/html"),
    }
}

fn decoded(head: &str, body: &str) -> String {
    let bytes = if head.contains("base64") {
        let packed: String = body.split_whitespace().collect();
        BASE64.decode(packed.as_bytes()).expect("base64")
    } else if head.contains("quoted-printable") {
        let joined = body.replace("=\r\n", "");
        let mut pieces = joined.split('=');
        let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
        for piece in pieces {
            let (code, rest) = piece.split_at(2);
            bytes.push(u8::from_str_radix(code, 16).expect("two digits"));
            bytes.extend(rest.as_bytes());
        }
        bytes
    } else {
        body.as_bytes().to_vec()
    };
    String::from_utf8(bytes)
        .expect("UTF-8")
        .replace("\r\n", "\n")
}
