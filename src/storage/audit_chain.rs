//! The chain of each tenant's audit trail: numbering what happened, reading it in that order,
//! emptying and cutting it.
//!
//! Whatever touches sealed rows takes the row of the chain's head first. So two sealers wait for one
//! another, and neither can fork the chain, whether or not they hold the lease.

use super::audit::{self, AuditRow, audit_row, audit_sql};
use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped, Store, checkpoints};
use crate::model::audit_chain::{Checkpoint, Head, HeadKey, Link};
use crate::model::audit_event::AuditEvent;

/// What stands in place of the kind of an emptied event.
pub const ERASED: &str = "erased";

/// A head as stored, and whether it is one that we sealed.
#[derive(Clone, Debug)]
pub struct StoredHead {
    pub head: Head,
    pub genuine: bool,
}

/// What came of a sealer's visit to one tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sealing {
    /// This many events have their place now.
    Sealed(usize),
    /// Somebody has changed what only we can seal. Nothing is built on it.
    Broken,
}

impl Store {
    /// The first tenant after `after` with events that have no place in the chain yet.
    ///
    /// Asked like this, in the order of the index over those events and for one row, either database
    /// takes that index; asked for several tenants at once, SQLite walks the whole trail.
    pub async fn unsealed_tenant(&self, after: &str) -> Result<Option<String>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT tenant FROM audit WHERE seq IS NULL AND tenant > $1 \
                     ORDER BY tenant, id LIMIT 1"
                )
                .bind(after),
            )
            .await?;
        row.map(|row| row.text("tenant")).transpose()
    }
}

impl Scoped {
    /// Gives at most `limit` events, the oldest first, their places in the chain.
    pub async fn seal_audit(&self, key: &HeadKey, limit: i64) -> Result<Sealing, DbError> {
        let context = (self.tenant.clone(), key.clone(), limit);
        self.db
            .write(context, |tx, (tenant, key, limit)| {
                Box::pin(async move {
                    let Some(mut head) = take_or_begin(tx, tenant, key).await? else {
                        return Ok(tx.undo(Sealing::Broken));
                    };
                    let rows = tx
                        .all(
                            audit_sql!("AND seq IS NULL ORDER BY id LIMIT $2")
                                .bind(tenant)
                                .bind(*limit),
                        )
                        .await?;
                    for row in &rows {
                        let row = audit_row(row)?;
                        let digest = row.payload(tenant).digest();
                        head.seq += 1;
                        head.chain = head.chain.then(digest);
                        tx.run(
                            sql!(
                                "UPDATE audit SET seq = $1, digest = $2, chain = $3 \
                                 WHERE tenant = $4 AND id = $5"
                            )
                            .bind(head.seq)
                            .bind(digest.text())
                            .bind(head.chain.text())
                            .bind(tenant)
                            .bind(row.id),
                        )
                        .await?;
                    }
                    put(tx, tenant, key, &head).await?;
                    Ok(Sealing::Sealed(rows.len()))
                })
            })
            .await
    }

    /// How far the chain has come; `None` before its first event.
    pub async fn audit_head(&self, key: &HeadKey) -> Result<Option<StoredHead>, DbError> {
        let row = self
            .db
            .one(
                sql!("SELECT seq, chain, checkpoint_seq, seal FROM audit_heads WHERE tenant = $1")
                    .bind(&self.tenant),
            )
            .await?;
        row.map(|row| head_of(&row, &self.tenant, key)).transpose()
    }

    /// Events in the order of their numbers, after the one numbered `after`.
    pub async fn sealed_audit(&self, after: i64, limit: i64) -> Result<Vec<AuditRow>, DbError> {
        let statement = audit_sql!("AND seq > $2 ORDER BY seq LIMIT $3")
            .bind(&self.tenant)
            .bind(after)
            .bind(limit);
        self.db
            .all(statement)
            .await?
            .iter()
            .map(audit_row)
            .collect()
    }

    /// How many events have no place in the chain yet.
    pub async fn count_unsealed_audit(&self) -> Result<i64, DbError> {
        let row = self
            .db
            .one(
                sql!("SELECT COUNT(*) AS total FROM audit WHERE tenant = $1 AND seq IS NULL")
                    .bind(&self.tenant),
            )
            .await?;
        row.map_or(Ok(0), |row| row.integer("total"))
    }

    /// Empties at most `limit` sealed events that `account` did or suffered: what they said goes,
    /// their digests stay. `event` says so, and which; how many there were.
    pub async fn erase_audit(
        &self,
        account: &str,
        limit: i64,
        event: AuditEvent,
    ) -> Result<usize, DbError> {
        let context = (self.tenant.clone(), account.to_owned(), limit, event);
        self.db
            .write(context, |tx, (tenant, account, limit, event)| {
                Box::pin(async move {
                    take(tx, tenant).await?;
                    // What says that something was erased is not erased: it would be no reason any more.
                    let rows = tx
                        .all(
                            sql!(
                                "UPDATE audit SET kind = $1, actor = NULL, subject = NULL, client_id = NULL, \
                                 address = NULL, request_id = NULL, detail = '{}', erased_by = $2 \
                                 WHERE tenant = $3 AND id IN \
                                 (SELECT id FROM audit WHERE tenant = $3 AND seq IS NOT NULL AND kind <> $4 \
                                 AND (actor = $5 OR subject = $5) ORDER BY seq LIMIT $6) RETURNING seq"
                            )
                            .bind(ERASED)
                            .bind(&event.id)
                            .bind(tenant)
                            .bind(event.kind.name())
                            .bind(account)
                            .bind(*limit),
                        )
                        .await?;
                    if rows.is_empty() {
                        return Ok(0);
                    }
                    let mut erased = Vec::new();
                    for row in &rows {
                        erased.push(row.integer("seq")?);
                    }
                    erased.sort_unstable();
                    let mut event = event.clone();
                    event.detail = serde_json::json!({ ERASED: erased });
                    audit::append(tx, tenant, &event).await?;
                    Ok(erased.len())
                })
            })
            .await
    }

