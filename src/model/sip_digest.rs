//! SIP digest credentials (RFC 7616 section 3.4.2, RFC 8760 section 2).

use std::str::FromStr;

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::client_metadata::UnknownWord;
use crate::base::clock::Timestamp;
use crate::base::digest::{md5, sha256, sha512_256};

/// At most this many has an account.
pub const MAX_DIGESTS: i64 = 50;
const MAX_BYTES: usize = 255;

/// The hash of a digest, without `-sess`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum DigestAlgorithm {
    Md5,
    Sha256,
    Sha512Of256,
}

impl DigestAlgorithm {
    pub const ALL: &'static [Self] = &[Self::Md5, Self::Sha256, Self::Sha512Of256];

    /// What a phone gets that does not say what it knows: the oldest, and the first that is any good.
    pub const USUAL: &'static [Self] = &[Self::Md5, Self::Sha256];

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

    /// H(text), in hexadecimal digits.
    fn of(self, text: &str) -> String {
        let text = text.as_bytes();
        match self {
            Self::Md5 => HEXLOWER.encode(&md5(text)),
            Self::Sha256 => HEXLOWER.encode(&sha256(&[text])),
            Self::Sha512Of256 => HEXLOWER.encode(&sha512_256(text)),
        }
    }
}

impl FromStr for DigestAlgorithm {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let mut all = Self::ALL.iter().copied();
        all.find(|known| known.name() == text).ok_or(UnknownWord)
    }
}

/// Whose digest it is, where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DigestName {
    pub sip_username: String,
    pub realm: String,
    pub algorithm: DigestAlgorithm,
}

/// A digest as its owner sees it.
#[derive(Clone, Debug)]
pub struct SipDigest {
    pub id: String,
    pub name: DigestName,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
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

    /// H(username:realm:password): H(A1) of RFC 7616 section 3.4.2. Whoever has it answers every
    /// challenge.
    pub fn ha1(&self, password: &str) -> Zeroizing<String> {
        let Self {
            sip_username,
            realm,
            algorithm,
        } = self;
        let a1 = Zeroizing::new(format!("{sip_username}:{realm}:{password}"));
        Zeroizing::new(algorithm.of(&a1))
    }

    pub fn is_valid(&self) -> bool {
        self.problems().is_empty()
    }

    /// Every rule it breaks, each naming its field: names are not empty, short, and without characters
    /// that have a meaning in a header.
    pub fn problems(&self) -> Vec<String> {
        let good = |text: &str| {
            (1..=MAX_BYTES).contains(&text.len())
                && !text
                    .chars()
                    .any(|letter| letter.is_control() || "\"\\".contains(letter))
        };
        let fields = [("sip_username", &self.sip_username), ("realm", &self.realm)];
        let broken = fields.iter().filter(|(_, text)| !good(text));
        broken
            .map(|(field, _)| {
                format!("{field}: 1 to {MAX_BYTES} bytes, no control characters, no \" and no \\")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{DigestAlgorithm, DigestName};

    /// `response` of a GET with `qop=auth`, by RFC 7616 section 3.4.1.
    fn response(name: &DigestName, password: &str, uri: &str, nonce: &str, cnonce: &str) -> String {
        let hash = |text: String| name.algorithm.of(&text);
        let (a1, a2) = (name.ha1(password), hash(format!("GET:{uri}")));
        hash(format!("{}:{nonce}:00000001:{cnonce}:auth:{a2}", *a1))
    }

    fn name(sip_username: &str, realm: &str, algorithm: DigestAlgorithm) -> DigestName {
        DigestName {
            sip_username: sip_username.to_owned(),
            realm: realm.to_owned(),
            algorithm,
        }
    }

    // RFC 7616 section 3.9.1.
    #[test]
    fn the_examples_of_rfc_7616_come_out() {
        for (algorithm, expected) in [
            (DigestAlgorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (
                DigestAlgorithm::Sha256,
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let computed = response(
                &name("Mufasa", "http-auth@example.org", algorithm),
                "Circle of Life",
                "/dir/index.html",
                "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            );
            assert_eq!(computed, expected, "{}", algorithm.name());
        }
    }

    // RFC 7616 section 3.9.2 with erratum 4897: the RFC printed the front of SHA-512.
    #[test]
    fn sha_512_256_is_the_one_of_fips_180_4() {
        let computed = response(
            &name("Jäsøn Doe", "api@example.org", DigestAlgorithm::Sha512Of256),
            "Secret, or not?",
            "/doe.json",
            "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        );
        assert_eq!(
            computed,
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
        );
    }

    // RFC 8760 section 2.1: the names a challenge has, and the length of what they make.
    #[test]
    fn an_algorithm_is_read_as_a_challenge_writes_it_and_makes_digests_of_its_length() {
        for algorithm in DigestAlgorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(*algorithm));
            let ha1 = name("alice", "sip.example.org", *algorithm).ha1("x");
            assert!(algorithm.is_digest(&ha1), "{}", algorithm.name());
        }
        for other in ["", "md5", "MD5-sess", "SHA-512", "SHA-256-sess"] {
            assert!(other.parse::<DigestAlgorithm>().is_err(), "{other}");
        }
    }

    #[test]
    fn names_have_nothing_that_means_something_in_a_header() {
        let long = "x".repeat(256);
        for bad in ["", "a\"b", "a\\b", "a\nb", &long] {
            let both = name(bad, bad, DigestAlgorithm::Md5).problems();
            assert_eq!(both.len(), 2, "{bad}");
            assert!(!name("a", bad, DigestAlgorithm::Md5).is_valid(), "{bad}");
        }
        assert!(name("+49 30 1234", "sip.example.org", DigestAlgorithm::Md5).is_valid());
    }
}
