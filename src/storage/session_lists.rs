//! Live sessions page by page, the newest first.

use super::sessions::session_of;
use super::sql::{Row, sql};
use super::{DbError, Scoped};
use crate::base::clock::Timestamp;
use crate::model::place::Place;
use crate::model::session::{Origin, SessionEntry};

impl Scoped {
    /// An account's live sessions after `after`.
    pub async fn sessions_of_user(
        &self,
        user_id: &str,
        after: &Place,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<SessionEntry>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT id AS sid, user_id, remembered, amr, auth_time, seen_at, expires_at, ended_at, \
                     created_at, address, user_agent, client_id, device_id FROM sessions \
                     WHERE tenant = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $3 \
                     AND (created_at, id) < ($4, $5) ORDER BY created_at DESC, id DESC LIMIT $6"
                )
                .bind(&self.tenant)
                .bind(user_id)
                .bind(now)
                .bind(after.created_at)
                .bind(&after.id)
                .bind(limit),
            )
            .await?;
        rows.iter().map(entry_of).collect()
    }

    /// The tenant's live sessions after `after`.
    pub async fn live_sessions(
        &self,
        after: &Place,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<SessionEntry>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT id AS sid, user_id, remembered, amr, auth_time, seen_at, expires_at, ended_at, \
                     created_at, address, user_agent, client_id, device_id FROM sessions \
                     WHERE tenant = $1 AND ended_at IS NULL AND expires_at > $2 \
                     AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5"
                )
                .bind(&self.tenant)
                .bind(now)
                .bind(after.created_at)
                .bind(&after.id)
                .bind(limit),
            )
            .await?;
        rows.iter().map(entry_of).collect()
    }

    /// One live session.
    pub async fn live_session(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<SessionEntry>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT id AS sid, user_id, remembered, amr, auth_time, seen_at, expires_at, ended_at, \
                     created_at, address, user_agent, client_id, device_id FROM sessions \
                     WHERE tenant = $1 AND id = $2 AND ended_at IS NULL AND expires_at > $3"
                )
                .bind(&self.tenant)
                .bind(id)
                .bind(now),
            )
            .await?;
        row.map(|row| entry_of(&row)).transpose()
    }
}

fn entry_of(row: &Row) -> Result<SessionEntry, DbError> {
    Ok(SessionEntry {
        session: session_of(row)?,
        created_at: row.time("created_at")?,
        origin: Origin {
            address: row.optional_text("address")?,
            user_agent: row.optional_text("user_agent")?,
            client_id: row.optional_text("client_id")?,
        },
        device_id: row.optional_text("device_id")?,
    })
}
