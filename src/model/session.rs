//! A person who signed in. The id is the `sid` of what is issued on the strength of it.

use super::place::Place;
use crate::base::clock::Timestamp;

#[derive(Clone, Debug)]
pub struct Session {
    pub id: String,
    pub user_id: String,
    /// Whether the browser keeps it when it is closed.
    pub remembered: bool,
    /// RFC 8176 methods.
    pub amr: Vec<String>,
    pub auth_time: Timestamp,
    /// When the browser last came with it.
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Session {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}

/// Where a sign-in came from, for the person who asks "was that me?".
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The network: an IPv4 address, or the /64 of an IPv6 one, whose other half would tell one
    /// machine of a household from another. The audit trail has the whole address.
    pub address: Option<String>,
    /// What the browser or the program called itself: visible ASCII, bounded.
    pub user_agent: Option<String>,
    /// The client of a direct login.
    pub client_id: Option<String>,
}

/// A session as it is listed.
#[derive(Clone, Debug)]
pub struct SessionEntry {
    pub session: Session,
    pub created_at: Timestamp,
    pub origin: Origin,
    /// The browser or client it is in, unless that was forgotten.
    pub device_id: Option<String>,
}

impl SessionEntry {
    pub fn place(&self) -> Place {
        Place {
            created_at: self.created_at,
            id: self.session.id.clone(),
        }
    }
}
