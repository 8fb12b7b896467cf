//! Whatever the bytes, parsers do not panic, and what they print they read again. The inputs are
//! random and the same at every run.

mod headers;
mod params;
mod scopes;
mod tokens;

use users_core::base::random::Random;

const INPUTS: usize = 5000;

/// A source of odd things.
struct Dice(Random);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(Random::seeded(seed))
    }

    fn below(&self, bound: usize) -> usize {
        usize::from(u16::from_be_bytes(self.0.bytes())) % bound
    }

    fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Up to `most` pieces in a row.
    fn pieces<T: AsRef<[u8]>>(&self, from: &[T], most: usize) -> Vec<u8> {
        (0..self.below(most + 1))
            .flat_map(|_| self.pick(from).as_ref().to_vec())
            .collect()
    }

    fn text(&self, from: &[&str], most: usize) -> String {
        String::from_utf8(self.pieces(from, most)).unwrap()
    }

    /// A copy with one to three small wounds.
    fn wounded(&self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len().max(1));
            match self.below(6) {
                0 => bytes.truncate(at),
                1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(7),
                2 if !bytes.is_empty() => drop(bytes.remove(at)),
                3 => bytes.insert(at.min(bytes.len()), *self.pick(b".=A_-+/ \0z")),
                4 => bytes.extend_from_within(at.min(bytes.len())..),
                _ if !bytes.is_empty() => {
                    let other = self.below(bytes.len());
                    bytes.swap(at, other);
                }
                _ => {}
            }
        }
        bytes
    }
}

const ODD: &[&str] = &[
    "a",
    "b",
    "Z",
    "0",
    " ",
    "+",
    "%",
    "&",
    "=",
    ";",
    ":",
    "/",
    "\"",
    "\\",
    "'",
    "<",
    "\t",
    "\n",
    "é",
    "\u{1f511}",
    "\u{202e}",
    "\u{feff}",
    ".",
    "-",
    "_",
    "~",
];
