//! A sign-in that tokens hang on: its id is their `sid`.

use crate::base::clock::Timestamp;

#[derive(Clone, Debug)]
pub struct Session {
    pub id: String,
    pub user_id: String,
    /// The client a direct login was made for.
    pub client_id: String,
    /// RFC 8176 methods.
    pub amr: Vec<String>,
    pub auth_time: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Session {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}
