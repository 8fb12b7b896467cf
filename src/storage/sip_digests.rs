//! SIP digest credentials, sealed.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, Scoped, api_keys, audit, tenant_end};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::sip_digest::{DigestName, MAX_DIGESTS, SipDigest};

/// A digest to be stored.
#[derive(Clone)]
pub struct SealedDigest {
    pub id: String,
    pub name: DigestName,
    /// Sealed for [`DigestName::context`].
    pub ha1_sealed: String,
    pub created_at: Timestamp,
}

/// A digest, and the account that answers to its name.
pub struct KnownDigest {
    pub user_id: String,
    pub username: String,
    /// Sealed for [`DigestName::context`].
    pub ha1_sealed: String,
}

impl Scoped {
    /// The digest of a name, while its account may be used.
    pub async fn sip_digest(&self, name: &DigestName) -> Result<Option<KnownDigest>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT d.user_id, u.username, d.ha1_sealed FROM sip_digest_credentials d \
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
        row.map(|row| {
            Ok(KnownDigest {
                user_id: row.text("user_id")?,
                username: row.text("username")?,
                ha1_sealed: row.text("ha1_sealed")?,
            })
        })
        .transpose()
    }

    /// An account's digests in the order they were made in, after the one with the id `after`.
    pub async fn sip_digests(
        &self,
        user_id: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<SipDigest>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT id, sip_username, realm, algorithm, created_at, updated_at \
                     FROM sip_digest_credentials WHERE tenant = $1 AND user_id = $2 AND id > $3 \
                     ORDER BY id LIMIT $4"
                )
                .bind(&self.tenant)
                .bind(user_id)
                .bind(after)
                .bind(limit),
            )
            .await?;
        rows.iter().map(digest_of).collect()
    }

    /// Stores an account's digests, in the place of those it had for their names; `None`: there is no
    /// such account. [`DbError::Conflict`] where a name is another account's, [`DbError::Refused`]
    /// where it would have more than it may have.
    pub async fn put_sip_digests(
        &self,
        user_id: &str,
        digests: Vec<SealedDigest>,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<Option<Vec<SipDigest>>, DbError> {
        let context = (self.tenant.clone(), user_id.to_owned(), digests, now, event);
        self.db
            .write(context, |tx, (tenant, user_id, digests, now, event)| {
                Box::pin(async move {
                    tenant_end::refuse_deleted(tx, tenant).await?;
                    if !api_keys::hold_owner(tx, tenant, user_id).await? {
                        return Ok(None);
                    }
                    let before = count(tx, tenant, user_id).await?;
                    let mut stored = Vec::with_capacity(digests.len());
                    for digest in digests {
                        stored.push(put(tx, tenant, user_id, digest, *now).await?);
                    }
                    let after = count(tx, tenant, user_id).await?;
                    if after > before && after > MAX_DIGESTS {
                        let sentence = format!("an account has at most {MAX_DIGESTS} SIP digests");
                        return Err(DbError::Refused(sentence));
                    }
                    audit::append(tx, tenant, event).await?;
                    Ok(Some(stored))
                })
            })
            .await
    }

    /// Removes one of an account's digests; `false`: it has no such one.
    pub async fn remove_sip_digest(
        &self,
        user_id: &str,
        id: &str,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (
            self.tenant.clone(),
            user_id.to_owned(),
            id.to_owned(),
            event,
        );
        self.db
            .write(context, |tx, (tenant, user_id, id, event)| {
                Box::pin(async move {
                    let removed = tx
                        .run(
                            sql!(
                                "DELETE FROM sip_digest_credentials \
                                 WHERE tenant = $1 AND user_id = $2 AND id = $3"
                            )
                            .bind(tenant)
                            .bind(user_id)
                            .bind(id),
                        )
                        .await?;
                    if removed == 0 {
                        return Ok(false);
                    }
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
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

/// Stores an account's digest, in the place of the one it had for that name. What another account
/// took meanwhile stays theirs: [`DbError::Conflict`].
pub(super) async fn put(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    digest: &SealedDigest,
    now: Timestamp,
) -> Result<SipDigest, DbError> {
    let row = tx
        .one(
            sql!(
                "INSERT INTO sip_digest_credentials AS d (tenant, id, user_id, sip_username, realm, \
                 algorithm, ha1_sealed, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 ON CONFLICT (tenant, sip_username, realm, algorithm) \
                 DO UPDATE SET ha1_sealed = $7, updated_at = $9 WHERE d.user_id = $3 \
                 RETURNING id, sip_username, realm, algorithm, created_at, updated_at"
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
        .await?;
    row.map_or(Err(DbError::Conflict), |row| digest_of(&row))
}

async fn count(tx: &mut Tx, tenant: &str, user_id: &str) -> Result<i64, DbError> {
    let row = tx
        .one(
            sql!(
                "SELECT COUNT(*) AS digests FROM sip_digest_credentials \
                 WHERE tenant = $1 AND user_id = $2"
            )
            .bind(tenant)
            .bind(user_id),
        )
        .await?;
    row.map_or(Ok(0), |row| row.integer("digests"))
}

fn digest_of(row: &Row) -> Result<SipDigest, DbError> {
    Ok(SipDigest {
        id: row.text("id")?,
        name: DigestName {
            sip_username: row.text("sip_username")?,
            realm: row.text("realm")?,
            algorithm: row.word("algorithm")?,
        },
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
