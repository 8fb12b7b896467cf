//! Origins of browsers' scripts, as the header `Origin` spells them.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// An origin in its serialised form (RFC 6454 section 6.2, RFC 6454 section 7): scheme, host, and a
/// port that is not the scheme's own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin(String);

impl Origin {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = String;

    /// # Errors
    /// Where the text is not what a browser would send, byte for byte: `*`, `null`, a path, an upper
    /// case letter, a default port.
    fn from_str(text: &str) -> Result<Self, String> {
        let http = |url: &Url| matches!(url.scheme(), "https" | "http") && !text.contains('*');
        let origin = Url::parse(text)
            .ok()
            .filter(http)
            .map(|url| url.origin().ascii_serialization());
        match origin {
            Some(origin) if origin == text => Ok(Self(origin)),
            Some(origin) => Err(format!(
                "`{text}` is not an origin; did you mean `{origin}`?"
            )),
            None => Err(format!(
                "`{text}` is not an origin, as https://app.example.com is"
            )),
        }
    }
}
