//! Why requests were refused, kept for a day.

use super::sql::{Row, sql};
use super::{DbError, Scoped, Store};
use crate::base::clock::Timestamp;

/// One refused request. Nothing in it was typed by the caller: names stand here only once they are
/// known to be names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    /// As in the answer's `X-Request-Id`; sorts by time.
    pub request_id: String,
    pub at: Timestamp,
    /// The pattern of the route, never the path.
    pub route: String,
    pub status: i64,
    /// The error code of the protocol the request was made in.
    pub code: String,
    /// What the caller was told.
    pub description: String,
    /// What the caller was not told.
    pub cause: Option<String>,
    pub client_id: Option<String>,
    /// The id of the account it was about.
    pub account: Option<String>,
    pub address: String,
}

impl Store {
    /// Keeps decisions of many tenants: `(tenant, decision)`.
    pub async fn add_decisions(&self, decisions: Vec<(String, Decision)>) -> Result<(), DbError> {
        self.db
            .write(decisions, |tx, decisions| {
                Box::pin(async move {
                    for (tenant, decision) in decisions {
                        tx.run(
                            sql!(
                                "INSERT INTO decisions (tenant, request_id, at, route, status, code, \
                                 description, cause, client_id, account, address) \
                                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
                                 ON CONFLICT (tenant, request_id) DO NOTHING"
                            )
                            .bind(tenant)
                            .bind(&decision.request_id)
                            .bind(decision.at)
                            .bind(&decision.route)
                            .bind(decision.status)
                            .bind(&decision.code)
                            .bind(&decision.description)
                            .bind(&decision.cause)
                            .bind(&decision.client_id)
                            .bind(&decision.account)
                            .bind(&decision.address),
                        )
                        .await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

impl Scoped {
    /// Why the request with this id was refused; `None`: it was not, or not lately, or not here.
    pub async fn decision(&self, request_id: &str) -> Result<Option<Decision>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT request_id, at, route, status, code, description, cause, client_id, account, address \
                     FROM decisions WHERE tenant = $1 AND request_id = $2"
                )
                .bind(&self.tenant)
                .bind(request_id),
            )
            .await?;
        row.map(|row| decision_of(&row)).transpose()
    }

    /// At most `limit` decisions, the newest first, older than the one of the request `after`.
    pub async fn decisions(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Decision>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT request_id, at, route, status, code, description, cause, client_id, account, address \
                     FROM decisions WHERE tenant = $1 AND request_id < $2 ORDER BY request_id DESC LIMIT $3"
                )
                .bind(&self.tenant)
                .bind(after.unwrap_or(super::AFTER_EVERY_ID))
                .bind(limit),
            )
            .await?;
        rows.iter().map(decision_of).collect()
    }
}

fn decision_of(row: &Row) -> Result<Decision, DbError> {
    Ok(Decision {
        request_id: row.text("request_id")?,
        at: row.time("at")?,
        route: row.text("route")?,
        status: row.integer("status")?,
        code: row.text("code")?,
        description: row.text("description")?,
        cause: row.optional_text("cause")?,
        client_id: row.optional_text("client_id")?,
        account: row.optional_text("account")?,
        address: row.text("address")?,
    })
}
