//! Text that must not be seen: wiped from memory when dropped, silent in every log.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// What is shown in a secret's place.
pub(super) const MASK: &str = "[secret]";

/// A secret read from the settings.
///
/// It has no `Display`, its `Debug` prints `[secret]`, and it cannot be compared, so that nobody
/// compares it in variable time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over. A copy the caller keeps is the caller's to wipe.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(MASK)
    }
}
