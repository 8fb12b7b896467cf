//! A setting of which it is known whether somebody said it: others may stand in for a default, never
//! for what an operator wants.

use super::field::Field;
use super::kind::{Given, Kind};

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Said<T> {
    value: T,
    said: bool,
}

impl<T> Said<T> {
    /// What holds while nobody says anything.
    pub const fn by_default(value: T) -> Self {
        Self { value, said: false }
    }

    /// What an operator wants.
    pub const fn by_operator(value: T) -> Self {
        Self { value, said: true }
    }

    pub const fn value(&self) -> &T {
        &self.value
    }

    /// The value, or `other` where that stands in for what nobody said.
    pub const fn unless<'a>(&'a self, stands_in: bool, other: &'a T) -> &'a T {
        if stands_in && !self.said {
            other
        } else {
            &self.value
        }
    }
}

impl<T: Field> Field for Said<T> {
    fn set(&mut self, given: &Given<'_>, kind: Kind) -> Result<(), String> {
        self.value.set(given, kind)?;
        self.said = true;
        Ok(())
    }

    fn show(&self) -> String {
        self.value.show()
    }

    fn show_default(&self) -> String {
        self.value.show_default()
    }
}
