//! The form of a password that is hashed.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::MAX_PASSWORD_BYTES;

/// What was typed, in the form of OpaqueString (RFC 8265 section 4.2.2): spaces of other scripts are
/// spaces, and composed and decomposed letters are one. `None`: too long, before or after.
pub(super) fn prepared(typed: &str) -> Option<Zeroizing<String>> {
    if typed.len() > MAX_PASSWORD_BYTES {
        return None;
    }
    // Reserved at once, so that no smaller copy is left behind in memory.
    let mut text = Zeroizing::new(String::with_capacity(4 * typed.len()));
    text.extend(typed.chars().map(plain_space).nfc());
    (text.len() <= MAX_PASSWORD_BYTES).then_some(text)
}

/// Spaces (general category Zs) are U+0020.
fn plain_space(letter: char) -> char {
    match letter {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            ' '
        }
        other => other,
    }
}

/// The forms of what was typed that a stored hash may be of: ours, and the one it was typed in, which
/// other systems hashed as it came. Empty: it can be nobody's.
pub(super) fn forms(typed: &str) -> Vec<Zeroizing<String>> {
    let Some(ours) = prepared(typed) else {
        return Vec::new();
    };
    if typed.contains('\0') {
        // Some hashes end there, and then the rest would not count.
        return Vec::new();
    }
    let as_typed = (*ours != typed).then(|| Zeroizing::new(typed.to_owned()));
    [Some(ours), as_typed].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_letters_and_all_spaces_are_one() {
        let composed = prepared("Gr\u{fc}\u{df}e aus").expect("short");
        for typed in ["Gru\u{308}\u{df}e\u{3000}aus", "Gr\u{fc}\u{df}e\u{a0}aus"] {
            assert_eq!(prepared(typed).expect("short"), composed, "{typed}");
            assert_eq!(forms(typed).len(), 2, "{typed}");
        }
        // Case and compatibility forms stay: they are other passwords.
        assert_ne!(prepared("\u{fb01}").expect("short").as_str(), "fi");
        assert_eq!(forms(&composed).len(), 1);
    }

    #[test]
    fn what_is_too_long_or_holds_a_nul_is_nobodys() {
        assert!(forms(&"a".repeat(MAX_PASSWORD_BYTES)).len() == 1);
        assert!(forms(&"a".repeat(MAX_PASSWORD_BYTES + 1)).is_empty());
        // Two bytes become four.
        assert!(prepared(&"\u{1d15e}".repeat(200)).is_none());
        assert!(forms("abc\0def").is_empty());
    }
}
