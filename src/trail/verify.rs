//! Is a tenant's audit trail the one that was written? Reads it page by page, whatever its length.
//!
//! Found by itself: an event that was edited, removed, moved or put in after it was sealed; a chain
//! computed anew without the master key; a trail cut off at either end; a checkpoint that says something
//! else, and the newest one gone. Found only with a checkpoint that was kept elsewhere: the whole database
//! put back to an earlier state, a trail begun anew with nothing left of the old one, and anything done
//! with the master key. Not found: an event removed in the second before it was sealed, and one that
//! somebody with the right to write rows added at the end.

use std::collections::VecDeque;
use std::fmt;

use super::TrailError;
use super::checkpoint::vouched;
use crate::app::App;
use crate::keys::ring::KeySet;
use crate::model::audit_chain::{Checkpoint, CheckpointClaims, Link};
use crate::model::audit_event::AuditKind;
use crate::model::tenant::Tenant;
use crate::storage::Scoped;
use crate::storage::audit::{AuditRow, Seal};
use crate::storage::audit_chain::ERASED;

/// Events and checkpoints read at once.
const PAGE: i64 = 500;

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The trail begins after this one: 0, or where it was cut.
    pub begins_after: i64,
    /// The number of the last event.
    pub last: i64,
    pub events: i64,
    /// Events whose content was erased on purpose.
    pub erased: i64,
    /// Events that wait for their place in the chain.
    pub unsealed: i64,
    pub checkpoints: i64,
    /// Given checkpoints of a part that was cut off since.
    pub too_old: i64,
    pub broken: Option<Break>,
}

/// The first thing that is not as it was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Break {
    Head,
    HeadMissing,
    Missing { from: i64, to: i64 },
    Stray(i64),
    Content(i64),
    Order(i64),
    Erased(i64),
    Unsigned(i64),
    Contradiction(i64),
    CheckpointMissing(i64),
    Given(usize),
}

impl fmt::Display for Break {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => formatter.write_str(
                "the end of the chain was not sealed with this installation's master key",
            ),
            Self::HeadMissing => formatter.write_str("the end of the chain is not known any more"),
            Self::Missing { from, to } if from == to => {
                write!(formatter, "event {from} is missing")
            }
            Self::Missing { from, to } => write!(formatter, "events {from} to {to} are missing"),
            Self::Stray(seq) => write!(
                formatter,
                "event {seq} was never sealed by this installation"
            ),
            Self::Content(seq) => write!(formatter, "event {seq} does not say what it said"),
            Self::Order(seq) => write!(
                formatter,
                "event {seq} does not follow what stands before it"
            ),
            Self::Erased(seq) => write!(formatter, "event {seq} is empty, and no event says why"),
            Self::Unsigned(seq) => {
                write!(
                    formatter,
                    "the checkpoint of event {seq} is not signed by this tenant"
                )
            }
            Self::Contradiction(seq) => {
                write!(
                    formatter,
                    "a checkpoint signed another chain up to event {seq}"
                )
            }
            Self::CheckpointMissing(seq) => {
                write!(formatter, "the checkpoint of event {seq} is missing")
            }
            Self::Given(number) => {
                write!(
                    formatter,
                    "checkpoint {number} of those given is not signed by this tenant"
                )
            }
        }
    }
}

/// Verifies a tenant's trail, against given checkpoints (in JWS compact form) too.
pub async fn verify(app: &App, tenant: &Tenant, given: &[String]) -> Result<Report, TrailError> {
    let rows = app.store.tenant(&tenant.id);
    loop {
        let cut = rows.last_cut().await?.map(|cut| cut.seq);
        let mut walk = Walk::begin(app, tenant).await?;
        let broken = walk.all(given).await?;
        let cut_since = rows.last_cut().await?.map(|cut| cut.seq);
        if broken.is_some() && cut != cut_since {
            // Retention removed what was being read.
            continue;
        }
        let unsealed = rows.count_unsealed_audit().await?;
        return Ok(Report {
            unsealed,
            broken,
            ..walk.report
        });
    }
}

