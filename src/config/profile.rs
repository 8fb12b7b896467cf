//! Words of the settings: the systems that are served beside our own, who may make an account, kinds
//! of characters.

use std::fmt;
use std::str::FromStr;

macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            pub const NAMES: &'static [&'static str] = &[$($word),+];

            /// As the settings say it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(format!("`{other}` is not one of {}", Self::NAMES.join(", "))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.name())
            }
        }
    };
}

names! {
    /// A system whose callers find what they know: its routes, answers and variables.
    Profile {
        /// `/auth`, `/users` and `/api-keys`.
        UsersCore = "users-core",
        /// `/api/users/register`, `/api/users/login` and `/api/users/me`.
        UserManagementApi = "user-management-api",
        /// Its routes are the REST API's own; it adds lifetimes, variables and a name.
        UserManagementService = "user-management-service",
        /// `/api/register`, `/api/login` and `/api/users`.
        UserService = "user-service",
    }
}

names! {
    /// A kind of characters.
    #[derive(serde::Deserialize, schemars::JsonSchema, serde::Serialize)]
    #[serde(rename_all = "lowercase")]
    CharacterClass {
        Lower = "lower",
        Upper = "upper",
        Digit = "digit",
        /// Neither a letter nor a digit.
        Symbol = "symbol",
    }
}

impl CharacterClass {
    /// Whether there is one of them in `text`.
    pub fn is_in(self, text: &str) -> bool {
        text.chars().any(|letter| match self {
            Self::Lower => letter.is_lowercase(),
            Self::Upper => letter.is_uppercase(),
            Self::Digit => letter.is_numeric(),
            Self::Symbol => !letter.is_alphanumeric(),
        })
    }

    /// One of them, in words.
    pub const fn said(self) -> &'static str {
        match self {
            Self::Lower => "lower-case letter",
            Self::Upper => "upper-case letter",
            Self::Digit => "digit",
            Self::Symbol => "character that is neither a letter nor a digit",
        }
    }
}

names! {
    /// Who may make an account without being asked to.
    Registration {
        Off = "off",
        /// Whoever was invited.
        Invite = "invite",
        /// Whoever has an address in the domain of a tenant.
        Domain = "domain",
        Open = "open",
    }
}
