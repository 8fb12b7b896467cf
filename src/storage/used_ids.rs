//! What is good once and leaves no other row: client assertions (RFC 7523 section 3, item 7), and the
//! pages of one authorization.

use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped};
use crate::base::clock::Timestamp;

impl Scoped {
    /// Burns an id; `false` when it was burnt before.
    pub async fn burn(&self, digest: String, until: Timestamp) -> Result<bool, DbError> {
        self.db
            .write(
                (self.tenant.clone(), digest, until),
                |tx, (tenant, digest, until)| Box::pin(burn(tx, tenant, digest, *until)),
            )
            .await
    }
}

/// Burns an id by unique insert; `false` when it was burnt before.
pub(super) async fn burn(
    tx: &mut Tx,
    tenant: &str,
    digest: &str,
    until: Timestamp,
) -> Result<bool, DbError> {
    let stored = tx
        .run(
            sql!(
                "INSERT INTO used_ids (tenant, digest, expires_at) \
                 VALUES ($1, $2, $3) ON CONFLICT (tenant, digest) DO NOTHING"
            )
            .bind(tenant)
            .bind(digest)
            .bind(until),
        )
        .await?;
    Ok(stored == 1)
}
