//! A place in a list that has the newest first: what comes after it is the next page.

use std::fmt;

use crate::base::clock::Timestamp;

/// The entry a page ended with: when it came to be, and its id. As text it is good for a cursor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    pub created_at: Timestamp,
    pub id: String,
}

impl Place {
    /// Before everything: where the first page begins.
    pub const fn start() -> Self {
        Self {
            created_at: Timestamp::from_millis(i64::MAX),
            id: String::new(),
        }
    }

    /// Reads what [`fmt::Display`] wrote; nothing is the start. `None`: it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::start());
        }
        let (millis, id) = text.split_once(' ')?;
        Some(Self {
            created_at: Timestamp::from_millis(millis.parse().ok()?),
            id: id.to_owned(),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.created_at.millis(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Place {
            created_at: Timestamp::from_millis(1_767_225_600_000),
            id: "an id".to_owned(),
        };
        assert_eq!(Place::parse(&place.to_string()), Some(place));
        assert_eq!(Place::parse(""), Some(Place::start()));
        for other in ["1767225600000", "now id", " "] {
            assert_eq!(Place::parse(other), None, "{other:?}");
        }
    }
}