/// A walk along a chain.
struct Walk<'a> {
    app: &'a App,
    rows: Scoped,
    tenant: &'a str,
    keys: std::sync::Arc<KeySet>,
    chain: Link,
    /// Checkpoints ahead, as far as they were read.
    checkpoints: VecDeque<Checkpoint>,
    read_up_to: i64,
    /// Given checkpoints ahead, in their order.
    given: VecDeque<CheckpointClaims>,
    /// The last event that explained an erasure, and what it explained.
    reason: Option<(String, Vec<i64>)>,
    report: Report,
}

impl<'a> Walk<'a> {
    async fn begin(app: &'a App, tenant: &'a Tenant) -> Result<Self, TrailError> {
        Ok(Self {
            app,
            rows: app.store.tenant(&tenant.id),
            tenant: &tenant.id,
            keys: app.keys.of(tenant).await?,
            chain: Link::first(&tenant.id),
            checkpoints: VecDeque::new(),
            read_up_to: 0,
            given: VecDeque::new(),
            reason: None,
            report: Report::default(),
        })
    }

    async fn all(&mut self, given: &[String]) -> Result<Option<Break>, TrailError> {
        let mut claims = Vec::new();
        for (number, jws) in (1..).zip(given) {
            match vouched(&self.keys, jws) {
                Some(given) => claims.push(given),
                None => return Ok(Some(Break::Given(number))),
            }
        }
        claims.sort_by_key(|claims| claims.seq);
        self.given = claims.into();
        if let Some(cut) = self.rows.last_cut().await? {
            if let Some(broken) = self.check(&cut) {
                return Ok(Some(broken));
            }
            self.report.begins_after = cut.seq;
            self.report.last = cut.seq;
            self.read_up_to = cut.seq - 1;
            self.chain = cut.chain;
        }
        while self
            .given
            .front()
            .is_some_and(|given| given.seq < self.report.last)
        {
            self.given.pop_front();
            self.report.too_old += 1;
        }
        if let Some(broken) = self.meet_checkpoints().await? {
            return Ok(Some(broken));
        }
        let mut from = i64::MIN;
        loop {
            let page = self.rows.sealed_audit(from, PAGE).await?;
            for row in &page {
                if let Some(broken) = self.step(row).await? {
                    return Ok(Some(broken));
                }
            }
            from = self.report.last.max(from);
            if page.is_empty() {
                match self.end().await? {
                    End::Reached => return Ok(None),
                    End::GrownSince => {}
                    End::Broken(broken) => return Ok(Some(broken)),
                }
            }
        }
    }

    /// Goes on to one event.
    async fn step(&mut self, row: &AuditRow) -> Result<Option<Break>, TrailError> {
        let Some(Seal { seq, digest, chain }) = &row.sealed else {
            return Ok(None);
        };
        let (seq, next) = (*seq, self.report.last + 1);
        if seq > next {
            return Ok(Some(Break::Missing {
                from: next,
                to: seq - 1,
            }));
        }
        if seq < next {
            return Ok(Some(Break::Stray(seq)));
        }
        let Some(stored) = Link::parse(digest) else {
            return Ok(Some(Break::Content(seq)));
        };
        if let Some(reason) = &row.erased_by {
            if !self.is_reason(reason, seq).await? {
                return Ok(Some(Break::Erased(seq)));
            }
            self.report.erased += 1;
        } else if row.payload(self.tenant).digest() != stored {
            return Ok(Some(Break::Content(seq)));
        }
        self.chain = self.chain.then(stored);
        if self.chain.text() != *chain {
            return Ok(Some(Break::Order(seq)));
        }
        self.report.events += 1;
        self.report.last = seq;
        self.meet_checkpoints().await
    }

