//! Client assertions already accepted: each `jti` once (RFC 7523 section 3, item 7).

use super::sql::sql;
use super::{DbError, Scoped};
use crate::base::clock::Timestamp;

impl Scoped {
    /// Burns an assertion; `false` when it was burnt before.
    pub async fn burn_assertion(&self, digest: String, until: Timestamp) -> Result<bool, DbError> {
        self.db
            .write(
                (self.tenant.clone(), digest, until),
                |tx, (tenant, digest, until)| {
                    Box::pin(async move {
                        let stored = tx
                            .run(
                                sql!(
                                    "INSERT INTO assertion_ids (tenant, digest, expires_at) \
                                 VALUES ($1, $2, $3) ON CONFLICT (tenant, digest) DO NOTHING"
                                )
                                .bind(tenant)
                                .bind(digest)
                                .bind(*until),
                            )
                            .await?;
                        Ok(stored == 1)
                    })
                },
            )
            .await
    }
}
