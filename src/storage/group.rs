//! Writes that wait for SQLite's one writer are committed together: what a commit costs is the wait
//! for the disk, and one wait serves all.
//!
//! Whoever gets the connection works for everybody in the queue. Each write is undone alone if it has
//! to be, and none is answered before the commit.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use super::db::Job;
use super::error::DbError;
use super::lanes::{Lane, Lanes};
use super::link::Link;
use super::tx::Tx;

/// The most writes of one commit.
const MOST: usize = 64;

/// The writes that wait.
#[derive(Default)]
pub(super) struct Group(Mutex<VecDeque<Box<dyn Write>>>);

/// A write of any kind.
trait Write: Send {
    /// Nobody waits for it any more.
    fn is_forsaken(&self) -> bool;

    /// Runs the job; whether what it did is to stay.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool>;

    /// Tells the caller what came of it.
    fn answer(self: Box<Self>, committed: Result<(), DbError>);
}

struct Waiting<C, T> {
    context: Arc<C>,
    job: Job<C, T>,
    outcome: Option<Result<(T, bool), DbError>>,
    caller: oneshot::Sender<Result<(T, bool), DbError>>,
}

impl<C: Send + Sync, T: Send> Write for Waiting<C, T> {
    fn is_forsaken(&self) -> bool {
        self.caller.is_closed()
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let before = tx.changes();
            let outcome = (self.job)(tx, &self.context).await;
            let changed = tx.changes() > before;
            let outcome = tx.judge(outcome);
            let stays = outcome.as_ref().is_ok_and(|(_, stays)| *stays);
            self.outcome = Some(outcome.map(|(value, stays)| (value, stays && changed)));
            stays
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), DbError>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), outcome) => outcome.unwrap_or(Err(DbError::Panicked)),
            // What went wrong first says most.
            (Err(_), Some(Err(error))) | (Err(error), _) => Err(error),
        };
        // A caller that went away wanted no answer.
        let _ = self.caller.send(outcome);
    }
}

impl Group {
    /// Runs a job in a transaction, with whatever waits beside it; its value, and whether it changed
    /// something the feed names.
    pub(super) async fn write<C, T>(
        &self,
        writer: &Lanes<SqliteConnection>,
        context: &Arc<C>,
        job: Job<C, T>,
    ) -> Result<(T, bool), DbError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (caller, mut answer) = oneshot::channel();
        self.queue().push_back(Box::new(Waiting {
            context: Arc::clone(context),
            job,
            outcome: None,
            caller,
        }));
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer.unwrap_or(Err(DbError::Panicked)),
                lane = writer.take() => match lane {
                    Ok(lane) => self.work(lane).await,
                    Err(error) => {
                        // Whoever takes it from the queue now sees that nobody waits.
                        answer.close();
                        return answer.try_recv().unwrap_or(Err(error));
                    }
                }
            }
        }
    }

    /// Commits what waits, as far as it fits into one transaction.
    async fn work(&self, lane: Lane<SqliteConnection>) {
        let Some(first) = self.next() else {
            return lane.done();
        };
        let tx = match Tx::begin(Link::Sqlite(lane)).await {
            Ok(tx) => tx,
            Err(error) => return first.answer(Err(error)),
        };
        let mut done = Vec::new();
        let outcome = match AssertUnwindSafe(self.fill(tx, first, &mut done))
            .catch_unwind()
            .await
        {
            Ok(outcome) => outcome,
            // The last one is the one that panicked.
            Err(_) => Err(DbError::Panicked),
        };
        let Err(error) = outcome else {
            return done.into_iter().for_each(|write| write.answer(Ok(())));
        };
        // The last write is the one that failed; the others are run again, without it.
        if let Some(last) = done.pop() {
            last.answer(Err(error));
        }
        for write in done {
            write.answer(Err(DbError::Together));
        }
    }

    /// Runs one write after the other and commits; each is in `done` before it runs.
    async fn fill(
        &self,
        mut tx: Tx,
        first: Box<dyn Write>,
        done: &mut Vec<Box<dyn Write>>,
    ) -> Result<(), DbError> {
        let mut kept = false;
        let mut next = Some(first);
        while let Some(write) = next {
            done.push(write);
            let write = done.last_mut().ok_or(DbError::Panicked)?;
            // The first needs no way back: there is nothing before it.
            let mark = if kept { Some(tx.mark().await?) } else { None };
            let stays = write.run(&mut tx).await;
            match (stays, mark) {
                (true, _) => kept = true,
                (false, Some(mark)) => tx.back_to(mark).await?,
                (false, None) => return tx.roll_back(Ok(())).await,
            }
            next = (done.len() < MOST).then(|| self.next()).flatten();
        }
        tx.commit().await.map(drop)
    }

    fn next(&self) -> Option<Box<dyn Write>> {
        let mut queue = self.queue();
        while let Some(write) = queue.pop_front() {
            if !write.is_forsaken() {
                return Some(write);
            }
        }
        None
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Box<dyn Write>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
