//! Finding by a piece of text: what is looked in and what is looked for, in one canonical form.

use unicode_normalization::UnicodeNormalization;

/// The most characters of what is looked for.
pub const MAX_TERM_CHARS: usize = 100;

/// A piece of text to look for, taken literally, in canonical form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SearchTerm(String);

impl SearchTerm {
    /// `None`: empty, longer than [`MAX_TERM_CHARS`], or with control characters.
    pub fn parse(typed: &str) -> Option<Self> {
        let count = typed.chars().take(MAX_TERM_CHARS + 1).count();
        let fits = (1..=MAX_TERM_CHARS).contains(&count);
        (fits && !typed.chars().any(char::is_control)).then(|| Self(canonical(typed)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is looked in: the fields, each on a line of its own, so that no term is found across two.
pub fn key<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let lines: Vec<String> = fields.into_iter().map(canonical).collect();
    lines.join("\n")
}

/// NFC and lower case, by way of upper case so that letters with two small forms are one; what
/// controls a terminal or ends a line is a space.
fn canonical(text: &str) -> String {
    let upper = text.nfc().collect::<String>().to_uppercase();
    let lower = upper.chars().flat_map(char::to_lowercase).nfc();
    lower
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}
