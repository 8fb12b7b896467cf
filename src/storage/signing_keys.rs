//! Signing keys: at most one next and one active for each tenant and algorithm, by unique index.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, Scoped, Store, audit};
use crate::base::clock::Timestamp;
use crate::model::algorithm::Algorithm;
use crate::model::audit_event::AuditEvent;

/// A key pair as stored: the private part sealed under the master key.
#[derive(Clone)]
pub struct SealedKey {
    pub kid: String,
    pub algorithm: Algorithm,
    pub private_sealed: String,
    pub public_jwk: String,
}

/// A tenant's key with its place in the rotation.
pub struct SigningKeyRow {
    pub kid: String,
    pub algorithm: Algorithm,
    pub state: KeyState,
    /// Gone once the key is retired.
    pub private_sealed: Option<String>,
    pub public_jwk: String,
    pub active_from: Timestamp,
    pub retired_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyState {
    /// Published, not yet signing.
    Next,
    Active,
    /// No longer signing; published until its last token has expired, kept for ever.
    Retired,
}

impl KeyState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

impl std::str::FromStr for KeyState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Next, Self::Active, Self::Retired]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or(())
    }
}

impl Scoped {
    /// All keys of the tenant, retired ones too, oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT kid, alg, state, private_sealed, public_jwk, active_from, retired_at \
                     FROM signing_keys WHERE tenant = $1 ORDER BY active_from, kid"
                )
                .bind(&self.tenant),
            )
            .await?;
        rows.iter().map(key_of).collect()
    }

    /// Whether the tenant signs with this algorithm.
    pub async fn has_active_key(&self, algorithm: Algorithm) -> Result<bool, DbError> {
        let row = self
            .db
            .one(
                sql!("SELECT kid FROM signing_keys WHERE tenant = $1 AND alg = $2 AND state = 'active'")
                    .bind(&self.tenant)
                    .bind(algorithm.name()),
            )
            .await?;
        Ok(row.is_some())
    }

    /// Adds a key. [`DbError::Conflict`] when the tenant has one in that state already.
    pub async fn add_signing_key(
        &self,
        key: SealedKey,
        state: KeyState,
        active_from: Timestamp,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<(), DbError> {
        let context = (self.tenant.clone(), key, state, active_from, now, event);
        self.db
            .write(
                context,
                |tx, (tenant, key, state, active_from, now, event)| {
                    Box::pin(async move {
                        insert(tx, tenant, key, *state, *active_from, *now).await?;
                        audit::append(tx, tenant, event).await
                    })
                },
            )
            .await
    }

    /// Makes the announced key the active one and retires its predecessor, whose private part is
    /// erased. `false`: no key was announced, or it is not due at `due`.
    pub async fn activate_next_key(
        &self,
        algorithm: Algorithm,
        due: Timestamp,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), algorithm, due, now, event);
        self.db
            .write(context, |tx, (tenant, algorithm, due, now, event)| {
                Box::pin(async move {
                    let next = tx
                        .one(
                            sql!(
                                "UPDATE signing_keys SET state = 'activating', active_from = $1 \
                                 WHERE tenant = $2 AND alg = $3 AND state = 'next' AND active_from <= $4 \
                                 RETURNING kid"
                            )
                            .bind(*now)
                            .bind(tenant)
                            .bind(algorithm.name())
                            .bind(*due),
                        )
                        .await?;
                    let Some(next) = next else { return Ok(false) };
                    tx.run(
                        sql!(
                            "UPDATE signing_keys \
                             SET state = 'retired', retired_at = $1, private_sealed = NULL \
                             WHERE tenant = $2 AND alg = $3 AND state = 'active'"
                        )
                        .bind(*now)
                        .bind(tenant)
                        .bind(algorithm.name()),
                    )
                    .await?;
                    tx.run(
                        sql!("UPDATE signing_keys SET state = 'active' WHERE kid = $1")
                            .bind(next.text("kid")?),
                    )
                    .await?;
                    tx.changed(tenant, "signing_key", algorithm.name());
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }
}

impl Store {
    /// Announced keys that are due: `(tenant, algorithm)`.
    pub async fn due_keys(&self, now: Timestamp) -> Result<Vec<(String, Algorithm)>, DbError> {
        let rows = self
            .db
            .all(
                sql!("SELECT tenant, alg FROM signing_keys WHERE state = 'next' AND active_from <= $1")
                    .bind(now),
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.text("tenant")?, row.word("alg")?)))
            .collect()
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    tenant: &str,
    key: &SealedKey,
    state: KeyState,
    active_from: Timestamp,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "INSERT INTO signing_keys \
             (kid, tenant, alg, state, private_sealed, public_jwk, created_at, active_from) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        )
        .bind(&key.kid)
        .bind(tenant)
        .bind(key.algorithm.name())
        .bind(state.name())
        .bind(&key.private_sealed)
        .bind(&key.public_jwk)
        .bind(now)
        .bind(active_from),
    )
    .await?;
    tx.changed(tenant, "signing_key", key.algorithm.name());
    Ok(())
}

fn key_of(row: &Row) -> Result<SigningKeyRow, DbError> {
    Ok(SigningKeyRow {
        kid: row.text("kid")?,
        algorithm: row.word("alg")?,
        state: row.word("state")?,
        private_sealed: row.optional_text("private_sealed")?,
        public_jwk: row.text("public_jwk")?,
        active_from: row.time("active_from")?,
        retired_at: row.optional_time("retired_at")?,
    })
}
