//! Clients and their secrets.

use super::{AdminError, event, taken, updated};
use crate::app::App;
use crate::base::digest::{equal, sha256_text};
use crate::base::token::{Kind, OpaqueToken};
use crate::keys::jwk::ClientJwks;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::client::{Client, SecretKind, StoredSecret};
use crate::model::client_metadata::{
    ClientMetadata, MIN_SECRET_CHARS, is_valid_client_id, is_valid_client_secret,
};
use crate::model::door::Door;
use crate::model::resource::{Catalog, is_own_scope};
use crate::model::tenant::Tenant;
use crate::storage::DbError;
use crate::storage::clients::ClientWrite;

/// A client's secret as it is to be.
pub enum Secret<'a> {
    /// Whatever there is stays.
    Keep,
    /// We make one.
    Generate,
    /// The operator chose one.
    Given(&'a str),
}

/// A client by id.
pub async fn get(app: &App, tenant: &Tenant, client_id: &str) -> Result<Client, AdminError> {
    let client = app.store.tenant(&tenant.id).client(client_id).await?;
    client.ok_or_else(|| AdminError::Missing(format!("client {client_id:?}")))
}

/// Registers a client; the secret, if we made one, is returned this once.
pub async fn create(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    client_id: &str,
    metadata: ClientMetadata,
    enabled: bool,
    secret: Secret<'_>,
) -> Result<Option<OpaqueToken>, AdminError> {
    if metadata.uses_secret() && matches!(secret, Secret::Keep) {
        let problem = "client_secret: needed for this token_endpoint_auth_method";
        return Err(AdminError::Invalid(vec![problem.to_owned()]));
    }
    let kind = AuditKind::ClientCreated;
    let (write, made) = prepare(
        app, actor, tenant, client_id, metadata, enabled, secret, kind,
    )
    .await?;
    let rows = app.store.tenant(&tenant.id);
    rows.create_client(write)
        .await
        .map_err(|error| taken(error, || format!("client {client_id:?}")))?;
    Ok(made)
}

/// Replaces a registration where it is still the one of `before`, and adds a secret beside the
/// newest one if asked.
pub async fn update(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    before: &Client,
    metadata: ClientMetadata,
    enabled: bool,
    secret: Secret<'_>,
) -> Result<Option<OpaqueToken>, AdminError> {
    let kind = match secret {
        Secret::Keep => AuditKind::ClientChanged,
        _ => AuditKind::ClientSecretAdded,
    };
    let client_id = &before.client_id;
    let (mut write, made) = prepare(
        app, actor, tenant, client_id, metadata, enabled, secret, kind,
    )
    .await?;
    write.if_unchanged = Some(before.updated_at);
    let outcome = app.store.tenant(&tenant.id).update_client(write).await?;
    updated(outcome, || format!("client {client_id:?}"))?;
    Ok(made)
}

/// Takes one of a client's secrets away, by its id.
pub async fn remove_secret(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    client: &Client,
    id: &str,
) -> Result<(), AdminError> {
    let missing = || AdminError::Missing(format!("secret {id:?}"));
    let secret = client.secrets.iter().find(|secret| secret.id() == id);
    let secret = secret.ok_or_else(missing)?;
    let kind = AuditKind::ClientSecretRemoved;
    let event = event(app, actor, kind, &client.client_id);
    let rows = app.store.tenant(&tenant.id);
    let (client_id, now) = (&client.client_id, app.clock.now());
    if rows
        .remove_client_secret(client_id, &secret.digest, now, event)
        .await?
    {
        Ok(())
    } else {
        Err(missing())
    }
}

/// Removes a client; its tokens die everywhere.
pub async fn delete(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    client_id: &str,
) -> Result<(), AdminError> {
    if Door::of_client(client_id).is_some() {
        return Err(AdminError::Refused(format!(
            "client_id: {client_id} {OF_THE_PROGRAM}"
        )));
    }
    let event = event(app, actor, AuditKind::ClientDeleted, client_id);
    if app
        .store
        .tenant(&tenant.id)
        .delete_client(client_id, app.clock.now(), event)
        .await?
    {
        Ok(())
    } else {
        Err(AdminError::Missing(format!("client {client_id:?}")))
    }
}

/// Why some clients are not an operator's to write.
const OF_THE_PROGRAM: &str = "stands for direct logins and is the program's own";

