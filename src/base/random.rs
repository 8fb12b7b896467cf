//! The only source of randomness.

use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

/// Where random bytes come from.
#[derive(Clone)]
pub enum Random {
    /// The operating system's generator.
    System,
    /// A reproducible stream for tests: SHA-256 over a seed and a counter.
    Seeded(Arc<Mutex<(u64, u64)>>),
}

impl Random {
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new((seed, 0))))
    }

    /// # Panics
    /// When the operating system gives no randomness: nothing safe can be done without it.
    pub fn fill(&self, out: &mut [u8]) {
        match self {
            Self::System => getrandom::fill(out).expect("the operating system gives random bytes"),
            Self::Seeded(state) => {
                let mut state = state
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                for chunk in out.chunks_mut(32) {
                    let mut hash = Sha256::new();
                    hash.update(state.0.to_be_bytes());
                    hash.update(state.1.to_be_bytes());
                    state.1 += 1;
                    chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
                }
            }
        }
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}
