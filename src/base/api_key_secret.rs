//! The secret of an API key: a prefix that people and scanners recognise, 26 random letters and
//! digits (154 bits), and six more that are a checksum of the rest.
//!
//! Keys that came from older programs have the same form without the checksum; they are secrets all
//! the same, so the checksum decides nothing but what the log says of an unknown key.

use zeroize::ZeroizeOnDrop;

use super::digest::{sha256, sha256_text};
use super::random::Random;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 26;
const CHECKSUM: usize = 6;
const BODY: usize = RANDOM + CHECKSUM;
/// Bytes below this give every letter the same chance.
const FAIR: u8 = 248;

/// The longest prefix.
pub const MAX_PREFIX: usize = 32;

/// A secret in the clear. It has no `Debug`: only [`ApiKeySecret::expose`] shows it.
#[derive(Clone, ZeroizeOnDrop)]
pub struct ApiKeySecret(String);

impl ApiKeySecret {
    /// Makes a secret behind `prefix`, which must be one by [`is_prefix`].
    pub fn generate(prefix: &str, random: &Random) -> Self {
        let mut text = String::with_capacity(prefix.len() + BODY);
        text.push_str(prefix);
        while text.len() < prefix.len() + RANDOM {
            let [byte] = random.bytes::<1>();
            if byte < FAIR {
                text.push(letter(u64::from(byte)));
            }
        }
        text.push_str(&checksum(&text));
        Self(text)
    }

    /// Takes a presented secret if it has the form of one, ours or an older program's.
    pub fn parse(presented: &str) -> Option<Self> {
        if !presented.is_ascii() || presented.len() <= BODY {
            return None;
        }
        let (prefix, body) = presented.split_at(presented.len() - BODY);
        let plain = body.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_prefix(prefix) && plain).then(|| Self(presented.to_owned()))
    }

    /// Whether the checksum fits: what we made is never mistyped unnoticed.
    pub fn has_checksum(&self) -> bool {
        let (text, sum) = self.0.split_at(self.0.len() - CHECKSUM);
        checksum(text) == sum
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The form that is stored: SHA-256, for 154 random bits need no slow hash.
    pub fn digest(&self) -> String {
        sha256_text(&self.0)
    }

    /// What people may see of it later: the prefix and the last four letters.
    pub fn hint(&self) -> String {
        let prefix = &self.0[..self.0.len() - BODY];
        let end = &self.0[self.0.len() - 4..];
        format!("{prefix}...{end}")
    }
}

/// Whether a secret may begin like this: letters, digits and `_`, the last of them a `_`.
pub fn is_prefix(text: &str) -> bool {
    (2..=MAX_PREFIX).contains(&text.len())
        && text.ends_with('_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn letter(number: u64) -> char {
    let index = usize::try_from(number % 62).unwrap_or(0);
    char::from(ALPHABET[index])
}

fn checksum(text: &str) -> String {
    let digest = sha256(&[b"checksum:", text.as_bytes()]);
    let mut number = digest[..8]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let mut sum = String::with_capacity(CHECKSUM);
    for _ in 0..CHECKSUM {
        sum.push(letter(number));
        number /= 62;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_make_is_a_key_of_ours() {
        let random = Random::seeded(7);
        for prefix in ["rvoip_ak_live_", "k_"] {
            let secret = ApiKeySecret::generate(prefix, &random);
            let text = secret.expose();
            assert_eq!(text.len(), prefix.len() + 32);
            assert!(text.starts_with(prefix));
            let parsed = ApiKeySecret::parse(text).expect("its form");
            assert!(parsed.has_checksum());
            assert_eq!(parsed.digest(), secret.digest());
            assert_eq!(
                parsed.hint(),
                format!("{prefix}...{}", &text[text.len() - 4..])
            );
        }
    }

    #[test]
    fn every_letter_counts_for_the_checksum() {
        let secret = ApiKeySecret::generate("rvoip_ak_live_", &Random::seeded(8));
        let text = secret.expose();
        for place in 0..text.len() {
            let other = if text.as_bytes()[place] == b'x' {
                "y"
            } else {
                "x"
            };
            let mut changed = text.to_owned();
            changed.replace_range(place..=place, other);
            let fits = ApiKeySecret::parse(&changed).is_some_and(|key| key.has_checksum());
            assert!(!fits, "{place}");
        }
    }

    #[test]
    fn an_older_programs_key_has_the_form_and_no_checksum() {
        let key = format!("rvoip_ak_test_{}", "a".repeat(32));
        assert!(!ApiKeySecret::parse(&key).expect("its form").has_checksum());
        for other in [
            "",
            "rvoip_ak_live_",
            &"a".repeat(46),
            &format!("rvoip_ak_live_{}", "a".repeat(31)),
            &format!("rvoip_ak_live_{}", "a".repeat(33)),
            &format!("rvoip ak_live_{}", "a".repeat(32)),
            &format!("rvoip_ak_live_{}-", "a".repeat(31)),
            &format!("{}_{}", "p".repeat(32), "a".repeat(32)),
            "uc_at_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-",
        ] {
            assert!(ApiKeySecret::parse(other).is_none(), "{other}");
        }
    }
}