/// Makes the client of a door, or writes its registration anew.
pub async fn put_door(
    app: &App,
    tenant: &Tenant,
    door: Door,
    metadata: &ClientMetadata,
) -> Result<(), AdminError> {
    let write = |kind| ClientWrite {
        client_id: door.client_id().to_owned(),
        metadata: metadata.clone(),
        enabled: true,
        secret: None,
        if_unchanged: None,
        now: app.clock.now(),
        event: event(app, &Actor::system(), kind, door.client_id()),
    };
    let rows = app.store.tenant(&tenant.id);
    match rows.create_client(write(AuditKind::ClientCreated)).await {
        Err(DbError::Conflict) => {
            let written = rows.update_client(write(AuditKind::ClientChanged)).await?;
            updated(written, || format!("client {:?}", door.client_id()))
        }
        made => Ok(made?),
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the common half of create and update"
)]
async fn prepare(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    client_id: &str,
    metadata: ClientMetadata,
    enabled: bool,
    secret: Secret<'_>,
    kind: AuditKind,
) -> Result<(ClientWrite, Option<OpaqueToken>), AdminError> {
    let catalog = app.store.tenant(&tenant.id).catalog().await?;
    let problems = problems(client_id, &metadata, &secret, &catalog);
    if !problems.is_empty() {
        return Err(AdminError::Invalid(problems));
    }
    let (stored, made) = match secret {
        Secret::Keep => (None, None),
        Secret::Generate => {
            let made = OpaqueToken::generate(Kind::ClientSecret, &app.random);
            (Some((SecretKind::Generated, made.digest())), Some(made))
        }
        // One of ours given back (an export, a test) keeps the digest of its kind.
        Secret::Given(text) if is_ours(text) => {
            (Some((SecretKind::Generated, sha256_text(text))), None)
        }
        Secret::Given(text) => {
            let digest = app.master_key.keyed_digest(text);
            (Some((SecretKind::Given, digest)), None)
        }
    };
    let algorithms = [
        metadata.access_token_signing_alg,
        metadata.id_token_signed_response_alg,
    ];
    for algorithm in algorithms.into_iter().flatten() {
        app.key_maker.ensure(&tenant.id, algorithm, actor).await?;
    }
    let write = ClientWrite {
        client_id: client_id.to_owned(),
        metadata,
        enabled,
        secret: stored.map(|(kind, digest)| StoredSecret {
            kind,
            digest,
            created_at: app.clock.now(),
            expires_at: None,
        }),
        if_unchanged: None,
        now: app.clock.now(),
        event: event(app, actor, kind, client_id),
    };
    Ok((write, made))
}

/// Every rule a registration breaks in a tenant with these resources, each naming its field.
pub fn problems(
    client_id: &str,
    metadata: &ClientMetadata,
    secret: &Secret<'_>,
    catalog: &Catalog,
) -> Vec<String> {
    let mut problems = metadata.problems();
    if !is_valid_client_id(client_id) {
        problems.push("client_id: 1 to 128 of A-Za-z0-9._~- and not a UUID".to_owned());
    }
    if Door::of_client(client_id).is_some() {
        problems.push(format!("client_id: {client_id} {OF_THE_PROGRAM}"));
    }
    match secret {
        Secret::Keep => {}
        _ if !metadata.uses_secret() => {
            problems.push("client_secret: not with this token_endpoint_auth_method".to_owned());
        }
        Secret::Given(text) if !is_ours(text) && !is_valid_client_secret(text) => {
            problems.push(format!(
                "client_secret: {MIN_SECRET_CHARS} to 256 of A-Za-z0-9._~-"
            ));
        }
        Secret::Given(_) | Secret::Generate => {}
    }
    for word in metadata.scope.words() {
        if !catalog.knows(word) {
            problems.push(format!("scope: no resource has {word:?}"));
        } else if is_own_scope(word) && !metadata.first_party {
            problems.push(format!(
                "scope: {word} is for clients with first_party = true"
            ));
        }
    }
    if let Some(jwks) = &metadata.jwks {
        match ClientJwks::parse(jwks) {
            Ok(keys) if keys.keys().is_empty() => {
                problems.push("jwks: no usable signature key".to_owned());
            }
            Ok(_) => {}
            Err(error) => problems.push(format!("jwks: {error}")),
        }
    }
    problems
}

/// Whether a secret has the form of those we make.
fn is_ours(secret: &str) -> bool {
    OpaqueToken::parse(Kind::ClientSecret, secret).is_some()
}

/// Whether `secret` is one of those the client may use already.
pub fn has_secret(app: &App, client: &Client, secret: &str) -> bool {
    let digest = if is_ours(secret) {
        sha256_text(secret)
    } else {
        app.master_key.keyed_digest(secret)
    };
    let mut known = client.secrets.iter();
    known.any(|stored| equal(stored.digest.as_bytes(), digest.as_bytes()))
}
