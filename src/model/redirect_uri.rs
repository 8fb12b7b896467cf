//! Addresses a client registers, and the proof that one presented is among them.
//!
//! What is presented is compared with what was registered, byte by byte, and never normalised
//! (RFC 9700 section 4.1.3). So that no two parsers can disagree about a registered address, it is
//! accepted only in the one spelling a parser gives back unchanged.

use url::{Host, Url};

use super::client_metadata::{ApplicationType, ClientMetadata};

/// The longest address, in bytes.
pub const MAX_BYTES: usize = 2048;

const LENGTH: &str = "1 to 2048 bytes";
const CHARACTERS: &str = "characters of RFC 3986, others percent-encoded, no control character";
const WILDCARD: &str = "no wildcard: each address stands for itself";
const FRAGMENT: &str = "no fragment";
const SPELLING: &str = "not an address in its plain form: lower-case scheme and host, no default \
                        port, no dot segments";
const USERINFO: &str = "no user name or password";
const HOST: &str = "a host of letters, digits, hyphens and dots, or an IP address";
const LOOPBACK: &str = "http only to 127.0.0.1, [::1] or localhost; anything else is https";
const PRIVATE: &str = "a scheme other than https is for native applications, with a dot in it and \
                       a slash behind it, as net.example.phone:/answer";

/// What a registered address breaks.
///
/// # Errors
/// The first rule broken, without the address.
pub fn check(text: &str, application: ApplicationType) -> Result<(), &'static str> {
    parse(text, application).map(drop)
}

/// What the address of a page about a client breaks; unlike the others it may have a fragment.
///
/// # Errors
/// The first rule broken, without the address.
pub fn check_page(text: &str) -> Result<(), &'static str> {
    let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
    if text.len() > MAX_BYTES {
        return Err(LENGTH);
    }
    if !is_plain(fragment) || fragment.contains('#') {
        return Err(CHARACTERS);
    }
    parse(address, ApplicationType::Web).map(drop)
}

/// An address that is registered for the client that presented it: what answers may be sent to.
///
/// Only [`ClientMetadata::redirect`] and [`ClientMetadata::post_logout_redirect`] make one.
#[derive(Clone, Debug)]
pub struct VerifiedRedirect {
    text: String,
    url: Url,
}

impl VerifiedRedirect {
    /// The address as it was presented.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address with more parameters; a registered query stays (RFC 6749 section 3.1.2).
    pub fn with_query(&self, encoded: &str) -> String {
        let joint = if self.text.contains('?') { '&' } else { '?' };
        format!("{}{joint}{encoded}", self.text)
    }

    /// What `form-action` of a page's policy must list for a form that ends there (CSP 3 section
    /// 2.3.1): scheme, host and port, or the scheme alone where the application made it up.
    pub fn form_target(&self) -> String {
        let scheme = self.url.scheme();
        match self.url.host() {
            // The grammar of policies has no IPv6 addresses.
            None | Some(Host::Ipv6(_)) => format!("{scheme}:"),
            Some(_) if !is_web(&self.url) => format!("{scheme}:"),
            Some(host) => match self.url.port() {
                Some(port) => format!("{scheme}://{host}:{port}"),
                None => format!("{scheme}://{host}"),
            },
        }
    }

    /// Whether only the owner of a host can receive what is sent there (RFC 8252 section 8.6). Any
    /// program of a device can claim a loopback port or a scheme of its own.
    pub fn is_verifiable(&self) -> bool {
        self.url.scheme() == "https" && !is_loopback(&self.url)
    }

    fn of(registered: &[String], presented: &str, application: ApplicationType) -> Option<Self> {
        let known = registered.iter().any(|registered| {
            registered == presented
                || application == ApplicationType::Native && differ_in_port(registered, presented)
        });
        // A row may have been written by another hand.
        let url = known.then(|| parse(presented, application).ok());
        Some(Self {
            text: presented.to_owned(),
            url: url??,
        })
    }
}

