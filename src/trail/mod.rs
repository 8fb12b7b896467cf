//! Floor 4: what the server remembers of what happened. The audit trail and its chain, counted
//! refusals and hours, and for a day why each request was refused.

pub mod checkpoint;
pub mod decisions;
pub mod export;
pub mod hours;
pub mod refusals;
pub mod retention;
pub mod sealer;
mod tally;
pub mod verify;

use crate::app::App;
use crate::keys::key_pair::KeyError;
use crate::keys::ring::RingError;
use crate::storage::DbError;

/// Why something about the trail could not be done.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Ring(#[from] RingError),
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nothing is signed or removed on the strength of rows that somebody changed.
    #[error("the audit chain is not whole: `users-core audit verify` says where it breaks")]
    Broken,
}

/// Writes the refusals noted in memory. What cannot be written is lost: it must not pile up.
pub async fn flush_refusals(app: &App) {
    if let Err(error) = app.refusals.flush(&app.store).await {
        tracing::warn!(%error, "counted refusals are lost");
    }
    if let Err(error) = app.decisions.flush(app).await {
        tracing::warn!(%error, "refused decisions are lost");
    }
}

/// Writes the hours counted in memory. What cannot be written is lost.
pub async fn flush_hours(app: &App) {
    if let Err(error) = app.hours.flush(&app.store).await {
        tracing::warn!(%error, "hourly counts are lost");
    }
}
