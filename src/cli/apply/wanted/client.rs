//! What a `[[client]]` means: a whole registration, in which what is absent has its default.

use std::collections::BTreeMap;

use super::word;
use crate::config::{DeclaredClient, SIGNING_ALGS, Secret};
use crate::model::claim_source::ClaimSource;
use crate::model::client_metadata::{
    ApplicationType, AuthMethod, ClientMetadata, GrantType, ResponseType, TokenFormat,
};

/// A client as it is to be.
pub(in crate::cli::apply) struct WantedClient {
    pub(in crate::cli::apply) metadata: ClientMetadata,
    pub(in crate::cli::apply) enabled: bool,
    pub(in crate::cli::apply) secret: Option<Secret>,
    pub(in crate::cli::apply) rotate: bool,
}

impl WantedClient {
    pub(super) fn read(declared: &DeclaredClient) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let found = &mut problems;
        let text = Option::as_ref;
        let kinds: Vec<&str> = ApplicationType::ALL
            .iter()
            .map(|word| word.name())
            .collect();
        let methods: Vec<&str> = AuthMethod::ALL.iter().map(|word| word.name()).collect();
        let formats: Vec<&str> = TokenFormat::ALL.iter().map(|word| word.name()).collect();
        let default = ClientMetadata::default();
        let mut metadata = ClientMetadata {
            client_name: declared.client_name.clone(),
            token_endpoint_auth_method: text(&declared.token_endpoint_auth_method)
                .and_then(|text| word("token_endpoint_auth_method", text, &methods, found))
                .unwrap_or(default.token_endpoint_auth_method),
            token_endpoint_auth_signing_alg: text(&declared.token_endpoint_auth_signing_alg)
                .and_then(|text| {
                    word("token_endpoint_auth_signing_alg", text, SIGNING_ALGS, found)
                }),
            grant_types: grants(declared, found).unwrap_or(default.grant_types),
            response_types: Vec::new(),
            application_type: text(&declared.application_type)
                .and_then(|text| word("application_type", text, &kinds, found))
                .unwrap_or(default.application_type),
            redirect_uris: declared.redirect_uris.clone(),
            post_logout_redirect_uris: declared.post_logout_redirect_uris.clone(),
            client_uri: declared.client_uri.clone(),
            logo_uri: declared.logo_uri.clone(),
            policy_uri: declared.policy_uri.clone(),
            tos_uri: declared.tos_uri.clone(),
            scope: text(&declared.scope)
                .map(|text| text.parse())
                .transpose()
                .unwrap_or_else(|error| {
                    found.push(format!("scope: {error}"));
                    None
                })
                .unwrap_or_default(),
            jwks: declared.jwks.clone(),
            default_max_age: declared.default_max_age,
            require_auth_time: declared.require_auth_time,
            id_token_signed_response_alg: text(&declared.id_token_signed_response_alg)
                .and_then(|text| word("id_token_signed_response_alg", text, SIGNING_ALGS, found)),
            require_pkce: declared.require_pkce,
            claims: claims(declared, found),
            access_token_format: text(&declared.access_token_format)
                .and_then(|text| word("access_token_format", text, &formats, found)),
            access_token_signing_alg: text(&declared.access_token_signing_alg)
                .and_then(|text| word("access_token_signing_alg", text, SIGNING_ALGS, found)),
            access_token_lifetime: declared.access_token_lifetime,
            refresh_token_lifetime: declared.refresh_token_lifetime,
            refresh_retry_window: declared.refresh_retry_window,
            refresh_without_offline_access: declared.refresh_without_offline_access,
            first_party: declared.first_party,
        };
        metadata.response_types =
            response_types(declared, found).unwrap_or_else(|| metadata.served_response_types());
        let secret = declared.client_secret.as_ref();
        if declared.rotate && secret.is_none() {
            found.push(
                "rotate: needs a client_secret; `client rotate-secret` makes another one"
                    .to_owned(),
            );
        }
        let client = Self {
            metadata,
            enabled: declared.enabled,
            secret: secret.map(|source| source.secret.clone()),
            rotate: declared.rotate,
        };
        (client, problems)
    }
}

/// The grants in their own order, each once.
fn grants(declared: &DeclaredClient, problems: &mut Vec<String>) -> Option<Vec<GrantType>> {
    let names: Vec<&str> = GrantType::ALL.iter().map(|word| word.name()).collect();
    let texts = declared.grant_types.as_ref()?;
    let read: Vec<Option<GrantType>> = texts
        .iter()
        .map(|text| word("grant_types", text, &names, problems))
        .collect();
    if read.contains(&None) {
        // Said already; this one breaks no further rule.
        return Some(vec![GrantType::RefreshToken]);
    }
    let mut grants: Vec<GrantType> = read.into_iter().flatten().collect();
    grants.sort_unstable();
    grants.dedup();
    Some(grants)
}

/// The response types, where they are declared and can be read.
fn response_types(
    declared: &DeclaredClient,
    problems: &mut Vec<String>,
) -> Option<Vec<ResponseType>> {
    let names: Vec<&str> = ResponseType::ALL.iter().map(|word| word.name()).collect();
    let texts = declared.response_types.as_ref()?;
    let read: Vec<Option<ResponseType>> = texts
        .iter()
        .map(|text| word("response_types", text, &names, problems))
        .collect();
    read.into_iter().collect()
}

/// The claims whose source can be read.
fn claims(declared: &DeclaredClient, problems: &mut Vec<String>) -> BTreeMap<String, ClaimSource> {
    let mut claims = BTreeMap::new();
    for (name, text) in &declared.claims {
        match text.parse() {
            Ok(source) => drop(claims.insert(name.clone(), source)),
            Err(error) => problems.push(format!("claims: {name:?}: {error}")),
        }
    }
    claims
}
