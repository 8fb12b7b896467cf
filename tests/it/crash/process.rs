//! The server as a process of its own, and requests to it that may get no answer.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use users_core::config::Config;

use super::text;
use crate::support::people::Service;
use crate::support::socket::soon;

/// A running server. It does not outlive the test.
pub struct Process {
    child: Child,
    /// Held open: a server that cannot write its greeting stops.
    _greeting: BufReader<ChildStdout>,
    pub address: Address,
}

/// Where a server listens, or did.
#[derive(Clone, Copy)]
pub struct Address(SocketAddr);

/// An answer that came whole.
#[derive(Debug)]
pub struct Heard {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Process {
    /// Starts a server with the settings of a world, and waits until it answers.
    pub async fn start(config: &Config) -> Self {
        let secret = config.master_key.as_ref().expect("a master key");
        let hash = &config.password_hash;
        let mut child = Command::new(env!("CARGO_BIN_EXE_users-core"))
            .arg("serve")
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("USERS_CORE_BIND", "127.0.0.1:0")
            .env("USERS_CORE_ISSUER", &config.issuer)
            .env("USERS_CORE_DATABASE_URL", config.database_url.expose())
            .env("USERS_CORE_MASTER_KEY", secret.expose())
            .env("USERS_CORE_LOG_LEVEL", "error")
            .env("USERS_CORE_TOKENS_SIGNING_ALG", &config.tokens.signing_alg)
            .env(
                "USERS_CORE_PASSWORD_HASH_MEMORY_KIB",
                hash.memory_kib.to_string(),
            )
            .env(
                "USERS_CORE_PASSWORD_HASH_ITERATIONS",
                hash.iterations.to_string(),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut greeting = BufReader::new(child.stdout.take().expect("a pipe"));
        let address = greeting.by_ref().lines().find_map(|line| {
            let line = line.expect("text");
            let url = line.trim().strip_prefix("listening")?.trim();
            url.strip_prefix("http://")?.parse().ok()
        });
        let address = Address(address.expect("the server says where it listens"));
        let process = Self {
            child,
            _greeting: greeting,
            address,
        };
        let health = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let health = address.exchange(health).await.expect("an answer");
        assert_eq!(health.status, 200);
        process
    }

    /// Ends it at once: SIGKILL, which no process sees coming.
    pub fn kill(&mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it has ended");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already done, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Address {
    /// The answer to a client's request, which must be a success; `None` if it did not come whole.
    pub async fn post(self, app: &Service, path: &str, form: &[(&str, &str)]) -> Option<Value> {
        let body = self.succeed(app, path, form).await?;
        Some(serde_json::from_str(&body).expect("JSON"))
    }

    /// Whether a client's request was answered, which must be with a success and nothing else.
    pub async fn confirm(self, app: &Service, path: &str, form: &[(&str, &str)]) -> bool {
        let body = self.succeed(app, path, form).await;
        body.is_some_and(|body| body.is_empty())
    }

    async fn succeed(self, app: &Service, path: &str, form: &[(&str, &str)]) -> Option<String> {
        let heard = self.form(app, path, form).await?;
        assert_eq!(heard.status, 200, "{}", heard.body);
        Some(heard.body)
    }

    /// The answer to a client's request, whatever it is; `None` if it did not come whole.
    pub async fn form(self, app: &Service, path: &str, form: &[(&str, &str)]) -> Option<Heard> {
        let body = serde_urlencoded::to_string(form).expect("a form");
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            app.authorization(),
            body.len(),
        );
        self.exchange(&request).await
    }

    /// What a browser with these cookies gets; `None` if it did not come whole.
    pub async fn browse(self, path: &str, cookies: &str) -> Option<Heard> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookies}\r\n\r\n"
        );
        self.exchange(&request).await
    }

    /// The successor of a refresh token, if the answer came.
    pub async fn refresh(self, app: &Service, token: &str) -> Option<String> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let answer = self.post(app, "/token", &form).await?;
        Some(text(&answer, "refresh_token"))
    }

    /// A whole answer.
    async fn exchange(self, request: &str) -> Option<Heard> {
        let mut read = String::new();
        let talk = async {
            let mut stream = TcpStream::connect(self.0).await?;
            stream.write_all(request.as_bytes()).await?;
            stream.read_to_string(&mut read).await
        };
        soon(talk).await.ok()?;
        let (head, body) = read.split_once("\r\n\r\n")?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.expect("a length").parse().expect("a number");
        let status = head
            .get(9..12)
            .expect("a status")
            .parse()
            .expect("a number");
        (body.len() == length).then(|| Heard {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }
}

impl Heard {
    /// A header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}
