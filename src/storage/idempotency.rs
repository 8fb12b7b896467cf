//! Calls that must not be done twice: who has the key, and how it was answered.

use super::sql::sql;
use super::{DbError, Scoped};
use crate::base::clock::Timestamp;

/// What became of an attempt to take a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claimed {
    /// Nobody has it: the call is to be done.
    New,
    /// The same call is being done.
    InProgress,
    /// Another call has it.
    Other,
    /// The same call was done; its sealed answer.
    Answered(String),
}

impl Scoped {
    /// Takes a key for the call with this fingerprint until `until`.
    pub async fn claim_key(
        &self,
        digest: String,
        fingerprint: String,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claimed, DbError> {
        let context = (self.tenant.clone(), digest, fingerprint, now, until);
        self.db
            .write(context, |tx, (tenant, digest, fingerprint, now, until)| {
                Box::pin(async move {
                    let taken = tx
                        .one(
                            sql!(
                                "INSERT INTO idempotency (tenant, digest, fingerprint, expires_at) \
                                 VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, digest) DO UPDATE \
                                 SET fingerprint = $3, answer = NULL, expires_at = $4 \
                                 WHERE idempotency.expires_at <= $5 RETURNING digest"
                            )
                            .bind(tenant)
                            .bind(digest)
                            .bind(fingerprint)
                            .bind(*until)
                            .bind(*now),
                        )
                        .await?;
                    if taken.is_some() {
                        return Ok(Claimed::New);
                    }
                    let row = tx
                        .one(
                            sql!(
                                "SELECT fingerprint, answer FROM idempotency \
                                 WHERE tenant = $1 AND digest = $2"
                            )
                            .bind(tenant)
                            .bind(digest),
                        )
                        .await?;
                    // Given back between the two statements: PostgreSQL shows it gone.
                    let Some(row) = row else {
                        return Ok(Claimed::InProgress);
                    };
                    if row.text("fingerprint")? != *fingerprint {
                        return Ok(Claimed::Other);
                    }
                    Ok(row
                        .optional_text("answer")?
                        .map_or(Claimed::InProgress, Claimed::Answered))
                })
            })
            .await
    }

    /// Keeps the sealed answer of a call until `until`.
    pub async fn keep_answer(
        &self,
        digest: &str,
        answer: String,
        until: Timestamp,
    ) -> Result<(), DbError> {
        let context = (self.tenant.clone(), digest.to_owned(), answer, until);
        self.db
            .write(context, |tx, (tenant, digest, answer, until)| {
                Box::pin(async move {
                    tx.run(
                        sql!(
                            "UPDATE idempotency SET answer = $1, expires_at = $2 \
                             WHERE tenant = $3 AND digest = $4"
                        )
                        .bind(answer)
                        .bind(*until)
                        .bind(tenant)
                        .bind(digest),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }

    /// Gives a key back whose call was refused.
    pub async fn release_key(&self, digest: &str) -> Result<(), DbError> {
        let context = (self.tenant.clone(), digest.to_owned());
        self.db
            .write(context, |tx, (tenant, digest)| {
                Box::pin(async move {
                    tx.run(
                        sql!(
                            "DELETE FROM idempotency \
                             WHERE tenant = $1 AND digest = $2 AND answer IS NULL"
                        )
                        .bind(tenant)
                        .bind(digest),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }
}
