//! The sealer: gives what happened its place in the chain, about a second later.
//!
//! Until then an event can still be removed unnoticed by whoever can write to the database; after
//! that it cannot.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::TrailError;
use crate::app::App;
use crate::model::audit_chain::HeadKey;
use crate::storage::audit_chain::Sealing;

/// Events of one transaction: few enough not to keep other writes waiting.
const BATCH: i64 = 200;
/// How long a sealer has for one tenant before another node may try, in seconds.
const LEASE: i64 = 10;

/// The sealer of one process.
pub struct Sealer {
    key: HeadKey,
    /// Tenants whose chain is broken, each complained of once.
    broken: Mutex<HashSet<String>>,
}

impl Sealer {
    pub fn new(key: HeadKey) -> Self {
        Self {
            key,
            broken: Mutex::default(),
        }
    }

    pub const fn key(&self) -> &HeadKey {
        &self.key
    }
}

/// Seals what happened in all tenants, unless another node (another `holder`) is at it. The lease
/// saves work only: two sealers at once wait for each other at every tenant's head.
pub async fn seal_all(app: &App, holder: &str) -> Result<(), TrailError> {
    let mut after = String::new();
    while let Some(tenant) = app.store.unsealed_tenant(&after).await? {
        let now = app.clock.now();
        let until = now.plus_seconds(LEASE);
        let lease = app.store.take_lease("audit-sealer", holder, now, until);
        if !lease.await? {
            return Ok(());
        }
        seal(app, &tenant).await?;
        after = tenant;
    }
    Ok(())
}

/// Seals what happened in one tenant; `false`: its chain is broken, and nothing is added to it.
pub async fn seal(app: &App, tenant: &str) -> Result<bool, TrailError> {
    let rows = app.store.tenant(tenant);
    loop {
        match rows.seal_audit(app.sealer.key(), BATCH).await? {
            Sealing::Sealed(count) if count < BATCH.unsigned_abs().try_into().unwrap_or(0) => {
                return Ok(true);
            }
            Sealing::Sealed(_) => {}
            Sealing::Broken => {
                let broken = &app.sealer.broken;
                let mut broken = broken.lock().unwrap_or_else(PoisonError::into_inner);
                if broken.insert(tenant.to_owned()) {
                    tracing::error!(
                        tenant,
                        "the audit chain was tampered with; nothing is added to it"
                    );
                }
                return Ok(false);
            }
        }
    }
}
