//! An account's description in arguments.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::error::CliError;
use crate::cli::options;
use crate::model::user::UserInput;

/// What is not named stays as it is.
#[derive(Args)]
pub(super) struct Details {
    /// Their e-mail address, with which they may sign in too; empty for none
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Whether the address is known to be theirs [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    email_verified: Option<bool>,
    /// Their roles, separated by commas [default: user]
    #[arg(long, value_delimiter = ',')]
    roles: Option<Vec<String>>,
    /// A group they are told to be in; repeat it for each of them, empty for none
    #[arg(long = "group", value_name = "NAME")]
    groups: Option<Vec<String>>,
    /// A standard claim, such as name="Alice Doe"; empty to remove it
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = options::pair)]
    claims: Vec<(String, String)>,
    /// What clients' own claims may tell of them: JSON, or text where it is none; empty to remove it
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = options::pair)]
    attributes: Vec<(String, String)>,
}

impl Details {
    /// Lays what is named over a description.
    pub(super) fn lay_over(self, input: &mut UserInput) -> Result<(), CliError> {
        if let Some(email) = self.email {
            let email = Some(email).filter(|email| !email.is_empty());
            // What was proved of another address says nothing of this one.
            input.email_verified &= email == input.email;
            input.email = email;
        }
        input.email_verified = self.email_verified.unwrap_or(input.email_verified);
        if let Some(roles) = self.roles {
            input.roles = roles.into_iter().filter(|role| !role.is_empty()).collect();
        }
        if let Some(groups) = self.groups {
            input.groups = groups.into_iter().filter(|name| !name.is_empty()).collect();
        }
        for (name, value) in self.attributes {
            if value.is_empty() {
                input.attributes.remove(&name);
                continue;
            }
            let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
            input.attributes.insert(name, value);
        }
        let mut claims = json!(input.claims);
        for (name, value) in self.claims {
            claims[&name] = match name.as_str() {
                _ if value.is_empty() => Value::Null,
                "address" | "phone_number_verified" => {
                    serde_json::from_str(&value).map_err(|error| {
                        CliError::refused(format!("--claim {name}: not JSON: {error}"))
                    })?
                }
                _ => Value::String(value),
            };
        }
        input.claims = serde_json::from_value(claims)
            .map_err(|error| CliError::refused(format!("--claim: {error}")))?;
        Ok(())
    }
}
