//! The server that takes our mail, and how long the links in it live.

use std::path::PathBuf;
use std::time::Duration;

use super::secret::Secret;

/// The port of mail submission (RFC 6409 section 3.1), with STARTTLS.
const SUBMISSION: u16 = 587;
/// The same with TLS from the first byte (RFC 8314 section 3.3).
const SUBMISSIONS: u16 = 465;
/// The port of SMTP itself (RFC 5321 section 4.5.4.2).
const SMTP: u16 = 25;

/// Without a host no mail is sent, and the command line prints the links.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The name of the SMTP server (none).
    pub host: Option<String>,
    /// Its port (0: 587, or what `tls` makes of it).
    pub port: u32,
    /// `starttls`, `tls` or `none` (`starttls`).
    pub tls: String,
    /// Who signs in there (nobody).
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// The sender: an address, or a name and an address in angle brackets (none). Without a name,
    /// mail bears the tenant's.
    pub from: Option<String>,
    /// Where answers go, in the same form (none).
    pub reply_to: Option<String>,
    /// Authorities the server's certificate may come from, in PEM, beside the system's (none).
    pub ca_file: Option<PathBuf>,
    /// For each answer of the server (10 s).
    pub timeout: Duration,
    /// Links that verify an address or set a password, in seconds (3600).
    pub link_lifetime: i64,
    /// Invitations, in seconds (259200, 3 days).
    pub invitation_lifetime: i64,
    /// Links of one kind an account is sent in an hour at most (5).
    pub links_per_hour: i64,
    /// Mails that may wait to be sent; what comes beyond is dropped and counted (10000).
    pub max_queue: i64,
}

impl Mail {
    /// The port, given or by the kind of TLS.
    pub fn port(&self) -> u16 {
        match (u16::try_from(self.port), self.tls.as_str()) {
            (Ok(port), _) if port != 0 => port,
            (_, "tls") => SUBMISSIONS,
            (_, "none") => SMTP,
            _ => SUBMISSION,
        }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: None,
            port: 0,
            tls: "starttls".into(),
            username: None,
            password: None,
            from: None,
            reply_to: None,
            ca_file: None,
            timeout: Duration::from_secs(10),
            link_lifetime: 3600,
            invitation_lifetime: 259_200,
            links_per_hour: 5,
            max_queue: 10_000,
        }
    }
}
