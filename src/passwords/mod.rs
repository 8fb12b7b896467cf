//! Floor 3: password hashing. The only place that knows Argon2, and the only place that spends
//! tens of milliseconds of CPU on purpose, so it is bounded.

mod argon;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

pub use argon::Cost;
use argon::Memory;

use crate::base::random::Random;

/// The most bytes of a password; longer ones are refused before any hashing.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// Too many hashes wait already: come back later.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Overloaded;

/// What a check found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, and the stored hash is weaker than today's: here is the new one.
    RightButWeak(String),
}

/// Hashes and checks passwords on a bounded number of threads.
pub struct Passwords {
    cost: Cost,
    random: Random,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
    memories: Arc<Mutex<Vec<Memory>>>,
    /// Checked in place of the hash of an account that does not exist.
    decoy: String,
    done: AtomicUsize,
}

impl Passwords {
    /// `queue` hashes may wait for one of `threads`; both bound memory and time.
    pub fn new(cost: Cost, threads: usize, queue: usize, random: Random) -> Self {
        let decoy = cost.decoy();
        Self {
            cost,
            random,
            permits: Arc::new(Semaphore::new(threads.max(1))),
            waiting: AtomicUsize::new(0),
            queue,
            memories: Arc::default(),
            decoy,
            done: AtomicUsize::new(0),
        }
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`Overloaded`] when the queue is full.
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, Overloaded> {
        let (cost, salt) = (self.cost, self.random.bytes());
        self.run(move |memory| cost.hash(password.as_bytes(), &salt, memory))
            .await
    }

    /// Checks a password against a stored hash, or, with none, against a decoy of the same cost.
    ///
    /// # Errors
    /// [`Overloaded`] when the queue is full.
    pub async fn verify(
        &self,
        password: Zeroizing<String>,
        stored: Option<String>,
    ) -> Result<Verdict, Overloaded> {
        let (cost, salt) = (self.cost, self.random.bytes());
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        self.run(move |memory| {
            if password.len() > MAX_PASSWORD_BYTES
                || !argon::verify(password.as_bytes(), &stored, memory)
                || !known
            {
                Verdict::Wrong
            } else if cost.is_stronger_than(&stored) {
                Verdict::RightButWeak(cost.hash(password.as_bytes(), &salt, memory))
            } else {
                Verdict::Right
            }
        })
        .await
    }

    /// Hashes computed so far: how tests see that unknown accounts cost the same.
    pub fn computed(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    /// Memory held between hashes, in KiB: at most one hash's for each thread.
    pub fn kept_memory_kib(&self) -> usize {
        let memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        memories.iter().map(Vec::capacity).sum()
    }

    /// The permit belongs to the blocking work: a caller that goes away frees nothing early.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let permits = Arc::clone(&self.permits);
        let permit = if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            permit
        } else {
            // Those who wait have been promised the next permit: nobody overtakes them.
            let _place = Place::take(&self.waiting, self.queue)?;
            permits.acquire_owned().await.map_err(|_| Overloaded)?
        };
        self.done.fetch_add(1, Ordering::SeqCst);
        let memories = Arc::clone(&self.memories);
        let kept = self.cost.blocks();
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let pooled = memories
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let mut memory = pooled.unwrap_or_default();
            let outcome = work(&mut memory);
            // An imported hash may have needed more; what it took is given back.
            memory.truncate(kept);
            memory.shrink_to_fit();
            memories
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(memory);
            outcome
        });
        done.await.map_err(|_| Overloaded)
    }
}

/// A place in the queue, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Result<Self, Overloaded> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::SeqCst) >= most {
            Err(Overloaded)
        } else {
            Ok(place)
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
