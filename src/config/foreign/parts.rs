//! Fields that several settings of another system make together.

use std::borrow::Cow;
use std::net::IpAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{NO_FLAG, Reading, Source, is_on};
use crate::config::CharacterClass;
use crate::config::error::Errors;

/// The port of `bind` where only a host is given.
const DEFAULT_PORT: u16 = 8000;

/// What somebody said, and where.
type Said = Option<(Source, String)>;

/// A host and a port that make `bind` together.
#[derive(Default)]
pub(super) struct Address {
    pub(super) host: Said,
    pub(super) port: Said,
}

impl Address {
    pub(super) fn give(self, reading: &mut Reading<'_>) {
        let Some((source, _)) = self.host.as_ref().or(self.port.as_ref()) else {
            return;
        };
        let port = match self.port.as_ref().map(|(_, text)| text.trim().parse()) {
            None => DEFAULT_PORT,
            Some(Ok(port)) => port,
            Some(Err(_)) => return no_port(reading, self.port.as_ref()),
        };
        let hosts: Vec<Cow<'_, str>> = match self.host.as_ref().map(|(_, host)| host.trim()) {
            // Nobody asked to be reached by others.
            None | Some("localhost") => vec!["127.0.0.1".into(), "[::1]".into()],
            Some(host) => match host.parse::<IpAddr>() {
                Ok(IpAddr::V6(address)) => vec![format!("[{address}]").into()],
                _ => vec![host.into()],
            },
        };
        let addresses: Vec<String> = hosts.iter().map(|host| format!("{host}:{port}")).collect();
        reading.give(source, "bind", &addresses.join(","));
    }
}

fn no_port(reading: &mut Reading<'_>, said: Option<&(Source, String)>) {
    if let Some((source, _)) = said {
        reading.errors.add(&source.place, "must be a port");
    }
}

/// Switches that make `passwords.classes` together.
#[derive(Default)]
pub(super) struct Classes {
    said: Vec<(CharacterClass, Source, bool)>,
}

impl Classes {
    pub(super) fn note(
        &mut self,
        class: CharacterClass,
        source: &Source,
        value: &str,
        errors: &mut Errors,
    ) {
        // The first to say something is heard.
        if self.said.iter().any(|(known, ..)| *known == class) {
            return;
        }
        match is_on(value) {
            Some(on) => self.said.push((class, source.clone(), on)),
            None => errors.add(&source.place, NO_FLAG),
        }
    }

    /// None that is switched on changes nothing.
    pub(super) fn give(self, reading: &mut Reading<'_>) {
        let wanted = || self.said.iter().filter(|(_, _, on)| *on);
        let Some((_, first, _)) = wanted().next() else {
            return;
        };
        let names: Vec<&str> = wanted().map(|(_, from, _)| &*from.name).collect();
        let classes: Vec<&str> = wanted().map(|(class, ..)| class.name()).collect();
        let source = Source {
            name: names.join(", "),
            ..first.clone()
        };
        reading.give(&source, "passwords.classes", &classes.join(","));
    }
}

/// A part of how users-core is told of its certificate.
#[derive(Clone, Copy, Debug)]
pub(super) enum TlsPart {
    Enabled,
    Certificate,
    Key,
}

/// A switch and two files that make `tls.*` together.
#[derive(Default)]
pub(super) struct Tls {
    enabled: Option<(Source, bool)>,
    certificate: Said,
    key: Said,
}

impl Tls {
    pub(super) fn note(
        &mut self,
        part: TlsPart,
        source: &Source,
        value: &str,
        errors: &mut Errors,
    ) {
        let said = || Some((source.clone(), value.to_owned()));
        match part {
            // The first to say something is heard.
            TlsPart::Enabled if self.enabled.is_some() => {}
            TlsPart::Enabled => match is_on(value) {
                Some(on) => self.enabled = Some((source.clone(), on)),
                None => errors.add(&source.place, NO_FLAG),
            },
            TlsPart::Certificate => self.certificate = self.certificate.take().or_else(said),
            TlsPart::Key => self.key = self.key.take().or_else(said),
        }
    }

    pub(super) fn give(self, reading: &mut Reading<'_>) {
        let files = [
            ("tls.cert_file", self.certificate, "certs/server.crt"),
            ("tls.key_file", self.key, "certs/server.key"),
        ];
        let switch = self.enabled.filter(|(_, on)| *on).map(|(source, _)| source);
        for (path, said, usual) in files {
            match (&switch, said) {
                (Some(_), Some((source, file))) => reading.give(&source, path, &file),
                (Some(switch), None) => reading.give(switch, path, usual),
                (None, Some((source, _))) => {
                    reading.unread(&source.name, "TLS is not switched on over there");
                }
                (None, None) => {}
            }
        }
    }
}

/// A part of a PostgreSQL server's address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PostgresPart {
    Host,
    Port,
    Database,
    User,
    Password,
}

/// The parts of a PostgreSQL server's address that are given; what is not is as over there.
#[derive(Default)]
pub(super) struct Postgres {
    given: Vec<(PostgresPart, Source, String)>,
}

impl Postgres {
    pub(super) fn note(&mut self, part: PostgresPart, source: &Source, value: &str) {
        self.given.push((part, source.clone(), value.to_owned()));
    }

    pub(super) fn give(self, reading: &mut Reading<'_>) {
        let Some((_, first, _)) = self.given.first() else {
            return;
        };
        let names: Vec<&str> = self.given.iter().map(|(_, from, _)| &*from.name).collect();
        let source = Source::variable(&names.join(", "), first.profile);
        let (_, port) = self.part(PostgresPart::Port, "5432");
        if port.trim().parse::<u16>().is_err() {
            let at = self.part(PostgresPart::Port, "").0.unwrap_or(&source);
            return reading.errors.add(&at.place, "must be a port");
        }
        let encoded = |part, usual| {
            let (_, text) = self.part(part, usual);
            utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
        };
        let (_, host) = self.part(PostgresPart::Host, "localhost");
        // A name may have hyphens and dots, an address colons.
        let host = match host.trim().parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ if is_host(host.trim()) => host.trim().to_owned(),
            _ => {
                let at = self.part(PostgresPart::Host, "").0.unwrap_or(&source);
                return reading.errors.add(&at.place, "must be a host");
            }
        };
        let url = format!(
            "postgres://{}:{}@{host}:{}/{}",
            encoded(PostgresPart::User, "postgres"),
            encoded(PostgresPart::Password, "postgres"),
            port.trim(),
            encoded(PostgresPart::Database, "multimodal"),
        );
        reading.give(&source, "database_url", &url);
    }

    fn part<'a>(&'a self, part: PostgresPart, usual: &'a str) -> (Option<&'a Source>, &'a str) {
        let found = self.given.iter().find(|(known, ..)| *known == part);
        found.map_or((None, usual), |(_, source, text)| (Some(source), text))
    }
}

fn is_host(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}
