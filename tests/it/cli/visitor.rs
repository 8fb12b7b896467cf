//! Somebody at a browser, over real sockets: cookies by host, redirects followed, links and forms
//! as the pages have them.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::PATIENCE;
use crate::support::browser::{Form, unescape};
use crate::support::http::Reply;

/// More redirects than any way through the pages has.
const MAX_STEPS: usize = 8;

#[derive(Default)]
pub struct Visitor {
    /// By host, as browsers keep them: a port makes no difference.
    cookies: BTreeMap<(String, String), String>,
}

/// Where a visitor ended up.
#[derive(Debug)]
pub struct Page {
    pub at: Url,
    pub reply: Reply,
}

impl Page {
    pub fn has(&self, id: &str) -> bool {
        self.reply.body.contains(&format!(" id=\"{id}\""))
    }

    /// The address of the link with this id.
    #[track_caller]
    pub fn link(&self, id: &str) -> String {
        let before = format!("id=\"{id}\" href=\"");
        let (_, rest) = self
            .reply
            .body
            .split_once(&before)
            .unwrap_or_else(|| panic!("no link {id}: {self:?}"));
        unescape(rest.split('"').next().expect("its end"))
    }

    /// What stands between the tags of the element that begins so.
    #[track_caller]
    pub fn inside(&self, beginning: &str, end: &str) -> String {
        let (_, rest) = self
            .reply
            .body
            .split_once(beginning)
            .unwrap_or_else(|| panic!("no {beginning}: {self:?}"));
        unescape(rest.split(end).next().expect("its end"))
    }

    /// The value of a claim in the table.
    #[track_caller]
    pub fn claim(&self, name: &str) -> String {
        let row = format!("<tr data-claim=\"{name}\"><th scope=\"row\">{name}</th><td><bdi>");
        self.inside(&row, "</bdi>")
    }
}

impl Visitor {
    pub fn open(&mut self, address: &str) -> Page {
        self.go(&Url::parse(address).expect("an address"), None)
    }

    /// Sends the form of a page that goes to a path with this end.
    pub fn send(&mut self, page: &Page, end: &str, fields: &[(&str, &str)]) -> Page {
        let form = fields
            .iter()
            .fold(Form::of(&page.reply, end), |form, (name, value)| {
                form.with(name, value)
            });
        let to = page.at.join(&form.action).expect("an address");
        let body = serde_urlencoded::to_string(&form.fields).expect("a form");
        self.go(&to, Some(body))
    }

    fn go(&mut self, to: &Url, mut body: Option<String>) -> Page {
        let mut at = to.clone();
        for _ in 0..MAX_STEPS {
            let reply = self.ask(&at, body.take());
            let Some(location) = reply.header("location") else {
                return Page { at, reply };
            };
            assert_eq!(reply.status, 303, "{reply:?}");
            at = at.join(location).expect("an address");
        }
        panic!("sent on and on, at last to {at}");
    }

    fn ask(&mut self, at: &Url, body: Option<String>) -> Reply {
        assert_eq!(at.scheme(), "http", "{at}");
        let host = at.host_str().expect("a host").to_owned();
        let port = at.port().expect("a port");
        let method = if body.is_some() { "POST" } else { "GET" };
        let body = body.unwrap_or_default();
        let path = &at[url::Position::BeforePath..url::Position::AfterQuery];
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|((owner, _), _)| *owner == host)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\
             Cookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            cookies.join("; "),
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let reply = read(&answer);
        self.keep_cookies(&host, &reply);
        reply
    }

    fn keep_cookies(&mut self, host: &str, reply: &Reply) {
        for cookie in reply.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("text");
            assert!(cookie.len() < 4096, "no browser keeps {cookie}");
            let (name, value) = cookie.split_once('=').expect("a cookie");
            let value = value.split(';').next().expect("a value");
            let key = (host.to_owned(), name.to_owned());
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
    }
}

fn read(answer: &str) -> Reply {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let status = status.and_then(|status| status.parse().ok());
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a field");
        let name = HeaderName::try_from(name).expect("a name");
        headers.append(name, HeaderValue::try_from(value).expect("a value"));
    }
    Reply {
        status: status.expect("a status"),
        headers,
        body: body.to_owned(),
    }
}
