//! Mail that waits to be sent. It is written in the transaction of what causes it, and leased by
//! conditional update, so that of all nodes one sends it; a node that dies leaves it to the next.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, Scoped, Store, mail_links};
use crate::base::clock::Timestamp;
use crate::model::letter::{Letter, LetterKind};

/// A mail whose turn it is, leased to one worker.
pub struct DueMail {
    pub tenant: String,
    pub id: String,
    pub kind: LetterKind,
    pub recipient: String,
    pub sealed: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// How often it was tried before.
    pub attempts: i64,
    /// Whether it holds a link, and that would open nothing any more.
    pub link_is_dead: bool,
}

/// What there is in the queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Backlog {
    pub waiting: i64,
    /// Given up, and kept for a while to be looked at.
    pub dead: i64,
}

impl Scoped {
    /// Stores a mail with its link. `false`: the account is gone, or had so many links of this kind
    /// that it gets none now.
    pub async fn add_letter(&self, letter: Letter) -> Result<bool, DbError> {
        self.db
            .write((self.tenant.clone(), letter), |tx, (tenant, letter)| {
                Box::pin(add(tx, tenant, letter))
            })
            .await
    }
}

impl Store {
    /// Whether a mail waits whose turn it is.
    pub async fn has_due_mail(&self, now: Timestamp) -> Result<bool, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT id FROM mail_queue WHERE dead_at IS NULL AND not_before <= $1 \
                     AND (leased_until IS NULL OR leased_until <= $1) LIMIT 1"
                )
                .bind(now),
            )
            .await?;
        Ok(row.is_some())
    }

    /// Leases the mail that waited longest of those whose turn it is. Whoever else asks meanwhile gets
    /// another one, or none.
    pub async fn lease_mail(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<DueMail>, DbError> {
        self.db
            .write((now, until), |tx, (now, until)| {
                Box::pin(async move {
                    let row = tx
                        .one(
                            sql!(
                                "UPDATE mail_queue SET leased_until = $2 WHERE (tenant, id) = \
                                 (SELECT tenant, id FROM mail_queue WHERE dead_at IS NULL \
                                 AND not_before <= $1 AND (leased_until IS NULL OR leased_until <= $1) \
                                 ORDER BY not_before, id LIMIT 1) \
                                 AND dead_at IS NULL AND (leased_until IS NULL OR leased_until <= $1) \
                                 RETURNING tenant, id, kind, recipient, sealed, link_digest, created_at, \
                                 expires_at, attempts"
                            )
                            .bind(*now)
                            .bind(*until),
                        )
                        .await?;
                    let Some(row) = row else {
                        return Ok(None);
                    };
                    let link_is_dead = match row.optional_text("link_digest")? {
                        Some(digest) => !is_live(tx, &row.text("tenant")?, &digest, *now).await?,
                        None => false,
                    };
                    due_mail(&row, link_is_dead).map(Some)
                })
            })
            .await
    }

    /// Removes a mail that the server took.
    pub async fn mail_was_sent(&self, tenant: &str, id: &str) -> Result<(), DbError> {
        let statement = sql!("DELETE FROM mail_queue WHERE tenant = $1 AND id = $2")
            .bind(tenant)
            .bind(id);
        self.db.write_one(statement).await.map(drop)
    }

    /// Gives a mail back, to be tried again later. `attempts` is how often it was tried by now.
    pub async fn put_mail_off(
        &self,
        tenant: &str,
        id: &str,
        not_before: Timestamp,
        attempts: i64,
        reason: &str,
    ) -> Result<(), DbError> {
        let statement = sql!(
            "UPDATE mail_queue SET not_before = $1, attempts = $2, reason = $3, leased_until = NULL \
             WHERE tenant = $4 AND id = $5"
        )
        .bind(not_before)
        .bind(attempts)
        .bind(reason)
        .bind(tenant)
        .bind(id);
        self.db.write_one(statement).await.map(drop)
    }

    /// Gives a mail up. What it said is gone; that it was, and why it did not arrive, is kept.
    pub async fn give_mail_up(
        &self,
        tenant: &str,
        id: &str,
        now: Timestamp,
        reason: &str,
    ) -> Result<(), DbError> {
        let statement = sql!(
            "UPDATE mail_queue SET dead_at = $1, reason = $2, sealed = '', leased_until = NULL \
             WHERE tenant = $3 AND id = $4"
        )
        .bind(now)
        .bind(reason)
        .bind(tenant)
        .bind(id);
        self.db.write_one(statement).await.map(drop)
    }

    /// How much there is in the queue.
    pub async fn mail_backlog(&self) -> Result<Backlog, DbError> {
        let row = self
            .db
            .one(sql!(
                "SELECT COUNT(*) AS total, COUNT(dead_at) AS dead FROM mail_queue"
            ))
            .await?;
        row.map_or(Ok(Backlog::default()), |row| {
            let dead = row.integer("dead")?;
            Ok(Backlog {
                waiting: row.integer("total")? - dead,
                dead,
            })
        })
    }
}

/// Stores a mail, and its link with it.
pub(super) async fn add(tx: &mut Tx, tenant: &str, letter: &Letter) -> Result<bool, DbError> {
    if let Some(link) = &letter.link
        && !mail_links::add(tx, tenant, &letter.user_id, link).await?
    {
        return Ok(false);
    }
    tx.run(
        sql!(
            "INSERT INTO mail_queue (tenant, id, user_id, kind, recipient, sealed, link_digest, \
             created_at, expires_at, not_before, attempts) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $8, 0 \
             WHERE EXISTS (SELECT 1 FROM users WHERE tenant = $1 AND id = $3)"
        )
        .bind(tenant)
        .bind(&letter.id)
        .bind(&letter.user_id)
        .bind(letter.kind.name())
        .bind(&letter.recipient)
        .bind(&letter.sealed)
        .bind(letter.link.as_ref().map(|link| link.digest.clone()))
        .bind(letter.now)
        .bind(letter.expires_at),
    )
    .await
    .map(|rows| rows == 1)
}

async fn is_live(tx: &mut Tx, tenant: &str, digest: &str, now: Timestamp) -> Result<bool, DbError> {
    let row = tx
        .one(
            sql!(
                "SELECT digest FROM mail_links WHERE tenant = $1 AND digest = $2 \
                 AND used_at IS NULL AND ended_at IS NULL AND expires_at > $3"
            )
            .bind(tenant)
            .bind(digest)
            .bind(now),
        )
        .await?;
    Ok(row.is_some())
}

fn due_mail(row: &Row, link_is_dead: bool) -> Result<DueMail, DbError> {
    Ok(DueMail {
        tenant: row.text("tenant")?,
        id: row.text("id")?,
        kind: row.word("kind")?,
        recipient: row.text("recipient")?,
        sealed: row.text("sealed")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        attempts: row.integer("attempts")?,
        link_is_dead,
    })
}
