//! What the trail lets go of: events older than `retention.audit_days`, and the last of tenants that
//! were deleted that long ago.

use super::{TrailError, checkpoint};
use crate::app::App;
use crate::model::audit_event::Actor;
use crate::storage::LONGEST_ACCESS_TOKEN;

const DAY: i64 = 86_400;
/// Tenants listed at once.
const TENANTS: i64 = 100;
/// How long one node has for one tenant before another may try, in seconds.
const LEASE: i64 = 300;
/// How much older than kept a trail's first event must be before the trail is cut, in seconds: each
/// cut is signed, and is an event itself.
const SLACK: i64 = DAY;

/// What one run removed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Forgotten {
    pub events: i64,
    /// Rows of tenants that were deleted.
    pub rows: u64,
}

/// Cuts the trails of all tenants, unless another node (another `holder`) is at it.
pub async fn run(app: &App, holder: &str) -> Result<Forgotten, TrailError> {
    let now = app.clock.now();
    let before = now.minus_seconds(app.config.retention.audit_days * DAY);
    let mut forgotten = Forgotten::default();
    let mut after = String::new();
    loop {
        let base = &app.config.issuer;
        let old = before.minus_seconds(SLACK);
        let tenants = app.store.tenants_to_cut(base, old, &after, TENANTS).await?;
        for tenant in &tenants {
            if !take_lease(app, holder).await? {
                return Ok(forgotten);
            }
            match checkpoint::cut(app, &Actor::system(), tenant, before).await {
                Ok(removed) => forgotten.events += removed,
                // The sealer has complained already.
                Err(TrailError::Broken) => {}
                Err(error) => tracing::warn!(tenant = tenant.slug, %error, "the trail was not cut"),
            }
        }
        match tenants.last() {
            Some(last) => after.clone_from(&last.id),
            None => break,
        }
    }
    // What is revoked of a tenant must outlive its tokens.
    let before = before.min(now.minus_seconds(LONGEST_ACCESS_TOKEN));
    while let Some(tenant) = app.store.tenant_to_forget(before).await? {
        if !take_lease(app, holder).await? {
            return Ok(forgotten);
        }
        forgotten.rows += app.store.forget_some(&tenant).await?;
    }
    Ok(forgotten)
}

async fn take_lease(app: &App, holder: &str) -> Result<bool, TrailError> {
    let now = app.clock.now();
    let until = now.plus_seconds(LEASE);
    let lease = app.store.take_lease("audit-retention", holder, now, until);
    Ok(lease.await?)
}
