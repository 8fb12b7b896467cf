//! API keys as clients: the key's id is the `client_id`, its secret the `client_secret`, in either of
//! the two places. Ids of keys are UUIDs and those of registered clients never are, which tells them
//! apart.

use std::sync::Arc;

use super::{AuthenticatedClient, Proof};
use crate::app::App;
use crate::context::Ctx;
use crate::directory::KnownClient;
use crate::login::api_key::{self, Cause, KeyHolder};
use crate::model::client::Client;
use crate::model::client_metadata::{AuthMethod, ClientMetadata, GrantType};
use crate::oauth::error::OAuthError;

/// Authenticates the key with this id; if it does not, why, for the log.
pub(super) async fn authenticate(
    app: &App,
    ctx: &Ctx,
    id: &str,
    proof: &Proof<'_>,
) -> Result<Result<AuthenticatedClient, Cause>, OAuthError> {
    let Proof::Secret(presented) = proof else {
        return Ok(Err("an API key authenticates with its secret"));
    };
    let judged = api_key::of_client(app, ctx, id, presented).await?;
    Ok(judged.map(|holder| client_of(app, ctx, holder)))
}

/// The client that a key stands for in the hands of its holder.
pub(super) fn client_of(app: &App, ctx: &Ctx, holder: KeyHolder) -> AuthenticatedClient {
    AuthenticatedClient {
        known: Arc::new(registration(app, ctx, &holder)),
        key: Some(Arc::new(holder)),
    }
}

/// The registration that a key stands for: a confidential client that gets tokens for itself, within
/// what key and owner give now, for minutes and never past the key's end.
fn registration(app: &App, ctx: &Ctx, holder: &KeyHolder) -> KnownClient {
    let key = holder.key();
    let longest = app.config.api_keys.token_lifetime;
    let left = key
        .expires_at
        .map_or(longest, |end| end.seconds() - ctx.now.seconds());
    KnownClient {
        client: Client {
            client_id: key.id.clone(),
            metadata: ClientMetadata {
                client_name: Some(key.name.clone()),
                token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
                grant_types: vec![GrantType::ClientCredentials],
                response_types: Vec::new(),
                scope: holder.scope().clone(),
                first_party: true,
                access_token_lifetime: Some(left.min(longest)),
                ..ClientMetadata::default()
            },
            enabled: true,
            secrets: Vec::new(),
            created_at: key.created_at,
            updated_at: key.updated_at,
        },
        keys: None,
    }
}
