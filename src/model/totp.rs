//! Time-based one-time passwords (RFC 6238), in the form every authenticator application knows: HMAC-SHA-1,
//! six digits, another code every 30 seconds.

use data_encoding::BASE32_NOPAD;
use totp_rs::{Builder, Totp};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::base::clock::Timestamp;

/// Bytes of a secret of ours: as many as HMAC-SHA-1 gives (RFC 4226 section 4, requirement 6).
pub const SECRET_BYTES: usize = 20;
/// Bytes of one from elsewhere: 128 bits at least, says that requirement.
const FOREIGN_BYTES: std::ops::RangeInclusive<usize> = 16..=64;
/// Seconds of a step.
pub const STEP: i64 = 30;

/// What an authenticator and we both know. No `Debug`, wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct TotpSecret(Vec<u8>);

impl TotpSecret {
    pub fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes.to_vec())
    }

    /// The secret of these bytes; `None` for too few or too many of them.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let fits = FOREIGN_BYTES.contains(&bytes.len());
        fits.then(|| Self(bytes.to_vec()))
    }

    /// Reads Base32 as programs write it: in any case, with or without spaces and padding.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text.chars().filter(|letter| !" -=".contains(*letter));
        let letters: Zeroizing<String> =
            Zeroizing::new(letters.map(|letter| letter.to_ascii_uppercase()).collect());
        let bytes = BASE32_NOPAD.decode(letters.as_bytes()).map(Zeroizing::new);
        Self::of(&bytes.ok()?)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As people type it: Base32 (RFC 4648 section 6).
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.0))
    }

    /// As an authenticator scans it: `otpauth://totp/{issuer}:{account}?secret=..&issuer={issuer}`.
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        // The colon stands between the two.
        let label = |text: &str| text.replace(':', " ").trim().to_owned();
        let totp = Builder::new()
            .with_secret(self.0.clone())
            .with_issuer(Some(label(issuer)))
            .with_account_name(label(account))
            .build_noncompliant();
        Zeroizing::new(totp.to_url().unwrap_or_default())
    }

    /// The step a code belongs to, where that is the present one or one of its neighbours (RFC 6238
    /// section 5.2): clocks differ, and typing takes time. `None`: it is none of theirs.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let code = digits(code)?;
        let now = u64::try_from(now.seconds()).ok()?;
        let step = self.totp().check(&code, now)?;
        i64::try_from(step).ok()
    }

    /// The code of a moment, as an authenticator shows it.
    pub fn code_at(&self, at: Timestamp) -> String {
        let at = u64::try_from(at.seconds()).unwrap_or_default();
        self.totp().generate(at).to_string()
    }

    fn totp(&self) -> Totp {
        Builder::new()
            .with_secret(self.0.clone())
            .build_noncompliant()
    }
}

/// Six digits, however they were grouped.
fn digits(typed: &str) -> Option<String> {
    let code: String = typed.chars().filter(|letter| *letter != ' ').collect();
    let good = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::{STEP, TotpSecret};
    use crate::base::clock::Timestamp;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    /// RFC 6238 appendix B has eight digits of the same numbers.
    #[test]
    fn codes_are_those_of_the_standards_examples() {
        let secret = TotpSecret::of(b"12345678901234567890").expect("20 bytes");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code_at(at(seconds)), code);
            let step = secret.step_of(code, at(seconds));
            assert_eq!(step, Some(seconds / STEP), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_or_late_and_no_further() {
        let secret = TotpSecret::new([7; 20]);
        let now = at(1_800_000_000);
        for (steps, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = secret.code_at(now.plus_seconds(steps * STEP));
            let expected = good.then_some(1_800_000_000 / STEP + steps);
            assert_eq!(secret.step_of(&code, now), expected, "{steps}");
        }
    }

    #[test]
    fn a_secret_is_read_however_it_is_written_and_a_weak_one_is_none() {
        let secret = TotpSecret::new([7; 20]);
        let text = secret.base32().to_lowercase();
        let spaced = format!("{} {}==", &text[..4], &text[4..]);
        let read = TotpSecret::parse(&spaced).expect("a secret");
        assert_eq!(read.bytes(), secret.bytes());
        for other in ["", "GEZDGNBVGY3TQOJQ", "not Base32 at all!", "ÄÖÜ"] {
            assert!(TotpSecret::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn digits_may_be_grouped_and_nothing_else_is_a_code() {
        let secret = TotpSecret::new([7; 20]);
        let now = at(1_800_000_000);
        let code = secret.code_at(now);
        let grouped = format!(" {} {} ", &code[..3], &code[3..]);
        assert!(secret.step_of(&grouped, now).is_some());
        for other in [
            String::new(),
            code[..5].to_owned(),
            format!("{code}0"),
            format!("+{}", &code[1..]),
            code.replace(|_: char| true, "٣"),
        ] {
            assert_eq!(secret.step_of(&other, now), None, "{other}");
        }
    }

    #[test]
    fn an_authenticator_finds_secret_issuer_and_account_in_the_address() {
        let secret = TotpSecret::of(b"12345678901234567890").expect("20 bytes");
        let uri = secret.uri("Acme: Sons & Co", "anna@acme.example");
        let parsed = url::Url::parse(&uri).expect("an address");
        assert_eq!(
            (parsed.scheme(), parsed.host_str()),
            ("otpauth", Some("totp"))
        );
        let pair = |name: &str| {
            let mut pairs = parsed.query_pairs();
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let secret = pair("secret").expect("a secret");
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(pair("issuer").as_deref(), Some("Acme  Sons & Co"));
        assert!(parsed.path().contains("anna"), "{uri:?}");
    }
}
