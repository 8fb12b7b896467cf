//! Mail to people: the kinds there are, the links some hold, and what a row of the queue is made of.

use std::fmt;
use std::str::FromStr;

use super::client_metadata::UnknownWord;
use crate::base::clock::Timestamp;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord),
                }
            }
        }
    };
}

words! {
    /// What a link is for. It opens nothing else.
    Purpose {
        /// Shows that somebody reads the account's address.
        VerifyEmail = "verify_email",
        /// Sets a new password.
        ResetPassword = "reset_password",
        /// Sets the first password of an account that somebody else made.
        Invitation = "invitation",
    }
}

impl Purpose {
    /// The page of the tenant that takes it.
    pub const fn path(self) -> &'static str {
        match self {
            Self::VerifyEmail => "/verify-email",
            Self::ResetPassword => "/reset-password",
            Self::Invitation => "/sign-up",
        }
    }
}

words! {
    /// What a mail says.
    LetterKind {
        VerifyEmail = "verify_email",
        ResetPassword = "reset_password",
        Invitation = "invitation",
        /// To the address an account had until now.
        AddressChanged = "address_changed",
        /// To the owner of an address with which somebody wanted to make an account.
        AddressTaken = "address_taken",
        NewDevice = "new_device",
        PasswordChanged = "password_changed",
        FactorAdded = "factor_added",
        FactorRemoved = "factor_removed",
        /// Somebody who knows the password tried too many codes.
        FactorGuessed = "factor_guessed",
        RecoveryCodeUsed = "recovery_code_used",
        /// Somebody used a refresh token that was used before.
        RefreshReplay = "refresh_replay",
    }
}

/// A link that is to be stored; the digest stands for the secret.
#[derive(Clone)]
pub struct NewLink {
    pub digest: String,
    pub purpose: Purpose,
    /// The canonical address it is made for.
    pub email_key: Option<String>,
    /// Whether it goes to that address by mail.
    pub by_mail: bool,
    pub now: Timestamp,
    pub expires_at: Timestamp,
    /// Links of this purpose an account gets within an hour; beyond it, none is made.
    pub most_per_hour: i64,
}

/// A mail that is to be stored, with the link it holds.
#[derive(Clone)]
pub struct Letter {
    pub id: String,
    pub user_id: String,
    pub kind: LetterKind,
    /// The stored address of the account, as it was written there.
    pub recipient: String,
    /// What it says beside what its template does, sealed for this row.
    pub sealed: String,
    pub link: Option<NewLink>,
    pub now: Timestamp,
    /// When it is no longer worth sending.
    pub expires_at: Timestamp,
}

/// Neither the address nor what is sealed.
impl fmt::Debug for Letter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Letter({})", self.kind.name())
    }
}
