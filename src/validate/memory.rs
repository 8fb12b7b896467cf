//! What is remembered of tokens that were seen: by digest, never the token itself.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::context::UserContext;
use super::error::ValidationError;

/// SHA-256 of a token.
pub(super) type Digest = [u8; 32];

/// Accepted and refused tokens apart: a flood of bad ones pushes out no good one.
pub(super) struct Memory {
    accepted: Cache<Digest, (Arc<UserContext>, i64)>,
    refused: Cache<Digest, (ValidationError, i64)>,
    accepted_for: i64,
    refused_for: i64,
}

impl Memory {
    /// Keeps at most `entries` of either kind, for so many seconds.
    pub(super) fn new(entries: usize, accepted_for: i64, refused_for: i64) -> Self {
        Self {
            accepted: Cache::new(entries),
            refused: Cache::new(entries),
            accepted_for,
            refused_for,
        }
    }

    pub(super) fn recall(
        &self,
        digest: &Digest,
        now: i64,
    ) -> Option<Result<Arc<UserContext>, ValidationError>> {
        if let Some((context, _)) = self.accepted.get(digest).filter(|(_, until)| now < *until) {
            return Some(Ok(context));
        }
        let refused = self.refused.get(digest);
        let (error, _) = refused.filter(|(_, until)| now < *until)?;
        Some(Err(error))
    }

    pub(super) fn accept(&self, digest: Digest, context: &Arc<UserContext>, now: i64) {
        let until = now.saturating_add(self.accepted_for);
        let until = context.expires_at.map_or(until, |end| end.min(until));
        self.accepted.insert(digest, (Arc::clone(context), until));
    }

    pub(super) fn refuse(&self, digest: Digest, error: ValidationError, now: i64) {
        if !error.is_temporary() {
            self.accepted.remove(&digest);
            let until = now.saturating_add(self.refused_for);
            self.refused.insert(digest, (error, until));
        }
    }

    pub(super) fn clear(&self) {
        self.accepted.clear();
        self.refused.clear();
    }
}
