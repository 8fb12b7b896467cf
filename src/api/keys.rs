//! `/keys`: what a tenant signs with.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::body::{Body, Document};
use super::call::Call;
use super::list::{List, Listed, NoFilter};
use super::operation::Operation;
use super::problem::Problem;
use super::views::When;
use crate::admin::keys;
use crate::keys::rotation::Rotated;
use crate::model::algorithm::Algorithm;
use crate::storage::signing_keys::SigningKeyRow;

const WRITE: &[&str] = &["keys.write"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/keys", "keys.list", "Lists signing keys, oldest first", WRITE, list),
        Operation::post("/keys/rotate", "keys.rotate", "Announces the next key, or lets it sign at once", WRITE, rotate),
    ]
}

/// A signing key; the private part is shown to nobody.
#[derive(JsonSchema, Serialize)]
struct KeyView {
    kid: String,
    alg: Algorithm,
    /// `next` is published and does not sign yet, `active` signs, `retired` only verifies.
    state: &'static str,
    active_from: When,
    retired_at: Option<When>,
}

impl KeyView {
    fn of(key: SigningKeyRow) -> Self {
        Self {
            kid: key.kid,
            alg: key.algorithm,
            state: key.state.name(),
            active_from: When(key.active_from),
            retired_at: key.retired_at.map(When),
        }
    }
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Rotation {
    /// Whose key; without one, that of the tenant's algorithm.
    alg: Option<Algorithm>,
    /// Lets the new key sign at once: verifiers must fetch the key set again.
    now: bool,
}

impl Document for Rotation {}

/// What became of it.
#[derive(JsonSchema, Serialize)]
struct RotationView {
    alg: Algorithm,
    /// `announced` or `activated`.
    outcome: &'static str,
    /// When the new key begins to sign.
    active_from: When,
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<KeyView>, Problem> {
    let mut keys = call.rows().signing_keys().await?;
    // All of a tenant's keys are in memory for every signature anyway.
    let place = |key: &SigningKeyRow| format!("{:020} {}", key.active_from.millis(), key.kid);
    keys.retain(|key| place(key) > page.after);
    keys.truncate(usize::try_from(page.rows()).unwrap_or(usize::MAX));
    Ok(page.answer(&call, keys, place, KeyView::of))
}

async fn rotate(
    call: Arc<Call>,
    Body(Rotation { alg, now }): Body<Rotation>,
) -> Result<Answer<RotationView>, Problem> {
    let tenant = call.tenant();
    let alg = alg.unwrap_or(tenant.signing_alg);
    let rotated = keys::rotate(&call.app, &call.actor(), tenant, alg, now).await?;
    let (outcome, active_from) = match rotated {
        Rotated::Announced(from) => ("announced", from),
        Rotated::Activated => ("activated", call.ctx.now),
    };
    Ok(Answer(RotationView {
        alg,
        outcome,
        active_from: When(active_from),
    }))
}