    /// Removes the events up to a cut, and the checkpoints before it. `false`: the chain does not
    /// have the value the cut says.
    pub async fn cut_audit(
        &self,
        key: &HeadKey,
        cut: Checkpoint,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), key.clone(), cut, event);
        self.db
            .write(context, |tx, (tenant, key, cut, event)| {
                Box::pin(async move {
                    if !checkpoints::add(tx, tenant, key, cut).await? {
                        return Ok(tx.undo(false));
                    }
                    tx.run(
                        sql!("DELETE FROM audit WHERE tenant = $1 AND seq <= $2")
                            .bind(tenant)
                            .bind(cut.seq),
                    )
                    .await?;
                    tx.run(
                        sql!("DELETE FROM audit_checkpoints WHERE tenant = $1 AND seq < $2")
                            .bind(tenant)
                            .bind(cut.seq),
                    )
                    .await?;
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// The last event before which at most `limit` others stand, all of them older than `before`:
    /// `(seq, chain)`. `None`: the first event is younger.
    pub async fn audit_cut_point(
        &self,
        before: crate::base::clock::Timestamp,
        limit: i64,
    ) -> Result<Option<(i64, Link)>, DbError> {
        let rows = self.sealed_audit(0, limit).await?;
        let old = rows.iter().take_while(|row| row.at < before.millis());
        let Some(seal) = old.last().and_then(|row| row.sealed.as_ref()) else {
            return Ok(None);
        };
        let chain = Link::parse(&seal.chain).ok_or(DbError::Corrupt("audit.chain"))?;
        Ok(Some((seal.seq, chain)))
    }
}

/// Takes the head of a chain, or begins the chain. `None`: the head is not ours, or it is gone while
/// what it spoke of is still there.
async fn take_or_begin(tx: &mut Tx, tenant: &str, key: &HeadKey) -> Result<Option<Head>, DbError> {
    let first = Head {
        seq: 0,
        chain: Link::first(tenant),
        checkpoint_seq: 0,
    };
    let begun = tx
        .run(
            sql!(
                "INSERT INTO audit_heads (tenant, seq, chain, checkpoint_seq, checkpoint_at, seal) \
                 VALUES ($1, 0, $2, 0, 0, $3) ON CONFLICT (tenant) DO NOTHING"
            )
            .bind(tenant)
            .bind(first.chain.text())
            .bind(key.seal(tenant, &first)),
        )
        .await?;
    if begun > 0 {
        let left = tx
            .one(
                sql!(
                    "SELECT seq FROM audit WHERE tenant = $1 AND seq IS NOT NULL \
                     UNION ALL SELECT seq FROM audit_checkpoints WHERE tenant = $1 LIMIT 1"
                )
                .bind(tenant),
            )
            .await?;
        if left.is_some() {
            return Ok(None);
        }
    }
    take_genuine(tx, tenant, key).await
}

/// Takes the head of a chain until the transaction ends; `None` when it is not one of ours.
pub(super) async fn take_genuine(
    tx: &mut Tx,
    tenant: &str,
    key: &HeadKey,
) -> Result<Option<Head>, DbError> {
    let row = take(tx, tenant).await?;
    let stored = row.map(|row| head_of(&row, tenant, key)).transpose()?;
    Ok(stored
        .filter(|stored| stored.genuine)
        .map(|stored| stored.head))
}

async fn take(tx: &mut Tx, tenant: &str) -> Result<Option<super::sql::Row>, DbError> {
    tx.one(
        sql!(
            "UPDATE audit_heads SET seq = seq WHERE tenant = $1 \
             RETURNING seq, chain, checkpoint_seq, seal"
        )
        .bind(tenant),
    )
    .await
}

/// Writes a head that was taken.
pub(super) async fn put(
    tx: &mut Tx,
    tenant: &str,
    key: &HeadKey,
    head: &Head,
) -> Result<(), DbError> {
    tx.run(
        sql!("UPDATE audit_heads SET seq = $1, chain = $2, checkpoint_seq = $3, seal = $4 WHERE tenant = $5")
            .bind(head.seq)
            .bind(head.chain.text())
            .bind(head.checkpoint_seq)
            .bind(key.seal(tenant, head))
            .bind(tenant),
    )
    .await
    .map(drop)
}

fn head_of(row: &super::sql::Row, tenant: &str, key: &HeadKey) -> Result<StoredHead, DbError> {
    let chain = Link::parse(&row.text("chain")?);
    let head = Head {
        seq: row.integer("seq")?,
        // What is no chain value is nobody's seal either.
        chain: chain.unwrap_or_else(|| Link::first("")),
        checkpoint_seq: row.integer("checkpoint_seq")?,
    };
    let seal = row.text("seal")?;
    Ok(StoredHead {
        genuine: chain.is_some() && key.recognises(tenant, &head, &seal),
        head,
    })
}
