//! Floor 3: password hashing and the rules of new passwords. The only place that knows Argon2 and the
//! hashes of other systems, and the only place that spends tens of milliseconds of CPU on purpose, so it
//! is bounded.

mod argon;
mod bcrypt_hash;
pub mod foreign;
mod kdf;
mod policy;
mod scheme;
mod text;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

pub use argon::Cost;
use argon::Memory;
pub use policy::Names;
use scheme::Scheme;

use crate::base::random::Random;
use crate::base::sorted_hashes::SortedHashes;
use crate::model::password_policy::PasswordPolicy;

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

/// A password somebody wants, and what it is held against.
pub struct Candidate {
    pub policy: PasswordPolicy,
    pub password: Zeroizing<String>,
    pub names: Names,
    /// Hashes of the account's passwords so far, as many as the policy remembers.
    pub past: Vec<String>,
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
    /// Passwords that were stolen elsewhere.
    stolen: Option<Arc<SortedHashes>>,
    done: Arc<AtomicUsize>,
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
            stolen: None,
            done: Arc::default(),
        }
    }

    /// The same, with a list of passwords nobody may take.
    #[must_use]
    pub fn without_those_of(mut self, stolen: Option<SortedHashes>) -> Self {
        self.stolen = stolen.map(Arc::new);
        self
    }

    /// Every rule a new password breaks, each naming the field and none the password.
    ///
    /// # Errors
    /// [`Overloaded`] when the queue is full.
    pub async fn problems(&self, candidate: Candidate) -> Result<Vec<String>, Overloaded> {
        let stolen = self.stolen.clone();
        self.run(move |memory| {
            let Candidate {
                policy,
                password,
                names,
                past,
            } = candidate;
            let mut problems = policy::broken(&policy, &password, &names, stolen.as_deref());
            if problems.is_empty() && past.iter().any(|past| is_of(past, &password, memory)) {
                let last = policy.history;
                problems.push(format!("password: none of the last {last} of this account"));
            }
            problems
        })
        .await
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`Overloaded`] when the queue is full.
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, Overloaded> {
        let (cost, salt) = (self.cost, self.random.bytes());
        self.run_counted(move |memory| {
            // One that is too long to have a form is refused before, and its hash is nobody's.
            let prepared = text::prepared(&password).unwrap_or(password);
            cost.hash(prepared.as_bytes(), &salt, memory)
        })
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
        let stored = stored.as_deref().and_then(Scheme::parse);
        let known = stored.is_some();
        let stored = stored.or_else(|| Scheme::parse(&self.decoy));
        self.run_counted(move |memory| {
            let Some(stored) = stored else {
                return Verdict::Wrong;
            };
            let forms = text::forms(&password);
            let mut right = None;
            for form in &forms {
                // All of them, so that time tells nothing about the hash.
                let matches = stored.verify(form.as_bytes(), memory);
                right = right.or(matches.then_some(form));
            }
            match (right, forms.first()) {
                (Some(form), Some(ours)) if known => {
                    if stored.gives_way(cost, form.as_bytes()) {
                        Verdict::RightButWeak(cost.hash(ours.as_bytes(), &salt, memory))
                    } else {
                        Verdict::Right
                    }
                }
                _ => Verdict::Wrong,
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

    /// The same for work that [`Passwords::computed`] counts, once it has its turn.
    async fn run_counted<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let done = Arc::clone(&self.done);
        self.run(move |memory| {
            done.fetch_add(1, Ordering::SeqCst);
            work(memory)
        })
        .await
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

/// Whether a stored hash is of a password that is typed now.
fn is_of(stored: &str, typed: &str, memory: &mut Memory) -> bool {
    let stored = Scheme::parse(stored);
    stored.is_some_and(|stored| {
        let forms = text::forms(typed);
        forms
            .iter()
            .any(|form| stored.verify(form.as_bytes(), memory))
    })
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
