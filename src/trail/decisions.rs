//! Why each request was refused, on its way to the database.
//!
//! A flood of refusals must not fill memory or disk, and must not hide the one refusal somebody asks
//! about: of each minute are kept [`PER_NETWORK`] of one network and [`PER_TENANT`] of one tenant (on each
//! node), so that no row is written for the rest, which is only counted. That is at most 172 800 rows of
//! a tenant and a day, about 50 MB.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::hours::Counter;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::model::tenant::DEFAULT_SLUG;
use crate::storage::DbError;
use crate::storage::decisions::Decision;
use crate::web::address::network_of;
use crate::web::request_info::{Failure, Noted};

/// Kept of one network, one tenant and one minute.
const PER_NETWORK: u32 = 20;
/// Kept of one tenant and one minute.
const PER_TENANT: u32 = 120;
/// Kept in memory between two writes, over all tenants.
const CAPACITY: usize = 2000;

/// Codes of failures that are ours. What caused one is the operator's business, and in the log.
const OURS: [&str; 2] = ["server_error", "temporarily_unavailable"];

/// A refused request, as the outermost layer sees it.
pub struct Refused<'a> {
    pub request_id: &'a str,
    pub route: &'static str,
    pub status: u16,
    pub address: IpAddr,
    pub failure: &'a Failure,
    pub noted: &'a Noted,
}

/// Decisions not written yet.
#[derive(Default)]
pub struct Decisions(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// With the tenant's id; `None`: no tenant was known, so the installation's.
    decisions: Vec<(Option<String>, Decision)>,
    /// Minutes since the epoch.
    minute: i64,
    budgets: HashMap<Option<String>, Budget>,
}

/// What one tenant has used of its share of a minute.
#[derive(Default)]
struct Budget {
    kept: u32,
    by_network: HashMap<String, u32>,
    dropped: i64,
}

impl Decisions {
    /// Notes a refused request, if there is room for it.
    pub fn note(&self, app: &App, refused: &Refused<'_>) {
        let now = app.clock.now();
        let tenant = refused.noted.tenant.as_deref();
        if let Some(tenant) = tenant {
            let counter = Counter::Refusals(refused.failure.code);
            app.hours.count(&tenant.id, now, counter);
        }
        let tenant = tenant.map(|tenant| tenant.id.clone());
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.turn_to(now.seconds().div_euclid(60));
        let full = waiting.decisions.len() >= CAPACITY;
        let budget = waiting.budgets.entry(tenant.clone()).or_default();
        if full || !budget.admits(network_of(refused.address)) {
            budget.dropped += 1;
            return;
        }
        waiting.decisions.push((tenant, decision(refused, now)));
    }

    /// Writes what was noted, in one transaction for all tenants, and counts what was not.
    pub async fn flush(&self, app: &App) -> Result<(), DbError> {
        let (decisions, dropped) = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let mut dropped = Vec::new();
            for (tenant, budget) in &mut waiting.budgets {
                if budget.dropped > 0 {
                    dropped.push((tenant.clone(), std::mem::take(&mut budget.dropped)));
                }
            }
            (std::mem::take(&mut waiting.decisions), dropped)
        };
        if decisions.is_empty() && dropped.is_empty() {
            return Ok(());
        }
        let default = app.directory.tenant(DEFAULT_SLUG).await?;
        let default = default.map(|tenant| tenant.id.clone()).unwrap_or_default();
        let now = app.clock.now();
        for (tenant, count) in dropped {
            let tenant = tenant.as_deref().unwrap_or(&default);
            app.hours.add(tenant, now, Counter::DecisionsDropped, count);
        }
        let decisions = decisions
            .into_iter()
            .map(|(tenant, decision)| (tenant.unwrap_or_else(|| default.clone()), decision));
        app.store.add_decisions(decisions.collect()).await
    }
}

impl Waiting {
    /// Begins a minute with new budgets.
    fn turn_to(&mut self, minute: i64) {
        if minute == self.minute {
            return;
        }
        self.minute = minute;
        self.budgets.retain(|_, budget| {
            budget.kept = 0;
            budget.by_network.clear();
            budget.dropped > 0
        });
    }
}

impl Budget {
    fn admits(&mut self, network: String) -> bool {
        if self.kept >= PER_TENANT {
            return false;
        }
        let of_network = self.by_network.entry(network).or_default();
        if *of_network >= PER_NETWORK {
            return false;
        }
        *of_network += 1;
        self.kept += 1;
        true
    }
}

fn decision(refused: &Refused<'_>, at: Timestamp) -> Decision {
    let Refused { failure, noted, .. } = refused;
    let cause = failure.cause.as_deref().or(noted.cause);
    let client = noted.client.as_ref();
    Decision {
        request_id: refused.request_id.to_owned(),
        at,
        route: refused.route.to_owned(),
        status: refused.status.into(),
        code: failure.code.to_owned(),
        description: failure.description.to_string(),
        cause: cause
            .filter(|_| refused.status < 500 && !OURS.contains(&failure.code))
            .map(str::to_owned),
        client_id: client.map(|known| known.client.client_id.clone()),
        account: noted.account.clone(),
        address: refused.address.to_string(),
    }
}
