//! A client as it is written and as it is shown: the fields of RFC 7591 and ours beside them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::body::Document;
use crate::api::views::{Password, When};
use crate::base::token::OpaqueToken;
use crate::model::algorithm::Algorithm;
use crate::model::claim_source::ClaimSource;
use crate::model::client::{Client, StoredSecret};
use crate::model::client_metadata::{
    ApplicationType, AuthMethod, ClientMetadata, GrantType, ResponseType, TokenFormat,
};
use crate::model::scope::Scope;

/// What is written of a client.
#[derive(Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Client")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of the registration, independent of the others"
)]
#[serde(default, deny_unknown_fields)]
pub struct ClientBody {
    /// Without one, it is made up.
    #[serde(skip_serializing)]
    #[schemars(length(min = 1, max = 128))]
    pub client_id: Option<String>,
    /// A secret of one's own; without one, a client that needs a secret gets it made.
    #[serde(skip_serializing)]
    pub client_secret: Option<Password>,
    /// Whether it may ask for anything.
    pub enabled: bool,
    /// Follows from `grant_types`.
    #[serde(skip_serializing)]
    pub response_types: Option<Vec<ResponseType>>,
    /// Its name for people.
    pub client_name: Option<String>,
    /// How it proves itself.
    pub token_endpoint_auth_method: AuthMethod,
    /// The algorithm of its assertions.
    pub token_endpoint_auth_signing_alg: Option<Algorithm>,
    pub grant_types: Vec<GrantType>,
    pub application_type: ApplicationType,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub client_uri: Option<String>,
    pub logo_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
    /// The scopes it may ask for, with a space between them.
    pub scope: Scope,
    /// Its public keys, a JWK Set.
    pub jwks: Option<Value>,
    /// Seconds since a person last signed in, unless a request says otherwise.
    pub default_max_age: Option<i64>,
    pub require_auth_time: bool,
    pub id_token_signed_response_alg: Option<Algorithm>,
    pub require_pkce: bool,
    /// Claims of its own in ID tokens and at userinfo, by name.
    pub claims: BTreeMap<String, ClaimSource>,
    pub access_token_format: Option<TokenFormat>,
    pub access_token_signing_alg: Option<Algorithm>,
    /// Seconds.
    pub access_token_lifetime: Option<i64>,
    /// Seconds, counted from the sign-in.
    pub refresh_token_lifetime: Option<i64>,
    /// Seconds in which a lost answer may be asked for again; 0 turns it off.
    pub refresh_retry_window: Option<i64>,
    pub refresh_without_offline_access: bool,
    /// One of the operator's own applications: nobody is asked to allow it.
    pub first_party: bool,
}

/// Not derived, so that whoever names nothing gets a client as `ClientMetadata` begins.
impl Default for ClientBody {
    fn default() -> Self {
        Self::of(true, ClientMetadata::default())
    }
}

impl Document for ClientBody {
    const CREATE_ONLY: &'static [&'static str] = &["client_id", "client_secret"];
}

impl ClientBody {
    /// A client as it is, to be changed in places.
    pub fn of(enabled: bool, metadata: ClientMetadata) -> Self {
        Self {
            client_id: None,
            client_secret: None,
            enabled,
            response_types: None,
            client_name: metadata.client_name,
            token_endpoint_auth_method: metadata.token_endpoint_auth_method,
            token_endpoint_auth_signing_alg: metadata.token_endpoint_auth_signing_alg,
            grant_types: metadata.grant_types,
            application_type: metadata.application_type,
            redirect_uris: metadata.redirect_uris,
            post_logout_redirect_uris: metadata.post_logout_redirect_uris,
            client_uri: metadata.client_uri,
            logo_uri: metadata.logo_uri,
            policy_uri: metadata.policy_uri,
            tos_uri: metadata.tos_uri,
            scope: metadata.scope,
            jwks: metadata.jwks,
            default_max_age: metadata.default_max_age,
            require_auth_time: metadata.require_auth_time,
            id_token_signed_response_alg: metadata.id_token_signed_response_alg,
            require_pkce: metadata.require_pkce,
            claims: metadata.claims,
            access_token_format: metadata.access_token_format,
            access_token_signing_alg: metadata.access_token_signing_alg,
            access_token_lifetime: metadata.access_token_lifetime,
            refresh_token_lifetime: metadata.refresh_token_lifetime,
            refresh_retry_window: metadata.refresh_retry_window,
            refresh_without_offline_access: metadata.refresh_without_offline_access,
            first_party: metadata.first_party,
        }
    }

