//! Codes a person keeps on paper for the day the authenticator is gone. Each is good once.

use data_encoding::BASE32_NOPAD;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// How many an account gets.
pub const CODES: usize = 10;
/// Random bytes of one: 80 bits, too many to guess even for whoever has the digests and the key.
pub const CODE_BYTES: usize = 10;
const LETTERS: usize = 16;

/// Sixteen letters and digits in lower case. No `Debug`, wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    pub fn new(bytes: [u8; CODE_BYTES]) -> Self {
        Self(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }

    /// Takes what somebody typed, however it is grouped and cased. `None`: it is none.
    pub fn parse(typed: &str) -> Option<Self> {
        let letters = typed.chars().filter(|letter| !" -".contains(*letter));
        let code: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
        let known = |byte: u8| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte);
        (code.len() == LETTERS && code.bytes().all(known)).then_some(Self(code))
    }

    /// What its digest is of.
    pub fn canonical(&self) -> &str {
        &self.0
    }

    /// In groups of four.
    pub fn grouped(&self) -> Zeroizing<String> {
        let mut text = String::with_capacity(LETTERS + LETTERS / 4);
        for (at, letter) in self.0.char_indices() {
            if at > 0 && at % 4 == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        Zeroizing::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::RecoveryCode;

    #[test]
    fn a_code_is_read_however_it_is_written() {
        let code = RecoveryCode::new([0xA5; 10]);
        let shown = code.grouped();
        assert_eq!(shown.len(), 19, "{}", *shown);
        for typed in [
            shown.to_string(),
            shown.to_ascii_uppercase(),
            shown.replace('-', " "),
            format!(" {} ", code.canonical()),
        ] {
            let read = RecoveryCode::parse(&typed).expect("a code");
            assert_eq!(read.canonical(), code.canonical());
        }
        for other in [
            "",
            "123456",
            &shown[1..],
            &format!("{}x", *shown),
            "aaaa-aaaa-aaaa-aaa1",
        ] {
            assert!(RecoveryCode::parse(other).is_none(), "{other}");
        }
    }
}
