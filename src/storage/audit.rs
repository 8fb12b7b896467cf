//! The audit trail: rows that are only ever appended, in the transaction of the action itself.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, Scoped, mail_queue};
use crate::base::clock::Timestamp;
use crate::model::audit_chain::Payload;
use crate::model::audit_event::AuditEvent;

/// Appends an event to a tenant's trail, and the mail about it to the queue.
pub(super) async fn append(tx: &mut Tx, tenant: &str, event: &AuditEvent) -> Result<(), DbError> {
    append_quietly(tx, tenant, event).await?;
    for letter in &event.letters {
        mail_queue::add(tx, tenant, letter).await?;
    }
    Ok(())
}

/// Appends an event, and tells nobody.
pub(super) async fn append_quietly(
    tx: &mut Tx,
    tenant: &str,
    event: &AuditEvent,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "INSERT INTO audit (tenant, id, at, kind, actor, subject, client_id, address, request_id, detail) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        )
        .bind(tenant)
        .bind(&event.id)
        .bind(event.at)
        .bind(event.kind.name())
        .bind(&event.actor)
        .bind(&event.subject)
        .bind(&event.client_id)
        .bind(&event.address)
        .bind(&event.request_id)
        .bind(event.detail.to_string()),
    )
    .await
    .map(drop)
}

/// A row of the trail.
#[derive(Clone, Debug)]
pub struct AuditRow {
    pub id: String,
    pub at: i64,
    pub kind: String,
    pub actor: Option<String>,
    pub subject: Option<String>,
    pub client_id: Option<String>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub detail: String,
    /// Its place in the chain, once it has one.
    pub sealed: Option<Seal>,
    /// The event that emptied this one: what it said is gone, its digest is not.
    pub erased_by: Option<String>,
}

/// The place of an event in its tenant's chain, as the row has it: whether that is true is for the
/// verifier to say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seal {
    pub seq: i64,
    pub digest: String,
    pub chain: String,
}

impl AuditRow {
    /// What the row says, in the form that is digested.
    pub fn payload<'a>(&'a self, tenant: &'a str) -> Payload<'a> {
        Payload {
            actor: self.actor.as_deref(),
            address: self.address.as_deref(),
            at: self.at,
            client_id: self.client_id.as_deref(),
            detail: &self.detail,
            id: &self.id,
            kind: &self.kind,
            request_id: self.request_id.as_deref(),
            subject: self.subject.as_deref(),
            tenant,
        }
    }

    pub fn seq(&self) -> Option<i64> {
        self.sealed.as_ref().map(|seal| seal.seq)
    }
}

/// A refusal, counted with its equals of the same minute.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Refusal {
    pub kind: &'static str,
    pub account: String,
    pub address: String,
    /// Minutes since the epoch.
    pub minute: i64,
}

/// A counted refusal, as shown.
#[derive(Clone, Debug)]
pub struct RefusalRow {
    pub kind: String,
    /// The id of an account; empty where none is known.
    pub account: String,
    pub address: String,
    /// Minutes since the epoch.
    pub minute: i64,
    pub count: i64,
}

impl RefusalRow {
    /// The first instant of its minute.
    pub const fn at(&self) -> Timestamp {
        Timestamp::from_millis(self.minute * 60_000)
    }

    /// Its place in the order of [`Scoped::login_refusals`].
    pub fn key(&self) -> String {
        let Self {
            kind,
            account,
            address,
            minute,
            ..
        } = self;
        format!("{minute}\n{kind}\n{account}\n{address}")
    }
}

impl Scoped {
    /// Stores an event of its own: nothing else changed.
    pub async fn note_event(&self, event: AuditEvent) -> Result<(), DbError> {
        self.db
            .write((self.tenant.clone(), event), |tx, (tenant, event)| {
                Box::pin(append(tx, tenant, event))
            })
            .await
    }

