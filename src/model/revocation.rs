//! What can be revoked: a set of ids with an end, never a point in time.

use std::fmt;

/// Something whose tokens are dead.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Revoked<'a> {
    /// One token, by `jti`.
    Token(&'a str),
    /// All tokens of one authorization.
    Grant(&'a str),
    Client(&'a str),
    User(&'a str),
    Tenant(&'a str),
}

/// How the subject stands in its row and in memory.
impl fmt::Display for Revoked<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, id) = match self {
            Self::Token(id) => ("token", id),
            Self::Grant(id) => ("grant", id),
            Self::Client(id) => ("client", id),
            Self::User(id) => ("user", id),
            Self::Tenant(id) => ("tenant", id),
        };
        write!(formatter, "{kind}:{id}")
    }
}
