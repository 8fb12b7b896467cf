//! Reading the audit trail: pages of it, the newest first.

use super::audit::{AuditRow, audit_row, audit_sql};
use super::sql::Sql;
use super::{AFTER_EVERY_ID, DbError, Scoped};
use crate::base::clock::Timestamp;
use crate::base::id::first_id_of;

/// The clock is read for an event's id after it was read for its time, at most this much later, in
/// seconds: longer than any request may take.
const SLACK: i64 = 600;

/// Which events to read; every member narrows.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub kind: Option<String>,
    /// Events of one of these kinds.
    pub kinds: Option<Vec<&'static str>>,
    pub actor: Option<String>,
    pub subject: Option<String>,
    pub client_id: Option<String>,
    pub address: Option<String>,
    /// Events this one did or suffered: an account's activity.
    pub about: Option<String>,
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The first instant that is too late.
    pub to: Option<Timestamp>,
}

/// A page's statement. What narrows most stands first and by itself, so that an index can serve it;
/// the others are looked at row by row.
macro_rules! page_sql {
    ($first:literal) => {
        audit_sql![
            $first,
            "AND id < $2 AND id > $3 AND at >= $4 AND at < $5 \
             AND (CAST($6 AS TEXT) IS NULL OR kind = $6) \
             AND (CAST($7 AS TEXT) IS NULL OR actor = $7) \
             AND (CAST($8 AS TEXT) IS NULL OR subject = $8) \
             AND (CAST($9 AS TEXT) IS NULL OR client_id = $9) \
             AND (CAST($10 AS TEXT) IS NULL OR address = $10) \
             AND (CAST($11 AS TEXT) IS NULL OR actor = $11 OR subject = $11) \
             AND (CAST($12 AS TEXT) IS NULL OR $12 LIKE '%,' || kind || ',%') \
             ORDER BY id DESC LIMIT $13"
        ]
    };
}

impl AuditFilter {
    /// The statement whose index serves this filter best.
    fn statement(&self) -> Sql {
        if self.about.is_some() {
            page_sql!("AND (actor = $11 OR subject = $11) ")
        } else if self.subject.is_some() {
            page_sql!("AND subject = $8 ")
        } else if self.actor.is_some() {
            page_sql!("AND actor = $7 ")
        } else if self.address.is_some() {
            page_sql!("AND address = $10 ")
        } else if self.client_id.is_some() {
            page_sql!("AND client_id = $9 ")
        } else if self.kind.is_some() {
            page_sql!("AND kind = $6 ")
        } else {
            page_sql!("")
        }
    }
}

impl Scoped {
    /// At most `limit` events that pass the filter, the newest first, older than the one with the id
    /// `after`.
    pub async fn audit_page(
        &self,
        filter: &AuditFilter,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<AuditRow>, DbError> {
        // Ids begin with the time, so a span of time is a span of ids: what lies outside is not read.
        let latest = filter.to.map(|to| first_id_of(to.plus_seconds(SLACK)));
        let before = [after, latest.as_deref(), Some(AFTER_EVERY_ID)]
            .into_iter()
            .flatten();
        let earliest = filter.from.map(first_id_of).unwrap_or_default();
        // Kinds have no commas; an underscore of theirs, which matches anything here, is one in the list.
        let kinds = filter.kinds.as_ref();
        let kinds = kinds.map(|kinds| format!(",{},", kinds.join(",")));
        let statement = filter
            .statement()
            .bind(&self.tenant)
            .bind(before.min().unwrap_or(AFTER_EVERY_ID))
            .bind(earliest)
            .bind(filter.from.map_or(i64::MIN, Timestamp::millis))
            .bind(filter.to.map_or(i64::MAX, Timestamp::millis))
            .bind(&filter.kind)
            .bind(&filter.actor)
            .bind(&filter.subject)
            .bind(&filter.client_id)
            .bind(&filter.address)
            .bind(&filter.about)
            .bind(kinds)
            .bind(limit);
        self.db
            .all(statement)
            .await?
            .iter()
            .map(audit_row)
            .collect()
    }

    /// The newest events of the tenant.
    pub async fn recent_audit(&self, limit: i64) -> Result<Vec<AuditRow>, DbError> {
        self.audit_page(&AuditFilter::default(), None, limit).await
    }

    /// One event.
    pub async fn audit_event(&self, id: &str) -> Result<Option<AuditRow>, DbError> {
        let row = self
            .db
            .one(audit_sql!("AND id = $2").bind(&self.tenant).bind(id))
            .await?;
        row.map(|row| audit_row(&row)).transpose()
    }
}
