//! When API keys were last used, on the way to the database: kept in memory and written in batches,
//! so that a busy key costs no write a call.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::base::clock::Timestamp;
use crate::storage::{DbError, Store};

/// Keys noted between two writes at most; of those beyond it, the next use is noted.
const CAPACITY: usize = 10_000;

/// By tenant and key.
#[derive(Default)]
pub struct KeyUses(Mutex<HashMap<(String, String), Timestamp>>);

impl KeyUses {
    pub fn note(&self, tenant: &str, id: &str, now: Timestamp) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tenant.to_owned(), id.to_owned());
        if uses.len() < CAPACITY || uses.contains_key(&key) {
            let last = uses.entry(key).or_insert(now);
            *last = now.max(*last);
        }
    }

    /// Writes what was noted. What cannot be written is lost: it must not pile up.
    pub async fn flush(&self, store: &Store) -> Result<(), DbError> {
        let uses = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut by_tenant: HashMap<String, Vec<(String, Timestamp)>> = HashMap::new();
        for ((tenant, id), at) in uses {
            by_tenant.entry(tenant).or_default().push((id, at));
        }
        for (tenant, mut uses) in by_tenant {
            // In one order on every node: rows are locked one after the other.
            uses.sort();
            store.tenant(&tenant).note_api_key_uses(uses).await?;
        }
        Ok(())
    }
}
