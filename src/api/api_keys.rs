//! API keys: those of an account, and each by its id. People manage their own; `users.write` those of
//! the people and services it reaches.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Created, Done, Found};
use super::authority;
use super::body::{Body, Document, Merge};
use super::call::Call;
use super::list::{List, Listed, NoFilter, Page};
use super::operation::Operation;
use super::problem::Problem;
use super::users::found;
use super::views::When;
use crate::admin::api_keys;
use crate::base::api_key_secret::ApiKeySecret;
use crate::model::api_key::{ApiKey, ApiKeyInput};
use crate::model::permissions::Permissions;
use crate::model::user::{AccountKind, User};

/// One's own keys, or those of others.
const EITHER: &[&str] = &["account", "users.write"];
/// Those of others.
const MANAGERS: &[&str] = &["users.write"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users/{id}/api-keys", "users.api_keys.list", "Lists an account's API keys, the oldest first", EITHER, list),
        Operation::post("/users/{id}/api-keys", "users.api_keys.create", "Makes an API key; its secret is shown this once", EITHER, create),
        Operation::get("/service-accounts/{id}/api-keys", "service_accounts.api_keys.list", "Lists a service account's API keys, the oldest first", MANAGERS, list_of_service),
        Operation::post("/service-accounts/{id}/api-keys", "service_accounts.api_keys.create", "Makes an API key for a service account; its secret is shown this once", MANAGERS, create_for_service),
        Operation::get("/api-keys/{id}", "api_keys.read", "Shows an API key", EITHER, read),
        Operation::patch("/api-keys/{id}", "api_keys.update", "Changes what is named of an API key", EITHER, update),
        Operation::delete("/api-keys/{id}", "api_keys.revoke", "Removes an API key; its tokens are dead", EITHER, revoke),
        Operation::post("/api-keys/{id}/rotate", "api_keys.rotate", "Gives an API key another secret, shown this once", EITHER, rotate),
        Operation::delete("/api-keys/{id}/previous-secret", "api_keys.end_previous_secret", "Ends the secret an API key had before its present one", EITHER, end_previous_secret),
    ]
}

/// What is written of an API key.
#[derive(Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "ApiKey")]
#[serde(default, deny_unknown_fields)]
pub(super) struct ApiKeyBody {
    /// Its name among its owner's.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Scopes, as far as the owner holds them; or `read`, `write` and `delete` for accounts, `admin`
    /// for the whole API, `*` for everything; but for `sip.digest`, which is named.
    #[schemars(length(min = 1, max = 50))]
    permissions: Vec<String>,
    /// Networks it may be used from, such as `192.0.2.0/24`; anywhere without any.
    #[schemars(length(max = 50))]
    allowed_networks: Vec<String>,
    /// Without one, it works until it is removed.
    expires_at: Option<When>,
    /// Whether it works.
    enabled: bool,
}

/// Not derived, so that a key works unless somebody says otherwise.
impl Default for ApiKeyBody {
    fn default() -> Self {
        Self {
            name: String::new(),
            permissions: Vec::new(),
            allowed_networks: Vec::new(),
            expires_at: None,
            enabled: true,
        }
    }
}

impl Document for ApiKeyBody {
    const ALIASES: &'static [(&'static str, &'static str)] =
        &[("active", "enabled"), ("scopes", "permissions")];
}

impl ApiKeyBody {
    fn of(input: ApiKeyInput) -> Self {
        Self {
            name: input.name,
            permissions: input.permissions,
            allowed_networks: input.networks,
            expires_at: input.expires_at.map(When),
            enabled: input.enabled,
        }
    }

    fn into_input(self) -> ApiKeyInput {
        ApiKeyInput {
            name: self.name,
            permissions: self.permissions,
            networks: self.allowed_networks,
            enabled: self.enabled,
            expires_at: self.expires_at.map(|When(end)| end),
        }
    }
}

/// An API key as it is shown.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ApiKeyRead")]
pub(super) struct ApiKeyView {
    /// Its `client_id` at the token endpoint.
    id: String,
    /// The account it acts for.
    owner_id: String,
    name: String,
    permissions: Vec<String>,
    allowed_networks: Vec<String>,
    enabled: bool,
    /// The beginning and the end of its secret.
    hint: String,
    /// The secret it had before, while that still works.
    previous_secret: Option<PreviousSecretView>,
    expires_at: Option<When>,
    /// To within some seconds.
    last_used_at: Option<When>,
    created_at: When,
    updated_at: When,
}

