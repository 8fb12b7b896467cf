//! JSON that means the same to everybody who reads it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The text is not one JSON object with unique members and bounded nesting.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a plain JSON object with unique members")]
pub struct NotStrict;

/// Checks that a text is one JSON object whose members are unique at every depth (RFC 8259 section
/// 4) and nests no deeper than `depth` levels, the object itself being the first.
pub fn check_object(json: &str, depth: u8) -> Result<(), NotStrict> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let checked = Strict { room: depth }.deserialize(&mut reader);
    if !json.trim_ascii_start().starts_with('{') || checked.and_then(|()| reader.end()).is_err() {
        return Err(NotStrict);
    }
    Ok(())
}

/// Walks through any JSON value, keeping nothing; `room` more levels of nesting are allowed.
#[derive(Clone, Copy)]
struct Strict {
    room: u8,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let room = self.room.checked_sub(1);
        let room = room.ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { room })
    }
}

/// A member's name with its escapes resolved, borrowed where it has none.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut names = Vec::new();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            names.push(name);
            map.next_value_seed(inner)?;
        }
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(A::Error::custom("a member occurs twice"));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while seq.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
