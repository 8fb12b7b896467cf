//! Signing keys that follow one another.

use super::AdminError;
use crate::app::App;
use crate::keys::ring::RingError;
use crate::keys::rotation::Rotated;
use crate::model::algorithm::Algorithm;
use crate::model::audit_event::Actor;
use crate::model::tenant::Tenant;
use crate::storage::DbError;

/// Publishes the next key of a tenant, to sign when everybody's copy of the key set is new; `now` lets
/// it, or the one that is announced, sign at once.
pub async fn rotate(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    algorithm: Algorithm,
    now: bool,
) -> Result<Rotated, AdminError> {
    let maker = &app.key_maker;
    let rotated = if now {
        maker.rotate_now(&tenant.id, algorithm, actor).await
    } else {
        let cached = app.config.tokens.jwks_cache_lifetime;
        let from = app.clock.now().plus_seconds(cached);
        maker.announce(&tenant.id, algorithm, from, actor).await
    };
    rotated.map_err(|error| match error {
        RingError::Db(DbError::Conflict) => AdminError::Refused(format!(
            "the next {algorithm} key is announced already; rotating now lets it sign at once"
        )),
        other => other.into(),
    })
}
