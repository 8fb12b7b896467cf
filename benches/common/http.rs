//! A small HTTP/1.1 client that keeps its connection and costs little itself.

use std::net::SocketAddr;

use data_encoding::BASE64;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Outcome;
use super::clients::Client;

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(8192),
        })
    }

    /// Sends a request and reads what its answer says: the body of a 200, the address of a 303.
    ///
    /// # Errors
    /// Everything else, with the whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Outcome<&str> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.read().await?;
            if let Some(at) = self.buffer.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let length = content_length(std::str::from_utf8(&self.buffer[..head])?)?;
        while self.buffer.len() < head + length {
            self.read().await?;
        }
        let answer = std::str::from_utf8(&self.buffer)?;
        if answer.starts_with("HTTP/1.1 303 ") {
            return header(&answer[..head], "location:").ok_or("a 303 to nowhere".into());
        }
        if !answer.starts_with("HTTP/1.1 200 ") {
            return Err(format!("refused: {answer}").into());
        }
        Ok(&answer[head..])
    }

    async fn read(&mut self) -> Outcome<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err("the server closed a connection".into());
        }
        Ok(())
    }
}

fn content_length(head: &str) -> Outcome<usize> {
    let value = header(head, "content-length:").ok_or("an answer without a length")?;
    Ok(value.parse()?)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (start, rest) = line.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some(rest.trim())
    })
}

pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}

/// The same with one more line of headers.
pub fn get_with(path: &str, header: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n\r\n").into_bytes()
}

/// Posts a form as a client with `client_secret_basic`. Its id and secret need no encoding.
pub fn post(path: &str, client: &Client, form: &str) -> Vec<u8> {
    let Client { id, secret, .. } = client;
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic {}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        BASE64.encode(format!("{id}:{secret}").as_bytes()),
        form.len(),
    )
    .into_bytes()
}

/// A member of a JSON answer whose value needs no escapes.
pub fn member<'a>(body: &'a str, name: &str) -> Outcome<&'a str> {
    let start = format!("\"{name}\":\"");
    let value = body.split_once(&start).map(|(_, rest)| rest);
    let value = value.and_then(|rest| rest.split_once('"'));
    let (value, _) = value.ok_or_else(|| format!("no {name} in {body}"))?;
    Ok(value)
}
