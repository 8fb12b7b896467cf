//! Checkpoints: the tenant's key signs how far its chain has come, hourly and wherever the trail is
//! cut. A copy kept elsewhere holds against whoever owns this machine with all its keys.

use super::TrailError;
use super::sealer;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::keys::jws::{Parsed, Typ};
use crate::keys::ring::KeySet;
use crate::model::audit_chain::{Checkpoint, CheckpointClaims, Link};
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::tenant::Tenant;

/// How often a chain that grows is signed, in seconds.
const INTERVAL: i64 = 3600;
/// Tenants listed at once.
const TENANTS: i64 = 100;
/// Events that one cut removes, so that nobody waits long for it.
const CUT: i64 = 1000;

/// Signs the chains that grew since their last checkpoint of an hour ago. One node at a time, to spare
/// signatures: two of the same chain would say the same.
pub async fn sign_due(app: &App, holder: &str) -> Result<(), TrailError> {
    let now = app.clock.now();
    let before = now.minus_seconds(INTERVAL);
    let mut after = String::new();
    loop {
        let base = &app.config.issuer;
        let due = app.store.checkpoints_due(base, before, &after, TENANTS);
        let due = due.await?;
        for tenant in &due {
            let until = now.plus_seconds(60);
            let lease = app
                .store
                .take_lease("audit-checkpoints", holder, now, until);
            if !lease.await? {
                return Ok(());
            }
            match sign(app, tenant).await {
                // The sealer has complained already.
                Ok(_) | Err(TrailError::Broken) => {}
                Err(error) => tracing::warn!(tenant = tenant.slug, %error, "no checkpoint"),
            }
        }
        match due.last() {
            Some(last) => after.clone_from(&last.id),
            None => return Ok(()),
        }
    }
}

/// Signs the end of a tenant's chain, unless that was done; `None`: there was nothing to sign.
pub async fn sign(app: &App, tenant: &Tenant) -> Result<Option<Checkpoint>, TrailError> {
    let rows = app.store.tenant(&tenant.id);
    let Some(stored) = rows.audit_head(app.sealer.key()).await? else {
        return Ok(None);
    };
    if !stored.genuine {
        return Err(TrailError::Broken);
    }
    let head = stored.head;
    if head.seq == head.checkpoint_seq {
        return Ok(None);
    }
    let checkpoint = signed(app, tenant, head.seq, head.chain, false).await?;
    let added = rows.add_checkpoint(app.sealer.key(), checkpoint.clone());
    if !added.await? {
        return Err(TrailError::Broken);
    }
    Ok(Some(checkpoint))
}

/// Removes what happened before `before`. The checkpoint that is left where the trail begins now
/// vouches for what was there; how many events are gone.
pub async fn cut(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    before: Timestamp,
) -> Result<i64, TrailError> {
    let rows = app.store.tenant(&tenant.id);
    let key = app.sealer.key();
    let mut removed = 0;
    let mut end = rows.last_cut().await?.map_or(0, |cut| cut.seq);
    while let Some((seq, chain)) = rows.audit_cut_point(before, CUT).await? {
        let checkpoint = signed(app, tenant, seq, chain, true).await?;
        let mut event = actor.did(
            AuditKind::AuditCut,
            &tenant.id,
            app.row_id(),
            app.clock.now(),
        );
        event.detail = serde_json::json!({ "up_to": seq });
        if !rows.cut_audit(key, checkpoint, event).await? {
            return Err(TrailError::Broken);
        }
        removed += seq - end;
        end = seq;
    }
    Ok(removed)
}

/// Empties every event that `account` did or suffered: what a person may ask for. The digests stay,
/// and so does the chain; how many events there were.
pub async fn erase(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    account: &str,
) -> Result<usize, TrailError> {
    if !sealer::seal(app, &tenant.id).await? {
        return Err(TrailError::Broken);
    }
    let rows = app.store.tenant(&tenant.id);
    let mut erased = 0;
    loop {
        let event = actor.did(
            AuditKind::AuditErased,
            account,
            app.row_id(),
            app.clock.now(),
        );
        match rows.erase_audit(account, CUT, event).await? {
            0 => return Ok(erased),
            count => erased += count,
        }
    }
}

/// What a checkpoint says, if a key of the tenant has signed it: one in use, or one that was.
pub(super) fn vouched(keys: &KeySet, jws: &str) -> Option<CheckpointClaims> {
    let parsed = Parsed::parse(jws).ok()?;
    if !parsed.is_typ(Typ::Checkpoint.name()) {
        return None;
    }
    keys.verify_hint(&parsed)?.claims().ok()
}

async fn signed(
    app: &App,
    tenant: &Tenant,
    seq: i64,
    chain: Link,
    cut: bool,
) -> Result<Checkpoint, TrailError> {
    let at = app.clock.now();
    let claims = CheckpointClaims {
        iss: tenant.issuer.clone(),
        seq,
        chain: chain.text(),
        iat: at.seconds(),
        cut,
    };
    let keys = app.keys.of(tenant).await?;
    let jws = keys
        .signer(tenant.signing_alg)?
        .sign(Typ::Checkpoint, &claims)?;
    Ok(Checkpoint {
        seq,
        chain,
        at,
        cut,
        jws,
    })
}
