//! Work only one node may do at a time: a lease taken by conditional update.

use super::sql::sql;
use super::{DbError, Store};
use crate::base::clock::Timestamp;

impl Store {
    /// Takes or renews the lease `name` until `until`; `false` when another holder has it.
    pub async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, DbError> {
        self.db
            .write(
                (name.to_owned(), holder.to_owned(), now, until),
                |tx, (name, holder, now, until)| {
                    Box::pin(async move {
                        let row = tx
                        .one(
                            sql!(
                                "INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $3) \
                                 ON CONFLICT (name) DO UPDATE SET holder = $2, expires_at = $3 \
                                 WHERE leases.holder = $2 OR leases.expires_at <= $4 \
                                 RETURNING holder"
                            )
                            .bind(name)
                            .bind(holder)
                            .bind(*until)
                            .bind(*now),
                        )
                        .await?;
                        Ok(row.is_some())
                    })
                },
            )
            .await
    }
}
