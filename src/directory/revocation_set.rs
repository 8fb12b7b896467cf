//! The revocation set in memory: what introspection asks instead of the database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::base::clock::Timestamp;
use crate::model::access_token::AccessTokenClaims;
use crate::model::revocation::Revoked;

/// The ids a token hangs on.
pub struct TokenIds<'a> {
    pub jti: &'a str,
    pub sid: Option<&'a str>,
    pub client_id: &'a str,
    /// The account, unless the token is the client's own.
    pub user_id: Option<&'a str>,
}

impl<'a> TokenIds<'a> {
    pub fn of(claims: &'a AccessTokenClaims) -> Self {
        Self {
            jti: &claims.jti,
            sid: claims.sid.as_deref(),
            client_id: &claims.client_id,
            user_id: (!claims.is_client_token()).then_some(claims.sub.as_str()),
        }
    }

    fn revocable<'b>(&'b self, tenant: &'b str) -> impl Iterator<Item = Revoked<'b>> {
        [
            Some(Revoked::Token(self.jti)),
            self.sid.map(Revoked::Session),
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

#[derive(Default)]
pub(super) struct RevocationSet {
    /// By tenant, then subject: most tenants have nothing revoked.
    tenants: RwLock<HashMap<String, HashMap<String, Timestamp>>>,
    gap: AtomicBool,
}

impl RevocationSet {
    pub(super) fn contains_any(&self, tenant: &str, token: &TokenIds<'_>, now: Timestamp) -> bool {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let Some(subjects) = tenants.get(tenant) else {
            return false;
        };
        token
            .subjects(tenant)
            .iter()
            .any(|subject| subjects.get(subject).is_some_and(|until| *until > now))
    }

    pub(super) fn set(&self, tenant: &str, subject: &str, until: Option<Timestamp>) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) => {
                tenants
                    .entry(tenant.to_owned())
                    .or_default()
                    .insert(subject.to_owned(), until);
            }
            None => {
                if let Some(subjects) = tenants.get_mut(tenant) {
                    subjects.remove(subject);
                }
            }
        }
    }

    /// Takes the rows for the truth. What the feed added meanwhile stays: rows were read after.
    pub(super) fn replace(&self, rows: Vec<(String, String, Timestamp)>) {
        self.gap.store(false, Ordering::SeqCst);
        for (tenant, subject, until) in rows {
            self.set(&tenant, &subject, Some(until));
        }
    }

    pub(super) fn mark_gap(&self) {
        // What was taken back during the gap must not stay.
        self.tenants
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.gap.store(true, Ordering::SeqCst);
    }

    pub(super) fn has_gap(&self) -> bool {
        self.gap.load(Ordering::SeqCst)
    }

    pub(super) fn tidy(&self, now: Timestamp) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        for subjects in tenants.values_mut() {
            subjects.retain(|_, until| *until > now);
        }
        tenants.retain(|_, subjects| !subjects.is_empty());
    }
}
