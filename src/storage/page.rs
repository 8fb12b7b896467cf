//! Where a page of a list begins, and what a search of one looks for.

use crate::model::search::SearchTerm;

/// Where a page begins. The first one begins after nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Position {
    /// After the row with this key of the list's order: a page costs the same wherever it is.
    After(String),
    /// After so many rows. All of them are read again for each page.
    Offset(i64),
}

impl Position {
    pub const fn first() -> Self {
        Self::Offset(0)
    }

    pub(super) fn after(&self) -> &str {
        match self {
            Self::After(key) => key,
            Self::Offset(_) => "",
        }
    }

    pub(super) const fn offset(&self) -> i64 {
        match self {
            Self::After(_) => 0,
            Self::Offset(rows) => *rows,
        }
    }
}

/// The pattern of `LIKE .. ESCAPE '\'` that finds a term anywhere, and nothing but it.
pub(super) fn containing(term: &SearchTerm) -> String {
    let mut pattern = String::from("%");
    for letter in term.as_str().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