/// A secret on its way out.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "PreviousSecret")]
struct PreviousSecretView {
    hint: String,
    /// Without one, it works until it is ended.
    expires_at: Option<When>,
}

/// An API key with its secret: the only answer that has it.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ApiKeyWithSecret")]
pub(super) struct WithSecret {
    #[serde(flatten)]
    view: ApiKeyView,
    /// What goes into `X-API-Key`, and the `client_secret` at the token endpoint.
    key: String,
}

/// How a secret takes the place of another.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ApiKeyRotation")]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Rotation {
    /// How long the secret it has now goes on working; without it, until it is ended.
    #[schemars(range(min = 0, max = 7_776_000))]
    grace_seconds: Option<i64>,
}

impl Document for Rotation {}

impl ApiKeyView {
    fn of(key: &ApiKey, call: &Call) -> Self {
        let input = ApiKeyInput::of(key);
        let previous = key.previous.as_ref();
        Self {
            id: key.id.clone(),
            owner_id: key.owner_id.clone(),
            name: input.name,
            permissions: input.permissions,
            allowed_networks: input.networks,
            enabled: key.enabled,
            hint: key.secret.hint.clone(),
            previous_secret: previous.filter(|old| old.is_live(call.ctx.now)).map(|old| {
                PreviousSecretView {
                    hint: old.secret.hint.clone(),
                    expires_at: old.expires_at.map(When),
                }
            }),
            expires_at: key.expires_at.map(When),
            last_used_at: key.last_used_at.map(When),
            created_at: When(key.created_at),
            updated_at: When(key.updated_at),
        }
    }
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<ApiKeyView>, Problem> {
    let owner = owner_of_path(&call).await?;
    page_of(&call, &owner, &page).await
}

async fn create(
    call: Arc<Call>,
    Body(body): Body<ApiKeyBody>,
) -> Result<Created<WithSecret>, Problem> {
    let owner = owner_of_path(&call).await?;
    create_for(&call, &owner, body).await
}

async fn list_of_service(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<ApiKeyView>, Problem> {
    let owner = service_of_path(&call).await?;
    page_of(&call, &owner, &page).await
}

async fn create_for_service(
    call: Arc<Call>,
    Body(body): Body<ApiKeyBody>,
) -> Result<Created<WithSecret>, Problem> {
    let owner = service_of_path(&call).await?;
    create_for(&call, &owner, body).await
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<ApiKeyView>, Problem> {
    let (key, _) = key_of_path(&call).await?;
    Ok(Found(ApiKeyView::of(&key, &call)))
}

async fn update(call: Arc<Call>, changes: Merge<ApiKeyBody>) -> Result<Found<ApiKeyView>, Problem> {
    let (key, owner) = key_of_path(&call).await?;
    call.guard(&ApiKeyView::of(&key, &call))?;
    let before = ApiKeyInput::of(&key);
    let after = changes.onto(&ApiKeyBody::of(before))?.into_input();
    may_hand_out(&call, &owner, &after.permissions)?;
    let (actor, tenant) = (call.actor(), call.tenant());
    api_keys::update(&call.app, &actor, tenant, &owner, &key, after).await?;
    let key = api_keys::get(&call.app, tenant, &key.id).await?;
    Ok(Found(ApiKeyView::of(&key, &call)))
}

/// Removes the key that the path names, if the caller may manage it.
///
/// # Errors
/// It is not there, or not the caller's to remove.
pub async fn revoke(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let (key, _) = key_of_path(&call).await?;
    call.guard(&ApiKeyView::of(&key, &call))?;
    api_keys::revoke(&call.app, &call.actor(), call.tenant(), &key.id).await?;
    Ok(Done)
}

async fn rotate(
    call: Arc<Call>,
    Body(Rotation { grace_seconds }): Body<Rotation>,
) -> Result<Answer<WithSecret>, Problem> {
    let (key, owner) = key_of_path(&call).await?;
    // Who gets the new secret gets what the key can do.
    may_hand_out(&call, &owner, &ApiKeyInput::of(&key).permissions)?;
    let (actor, tenant) = (call.actor(), call.tenant());
    let secret = api_keys::rotate(&call.app, &actor, tenant, &key.id, grace_seconds).await?;
    with_secret(&call, &key.id, &secret).await.map(Answer)
}

async fn end_previous_secret(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let (key, _) = key_of_path(&call).await?;
    api_keys::end_previous_secret(&call.app, &call.actor(), call.tenant(), &key.id).await?;
    Ok(Done)
}

/// A page of an owner's keys.
pub(super) async fn page_of(
    call: &Call,
    owner: &User,
    page: &Page,
) -> Result<Listed<ApiKeyView>, Problem> {
    let rows = call.rows();
    let keys = rows.api_keys(Some(&owner.id), &page.after, page.rows());
    let key = |key: &ApiKey| key.id.clone();
    Ok(page.answer(call, keys.await?, key, |key| ApiKeyView::of(&key, call)))
}

/// Makes a key for an owner whose keys the caller may manage.
pub(super) async fn create_for(
    call: &Call,
    owner: &User,
    body: ApiKeyBody,
) -> Result<Created<WithSecret>, Problem> {
    let input = body.into_input();
    let (id, secret) = make(call, owner, input).await?;
    Ok(Created {
        location: format!("/api-keys/{id}"),
        body: with_secret(call, &id, &secret).await?,
    })
}

/// Makes a key that gives no more than the caller has; its id and its secret.
///
/// # Errors
/// It would give more, or breaks a rule.
pub async fn make(
    call: &Call,
    owner: &User,
    input: ApiKeyInput,
) -> Result<(String, ApiKeySecret), Problem> {
    may_hand_out(call, owner, &input.permissions)?;
    let (actor, tenant) = (call.actor(), call.tenant());
    Ok(api_keys::create(&call.app, &actor, tenant, owner, input).await?)
}

async fn with_secret(call: &Call, id: &str, secret: &ApiKeySecret) -> Result<WithSecret, Problem> {
    let key = api_keys::get(&call.app, call.tenant(), id).await?;
    Ok(WithSecret {
        view: ApiKeyView::of(&key, call),
        key: secret.expose().to_owned(),
    })
}

/// Holds what a key would give now against what the caller has.
fn may_hand_out(call: &Call, owner: &User, words: &[String]) -> Result<(), Problem> {
    let permissions = Permissions::new(words.iter().map(String::as_str).collect());
    authority::may_hand_out(call, &permissions.within(&call.catalog, &owner.roles))
}

/// Whether it is the caller's own account, and the call reaches that.
fn is_own(call: &Call, account: &str) -> bool {
    call.may_use("account") && call.me().is_ok_and(|me| me.id == account)
}

/// The account that the path names, if the caller may manage its keys.
///
/// # Errors
/// It is not there, or not the caller's to manage.
pub async fn owner_of_path(call: &Call) -> Result<User, Problem> {
    let id = call.path("id");
    if is_own(call, id) {
        return found(call, id).await;
    }
    if !call.may_use("users.write") {
        return Err(Problem::insufficient_scope(&["users.write"]));
    }
    let owner = found(call, id).await?;
    authority::may_manage(call, &owner)?;
    Ok(owner)
}

/// The service account that the path names, if the caller may manage it.
async fn service_of_path(call: &Call) -> Result<User, Problem> {
    let owner = call.rows().user(call.path("id")).await?;
    let owner = owner.filter(|owner| owner.kind == AccountKind::Service);
    let owner = owner.ok_or_else(Problem::not_found)?;
    authority::may_manage(call, &owner)?;
    Ok(owner)
}

/// The key that the path names and its owner, if the caller may manage it. Who could not manage any
/// but their own does not learn that there are others.
async fn key_of_path(call: &Call) -> Result<(ApiKey, User), Problem> {
    let key = call.rows().api_key(call.path("id")).await?;
    let own = |key: &ApiKey| is_own(call, &key.owner_id);
    let key = key.filter(|key| own(key) || call.may_use("users.write"));
    let key = key.ok_or_else(Problem::not_found)?;
    let owner = api_keys::owner(&call.app, call.tenant(), &key).await?;
    if !own(&key) {
        authority::may_manage(call, &owner)?;
    }
    Ok((key, owner))
}
