//! Request parameters as RFC 6749 section 3.1 and 3.2 want them: each at most once, an empty one as
//! if it were absent, nothing decoded loosely.

use percent_encoding::percent_decode;

/// More parameters than any endpoint has.
const MAX_PARAMS: usize = 64;

/// Parameters that may be given several times (RFC 8707 section 2, RFC 8693 section 2.1).
const REPEATABLE: &[&str] = &["resource", "audience"];

/// Decoded parameters in the order they came.
#[derive(Default)]
pub struct Params(Vec<(String, String)>);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParamError {
    #[error("the parameters are not form-encoded UTF-8")]
    Encoding,
    #[error("a parameter is given more than once")]
    Repeated,
    #[error("a parameter holds a NUL character")]
    Nul,
    #[error("there are too many parameters")]
    TooMany,
}

impl Params {
    /// Parses `application/x-www-form-urlencoded` bytes.
    pub fn parse(encoded: &[u8]) -> Result<Self, ParamError> {
        // The parser below replaces what is not UTF-8; a password must not change on its way. Most
        // bodies, a token among them, have nothing to be replaced.
        let plain = encoded.is_ascii() && !encoded.contains(&b'%');
        if !plain && (percent_decode(encoded).decode_utf8().is_err() || has_stray_percent(encoded))
        {
            return Err(ParamError::Encoding);
        }
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(encoded).map_err(|_| ParamError::Encoding)?;
        if pairs.len() > MAX_PARAMS {
            return Err(ParamError::TooMany);
        }
        for (position, (name, value)) in pairs.iter().enumerate() {
            if name.contains('\0') || value.contains('\0') {
                return Err(ParamError::Nul);
            }
            let repeated = pairs[..position].iter().any(|(earlier, _)| earlier == name);
            if repeated && !REPEATABLE.contains(&name.as_str()) {
                return Err(ParamError::Repeated);
            }
        }
        Ok(Self(pairs))
    }

    /// Parameters that did not come as a form; whoever gives them has checked them.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self(pairs.iter().map(owned).collect())
    }

    /// The value of `name`, unless it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Whether `name` was sent at all, even empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// All of them, but for those that are empty.
    pub fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        let present = self.0.iter().filter(|(_, value)| !value.is_empty());
        present.cloned()
    }

    /// The parameters as a query.
    pub fn encoded(&self) -> String {
        serde_urlencoded::to_string(&self.0).unwrap_or_default()
    }

    /// Every value of a repeatable parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

/// Wiped when dropped: passwords, secrets and tokens pass through here.
impl Drop for Params {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            zeroize::Zeroize::zeroize(value);
        }
    }
}

/// A `%` that starts no two hexadecimal digits would be passed through by the parser.
fn has_stray_percent(encoded: &[u8]) -> bool {
    encoded.iter().enumerate().any(|(at, byte)| {
        *byte == b'%'
            && !encoded
                .get(at + 1..at + 3)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}
