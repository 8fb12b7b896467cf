//! What a mail says beside the words of its template. Sealed while it waits: some of it opens doors.

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::model::letter::LetterKind;

/// Nothing in here was written by whoever caused the mail, but for the name of a program, of which
/// letters and digits are shown.
#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Contents {
    VerifyEmail {
        /// The secret of the link.
        link: String,
        /// Seconds the link lives.
        lifetime: i64,
    },
    ResetPassword {
        link: String,
        lifetime: i64,
    },
    Invitation {
        link: String,
        lifetime: i64,
    },
    AddressChanged {
        at: i64,
    },
    AddressTaken {},
    NewDevice {
        at: i64,
        device: String,
        network: String,
    },
    PasswordChanged {
        at: i64,
    },
    FactorAdded {
        at: i64,
        factor: String,
    },
    FactorRemoved {
        at: i64,
        factor: String,
    },
    FactorGuessed {
        at: i64,
    },
    RecoveryCodeUsed {
        at: i64,
        /// How many are left.
        left: usize,
    },
    RefreshReplay {
        at: i64,
        client: String,
    },
}

impl Contents {
    pub const fn kind(&self) -> LetterKind {
        match self {
            Self::VerifyEmail { .. } => LetterKind::VerifyEmail,
            Self::ResetPassword { .. } => LetterKind::ResetPassword,
            Self::Invitation { .. } => LetterKind::Invitation,
            Self::AddressChanged { .. } => LetterKind::AddressChanged,
            Self::AddressTaken {} => LetterKind::AddressTaken,
            Self::NewDevice { .. } => LetterKind::NewDevice,
            Self::PasswordChanged { .. } => LetterKind::PasswordChanged,
            Self::FactorAdded { .. } => LetterKind::FactorAdded,
            Self::FactorRemoved { .. } => LetterKind::FactorRemoved,
            Self::FactorGuessed { .. } => LetterKind::FactorGuessed,
            Self::RecoveryCodeUsed { .. } => LetterKind::RecoveryCodeUsed,
            Self::RefreshReplay { .. } => LetterKind::RefreshReplay,
        }
    }

    /// The secret of its link, and how long that lives.
    pub(super) fn link(&self) -> Option<(&str, i64)> {
        match self {
            Self::VerifyEmail { link, lifetime }
            | Self::ResetPassword { link, lifetime }
            | Self::Invitation { link, lifetime } => Some((link, *lifetime)),
            _ => None,
        }
    }

    pub(super) fn at(&self) -> Option<Timestamp> {
        match self {
            Self::AddressChanged { at }
            | Self::NewDevice { at, .. }
            | Self::PasswordChanged { at }
            | Self::FactorAdded { at, .. }
            | Self::FactorRemoved { at, .. }
            | Self::FactorGuessed { at }
            | Self::RecoveryCodeUsed { at, .. }
            | Self::RefreshReplay { at, .. } => Some(Timestamp::from_millis(*at)),
            _ => None,
        }
    }
}
