//! What somebody has to do at a page of ours before anything is given to them.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::client_metadata::UnknownWord;

#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RequiredAction {
    /// Choose another password: this one expired, or somebody else chose it.
    UpdatePassword,
    /// Prove that the e-mail address is theirs. Nothing is left to do where it is verified.
    VerifyEmail,
    /// Set up an authenticator. Nothing is left to do where there is one.
    ConfigureTotp,
}

impl RequiredAction {
    pub const fn name(self) -> &'static str {
        match self {
            Self::UpdatePassword => "update_password",
            Self::VerifyEmail => "verify_email",
            Self::ConfigureTotp => "configure_totp",
        }
    }
}

impl FromStr for RequiredAction {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "update_password" => Ok(Self::UpdatePassword),
            "verify_email" => Ok(Self::VerifyEmail),
            "configure_totp" => Ok(Self::ConfigureTotp),
            _ => Err(UnknownWord),
        }
    }
}

/// As a row has them.
pub fn words(actions: &[RequiredAction]) -> String {
    let words: Vec<&str> = actions.iter().map(|action| action.name()).collect();
    words.join(" ")
}
