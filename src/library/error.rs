//! Why the library says no.

use crate::admin::AdminError;
use crate::installation::OpenError;
use crate::keys::key_pair::KeyError as SigningKeyError;
use crate::keys::ring::RingError;
use crate::login::api_key::KeyError;
use crate::login::direct::LoginError;
use crate::login::doors::DoorError;
use crate::login::factors::proof::ProofError;
use crate::login::own_password::ChangeError;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::storage::DbError;

/// Why a service does not start. Nothing was started, and no key was made over an old one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// Rules the settings break, each naming its field.
    #[error("{}", .0.join("; "))]
    Config(Vec<String>),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the database cannot be read: {0}")]
    Database(#[from] DbError),
}

/// Why the library does not do what was asked. Holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Wrong name or password, disabled account, dead API key or refresh token: all of these are one.
    #[error("the credentials are wrong")]
    InvalidCredentials,
    /// The password is right, and the account has something to do at a page of the server first.
    #[error("the account has something to do at {page} first")]
    InteractionRequired {
        /// Where the pages begin.
        page: String,
    },
    /// The password is right, and the account has a second factor of which a code is needed too.
    #[error("a code of the second factor is needed")]
    CodeNeeded,
    /// The brake on guessing, see
    /// [`from_address`](super::AuthenticationService::from_address).
    #[error("too many failures; try again in {retry_after} s")]
    TooManyFailures {
        /// Seconds.
        retry_after: i64,
    },
    #[error("the scope is unknown, malformed or not to be had")]
    InvalidScope,
    /// Rules that are broken, each naming its field.
    #[error("{}", .0.join("; "))]
    Validation(Vec<String>),
    /// There is no such thing, here named.
    #[error("there is no {0}")]
    NotFound(String),
    /// There is such a thing already, here named.
    #[error("{0} exists already")]
    AlreadyExists(String),
    /// A rule across accounts: the last administrator stays, for one.
    #[error("{0}")]
    Refused(String),
    /// Somebody else changed it meanwhile: read again and try again.
    #[error("it was changed meanwhile; nothing was done")]
    Changed,
    /// The database or the threads for passwords are busy or away: try again.
    #[error("not possible just now: {0}")]
    Unavailable(String),
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        OAuthError::from(error).into()
    }
}

impl From<OAuthError> for Error {
    fn from(error: OAuthError) -> Self {
        let cause = error.cause().unwrap_or(error.description()).to_owned();
        match error.kind() {
            ErrorKind::InvalidScope => Self::InvalidScope,
            ErrorKind::InvalidGrant | ErrorKind::InvalidClient | ErrorKind::InvalidToken => {
                Self::InvalidCredentials
            }
            ErrorKind::Unavailable => Self::Unavailable(cause),
            _ => Self::Internal(cause),
        }
    }
}

impl From<AdminError> for Error {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Invalid(rules) => Self::Validation(rules),
            AdminError::Refused(sentence) => Self::Refused(sentence),
            AdminError::Conflict(what) => Self::AlreadyExists(what),
            AdminError::Missing(what) => Self::NotFound(what),
            AdminError::Changed(_) => Self::Changed,
            other => OAuthError::from(other).into(),
        }
    }
}

impl From<DoorError> for Error {
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::Refused => Self::InvalidCredentials,
            DoorError::InteractionRequired(page) => Self::InteractionRequired { page },
            DoorError::Throttled(throttled) => Self::TooManyFailures {
                retry_after: throttled.retry_after,
            },
            DoorError::Failed(error) => error.into(),
        }
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Refused(_) => Self::InvalidCredentials,
            KeyError::Throttled(throttled) => Self::TooManyFailures {
                retry_after: throttled.retry_after,
            },
            KeyError::Db(error) => error.into(),
        }
    }
}

impl From<LoginError> for Error {
    fn from(error: LoginError) -> Self {
        DoorError::from(error).into()
    }
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(rules) => Self::Validation(rules),
            ChangeError::Proof(error) => error.into(),
            ChangeError::Changed => Self::Changed,
            ChangeError::Overloaded(error) => OAuthError::from(error).into(),
            ChangeError::Db(error) => error.into(),
        }
    }
}

impl From<ProofError> for Error {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Login(error) => error.into(),
            ProofError::CodeNeeded => Self::CodeNeeded,
            ProofError::WrongCode => Self::InvalidCredentials,
            ProofError::Throttled(throttled) => LoginError::Throttled(throttled).into(),
            ProofError::Db(error) => error.into(),
        }
    }
}

impl From<RingError> for Error {
    fn from(error: RingError) -> Self {
        OAuthError::from(error).into()
    }
}

impl From<SigningKeyError> for Error {
    fn from(error: SigningKeyError) -> Self {
        OAuthError::from(error).into()
    }
}
