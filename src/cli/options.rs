//! What arguments of several commands have in common.

use std::str::FromStr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::model::algorithm::Algorithm;
use crate::model::client_metadata::{ApplicationType, AuthMethod, GrantType, TokenFormat};
use crate::model::tenant::DEFAULT_SLUG;

/// Whose rows a command works on.
#[derive(Args)]
pub(super) struct TenantOption {
    /// The tenant
    #[arg(long, global = true, value_name = "SLUG", default_value = DEFAULT_SLUG)]
    pub(super) tenant: String,
}

/// One of a closed set of words; help and errors list them.
fn words<T>(names: Vec<&'static str>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

pub(super) fn algorithm() -> impl TypedValueParser<Value = Algorithm> {
    words(Algorithm::ALL.iter().map(|word| word.name()).collect())
}

pub(super) fn grant_type() -> impl TypedValueParser<Value = GrantType> {
    words(GrantType::ALL.iter().map(|word| word.name()).collect())
}

pub(super) fn application_type() -> impl TypedValueParser<Value = ApplicationType> {
    words(
        ApplicationType::ALL
            .iter()
            .map(|word| word.name())
            .collect(),
    )
}

pub(super) fn auth_method() -> impl TypedValueParser<Value = AuthMethod> {
    words(AuthMethod::ALL.iter().map(|word| word.name()).collect())
}

pub(super) fn token_format() -> impl TypedValueParser<Value = TokenFormat> {
    words(TokenFormat::ALL.iter().map(|word| word.name()).collect())
}

/// A name and its value.
pub(super) fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it is NAME=VALUE"),
    }
}
