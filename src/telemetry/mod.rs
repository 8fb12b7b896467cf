//! Floor 3: counters and durations, in Prometheus' words.

use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::base::clock::monotonic;

/// The label values of a request. Routes are patterns, so their number is bounded.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct RequestLabels {
    pub method: &'static str,
    pub route: &'static str,
    pub status: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct RouteLabel {
    pub route: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct GrantLabel {
    grant: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct ErrorLabel {
    pub error: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct MailLabel {
    pub outcome: &'static str,
}

/// Everything the process counts.
pub struct Metrics {
    registry: Registry,
    pub requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabel, Histogram, fn() -> Histogram>,
    tokens: Family<GrantLabel, Counter>,
    pub refusals: Family<ErrorLabel, Counter>,
    pub logins: Counter,
    pub failed_logins: Counter,
    pub panics: Counter,
    /// Attempts to send a mail, by how they ended.
    pub mails: Family<MailLabel, Counter>,
    pub mail_dropped: Counter,
    pub mail_waiting: Gauge<i64>,
    pub mail_dead: Gauge<i64>,
    pub connections: Gauge<i64>,
    uptime: Gauge<f64, AtomicU64>,
    started: Instant,
    /// Sums of families, which cannot be asked for theirs.
    answered: Counter,
    issued: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let requests = Family::default();
        registry.register(
            "http_requests",
            "Answered requests",
            Family::clone(&requests),
        );
        let durations: Family<RouteLabel, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| {
                Histogram::new([
                    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
                ])
            });
        registry.register_with_unit(
            "http_request_duration",
            "Time from the request's head to its answer",
            Unit::Seconds,
            Family::clone(&durations),
        );
        let tokens = Family::default();
        registry.register(
            "tokens_issued",
            "Access tokens issued",
            Family::clone(&tokens),
        );
        let refusals = Family::default();
        registry.register(
            "refusals",
            "Requests refused, by error code",
            Family::clone(&refusals),
        );
        let logins = Counter::default();
        registry.register("logins", "Successful logins", logins.clone());
        let failed_logins = Counter::default();
        registry.register("logins_failed", "Refused logins", failed_logins.clone());
        let panics = Counter::default();
        registry.register("panics", "Requests that ended in a panic", panics.clone());
        let mails = Family::default();
        registry.register(
            "mails",
            "Attempts to send a mail, by how they ended",
            Family::clone(&mails),
        );
        let mail_dropped = Counter::default();
        registry.register(
            "mails_dropped",
            "Mails that found the queue full",
            mail_dropped.clone(),
        );
        let mail_waiting = Gauge::default();
        registry.register("mails_waiting", "Mails to be sent", mail_waiting.clone());
        let mail_dead = Gauge::default();
        registry.register(
            "mails_dead",
            "Mails that were given up and are kept to be looked at",
            mail_dead.clone(),
        );
        let connections = Gauge::default();
        registry.register("connections", "Open connections", connections.clone());
        let uptime = Gauge::default();
        registry.register_with_unit(
            "uptime",
            "Time since the start",
            Unit::Seconds,
            uptime.clone(),
        );
        Self {
            registry,
            requests,
            durations,
            tokens,
            refusals,
            logins,
            failed_logins,
            panics,
            mails,
            mail_dropped,
            mail_waiting,
            mail_dead,
            connections,
            uptime,
            started: monotonic(),
            answered: Counter::default(),
            issued: Counter::default(),
        }
    }

    /// Counts an access token.
    pub fn issued(&self, grant: &'static str) {
        self.tokens.get_or_create(&GrantLabel { grant }).inc();
        self.issued.inc();
    }

    /// Access tokens so far.
    pub fn tokens_issued(&self) -> u64 {
        self.issued.get()
    }

    /// Requests so far.
    pub fn requests_answered(&self) -> u64 {
        self.answered.get()
    }

    /// Time since the start.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes how long a request took.
    pub fn observe(&self, route: &'static str, took: Duration) {
        self.answered.inc();
        self.durations
            .get_or_create(&RouteLabel { route })
            .observe(took.as_secs_f64());
    }

    /// The text Prometheus reads.
    pub fn render(&self) -> String {
        self.uptime.set(self.uptime().as_secs_f64());
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}
