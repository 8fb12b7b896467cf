//! Refusals on their way to the database: counted in memory, written in batches, so that an
//! attacker's failures cost no row each.

use super::tally::Tally;
use crate::base::clock::Timestamp;
use crate::context::Ctx;
use crate::storage::audit::Refusal;
use crate::storage::{DbError, Store};
use crate::web::address::network_of;

/// Refusals not written yet. Where there are too many kinds of them, they are counted under no account.
#[derive(Default)]
pub struct Refusals(Tally<Refusal>);

impl Refusals {
    /// Counts a refusal of `kind` for the account or client with the id `account`, empty where
    /// there is none.
    pub fn count(&self, ctx: &Ctx, kind: &'static str, account: &str) {
        let refusal = Refusal {
            kind,
            account: account.to_owned(),
            address: network_of(ctx.address),
            minute: minute(ctx.now),
        };
        self.0.count(&ctx.tenant.id, refusal, 1, |refusal| {
            refusal.account.clear();
            refusal.address.clear();
        });
    }

    /// Writes what was counted. What cannot be written is lost: it must not pile up.
    pub async fn flush(&self, store: &Store) -> Result<(), DbError> {
        for (tenant, refusals) in self.0.take() {
            let refusals = refusals.into_iter().collect();
            store.tenant(&tenant).add_refusals(refusals).await?;
        }
        Ok(())
    }
}

const fn minute(now: Timestamp) -> i64 {
    now.seconds().div_euclid(60)
}
