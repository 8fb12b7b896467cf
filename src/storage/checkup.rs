//! What whoever looks after an installation asks of its database. Reads only, also where the schema is
//! older than this program, which [`migrate::versions`](super::migrate::versions) says first.

use super::sql::sql;
use super::{DbError, Store};
use crate::base::clock::Timestamp;

/// Tenants that lack something: how many, and the first of them by name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Lacking {
    pub count: i64,
    pub first: Vec<String>,
}

/// Named at most.
const NAMED: usize = 5;

impl Store {
    /// The database's own clock, to the second. `None`: it said something else.
    pub async fn database_time(&self) -> Result<Option<Timestamp>, DbError> {
        let row = self
            .db
            .one(sql!("SELECT CAST(CURRENT_TIMESTAMP AS TEXT) AS clock"))
            .await?;
        let text = row.map(|row| row.text("clock")).transpose()?;
        Ok(text.and_then(|text| time_of(&text)))
    }

    /// When the newest checkpoint of any tenant's trail was signed.
    pub async fn newest_checkpoint(&self) -> Result<Option<Timestamp>, DbError> {
        let row = self
            .db
            .one(sql!(
                "SELECT MAX(checkpoint_at) AS at FROM audit_heads WHERE checkpoint_seq > 0"
            ))
            .await?;
        row.map_or(Ok(None), |row| row.optional_time("at"))
    }

    /// When an event happened that has no place in its chain yet, if there is one.
    pub async fn unsealed_since(&self) -> Result<Option<Timestamp>, DbError> {
        let row = self
            .db
            .one(sql!(
                "SELECT at FROM audit WHERE seq IS NULL ORDER BY tenant, id LIMIT 1"
            ))
            .await?;
        row.map(|row| row.time("at")).transpose()
    }

    /// Since when the oldest key signs that is in use in any tenant.
    pub async fn oldest_active_key(&self) -> Result<Option<Timestamp>, DbError> {
        let row = self
            .db
            .one(sql!(
                "SELECT MIN(k.active_from) AS since FROM signing_keys k \
                 JOIN tenants t ON t.id = k.tenant \
                 WHERE k.state = 'active' AND t.deleted_at IS NULL AND t.enabled = 1"
            ))
            .await?;
        row.map_or(Ok(None), |row| row.optional_time("since"))
    }

    /// How many tenants there are.
    pub async fn count_tenants(&self) -> Result<i64, DbError> {
        let row = self
            .db
            .one(sql!(
                "SELECT COUNT(*) AS total FROM tenants WHERE deleted_at IS NULL"
            ))
            .await?;
        row.map_or(Ok(0), |row| row.integer("total"))
    }

    /// Enabled tenants without a key of the algorithm they sign with.
    pub async fn tenants_without_key(&self) -> Result<Lacking, DbError> {
        let rows = self
            .db
            .all(sql!(
                "SELECT slug FROM tenants WHERE deleted_at IS NULL AND enabled = 1 AND NOT EXISTS \
                 (SELECT 1 FROM signing_keys k WHERE k.tenant = tenants.id \
                 AND k.alg = tenants.signing_alg AND k.state = 'active') ORDER BY slug"
            ))
            .await?;
        lacking(&rows)
    }

    /// Enabled tenants without an administrator who can sign in.
    pub async fn tenants_without_admin(&self) -> Result<Lacking, DbError> {
        let rows = self
            .db
            .all(sql!(
                "SELECT slug FROM tenants WHERE deleted_at IS NULL AND enabled = 1 AND NOT EXISTS \
                 (SELECT 1 FROM memberships m \
                 JOIN users u ON u.tenant = m.tenant AND u.id = m.user_id \
                 WHERE m.tenant = tenants.id AND m.kind = 'role' AND m.name = 'admin' \
                 AND u.enabled = 1 AND u.kind = 'person') ORDER BY slug"
            ))
            .await?;
        lacking(&rows)
    }
}

fn lacking(rows: &[super::sql::Row]) -> Result<Lacking, DbError> {
    let first = rows.iter().take(NAMED).map(|row| row.text("slug"));
    Ok(Lacking {
        count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        first: first.collect::<Result<_, _>>()?,
    })
}

/// Reads `2026-01-31 12:30:45`, in PostgreSQL with a fraction and an offset such as `+00` behind it.
fn time_of(text: &str) -> Option<Timestamp> {
    let text = text.trim().replacen(' ', "T", 1);
    let (_, time) = text.split_once('T')?;
    let offset = time.find(['+', '-', 'Z']).map(|at| &time[at..]);
    let ending = match offset {
        None => "Z",
        Some(offset) if offset.len() == 3 => ":00",
        Some(_) => "",
    };
    Timestamp::parse(&format!("{text}{ending}"))
}
