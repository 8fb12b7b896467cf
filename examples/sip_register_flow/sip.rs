//! As much of SIP's text (RFC 3261 section 7) as a registrar and a phone need.

use std::fmt::Write as _;

/// The header fields with a short form that are read here (RFC 3261 section 20).
const COMPACT: &[(&str, &str)] = &[
    ("v", "Via"),
    ("f", "From"),
    ("t", "To"),
    ("i", "Call-ID"),
    ("m", "Contact"),
    ("l", "Content-Length"),
];

/// A request or a response.
pub struct Message {
    pub start: String,
    headers: Vec<(String, String)>,
}

impl Message {
    /// A message of header fields alone.
    pub fn new(start: &str, headers: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            start: start.to_owned(),
            headers: headers.iter().map(owned).collect(),
        }
    }

    /// Reads a datagram. `None` for what is no message.
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, _body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next()?.to_owned();
        let is_sip = start.starts_with("SIP/2.0 ") || start.ends_with(" SIP/2.0");
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            let name = name.trim_end();
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if name.is_empty() || !name.bytes().all(plain) {
                return None;
            }
            let short = COMPACT
                .iter()
                .find(|(short, _)| short.eq_ignore_ascii_case(name));
            let name = short.map_or(name, |(_, long)| long);
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        is_sip.then_some(Self { start, headers })
    }

    /// The only field of this name. `None`: there is none, or several.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.all(name);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of_name = move |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .filter(of_name)
            .map(|(_, value)| value.as_str())
    }

    /// The method of a request.
    pub fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// The address of record in `To`, such as `alice@sip.example.org`.
    pub fn address_of_record(&self) -> Option<&str> {
        let to = self.header("To")?;
        let address = to.split_once("<sip:").map_or(to, |(_, rest)| rest);
        let address = address.split(['>', ';']).next()?;
        address.contains('@').then_some(address)
    }

    /// The answer to a request, with the fields that RFC 3261 section 8.2.6 repeats.
    pub fn answer(&self, status: &str, more: &[(&str, &str)]) -> Self {
        let mut answer = Self::new(&format!("SIP/2.0 {status}"), &[]);
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            for value in self.all(name) {
                let tagged = name == "To" && !value.contains(";tag=");
                let value = format!("{value}{}", if tagged { ";tag=registrar" } else { "" });
                answer.headers.push((name.to_owned(), value));
            }
        }
        for (name, value) in more {
            answer
                .headers
                .push(((*name).to_owned(), (*value).to_owned()));
        }
        answer
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            // Writing into a String cannot fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        text.into_bytes()
    }
}
