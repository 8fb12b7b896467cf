//! The revocation set in memory: what introspection asks instead of the database.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use crate::base::clock::Timestamp;
use crate::model::access_token::AccessTokenClaims;
use crate::model::grant::GrantId;
use crate::model::revocation::Revoked;

/// The ids a token hangs on.
pub struct TokenIds<'a> {
    pub jti: &'a str,
    pub grant: Option<&'a str>,
    pub client_id: &'a str,
    /// The account, unless the token is a registered client's own.
    pub user_id: Option<&'a str>,
}

impl<'a> TokenIds<'a> {
    pub fn of(claims: &'a AccessTokenClaims) -> Self {
        Self {
            jti: &claims.jti,
            grant: GrantId::of_token(&claims.jti),
            client_id: &claims.client_id,
            user_id: claims.account(),
        }
    }

    fn revocable<'b>(&'b self, tenant: &'b str) -> impl Iterator<Item = Revoked<'b>> {
        [
            Some(Revoked::Token(self.jti)),
            self.grant.map(Revoked::Grant),
            Some(Revoked::Client(self.client_id)),
            self.user_id.map(Revoked::User),
            Some(Revoked::Tenant(tenant)),
        ]
        .into_iter()
        .flatten()
    }

    pub(super) fn subjects(&self, tenant: &str) -> Vec<String> {
        self.revocable(tenant)
            .map(|revoked| revoked.to_string())
            .collect()
    }
}

pub(super) struct RevocationSet(RwLock<State>);

struct State {
    /// By tenant, then subject: most tenants have nothing revoked.
    tenants: HashMap<String, HashMap<String, Timestamp>>,
    /// Something may be missing, so nothing is concluded from an absence.
    gap: bool,
    /// What the feed told since a load began: newer than the rows that are being read.
    told: Option<HashSet<(String, String)>>,
}

impl Default for RevocationSet {
    /// Empty, and known to be so: it must be loaded before it is believed.
    fn default() -> Self {
        Self(RwLock::new(State {
            tenants: HashMap::new(),
            gap: true,
            told: None,
        }))
    }
}

impl RevocationSet {
    /// Whether anything the token hangs on is revoked; `None` when the set cannot tell.
    pub(super) fn contains_any(
        &self,
        tenant: &str,
        token: &TokenIds<'_>,
        now: Timestamp,
    ) -> Option<bool> {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if state.gap {
            return None;
        }
        let Some(subjects) = state.tenants.get(tenant) else {
            return Some(false);
        };
        let revoked = |subject: &String| subjects.get(subject).is_some_and(|until| *until > now);
        Some(token.subjects(tenant).iter().any(revoked))
    }

    /// What the feed tells: entered until then, or taken back.
    pub(super) fn set(&self, tenant: &str, subject: &str, until: Option<Timestamp>) {
        let mut state = self.write();
        if let Some(told) = &mut state.told {
            told.insert((tenant.to_owned(), subject.to_owned()));
        }
        match until {
            Some(until) => state.enter(tenant, subject, until),
            None => {
                if let Some(subjects) = state.tenants.get_mut(tenant) {
                    subjects.remove(subject);
                }
            }
        }
    }

    /// To be called before the rows are read.
    pub(super) fn begin_load(&self) {
        self.write().told = Some(HashSet::new());
    }

    /// Takes the rows for the truth, but for what the feed told while they were read. A gap that
    /// opened meanwhile makes them worthless.
    pub(super) fn finish_load(&self, rows: Vec<(String, String, Timestamp)>) {
        let mut state = self.write();
        let Some(told) = state.told.take() else {
            return;
        };
        for (tenant, subject, until) in rows {
            let key = (tenant, subject);
            if !told.contains(&key) {
                state.enter(&key.0, &key.1, until);
            }
        }
        state.gap = false;
    }

    pub(super) fn abandon_load(&self) {
        self.write().told = None;
    }

    pub(super) fn mark_gap(&self) {
        let mut state = self.write();
        // What was taken back during the gap must not stay.
        state.tenants.clear();
        state.gap = true;
        state.told = None;
    }

    pub(super) fn has_gap(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).gap
    }

    pub(super) fn tidy(&self, now: Timestamp) {
        let mut state = self.write();
        for subjects in state.tenants.values_mut() {
            subjects.retain(|_, until| *until > now);
        }
        state.tenants.retain(|_, subjects| !subjects.is_empty());
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enter(&mut self, tenant: &str, subject: &str, until: Timestamp) {
        self.tenants
            .entry(tenant.to_owned())
            .or_default()
            .insert(subject.to_owned(), until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1000);
    const LATER: Timestamp = Timestamp::from_millis(2000);

    fn of_user(set: &RevocationSet) -> Option<bool> {
        let token = TokenIds {
            jti: "j",
            grant: None,
            client_id: "c",
            user_id: Some("u"),
        };
        set.contains_any("t", &token, NOW)
    }

    fn rows() -> Vec<(String, String, Timestamp)> {
        vec![("t".to_owned(), "user:u".to_owned(), LATER)]
    }

    #[test]
    fn nothing_is_concluded_before_the_first_load() {
        let set = RevocationSet::default();
        assert_eq!(of_user(&set), None);
        set.begin_load();
        set.finish_load(rows());
        assert_eq!(of_user(&set), Some(true));
    }

    #[test]
    fn what_was_taken_back_during_a_load_stays_taken_back() {
        let set = RevocationSet::default();
        set.begin_load();
        set.set("t", "user:u", None);
        set.finish_load(rows());
        assert_eq!(of_user(&set), Some(false));
    }

    #[test]
    fn what_was_entered_during_a_load_stays_entered() {
        let set = RevocationSet::default();
        set.begin_load();
        set.set("t", "user:u", Some(LATER));
        set.finish_load(Vec::new());
        assert_eq!(of_user(&set), Some(true));
    }

    #[test]
    fn rows_from_before_a_gap_do_not_close_it() {
        let set = RevocationSet::default();
        set.begin_load();
        set.mark_gap();
        set.finish_load(Vec::new());
        assert!(set.has_gap());
        assert_eq!(of_user(&set), None);
    }
}
