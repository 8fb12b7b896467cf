//! A registration in arguments: RFC 7591's fields, and ours beside them.

mod pages;

use std::path::PathBuf;

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::options::{algorithm, application_type, auth_method, grant_type, token_format};
use crate::model::algorithm::Algorithm;
use crate::model::client_metadata::{
    ApplicationType, AuthMethod, ClientMetadata, GrantType, TokenFormat,
};
use crate::model::scope::Scope;
use pages::Pages;

/// What is not named stays as it is.
#[derive(Args)]
pub(super) struct Registration {
    /// Its name for people
    #[arg(long, value_name = "NAME")]
    client_name: Option<String>,
    /// How it proves itself [default: client_secret_basic]
    #[arg(long, value_name = "METHOD", value_parser = auth_method())]
    token_endpoint_auth_method: Option<AuthMethod>,
    /// The algorithm of its assertions, with private_key_jwt
    #[arg(long, value_name = "ALG", value_parser = algorithm())]
    token_endpoint_auth_signing_alg: Option<Algorithm>,
    /// What it may ask for, separated by commas [default: client_credentials]
    #[arg(long, value_name = "GRANTS", value_delimiter = ',', value_parser = grant_type())]
    grant_types: Option<Vec<GrantType>>,
    /// Where it runs [default: web]
    #[arg(long, value_name = "TYPE", value_parser = application_type())]
    application_type: Option<ApplicationType>,
    #[command(flatten)]
    pages: Pages,
    /// The scopes it may ask for, separated by spaces
    #[arg(long)]
    scope: Option<Scope>,
    /// A file with its public keys, a JWK Set
    #[arg(long, value_name = "FILE")]
    jwks_file: Option<PathBuf>,
    /// Whether it must use PKCE [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_pkce: Option<bool>,
    /// How long ago a person may have signed in, where a request does not say
    #[arg(long, value_name = "SECONDS")]
    default_max_age: Option<i64>,
    /// Whether its ID tokens always say when a person signed in
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_auth_time: Option<bool>,
    /// Signs its ID tokens
    #[arg(long, value_name = "ALG", value_parser = algorithm())]
    id_token_signed_response_alg: Option<Algorithm>,
    /// A claim of its own, from roles, groups, username or attribute:NAME; empty to remove it
    #[arg(long = "claim", value_name = "NAME=SOURCE", value_parser = claim)]
    claims: Vec<(String, String)>,
    /// The form of its access tokens
    #[arg(long, value_name = "FORMAT", value_parser = token_format())]
    access_token_format: Option<TokenFormat>,
    /// Signs its access tokens
    #[arg(long, value_name = "ALG", value_parser = algorithm())]
    access_token_signing_alg: Option<Algorithm>,
    /// The life of its access tokens
    #[arg(long, value_name = "SECONDS")]
    access_token_lifetime: Option<i64>,
    /// The life of its refresh tokens
    #[arg(long, value_name = "SECONDS")]
    refresh_token_lifetime: Option<i64>,
    /// How long a lost refresh answer may be asked for again
    #[arg(long, value_name = "SECONDS")]
    refresh_retry_window: Option<i64>,
    /// Whether it gets refresh tokens without offline_access
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    refresh_without_offline_access: Option<bool>,
    /// Whether it is the operator's own
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    first_party: Option<bool>,
}

impl Registration {
    /// Lays what is named over a registration.
    pub(super) fn lay_over(self, metadata: &mut ClientMetadata) -> Result<(), CliError> {
        if let Some(file) = &self.jwks_file {
            metadata.jwks = Some(read_jwks(file)?);
        }
        if let Some(mut grants) = self.grant_types {
            grants.sort_unstable();
            grants.dedup();
            metadata.grant_types = grants;
            metadata.response_types = metadata.served_response_types();
        }
        for (name, source) in self.claims {
            if source.is_empty() {
                metadata.claims.remove(&name);
                continue;
            }
            let source = source
                .parse()
                .map_err(|error| CliError::refused(format!("--claim {name}: {error}")))?;
            metadata.claims.insert(name, source);
        }
        self.pages.lay_over(metadata);
        replace(
            &mut metadata.token_endpoint_auth_method,
            self.token_endpoint_auth_method,
        );
        replace(&mut metadata.application_type, self.application_type);
        replace(&mut metadata.scope, self.scope);
        replace(&mut metadata.require_pkce, self.require_pkce);
        replace(&mut metadata.require_auth_time, self.require_auth_time);
        replace(
            &mut metadata.refresh_without_offline_access,
            self.refresh_without_offline_access,
        );
        replace(&mut metadata.first_party, self.first_party);
        lay(&mut metadata.client_name, self.client_name);
        lay(
            &mut metadata.token_endpoint_auth_signing_alg,
            self.token_endpoint_auth_signing_alg,
        );
        lay(&mut metadata.default_max_age, self.default_max_age);
        lay(
            &mut metadata.id_token_signed_response_alg,
            self.id_token_signed_response_alg,
        );
        lay(&mut metadata.access_token_format, self.access_token_format);
        lay(
            &mut metadata.access_token_signing_alg,
            self.access_token_signing_alg,
        );
        lay(
            &mut metadata.access_token_lifetime,
            self.access_token_lifetime,
        );
        lay(
            &mut metadata.refresh_token_lifetime,
            self.refresh_token_lifetime,
        );
        lay(
            &mut metadata.refresh_retry_window,
            self.refresh_retry_window,
        );
        Ok(())
    }
}

fn lay<T>(field: &mut Option<T>, named: Option<T>) {
    if named.is_some() {
        *field = named;
    }
}

fn replace<T>(field: &mut T, named: Option<T>) {
    if let Some(named) = named {
        *field = named;
    }
}

fn claim(text: &str) -> Result<(String, String), &'static str> {
    // A name may be an address with a sign of equality in it; a source never has one.
    match text.rsplit_once('=') {
        Some((name, source)) if !name.is_empty() => Ok((name.to_owned(), source.to_owned())),
        _ => Err("a claim is NAME=SOURCE"),
    }
}

fn read_jwks(file: &PathBuf) -> Result<serde_json::Value, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        CliError::refused(format!("--jwks-file: cannot be read: {}", error.kind()))
    })?;
    serde_json::from_str(&text)
        .map_err(|error| CliError::refused(format!("--jwks-file: not JSON: {error}")))
}