    /// Compares with every checkpoint of the place reached.
    async fn meet_checkpoints(&mut self) -> Result<Option<Break>, TrailError> {
        let here = self.report.last;
        while let Some(given) = self.given.pop_front_if(|given| given.seq <= here) {
            if given.chain != self.chain.text() {
                return Ok(Some(Break::Contradiction(given.seq)));
            }
        }
        loop {
            if self.checkpoints.is_empty() {
                if self.read_up_to >= here {
                    return Ok(None);
                }
                self.checkpoints = self.rows.checkpoints(self.read_up_to, PAGE).await?.into();
                self.read_up_to = match self.checkpoints.back() {
                    Some(last) => last.seq,
                    // None ahead: not asked for again at every step.
                    None => here + PAGE,
                };
            }
            let Some(checkpoint) = self
                .checkpoints
                .pop_front_if(|checkpoint| checkpoint.seq <= here)
            else {
                if self.checkpoints.is_empty() {
                    continue;
                }
                return Ok(None);
            };
            self.report.checkpoints += 1;
            if let Some(broken) = self.check(&checkpoint) {
                return Ok(Some(broken));
            }
            if checkpoint.chain != self.chain {
                return Ok(Some(Break::Contradiction(checkpoint.seq)));
            }
        }
    }

    /// Whether a stored checkpoint says what was signed.
    fn check(&self, checkpoint: &Checkpoint) -> Option<Break> {
        let signed = vouched(&self.keys, &checkpoint.jws).is_some_and(|claims| {
            claims.seq == checkpoint.seq
                && claims.chain == checkpoint.chain.text()
                && claims.cut == checkpoint.cut
        });
        (!signed).then_some(Break::Unsigned(checkpoint.seq))
    }

    /// Whether the event `id` says that the one numbered `seq` was erased.
    async fn is_reason(&mut self, id: &str, seq: i64) -> Result<bool, TrailError> {
        if self.reason.as_ref().is_none_or(|(known, _)| known != id) {
            let event = self.rows.audit_event(id).await?;
            let event = event.filter(|event| event.kind == AuditKind::AuditErased.name());
            let erased = event.map(|event| erased_by(&event)).unwrap_or_default();
            self.reason = Some((id.to_owned(), erased));
        }
        let reason = self.reason.as_ref();
        Ok(reason.is_some_and(|(_, erased)| erased.binary_search(&seq).is_ok()))
    }

    /// Whether this is where the chain ends.
    async fn end(&mut self) -> Result<End, TrailError> {
        let last = self.report.last;
        // Read before the head, which is never behind a checkpoint.
        let ahead = self.rows.checkpoints(last, 1).await?;
        let stored = self.rows.audit_head(self.app.sealer.key()).await?;
        let Some(stored) = stored else {
            let untouched = last == 0 && ahead.is_empty() && self.given.is_empty();
            return Ok(if untouched {
                End::Reached
            } else {
                End::Broken(Break::HeadMissing)
            });
        };
        if !stored.genuine {
            return Ok(End::Broken(Break::Head));
        }
        let head = stored.head;
        if head.seq < last {
            return Ok(End::Broken(Break::Stray(head.seq + 1)));
        }
        if head.seq > last {
            // Sealed since the last page was read, or cut off.
            let more = self.rows.sealed_audit(last, 1).await?;
            return Ok(if more.is_empty() {
                End::Broken(Break::Missing {
                    from: last + 1,
                    to: head.seq,
                })
            } else {
                End::GrownSince
            });
        }
        if head.chain != self.chain {
            return Ok(End::Broken(Break::Order(last)));
        }
        // What is ahead now speaks of events that are not there.
        let ahead = ahead.first().map(|checkpoint| checkpoint.seq);
        if let Some(to) = self.given.back().map(|given| given.seq).max(ahead) {
            return Ok(End::Broken(Break::Missing { from: last + 1, to }));
        }
        let newest = head.checkpoint_seq;
        if newest > 0 && self.rows.checkpoints(newest - 1, 1).await?.is_empty() {
            return Ok(End::Broken(Break::CheckpointMissing(newest)));
        }
        Ok(End::Reached)
    }
}

enum End {
    Reached,
    GrownSince,
    Broken(Break),
}

/// The numbers an erasure names, in their order.
fn erased_by(event: &AuditRow) -> Vec<i64> {
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let numbers = detail[ERASED].as_array();
    let numbers = numbers.into_iter().flatten();
    numbers.filter_map(serde_json::Value::as_i64).collect()
}
