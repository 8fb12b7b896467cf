//! Where an account was signed in: a browser, or a client that signs people in directly.

use super::place::Place;
use crate::base::clock::Timestamp;

/// A browser that somebody signed in in is recognised for this long after it was last used, in
/// seconds: half a year.
pub const REMEMBERED: i64 = 180 * 86_400;

/// One of an account's devices, as it is shown.
#[derive(Clone, Debug)]
pub struct Device {
    pub id: String,
    /// Made of what it called itself: `Firefox on Linux`.
    pub name: String,
    /// The client of direct logins; a browser has none.
    pub client_id: Option<String>,
    /// The network it was last seen in.
    pub address: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
}

impl Device {
    pub fn place(&self) -> Place {
        Place {
            created_at: self.created_at,
            id: self.id.clone(),
        }
    }
}
