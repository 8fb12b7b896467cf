//! How long what happened is remembered.

/// How long what happened is remembered. What has an end of its own, such as a session or a token,
/// goes when that has come.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Days an event stays in the audit trail (400).
    pub audit_days: i64,
    /// Days hourly counters and counted refusals are kept: a quarter with which to compare the
    /// present one (90).
    pub counters_days: i64,
    /// Days a refused request can be asked about: whoever was refused asks soon, and what is said of
    /// people is not kept for longer than that (1).
    pub decisions_days: i64,
    /// Changes kept for nodes that are late; one that is later drops all it remembers (100000).
    pub changes: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            audit_days: 400,
            counters_days: 90,
            decisions_days: 1,
            changes: 100_000,
        }
    }
}