impl ClientMetadata {
    /// The proof that `presented` is one of the client's `redirect_uris`.
    pub fn redirect(&self, presented: &str) -> Option<VerifiedRedirect> {
        VerifiedRedirect::of(&self.redirect_uris, presented, self.application_type)
    }

    /// The proof that `presented` is one of the client's `post_logout_redirect_uris`.
    pub fn post_logout_redirect(&self, presented: &str) -> Option<VerifiedRedirect> {
        VerifiedRedirect::of(
            &self.post_logout_redirect_uris,
            presented,
            self.application_type,
        )
    }
}

/// Whether two addresses of a loopback interface are the same but for their ports, which the system
/// chooses anew each time a native application listens (RFC 8252 section 7.3).
fn differ_in_port(registered: &str, presented: &str) -> bool {
    ["http://127.0.0.1", "http://[::1]"].iter().any(|host| {
        let rest = |text| str::strip_prefix(text, *host).and_then(without_port);
        rest(registered).is_some_and(|registered| Some(registered) == rest(presented))
    })
}

/// What follows the host, less its port.
fn without_port(rest: &str) -> Option<&str> {
    let Some(after) = rest.strip_prefix(':') else {
        return Some(rest);
    };
    let end = after.find(['/', '?']).unwrap_or(after.len());
    let (port, path) = after.split_at(end);
    let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
    (digits && port.parse::<u16>().is_ok()).then_some(path)
}

fn parse(text: &str, application: ApplicationType) -> Result<Url, &'static str> {
    if !(1..=MAX_BYTES).contains(&text.len()) {
        return Err(LENGTH);
    }
    if text.contains('*') {
        return Err(WILDCARD);
    }
    if text.contains('#') {
        return Err(FRAGMENT);
    }
    if !is_plain(text) {
        return Err(CHARACTERS);
    }
    let url = Url::parse(text).map_err(|_| SPELLING)?;
    if !url.username().is_empty() || url.password().is_some() || has_at_sign_in_authority(text) {
        return Err(USERINFO);
    }
    if !is_web(&url) {
        return if application == ApplicationType::Native && is_private_use(&url, text) {
            Ok(url)
        } else {
            Err(PRIVATE)
        };
    }
    let bare_root = url.path() == "/" && url.query().is_none();
    let same = url.as_str() == text || bare_root && url.as_str().strip_suffix('/') == Some(text);
    if !same || url.port() == Some(0) {
        return Err(SPELLING);
    }
    if url.host_str().is_none_or(|host| !is_policy_safe(host)) {
        return Err(HOST);
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(LOOPBACK);
    }
    Ok(url)
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
}

/// The characters of RFC 3986 section 2, each percent sign with its two digits, and no control
/// character behind them.
fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'%' => {
                let pair = [bytes.next(), bytes.next()]
                    .map(|digit| char::from(digit.unwrap_or(0)).to_digit(16));
                matches!(pair, [Some(high), Some(_)] if high > 1) && pair != [Some(7), Some(15)]
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()+,;=".contains(&byte),
        };
        if !fine {
            return false;
        }
    }
    true
}

/// An empty user name leaves no trace in what the parser gives back.
fn has_at_sign_in_authority(text: &str) -> bool {
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    let end = authority.find(['/', '?']).unwrap_or(authority.len());
    authority[..end].contains('@')
}

/// A scheme of the application's own (RFC 8252 section 7.1): a reversed domain name, so that none a
/// browser gives a meaning to is among them.
fn is_private_use(url: &Url, text: &str) -> bool {
    let rest = text.strip_prefix(url.scheme()).unwrap_or_default();
    let labels = url.scheme().split('.');
    rest.starts_with(":/")
        && url.as_str() == text
        && url.scheme().contains('.')
        && labels.into_iter().all(|label| !label.is_empty())
}

/// A policy is a list of words: no character of a host may end one.
fn is_policy_safe(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.starts_with('[') || host.split('.').all(label)
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}
