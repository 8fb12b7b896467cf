//! Scopes (RFC 6749 section 3.3): a set of words, compared exactly, printed in order.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// More words than any honest request carries.
const MAX_WORDS: usize = 100;
const MAX_WORD_BYTES: usize = 128;

/// A set of scope words.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scope(BTreeSet<String>);

/// The text is no scope: a character outside RFC 6749's `scope-token`, or too much of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "not a scope: words of visible ASCII without quotes or backslashes, separated by one space"
)]
pub struct MalformedScope;

impl JsonSchema for Scope {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Scope".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "Words with a space between them." })
    }
}

impl Scope {
    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_subset(&self, of: &Self) -> bool {
        self.0.is_subset(&of.0)
    }

    /// The words that satisfy `keep`.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        self.words().filter(|word| keep(word)).collect()
    }

    /// Whether the scope has no more words than one that is read may have.
    pub fn is_readable(&self) -> bool {
        self.0.len() <= MAX_WORDS
    }

    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }
}

impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<I: IntoIterator<Item = &'a str>>(words: I) -> Self {
        Self(words.into_iter().map(str::to_owned).collect())
    }
}

impl FromStr for Scope {
    type Err = MalformedScope;

    /// Parses with the grammar of RFC 6749 section 3.3; a repeated word counts once.
    fn from_str(text: &str) -> Result<Self, MalformedScope> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        // The grammar is the library's; it forgives repeated and outer spaces, the RFC does not.
        let parsed: oxide_auth::primitives::scope::Scope =
            text.parse().map_err(|_| MalformedScope)?;
        let words: BTreeSet<String> = parsed.iter().map(str::to_owned).collect();
        let strict = text
            .split(' ')
            .all(|word| !word.is_empty() && word.len() <= MAX_WORD_BYTES);
        if !strict || words.len() > MAX_WORDS {
            return Err(MalformedScope);
        }
        Ok(Self(words))
    }
}

/// The words in alphabetical order, one space between them.
impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, word) in self.0.iter().enumerate() {
            if position > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(word)?;
        }
        Ok(())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Scopes that only make sense for a person: never part of a client's own token.
pub const IDENTITY_SCOPES: &[&str] = &[
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "roles",
    "groups",
    "offline_access",
];

pub fn is_identity_scope(word: &str) -> bool {
    IDENTITY_SCOPES.contains(&word)
}
