//! The passwords an account had, so that none of the last comes back.

use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped};

impl Scoped {
    /// Hashes of an account's last passwords, the present one first, at most `limit`.
    pub async fn past_passwords(&self, user_id: &str, limit: u32) -> Result<Vec<String>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT data FROM ( \
                     SELECT data, 1 AS present, 0 AS seq FROM credentials \
                     WHERE tenant = $1 AND user_id = $2 AND kind = 'password' \
                     UNION ALL \
                     SELECT data, 0 AS present, seq FROM password_history \
                     WHERE tenant = $1 AND user_id = $2 \
                     ) AS passwords ORDER BY present DESC, seq DESC LIMIT $3"
                )
                .bind(&self.tenant)
                .bind(user_id)
                .bind(i64::from(limit)),
            )
            .await?;
        rows.iter().map(|row| row.text("data")).collect()
    }
}

/// Puts the present password beside those before it, of which `kept` stay in all.
pub(super) async fn remember(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    kept: u32,
) -> Result<(), DbError> {
    if kept > 0 {
        tx.run(
            sql!(
                "INSERT INTO password_history (tenant, user_id, seq, data, created_at) \
                 SELECT c.tenant, c.user_id, (SELECT COALESCE(MAX(h.seq), 0) + 1 \
                 FROM password_history h WHERE h.tenant = $1 AND h.user_id = $2), \
                 c.data, c.created_at FROM credentials c \
                 WHERE c.tenant = $1 AND c.user_id = $2 AND c.kind = 'password'"
            )
            .bind(tenant)
            .bind(user_id),
        )
        .await?;
    }
    tx.run(
        sql!(
            "DELETE FROM password_history WHERE tenant = $1 AND user_id = $2 AND seq NOT IN \
             (SELECT seq FROM password_history WHERE tenant = $1 AND user_id = $2 \
             ORDER BY seq DESC LIMIT $3)"
        )
        .bind(tenant)
        .bind(user_id)
        .bind(i64::from(kept)),
    )
    .await
    .map(drop)
}
