//! What each tenant's hours are counted by: logins, tokens, refusals. A token costs one entry in
//! memory and no row.

use super::tally::Tally;
use crate::base::clock::Timestamp;
use crate::model::client_metadata::GrantType;
use crate::storage::hourly_counters::{HourlyCount, hour_of};
use crate::storage::{DbError, Store};

/// What is counted. Every name comes from this program, so their number is bounded.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Counter {
    Logins,
    FailedLogins,
    Tokens(GrantType),
    /// By the code of the protocol's error.
    Refusals(&'static str),
    /// Refused decisions that were too many to be kept.
    DecisionsDropped,
}

impl Counter {
    /// As rows and answers name it.
    pub fn name(self) -> String {
        match self {
            Self::Logins => "logins".to_owned(),
            Self::FailedLogins => "logins_failed".to_owned(),
            Self::Tokens(grant) => format!("tokens.{}", grant.name()),
            Self::Refusals(code) => format!("refusals.{code}"),
            Self::DecisionsDropped => "decisions_dropped".to_owned(),
        }
    }
}

/// Counts not written yet.
#[derive(Default)]
pub struct Hours(Tally<(Timestamp, Counter)>);

impl Hours {
    pub fn count(&self, tenant: &str, now: Timestamp, counter: Counter) {
        self.add(tenant, now, counter, 1);
    }

    pub fn add(&self, tenant: &str, now: Timestamp, counter: Counter, times: i64) {
        // Few names and, between two writes, few hours: no key needs to be made coarser.
        self.0.count(tenant, (hour_of(now), counter), times, |_| ());
    }

    /// Writes what was counted, in one transaction for all tenants.
    pub async fn flush(&self, store: &Store) -> Result<(), DbError> {
        let mut counts = Vec::new();
        for (tenant, of_tenant) in self.0.take() {
            for ((hour, counter), count) in of_tenant {
                let name = counter.name();
                counts.push((tenant.clone(), HourlyCount { hour, name, count }));
            }
        }
        if counts.is_empty() {
            return Ok(());
        }
        store.add_counts(counts).await
    }
}
