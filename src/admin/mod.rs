//! Floor 4: what operators do, whoever asks: the command line today, the REST API beside it. Each
//! function checks, writes in one transaction with its audit row, and says what was wrong in words
//! for people.

pub mod api_keys;
pub mod clients;
pub mod factors;
pub mod groups;
pub mod import;
pub mod keys;
pub mod links;
pub mod new_password;
pub mod registration;
pub mod resources;
pub mod roles;
pub mod service_accounts;
pub mod sessions;
pub mod setup;
pub mod sip_digests;
pub mod tenants;
pub mod users;

use crate::app::App;
use crate::keys::ring::RingError;
use crate::model::audit_event::{Actor, AuditEvent, AuditKind};
use crate::passwords::Overloaded;
use crate::storage::DbError;
use crate::storage::update::UpdateOutcome;

/// Why an operator's wish is refused.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Broken rules, each naming its field.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    /// A rule across rows, in a sentence.
    #[error("{0}")]
    Refused(String),
    #[error("{0} exists already")]
    Conflict(String),
    #[error("there is no {0}")]
    Missing(String),
    /// Somebody else changed it since it was read: read again, look, and try again.
    #[error("{0} was changed by somebody else meanwhile; nothing was done")]
    Changed(String),
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    Keys(RingError),
    #[error(transparent)]
    Db(DbError),
}

impl From<DbError> for AdminError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Refused(sentence) => Self::Refused(sentence),
            DbError::Conflict => Self::Conflict("another of that name".to_owned()),
            other => Self::Db(other),
        }
    }
}

impl From<RingError> for AdminError {
    fn from(error: RingError) -> Self {
        match error {
            RingError::Db(error) => error.into(),
            other => Self::Keys(other),
        }
    }
}

fn event(app: &App, actor: &Actor, kind: AuditKind, subject: &str) -> AuditEvent {
    actor.did(kind, subject, app.row_id(), app.clock.now())
}

/// What an update's outcome means to whoever asked.
fn updated(outcome: UpdateOutcome, what: impl FnOnce() -> String) -> Result<(), AdminError> {
    match outcome {
        UpdateOutcome::Updated => Ok(()),
        UpdateOutcome::Changed => Err(AdminError::Changed(what())),
        UpdateOutcome::Missing => Err(AdminError::Missing(what())),
    }
}

/// Names the thing whose unique rule was broken.
fn taken(error: DbError, what: impl FnOnce() -> String) -> AdminError {
    match error {
        DbError::Conflict => AdminError::Conflict(what()),
        other => other.into(),
    }
}
