//! What passwords may cost: one hash for every answer, a bounded number at once, and nothing for
//! secrets that need no slow hash.

mod bound;
mod cost;

use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};
use users_core::base::random::Random;
use users_core::passwords::{Cost, Passwords};

const CHEAP: Cost = Cost {
    memory_kib: 64,
    iterations: 1,
    parallelism: 1,
};

fn passwords(cost: Cost, threads: usize, queue: usize) -> Passwords {
    Passwords::new(cost, threads, queue, Random::System)
}

/// Hashes of one application at once.
fn threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores.saturating_sub(1).max(1)
}

/// A runtime whose blocking work one gate can hold up.
fn one_blocking_thread() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// While it is there, no hash is computed: those that have begun stand still.
struct Gate(mpsc::Sender<()>);

impl Gate {
    async fn close() -> Self {
        let (sender, receiver) = mpsc::channel();
        let (standing, stands) = tokio::sync::oneshot::channel();
        tokio::task::spawn_blocking(move || {
            standing.send(()).expect("somebody waits");
            // Ends when the sender is dropped.
            let _ = receiver.recv();
        });
        stands.await.expect("the gate closes");
        Self(sender)
    }

    fn open(self) {
        drop(self.0);
    }
}
