//! Facts about the installation itself.

use super::sql::sql;
use super::{DbError, Store};

impl Store {
    /// The value that recognises the master key, if the installation has one yet.
    pub async fn master_key_check(&self) -> Result<Option<String>, DbError> {
        let row = self
            .db
            .one(sql!(
                "SELECT value FROM instance WHERE name = 'master_key_check'"
            ))
            .await?;
        row.map(|row| row.text("value")).transpose()
    }

    /// Stores the check value unless another node was first; the value that stands.
    pub async fn claim_master_key_check(&self, value: String) -> Result<String, DbError> {
        self.db
            .write(value, |tx, value| {
                Box::pin(async move {
                    tx.run(
                        sql!(
                            "INSERT INTO instance (name, value) VALUES ('master_key_check', $1) \
                             ON CONFLICT (name) DO NOTHING"
                        )
                        .bind(value),
                    )
                    .await?;
                    let row = tx
                        .one(sql!(
                            "SELECT value FROM instance WHERE name = 'master_key_check'"
                        ))
                        .await?;
                    row.ok_or(DbError::Corrupt("instance.value"))?.text("value")
                })
            })
            .await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.db
            .one(sql!("SELECT value FROM counters WHERE name = 'changes'"))
            .await
            .map(drop)
    }
}
