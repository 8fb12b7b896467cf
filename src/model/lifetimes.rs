//! How long things live in a tenant: its own settings laid over the installation's. The one place
//! that does so.

use super::tenant::Tenant;
use crate::config::Config;

/// The lifetimes of one tenant, in seconds. A client's own come before them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lifetimes {
    pub access_token: i64,
    pub id_token: i64,
    /// From the sign-in on, however often the token rotates.
    pub refresh_token: i64,
    /// Of a refresh token nobody uses.
    pub refresh_token_idle: i64,
    /// Of a sign-in nobody uses, unless the person asked to be remembered.
    pub session_idle: i64,
    pub session: i64,
}

impl Lifetimes {
    pub fn of(config: &Config, tenant: &Tenant) -> Self {
        let (own, tokens, sessions) = (&tenant.settings, &config.tokens, &config.sessions);
        Self {
            access_token: own
                .access_token_lifetime
                .unwrap_or(tokens.access_token_lifetime),
            id_token: own.id_token_lifetime.unwrap_or(tokens.id_token_lifetime),
            refresh_token: own
                .refresh_token_lifetime
                .unwrap_or(tokens.refresh_token_lifetime),
            refresh_token_idle: own
                .refresh_token_idle_lifetime
                .unwrap_or(tokens.refresh_token_idle_lifetime),
            session_idle: own.session_idle_lifetime.unwrap_or(sessions.idle_lifetime),
            session: own.session_lifetime.unwrap_or(sessions.lifetime),
        }
    }
}
