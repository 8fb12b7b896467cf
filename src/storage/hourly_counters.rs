//! What happened in each hour, counted.

use super::sql::{Row, sql};
use super::{DbError, Scoped, Store};
use crate::base::clock::Timestamp;

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// One counter of one hour of one tenant.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HourlyCount {
    /// The hour's first instant.
    pub hour: Timestamp,
    /// One of the names this program counts under.
    pub name: String,
    pub count: i64,
}

/// The first instant of an hour.
pub const fn hour_of(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.millis().div_euclid(HOUR) * HOUR)
}

impl Store {
    /// Adds to the counters of many tenants: `(tenant, count)`.
    pub async fn add_counts(&self, mut counts: Vec<(String, HourlyCount)>) -> Result<(), DbError> {
        // Every node takes the rows in one order, or two would wait for each other.
        counts.sort();
        self.db
            .write(counts, |tx, counts| {
                Box::pin(async move {
                    for (tenant, count) in counts {
                        tx.run(
                            sql!(
                                "INSERT INTO hourly_counters (tenant, hour, name, count) VALUES ($1, $2, $3, $4) \
                                 ON CONFLICT (tenant, hour, name) \
                                 DO UPDATE SET count = hourly_counters.count + $4"
                            )
                            .bind(tenant)
                            .bind(count.hour)
                            .bind(&count.name)
                            .bind(count.count),
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
    /// The counters of the hours that begin in `from..to`, by hour and name.
    pub async fn counters(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<HourlyCount>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT hour, name, count FROM hourly_counters \
                     WHERE tenant = $1 AND hour >= $2 AND hour < $3 ORDER BY hour, name"
                )
                .bind(&self.tenant)
                .bind(from)
                .bind(to),
            )
            .await?;
        rows.iter().map(count_of).collect()
    }
}

fn count_of(row: &Row) -> Result<HourlyCount, DbError> {
    Ok(HourlyCount {
        hour: row.time("hour")?,
        name: row.text("name")?,
        count: row.integer("count")?,
    })
}
