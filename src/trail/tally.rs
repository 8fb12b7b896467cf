//! Counts on their way to the database: kept in memory for a moment, so that what happens often
//! costs no write each time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Kept between two writes at most, over all tenants.
const CAPACITY: usize = 10_000;

/// Counts by tenant and key.
pub(super) struct Tally<K>(Mutex<Counts<K>>);

struct Counts<K> {
    by_tenant: HashMap<String, HashMap<K, i64>>,
    keys: usize,
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self {
            by_tenant: HashMap::new(),
            keys: 0,
        }
    }
}

impl<K: Eq + Hash> Tally<K> {
    /// Counts `key` so many times more. Where there is no room for new keys, `coarse` makes it one of few.
    pub(super) fn count(&self, tenant: &str, key: K, times: i64, coarse: impl FnOnce(&mut K)) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counts { by_tenant, keys } = &mut *counts;
        // A tenant's name is copied once between two writes, not each time.
        if !by_tenant.contains_key(tenant) {
            by_tenant.insert(tenant.to_owned(), HashMap::new());
        }
        let Some(of_tenant) = by_tenant.get_mut(tenant) else {
            return;
        };
        let mut key = key;
        if *keys >= CAPACITY && !of_tenant.contains_key(&key) {
            coarse(&mut key);
        }
        let before = of_tenant.len();
        *of_tenant.entry(key).or_default() += times;
        *keys += of_tenant.len() - before;
    }

    /// Everything counted since the last call, by tenant.
    pub(super) fn take(&self) -> HashMap<String, HashMap<K, i64>> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *counts).by_tenant
    }
}
