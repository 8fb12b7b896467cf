//! What the table of settings says about a field's values, and a value before it is judged.

use std::borrow::Cow;

pub(super) const EMPTY: &str = "must not be empty";

/// What a row of the table says about the values of its field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Secret,
    Path,
    /// `true` or `false`.
    Flag,
    OneOf(&'static [&'static str]),
    /// A list of some of these.
    Words(&'static [&'static str]),
    Number {
        min: i64,
        max: i64,
    },
    Seconds {
        min: i64,
        max: i64,
    },
    Addresses,
    Networks,
    Origins,
}

impl Kind {
    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::Secret)
    }

    pub(super) fn is_list(self) -> bool {
        matches!(
            self,
            Self::Addresses | Self::Networks | Self::Origins | Self::Words(_)
        )
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Number { .. } | Self::Seconds { .. })
    }

    /// The kind in words, for the reference.
    pub(super) fn describe(self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Secret => "secret text".into(),
            Self::Path => "path of a file".into(),
            Self::Flag => "true or false".into(),
            Self::OneOf(choices) => format!("one of {}", choices.join(", ")),
            Self::Words(choices) => format!("list of {}", choices.join(", ")),
            Self::Number { min, max } => format!("whole number from {min} to {max}"),
            Self::Seconds { min, max } => format!("seconds from {min} to {max}"),
            Self::Addresses => "list of IP addresses with ports".into(),
            Self::Networks => "list of networks".into(),
            Self::Origins => "list of origins".into(),
        }
    }
}

/// A value as a layer gives it, before its field has judged it.
pub(super) enum Given<'a> {
    Text(Cow<'a, str>),
    List(Vec<&'a str>),
}

impl<'a> Given<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A variable's text as the kind wants it: lists are separated by commas.
    pub(super) fn from_variable(text: &'a str, kind: Kind) -> Self {
        if !kind.is_list() {
            Self::text(text)
        } else if text.trim().is_empty() {
            Self::List(Vec::new())
        } else {
            Self::List(text.split(',').map(str::trim).collect())
        }
    }

    pub(super) fn as_text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::List(_) => "",
        }
    }

    /// # Errors
    /// Where the text is empty.
    pub(super) fn required(&self) -> Result<&str, String> {
        match self.as_text() {
            "" => Err(EMPTY.into()),
            text => Ok(text),
        }
    }

    pub(super) fn items(&self) -> &[&'a str] {
        match self {
            Self::Text(_) => &[],
            Self::List(items) => items,
        }
    }
}
