//! A server at work, and who asks it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use serde_json::Value;

use super::{Ended, PATIENCE};

/// A running server; killed when it is forgotten.
pub struct Server {
    pub child: Child,
    /// What it said at the start.
    pub said: Value,
}

/// An answer to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// A header by its name in lower case.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        let mut lines = self.head.lines();
        let found = lines.find_map(|line| line.strip_prefix(&start));
        found.unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// A member of an answer that is no error.
    #[track_caller]
    pub fn text(&self, member: &str) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        let json = self.json();
        let text = json[member].as_str();
        text.unwrap_or_else(|| panic!("no {member} in {self:?}"))
            .to_owned()
    }
}

impl Server {
    /// `127.0.0.1:port`
    pub fn address(&self) -> &str {
        let address = self.said["listening"][0].as_str().expect("an address");
        address.strip_prefix("http://").expect("plain HTTP")
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ))
    }

    pub fn post(
        &self,
        path: &str,
        form: &[(&str, &str)],
        credentials: Option<(&str, &str)>,
    ) -> Answer {
        let body = serde_urlencoded::to_string(form).expect("a form");
        let basic = credentials.map_or_else(String::new, |(id, secret)| {
            let pair = BASE64.encode(format!("{id}:{secret}").as_bytes());
            format!("Authorization: Basic {pair}\r\n")
        });
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{basic}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    pub fn send(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("sent");
        answer(&mut stream)
    }

    pub fn jwks(&self) -> Value {
        self.get("/jwks.json").json()
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for the end; the exit code and the log.
    pub fn end(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("a child of ours").is_none() {
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut stderr = String::new();
        let pipe = self.child.stderr.as_mut().expect("a pipe");
        pipe.read_to_string(&mut stderr)
            .expect("its log can be read");
        Ended {
            code: self.child.wait().expect("it ended").code(),
            stdout: String::new(),
            stderr,
        }
    }

    pub fn stop(self) -> Ended {
        self.signal("TERM");
        self.end()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads an answer until the connection ends.
pub fn answer(stream: &mut TcpStream) -> Answer {
    let mut read = String::new();
    stream.read_to_string(&mut read).expect("an answer");
    let (head, body) = read.split_once("\r\n\r\n").expect("a head and a body");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.expect("a status"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}
