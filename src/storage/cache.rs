//! Memory in front of rows: bounded, one load at a time for a key, dropped by the change feed.

use std::hash::Hash;

use super::Db;

/// A bounded map that is never fresher or staler than the feed says.
pub struct Cache<K, V> {
    values: quick_cache::sync::Cache<K, V>,
    db: Db,
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    pub fn new(db: Db, capacity: usize) -> Self {
        Self {
            values: quick_cache::sync::Cache::new(capacity),
            db,
        }
    }

    /// The value for `key`, loaded when it is not known. While the feed cannot be read, nothing
    /// remembered is used. A load that was overtaken by a change of its row is not kept.
    pub async fn get<E>(&self, key: K, load: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        if self.db.feed().is_stale() {
            return load.await;
        }
        if let Some(value) = self.values.get(&key) {
            return Ok(value);
        }
        match self.values.get_value_or_guard_async(&key).await {
            Ok(value) => Ok(value),
            Err(guard) => {
                let value = load.await?;
                // Fails when the key was dropped during the load: then the value may be old.
                let _overtaken = guard.insert(value.clone());
                Ok(value)
            }
        }
    }

    /// What is remembered, whatever the feed says: for values that never change.
    pub fn remembered(&self, key: &K) -> Option<V> {
        self.values.get(key)
    }

    pub fn forget(&self, key: &K) {
        self.values.remove(key);
    }

    pub fn forget_all(&self) {
        self.values.clear();
    }
}
