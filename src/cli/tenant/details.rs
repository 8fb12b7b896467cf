//! What a tenant is, as options.

use clap::Args;
use serde_json::{Map, Value};

use crate::cli::error::CliError;
use crate::cli::options;
use crate::model::algorithm::Algorithm;
use crate::model::tenant_input::TenantInput;

#[derive(Args)]
pub(super) struct Details {
    /// Its name for people [default: the slug]
    #[arg(long)]
    name: Option<String>,
    /// What it is, for those who administer it; empty to remove it
    #[arg(long)]
    description: Option<String>,
    /// The domain of its people's e-mail addresses; empty to remove it
    #[arg(long)]
    domain: Option<String>,
    /// An issuer of its own, such as https://login.acme.example; empty to remove it. Ends what was
    /// given under the one before
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Signs its tokens [default: tokens.signing_alg]
    #[arg(long, value_name = "ALG", value_parser = options::algorithm())]
    signing_alg: Option<Algorithm>,
    /// A setting of its own, such as access_token_lifetime=300; empty for the installation's
    #[arg(long = "setting", value_name = "NAME=VALUE", value_parser = options::pair)]
    settings: Vec<(String, String)>,
}

impl Details {
    /// Lays what is named over a description.
    pub(super) fn lay_over(self, input: &mut TenantInput) -> Result<(), CliError> {
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        if let Some(name) = self.name {
            input.name = name;
        }
        if let Some(description) = self.description {
            input.description = filled(description);
        }
        if let Some(domain) = self.domain {
            input.domain = filled(domain);
        }
        if let Some(issuer) = self.issuer {
            input.issuer = filled(issuer);
        }
        input.signing_alg = self.signing_alg.unwrap_or(input.signing_alg);
        if self.settings.is_empty() {
            return Ok(());
        }
        let own = serde_json::to_value(&input.settings);
        let mut own: Map<String, Value> = own
            .and_then(serde_json::from_value)
            .map_err(|error| CliError::refused(error.to_string()))?;
        for (name, text) in self.settings {
            let value = match name.as_str() {
                _ if text.is_empty() => Value::Null,
                "default_roles" => text.split(',').collect(),
                _ => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            };
            own.insert(name, value);
        }
        input.settings = serde_json::from_value(Value::Object(own))
            .map_err(|error| CliError::refused(format!("--setting: {error}")))?;
        Ok(())
    }
}
