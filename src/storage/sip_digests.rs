//! SIP digest credentials, sealed.

use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped};
use crate::base::clock::Timestamp;
use crate::model::sip_digest::DigestName;

/// A digest to be stored.
#[derive(Clone)]
pub struct SealedDigest {
    pub id: String,
    pub name: DigestName,
    /// Sealed for [`DigestName::context`].
    pub ha1_sealed: String,
    pub created_at: Timestamp,
}

impl Scoped {
    /// The account that answers to a name and a realm, and its sealed digest.
    pub async fn sip_digest(&self, name: &DigestName) -> Result<Option<(String, String)>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT d.user_id, d.ha1_sealed FROM sip_digest_credentials d \
                     JOIN users u ON u.tenant = d.tenant AND u.id = d.user_id \
                     WHERE d.tenant = $1 AND d.sip_username = $2 AND d.realm = $3 \
                     AND d.algorithm = $4 AND u.enabled = 1"
                )
                .bind(&self.tenant)
                .bind(&name.sip_username)
                .bind(&name.realm)
                .bind(name.algorithm.name()),
            )
            .await?;
        row.map(|row| Ok((row.text("user_id")?, row.text("ha1_sealed")?)))
            .transpose()
    }
}

/// Whose a name is.
pub(super) async fn owner(
    tx: &mut Tx,
    tenant: &str,
    name: &DigestName,
) -> Result<Option<String>, DbError> {
    let row = tx
        .one(
            sql!(
                "SELECT user_id FROM sip_digest_credentials \
                 WHERE tenant = $1 AND sip_username = $2 AND realm = $3 AND algorithm = $4"
            )
            .bind(tenant)
            .bind(&name.sip_username)
            .bind(&name.realm)
            .bind(name.algorithm.name()),
        )
        .await?;
    row.map(|row| row.text("user_id")).transpose()
}

/// Stores an account's digest, in the place of the one it had for that name.
pub(super) async fn put(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    digest: &SealedDigest,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "INSERT INTO sip_digest_credentials (tenant, id, user_id, sip_username, realm, algorithm, \
             ha1_sealed, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (tenant, sip_username, realm, algorithm) \
             DO UPDATE SET ha1_sealed = $7, updated_at = $9"
        )
        .bind(tenant)
        .bind(&digest.id)
        .bind(user_id)
        .bind(&digest.name.sip_username)
        .bind(&digest.name.realm)
        .bind(digest.name.algorithm.name())
        .bind(&digest.ha1_sealed)
        .bind(digest.created_at)
        .bind(now),
    )
    .await
    .map(drop)
}