    /// The registration this describes.
    pub fn into_metadata(self) -> ClientMetadata {
        let named = self.response_types;
        let mut metadata = ClientMetadata {
            response_types: Vec::new(),
            client_name: self.client_name,
            token_endpoint_auth_method: self.token_endpoint_auth_method,
            token_endpoint_auth_signing_alg: self.token_endpoint_auth_signing_alg,
            grant_types: self.grant_types,
            application_type: self.application_type,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            client_uri: self.client_uri,
            logo_uri: self.logo_uri,
            policy_uri: self.policy_uri,
            tos_uri: self.tos_uri,
            scope: self.scope,
            jwks: self.jwks,
            default_max_age: self.default_max_age,
            require_auth_time: self.require_auth_time,
            id_token_signed_response_alg: self.id_token_signed_response_alg,
            require_pkce: self.require_pkce,
            claims: self.claims,
            access_token_format: self.access_token_format,
            access_token_signing_alg: self.access_token_signing_alg,
            access_token_lifetime: self.access_token_lifetime,
            refresh_token_lifetime: self.refresh_token_lifetime,
            refresh_retry_window: self.refresh_retry_window,
            refresh_without_offline_access: self.refresh_without_offline_access,
            first_party: self.first_party,
        };
        metadata.response_types = named.unwrap_or_else(|| metadata.served_response_types());
        metadata
    }
}

/// A client as it is shown.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ClientRead")]
pub struct ClientView {
    client_id: String,
    enabled: bool,
    #[serde(flatten)]
    metadata: ClientMetadata,
    /// The secrets that work, newest first; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<Vec<SecretView>>,
    created_at: When,
    updated_at: When,
}

/// A secret as it is shown: without itself.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ClientSecretRead")]
pub struct SecretView {
    id: String,
    created_at: When,
}

/// A new client, with its secret this once.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ClientCreated")]
pub struct ClientCreated {
    #[serde(flatten)]
    client: ClientView,
    /// Shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// A new secret, this once.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ClientSecretCreated")]
pub struct SecretCreated {
    #[serde(flatten)]
    secret: SecretView,
    /// Shown this once; absent where the caller chose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl ClientView {
    pub fn of(client: Client) -> Self {
        let secrets = client.secrets.iter().map(SecretView::of).collect();
        Self {
            secrets: Some(secrets),
            ..Self::listed(client)
        }
    }

    /// Of a list, which is read without the secrets.
    pub fn listed(client: Client) -> Self {
        Self {
            client_id: client.client_id,
            enabled: client.enabled,
            metadata: client.metadata,
            secrets: None,
            created_at: When(client.created_at),
            updated_at: When(client.updated_at),
        }
    }
}

impl SecretView {
    pub fn of(secret: &StoredSecret) -> Self {
        Self {
            id: secret.id(),
            created_at: When(secret.created_at),
        }
    }
}

impl ClientCreated {
    pub fn of(client: Client, made: Option<&OpaqueToken>) -> Self {
        Self {
            client: ClientView::of(client),
            client_secret: made.map(|made| made.expose().to_owned()),
        }
    }
}

impl SecretCreated {
    pub fn of(secret: &StoredSecret, made: Option<&OpaqueToken>) -> Self {
        Self {
            secret: SecretView::of(secret),
            client_secret: made.map(|made| made.expose().to_owned()),
        }
    }
}
