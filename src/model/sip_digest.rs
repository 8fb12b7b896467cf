//! SIP digest credentials (RFC 7616 section 3.4.2, RFC 8760 section 2).

use std::str::FromStr;

use super::client_metadata::UnknownWord;

/// The hash of a digest, without `-sess`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DigestAlgorithm {
    Md5,
    Sha256,
    Sha512Of256,
}

impl DigestAlgorithm {
    /// As it stands in a challenge.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512Of256 => "SHA-512-256",
        }
    }

    /// Hexadecimal digits of a digest.
    const fn digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 | Self::Sha512Of256 => 64,
        }
    }

    /// Whether a text is a digest of it, in lower case.
    pub fn is_digest(self, text: &str) -> bool {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == self.digits() && text.bytes().all(digit)
    }
}

impl FromStr for DigestAlgorithm {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "MD5" => Ok(Self::Md5),
            "SHA-256" => Ok(Self::Sha256),
            "SHA-512-256" => Ok(Self::Sha512Of256),
            _ => Err(UnknownWord),
        }
    }
}

/// Whose digest it is, where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DigestName {
    pub sip_username: String,
    pub realm: String,
    pub algorithm: DigestAlgorithm,
}

impl DigestName {
    /// What a sealed digest belongs to: it opens in no other tenant and for no other name.
    pub fn context(&self, tenant_id: &str) -> String {
        let algorithm = self.algorithm.name();
        let Self {
            sip_username,
            realm,
            ..
        } = self;
        format!("sip_digest_credentials\n{tenant_id}\n{algorithm}\n{realm}\n{sip_username}")
    }

    /// Names are not empty, short, and without characters that have a meaning in a header.
    pub fn is_valid(&self) -> bool {
        let good = |text: &str| {
            (1..=255).contains(&text.len())
                && !text
                    .chars()
                    .any(|letter| letter.is_control() || "\"\\".contains(letter))
        };
        good(&self.sip_username) && good(&self.realm)
    }
}