    /// At most `limit` counted refusals of logins, of `account` or of everybody, the newest first,
    /// behind the one with the key `after`; empty for the first.
    pub async fn login_refusals(
        &self,
        account: Option<&str>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<RefusalRow>, DbError> {
        let mut key = after.splitn(4, '\n');
        let minute = key.next().and_then(|minute| minute.parse().ok());
        let mut part = || key.next().unwrap_or_default().to_owned();
        let (kind, of, address) = (part(), part(), part());
        let statement = if account.is_some() {
            sql!(
                "SELECT kind, account, address, minute, count FROM refusals \
                 WHERE tenant = $1 AND account = $2 AND kind LIKE 'login%' \
                 AND minute <= $3 AND (minute, kind, account, address) < ($3, $4, $5, $6) \
                 ORDER BY minute DESC, kind DESC, account DESC, address DESC LIMIT $7"
            )
        } else {
            sql!(
                "SELECT kind, account, address, minute, count FROM refusals \
                 WHERE tenant = $1 AND CAST($2 AS TEXT) IS NULL AND kind LIKE 'login%' \
                 AND minute <= $3 AND (minute, kind, account, address) < ($3, $4, $5, $6) \
                 ORDER BY minute DESC, kind DESC, account DESC, address DESC LIMIT $7"
            )
        };
        let statement = statement
            .bind(&self.tenant)
            .bind(account.map(str::to_owned))
            .bind(minute.unwrap_or(i64::MAX))
            .bind(kind)
            .bind(of)
            .bind(address)
            .bind(limit);
        let rows = self.db.all(statement).await?;
        rows.iter()
            .map(|row| {
                Ok(RefusalRow {
                    kind: row.text("kind")?,
                    account: row.text("account")?,
                    address: row.text("address")?,
                    minute: row.integer("minute")?,
                    count: row.integer("count")?,
                })
            })
            .collect()
    }

    /// Adds counted refusals; equal ones of a minute share a row.
    pub async fn add_refusals(&self, mut refusals: Vec<(Refusal, i64)>) -> Result<(), DbError> {
        // Every node takes the rows in one order, or two would wait for each other.
        refusals.sort();
        self.db
            .write((self.tenant.clone(), refusals), |tx, (tenant, refusals)| {
                Box::pin(async move {
                    for (refusal, count) in refusals {
                        tx.run(
                            sql!(
                                "INSERT INTO refusals (tenant, kind, account, address, minute, count) \
                                 VALUES ($1, $2, $3, $4, $5, $6) \
                                 ON CONFLICT (tenant, kind, account, address, minute) \
                                 DO UPDATE SET count = refusals.count + $6"
                            )
                            .bind(tenant)
                            .bind(refusal.kind)
                            .bind(&refusal.account)
                            .bind(&refusal.address)
                            .bind(refusal.minute)
                            .bind(*count),
                        )
                        .await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// How many refusals of a kind the tenant has counted.
    pub async fn count_refusals(&self, kind: &str) -> Result<i64, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS total FROM refusals \
                     WHERE tenant = $1 AND kind = $2"
                )
                .bind(&self.tenant)
                .bind(kind),
            )
            .await?;
        row.map_or(Ok(0), |row| row.integer("total"))
    }
}

/// A statement that reads whole rows of the trail; see [`audit_row`].
macro_rules! audit_sql {
    ($($rest:literal),+) => {
        $crate::storage::sql::sql![
            "SELECT id, at, kind, actor, subject, client_id, address, request_id, detail, seq, digest, \
             chain, erased_by FROM audit WHERE tenant = $1 ",
            $($rest),+
        ]
    };
}
pub(super) use audit_sql;

pub(super) fn audit_row(row: &Row) -> Result<AuditRow, DbError> {
    let sealed = match row.optional_integer("seq")? {
        Some(seq) => Some(Seal {
            seq,
            digest: row.optional_text("digest")?.unwrap_or_default(),
            chain: row.optional_text("chain")?.unwrap_or_default(),
        }),
        None => None,
    };
    Ok(AuditRow {
        id: row.text("id")?,
        at: row.integer("at")?,
        kind: row.text("kind")?,
        actor: row.optional_text("actor")?,
        subject: row.optional_text("subject")?,
        client_id: row.optional_text("client_id")?,
        address: row.optional_text("address")?,
        request_id: row.optional_text("request_id")?,
        detail: row.text("detail")?,
        sealed,
        erased_by: row.optional_text("erased_by")?,
    })
}
