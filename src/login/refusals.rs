//! Refusals on their way to the database: counted in memory, written in batches, so that an
//! attacker's failures cost no row each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::base::clock::Timestamp;
use crate::context::Ctx;
use crate::storage::audit::Refusal;
use crate::storage::{DbError, Store};
use crate::web::address::network_of;

/// Kept between two writes at most; beyond it, refusals are counted under no account.
const CAPACITY: usize = 10_000;

#[derive(Default)]
pub struct Refusals(Mutex<HashMap<(String, Refusal), i64>>);

impl Refusals {
    /// Counts a refusal of `kind` for the account or client with the id `account`, empty where
    /// there is none.
    pub fn count(&self, ctx: &Ctx, kind: &'static str, account: &str) {
        let mut refusal = Refusal {
            kind,
            account: account.to_owned(),
            address: network_of(ctx.address),
            minute: minute(ctx.now),
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= CAPACITY {
            refusal.account.clear();
            refusal.address.clear();
        }
        *counts.entry((ctx.tenant.id.clone(), refusal)).or_default() += 1;
    }

    /// Writes what was counted. What cannot be written is lost: it must not pile up.
    pub async fn flush(&self, store: &Store) -> Result<(), DbError> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut by_tenant: HashMap<String, Vec<(Refusal, i64)>> = HashMap::new();
        for ((tenant, refusal), count) in counts {
            by_tenant.entry(tenant).or_default().push((refusal, count));
        }
        for (tenant, refusals) in by_tenant {
            store.tenant(&tenant).add_refusals(refusals).await?;
        }
        Ok(())
    }
}

const fn minute(now: Timestamp) -> i64 {
    now.seconds().div_euclid(60)
}
