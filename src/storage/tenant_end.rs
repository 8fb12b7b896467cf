//! The end of a tenant. It is dead with one transaction; its rows go bit by bit after, because a
//! tenant may have more of them than any transaction should touch.
//!
//! Two things stay until retention lets them go, both at once: the audit trail, and the tenant's own
//! row with the public keys that prove it.

use super::sql::{Sql, sql};
use super::tx::Tx;
use super::{DbError, Store, audit, revocations};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::revocation::Revoked;
use crate::model::tenant::DEFAULT_SLUG;

/// Rows that go with one transaction.
const BATCH: i64 = 500;

/// How the removal of what deleted tenants left behind goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purge {
    /// So many rows went; there may be more.
    Removed(u64),
    /// Nothing is left of any deleted tenant.
    Done,
}

impl Store {
    /// Deletes a tenant. Its slug, domain and host are free again, and everything of it is dead on
    /// every node. The events are its own trail's and the default tenant's. `false`: there is no such
    /// tenant.
    pub async fn delete_tenant(
        &self,
        id: &str,
        now: Timestamp,
        events: [AuditEvent; 2],
    ) -> Result<bool, DbError> {
        self.db
            .write((id.to_owned(), now, events), |tx, (id, now, events)| {
                Box::pin(async move {
                    let before = tx
                        .one(
                            sql!(
                                "UPDATE tenants SET rev = rev + 1 WHERE id = $1 AND deleted_at IS NULL \
                                 RETURNING slug, host"
                            )
                            .bind(id),
                        )
                        .await?;
                    let Some(before) = before else {
                        return Ok(false);
                    };
                    let slug = before.text("slug")?;
                    if slug == DEFAULT_SLUG {
                        let stays = "the default tenant cannot be deleted";
                        return Err(DbError::Refused(stays.to_owned()));
                    }
                    bury(tx, id, *now).await?;
                    tx.changed(id, "tenant", &slug);
                    if let Some(host) = before.optional_text("host")? {
                        tx.changed(id, "tenant_host", &host);
                    }
                    let [own, installation] = events;
                    audit::append(tx, id, own).await?;
                    let default = default_tenant(tx).await?;
                    audit::append(tx, &default, installation).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Whether a deleted tenant left something behind.
    pub async fn has_purge(&self) -> Result<bool, DbError> {
        Ok(self.next_purge().await?.is_some())
    }

    /// Removes a batch of what deleted tenants left behind. Whatever was removed stays removed, so a
    /// process that dies in between loses nothing.
    pub async fn purge(&self, now: Timestamp) -> Result<Purge, DbError> {
        let Some(tenant) = self.next_purge().await? else {
            return Ok(Purge::Done);
        };
        for table in TABLES {
            let removed = self.remove_some(&tenant, table.some).await?;
            if removed > 0 {
                return Ok(Purge::Removed(removed));
            }
        }
        let forgotten = self.forget_revocations(&tenant).await?;
        if forgotten > 0 {
            return Ok(Purge::Removed(forgotten));
        }
        self.finish_purge(&tenant, now).await?;
        Ok(Purge::Removed(0))
    }

    /// A tenant that was deleted before `before`, and of which nothing is left but its trail.
    pub async fn tenant_to_forget(&self, before: Timestamp) -> Result<Option<String>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT id FROM tenants WHERE deleted_at <= $1 AND purged_at IS NOT NULL \
                     ORDER BY deleted_at LIMIT 1"
                )
                .bind(before),
            )
            .await?;
        row.map(|row| row.text("id")).transpose()
    }

    /// Removes a batch of a deleted tenant's trail, and with the last of it the tenant's own row; how
    /// many rows went.
    pub async fn forget_some(&self, tenant: &str) -> Result<u64, DbError> {
        for table in TRAIL {
            let removed = self.remove_some(tenant, table.some).await?;
            if removed > 0 {
                return Ok(removed);
            }
        }
        self.db
            .write(tenant.to_owned(), |tx, tenant| {
                Box::pin(async move {
                    tx.run(sql!("DELETE FROM audit_heads WHERE tenant = $1").bind(tenant))
                        .await?;
                    // Its keys go with it, and so does what somebody still held in hand and wrote late.
                    tx.run(
                        sql!("DELETE FROM tenants WHERE id = $1 AND purged_at IS NOT NULL")
                            .bind(tenant),
                    )
                    .await
                })
            })
            .await
    }

    /// The tenant that was deleted first among those of which something may be left.
    async fn next_purge(&self) -> Result<Option<String>, DbError> {
        let row = self
            .db
            .one(sql!(
                "SELECT id FROM tenants WHERE deleted_at IS NOT NULL AND purged_at IS NULL \
                 ORDER BY deleted_at LIMIT 1"
            ))
            .await?;
        row.map(|row| row.text("id")).transpose()
    }

    async fn remove_some(&self, tenant: &str, some: fn() -> Sql) -> Result<u64, DbError> {
        let statement = some().bind(tenant).bind(BATCH);
        self.db.write_one(statement).await
    }

    /// The nodes hold revocations in memory, so they are told. The tenant's own ends by itself.
    async fn forget_revocations(&self, tenant: &str) -> Result<u64, DbError> {
        self.db
            .write(tenant.to_owned(), |tx, tenant| {
                Box::pin(async move {
                    let gone = tx
                        .all(
                            sql!(
                                "DELETE FROM revocations WHERE (tenant, subject) IN \
                                 (SELECT tenant, subject FROM revocations WHERE tenant = $1 AND subject <> $2 \
                                 LIMIT $3) RETURNING subject"
                            )
                            .bind(tenant)
                            .bind(Revoked::Tenant(tenant).to_string())
                            .bind(BATCH),
                        )
                        .await?;
                    for row in &gone {
                        tx.changed(tenant, "revocation", &row.text("subject")?);
                    }
                    Ok(gone.len() as u64)
                })
            })
            .await
    }

    async fn finish_purge(&self, tenant: &str, now: Timestamp) -> Result<(), DbError> {
        let purged = sql!(
            "UPDATE tenants SET purged_at = $1, description = NULL, display = '{}', settings = '{}' \
             WHERE id = $2"
        );
        let statement = purged.bind(now).bind(tenant);
        self.db.write_one(statement).await.map(drop)
    }
}

/// Lets go of the names, ends the keys, and kills what lives.
async fn bury(tx: &mut Tx, id: &str, now: Timestamp) -> Result<(), DbError> {
    tx.run(
        sql!(
            "UPDATE tenants SET slug = $1, domain = NULL, issuer = NULL, host = NULL, search_key = '', \
             enabled = 0, deleted_at = $2, updated_at = $2 WHERE id = $3"
        )
        // No slug: a colon stands in none.
        .bind(format!("deleted:{id}"))
        .bind(now)
        .bind(id),
    )
    .await?;
    tx.run(
        sql!(
            "UPDATE signing_keys SET state = 'retired', retired_at = COALESCE(retired_at, $1), \
             private_sealed = NULL WHERE tenant = $2"
        )
        .bind(now)
        .bind(id),
    )
    .await?;
    tx.changed(id, "signing_key", id);
    let revoked = Revoked::Tenant(id);
    // An open-ended entry of a disabled tenant gives way to one that ends.
    revocations::take_back(tx, id, revoked).await?;
    let until = now.plus_seconds(super::LONGEST_ACCESS_TOKEN);
    revocations::enter(tx, id, revoked, until).await
}

/// Nothing lasting is made of a tenant that is no more, whoever still holds it in hand.
/// [`DbError::Refused`] says so.
pub(super) async fn refuse_deleted(tx: &mut Tx, tenant: &str) -> Result<(), DbError> {
    let deleted = tx
        .one(sql!("SELECT id FROM tenants WHERE id = $1 AND deleted_at IS NOT NULL").bind(tenant))
        .await?;
    match deleted {
        Some(_) => Err(DbError::Refused("the tenant was deleted".to_owned())),
        None => Ok(()),
    }
}

async fn default_tenant(tx: &mut Tx) -> Result<String, DbError> {
    let row = tx
        .one(sql!("SELECT id FROM tenants WHERE slug = $1").bind(DEFAULT_SLUG))
        .await?;
    row.ok_or(DbError::Corrupt("tenants.slug"))?.text("id")
}

/// A table whose rows go with their tenant.
pub struct Purged {
    pub name: &'static str,
    /// Removes rows of tenant `$1`, at most `$2`.
    some: fn() -> Sql,
}

/// Removes some of a tenant's rows from a table with this primary key.
macro_rules! some_of {
    ($table:literal, $key:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE (tenant, ",
            $key,
            ") IN (SELECT tenant, ",
            $key,
            " FROM ",
            $table,
            " WHERE tenant = $1 LIMIT $2)"
        )
    };
}

const fn purged(name: &'static str, some: fn() -> Sql) -> Purged {
    Purged { name, some }
}

/// What goes, in this order: what hangs on others first, so that no removal takes much along.
#[rustfmt::skip]
pub const TABLES: &[Purged] = &[
    purged("refresh_tokens", || sql!(some_of!("refresh_tokens", "digest"))),
    purged("access_tokens", || sql!(some_of!("access_tokens", "digest"))),
    purged("codes", || sql!(some_of!("codes", "digest"))),
    purged("grants", || sql!(some_of!("grants", "id"))),
    purged("devices", || sql!(some_of!("devices", "id"))),
    purged("sessions", || sql!(some_of!("sessions", "id"))),
    purged("decisions", || sql!(some_of!("decisions", "request_id"))),
    purged("hourly_counters", || sql!(some_of!("hourly_counters", "hour, name"))),
    purged("used_ids", || sql!(some_of!("used_ids", "digest"))),
    purged("mail_queue", || sql!(some_of!("mail_queue", "id"))),
    purged("mail_links", || sql!(some_of!("mail_links", "digest"))),
    purged("consents", || sql!(some_of!("consents", "user_id, client_id"))),
    purged("password_history", || sql!(some_of!("password_history", "user_id, seq"))),
    purged("factor_enrolments", || sql!(some_of!("factor_enrolments", "user_id"))),
    purged("factor_tries", || sql!(some_of!("factor_tries", "user_id"))),
    purged("credentials", || sql!(some_of!("credentials", "user_id, kind, id"))),
    purged("sip_digest_credentials", || sql!(some_of!("sip_digest_credentials", "id"))),
    purged("api_keys", || sql!(some_of!("api_keys", "id"))),
    purged("memberships", || sql!(some_of!("memberships", "kind, name, member_key"))),
    purged("users", || sql!(some_of!("users", "id"))),
    purged("client_secrets", || sql!(some_of!("client_secrets", "client_id, digest"))),
    purged("clients", || sql!(some_of!("clients", "client_id"))),
    purged("roles", || sql!(some_of!("roles", "name"))),
    purged("groups", || sql!(some_of!("groups", "name"))),
    purged("idempotency", || sql!(some_of!("idempotency", "digest"))),
    purged("resources", || sql!(some_of!("resources", "audience"))),
    purged("refusals", || sql!(some_of!("refusals", "kind, account, address, minute"))),
];

/// A deleted tenant's trail.
const TRAIL: &[Purged] = &[
    purged("audit", || sql!(some_of!("audit", "id"))),
    purged("audit_checkpoints", || {
        sql!(some_of!("audit_checkpoints", "seq"))
    }),
];

/// Tables with rows of a tenant that do not go this way: see the top of this file, and revocations,
/// of which the nodes are told.
pub const KEPT: &[&str] = &[
    "audit",
    "audit_heads",
    "audit_checkpoints",
    "signing_keys",
    "changes",
    "revocations",
];
