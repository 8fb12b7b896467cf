//! The audit trail: rows that are only ever appended, in the transaction of the action itself.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, Scoped};
use crate::model::audit_event::AuditEvent;

/// Appends an event to a tenant's trail.
pub(super) async fn append(tx: &mut Tx, tenant: &str, event: &AuditEvent) -> Result<(), DbError> {
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

/// A row of the trail, as shown.
#[derive(Clone, Debug)]
pub struct AuditRow {
    pub at: i64,
    pub kind: String,
    pub actor: Option<String>,
    pub subject: Option<String>,
    pub client_id: Option<String>,
    pub address: Option<String>,
    pub detail: String,
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

impl Scoped {
    /// The newest events of the tenant.
    pub async fn recent_audit(&self, limit: i64) -> Result<Vec<AuditRow>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT at, kind, actor, subject, client_id, address, detail FROM audit WHERE tenant = $1 \
                     ORDER BY id DESC LIMIT $2"
                )
                .bind(&self.tenant)
                .bind(limit),
            )
            .await?;
        rows.iter().map(audit_row).collect()
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

fn audit_row(row: &Row) -> Result<AuditRow, DbError> {
    Ok(AuditRow {
        at: row.integer("at")?,
        kind: row.text("kind")?,
        actor: row.optional_text("actor")?,
        subject: row.optional_text("subject")?,
        client_id: row.optional_text("client_id")?,
        address: row.optional_text("address")?,
        detail: row.text("detail")?,
    })
}
