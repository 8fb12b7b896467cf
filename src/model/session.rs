//! A person who signed in. The id is the `sid` of what is issued on the strength of it.

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
