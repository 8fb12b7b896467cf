//! API keys of an account.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::api_keys as stored;
use crate::api::answer::Answer;
use crate::api::api_keys::{make, owner_of_path};
use crate::api::body::{Body, Document};
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::views::When;
use crate::compat::answer::Made;
use crate::model::api_key::{ApiKey, ApiKeyInput, MAX_KEYS};

/// A new key. What else is sent is not read, such as the owner, whom the path names.
#[derive(Deserialize, JsonSchema)]
pub(super) struct NewKey {
    name: String,
    permissions: Vec<String>,
    expires_at: Option<When>,
}

impl Document for NewKey {}

/// A key as its callers know one.
#[derive(JsonSchema, Serialize)]
pub(super) struct KeyInfo {
    id: String,
    name: String,
    permissions: Vec<String>,
    active: bool,
    expires_at: Option<When>,
    created_at: When,
    last_used: Option<When>,
}

/// A key with its secret: the only answer that has it.
#[derive(JsonSchema, Serialize)]
pub(super) struct MadeKey {
    key: String,
    key_info: KeyInfo,
}

impl KeyInfo {
    fn of(key: &ApiKey) -> Self {
        let input = ApiKeyInput::of(key);
        Self {
            id: key.id.clone(),
            name: input.name,
            permissions: input.permissions,
            active: key.enabled,
            expires_at: key.expires_at.map(When),
            created_at: When(key.created_at),
            last_used: key.last_used_at.map(When),
        }
    }
}

pub(super) async fn create(
    call: Arc<Call>,
    Body(body): Body<NewKey>,
) -> Result<Made<MadeKey>, Problem> {
    let owner = owner_of_path(&call).await?;
    let input = ApiKeyInput {
        name: body.name,
        permissions: body.permissions,
        networks: Vec::new(),
        enabled: true,
        expires_at: body.expires_at.map(|When(end)| end),
    };
    let (id, secret) = make(&call, &owner, input).await?;
    let key = stored::get(&call.app, call.tenant(), &id).await?;
    Ok(Made(MadeKey {
        key: secret.expose().to_owned(),
        key_info: KeyInfo::of(&key),
    }))
}

/// All of them: an account has no more than [`MAX_KEYS`].
pub(super) async fn list(call: Arc<Call>, (): ()) -> Result<Answer<Vec<KeyInfo>>, Problem> {
    let owner = owner_of_path(&call).await?;
    let keys = call.rows().api_keys(Some(&owner.id), "", MAX_KEYS).await?;
    Ok(Answer(keys.iter().map(KeyInfo::of).collect()))
}
