//! Opaque secrets we make: 256 random bits behind a prefix, with a checksum, so that scanners can
//! recognise a leaked one and a mistyped one never reaches the database.

use data_encoding::BASE64URL_NOPAD;
use zeroize::ZeroizeOnDrop;

use super::digest::{sha256, sha256_text};
use super::random::Random;

/// What a secret is for; its prefix is the first thing a finder sees.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    AccessToken,
    RefreshToken,
    ClientSecret,
    SetupLink,
    AuthorizationCode,
    /// What a browser holds of a session.
    SessionSecret,
    /// What tells a browser from others; our forms are bound to it.
    BrowserMark,
    /// What recognises a browser in which an account was signed in before; no login.
    DeviceSecret,
    /// What stands in a link that somebody is sent.
    MailLink,
}

impl Kind {
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::AccessToken => "uc_at_",
            Self::RefreshToken => "uc_rt_",
            Self::ClientSecret => "uc_cs_",
            Self::SetupLink => "uc_su_",
            Self::AuthorizationCode => "uc_ac_",
            Self::SessionSecret => "uc_ss_",
            Self::BrowserMark => "uc_bm_",
            Self::DeviceSecret => "uc_dv_",
            Self::MailLink => "uc_ml_",
        }
    }
}

const BODY: usize = 43;
const CHECKSUM: usize = 6;

/// A secret in the clear. It has no `Debug`: only [`OpaqueToken::expose`] shows it.
#[derive(Clone, ZeroizeOnDrop)]
pub struct OpaqueToken(String);

impl OpaqueToken {
    pub fn generate(kind: Kind, random: &Random) -> Self {
        let mut text = String::with_capacity(kind.prefix().len() + BODY + CHECKSUM);
        text.push_str(kind.prefix());
        BASE64URL_NOPAD.encode_append(&random.bytes::<32>(), &mut text);
        text.push_str(&checksum(&text));
        Self(text)
    }

    /// Takes a presented secret if it has the form of its kind and a right checksum.
    pub fn parse(kind: Kind, presented: &str) -> Option<Self> {
        let length = kind.prefix().len() + BODY + CHECKSUM;
        if presented.len() != length
            || !presented.is_ascii()
            || !presented.starts_with(kind.prefix())
        {
            return None;
        }
        let (body, sum) = presented.split_at(length - CHECKSUM);
        (checksum(body) == sum).then(|| Self(presented.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The form that is stored: SHA-256, for 256 random bits need no slow hash.
    pub fn digest(&self) -> String {
        sha256_text(&self.0)
    }
}

fn checksum(text: &str) -> String {
    let mut sum = BASE64URL_NOPAD.encode(&sha256(&[b"checksum:", text.as_bytes()]));
    sum.truncate(CHECKSUM);
    sum
}
