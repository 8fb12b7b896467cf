//! What people type to say who they are, in its one canonical form.

use unicode_normalization::UnicodeNormalization;

const MAX_BYTES: usize = 255;

/// A username or e-mail address in canonical form: NFC, lower case, nothing around it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct LoginName(String);

impl LoginName {
    /// `None` for what can be no login name: empty, too long, or with control characters.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > MAX_BYTES || typed.chars().any(char::is_control) {
            return None;
        }
        let canonical: String = typed
            .trim()
            .nfc()
            .collect::<String>()
            .to_lowercase()
            .nfc()
            .collect();
        (!canonical.is_empty() && canonical.len() <= MAX_BYTES).then_some(Self(canonical))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Usernames are 1 to 64 characters: letters, digits, `_ . - +`. One with an `@` must be the
/// account's own e-mail address, or it could shadow somebody else's.
pub fn is_valid_username(username: &str) -> bool {
    let count = username.chars().count();
    (1..=64).contains(&count)
        && username
            .chars()
            .all(|letter| letter.is_alphanumeric() || "_.-+@".contains(letter))
        && username.chars().any(char::is_alphanumeric)
}

/// A plain mailbox: one `@`, a dotted or single-label domain, no spaces, quotes or brackets.
pub fn is_valid_email(email: &str) -> bool {
    let forbidden = |letter: char| {
        letter.is_whitespace() || letter.is_control() || "<>\"'(),;:[]\\".contains(letter)
    };
    let Some((local, domain)) = email.rsplit_once('@') else {
        return false;
    };
    email.len() <= 254
        && !local.is_empty()
        && local.len() <= 64
        && !local.contains('@')
        && !domain.is_empty()
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains("..")
        && !email.chars().any(forbidden)
}
