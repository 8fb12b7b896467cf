//! Making keys and letting them follow one another: announced, active, retired.

use crate::base::clock::{Clock, Timestamp};
use crate::base::id::ordered_id;
use crate::base::master_key::MasterKey;
use crate::base::random::Random;
use crate::model::algorithm::Algorithm;
use crate::model::audit_event::{Actor, AuditEvent, AuditKind};
use crate::storage::signing_keys::{KeyState, SealedKey};
use crate::storage::{DbError, Store};

use super::key_pair::{KeyError, KeyPair};
use super::ring::{RingError, sealed};

/// RSA keys kept in stock for new tenants and rotations.
const SPARES: i64 = 2;

/// Makes and rotates the keys of all tenants.
#[derive(Clone)]
pub struct KeyMaker {
    pub store: Store,
    pub master_key: MasterKey,
    pub clock: Clock,
    pub random: Random,
}

/// What a rotation did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rotated {
    /// A new key is published and will sign from then on.
    Announced(Timestamp),
    /// The new key signs.
    Activated,
}

impl KeyMaker {
    /// A fresh sealed key: from the stock if there is one, else made here.
    pub async fn fresh(&self, algorithm: Algorithm) -> Result<SealedKey, RingError> {
        if let Some(spare) = self.store.take_spare_key(algorithm).await? {
            return Ok(spare);
        }
        self.generate(algorithm).await
    }

    /// Gives the tenant an active key for `algorithm` if it has none. When two nodes do this at
    /// once, the unique index lets one win.
    pub async fn ensure(
        &self,
        tenant: &str,
        algorithm: Algorithm,
        actor: &Actor,
    ) -> Result<(), RingError> {
        let rows = self.store.tenant(tenant);
        if rows.has_active_key(algorithm).await? {
            return Ok(());
        }
        let now = self.clock.now();
        let key = self.fresh(algorithm).await?;
        let event = self.event(actor, AuditKind::KeyActivated, &key.kid);
        match rows
            .add_signing_key(key, KeyState::Active, now, now, event)
            .await
        {
            Ok(()) | Err(DbError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Publishes the next key, to sign from `active_from` on. [`DbError::Conflict`]: one is
    /// announced already.
    pub async fn announce(
        &self,
        tenant: &str,
        algorithm: Algorithm,
        active_from: Timestamp,
        actor: &Actor,
    ) -> Result<Rotated, RingError> {
        let key = self.fresh(algorithm).await?;
        let event = self.event(actor, AuditKind::KeyAnnounced, &key.kid);
        let now = self.clock.now();
        let rows = self.store.tenant(tenant);
        rows.add_signing_key(key, KeyState::Next, active_from, now, event)
            .await?;
        Ok(Rotated::Announced(active_from))
    }

    /// Lets the announced key sign at once; announces one first where there is none.
    pub async fn rotate_now(
        &self,
        tenant: &str,
        algorithm: Algorithm,
        actor: &Actor,
    ) -> Result<Rotated, RingError> {
        let now = self.clock.now();
        match self.announce(tenant, algorithm, now, actor).await {
            Ok(_) | Err(RingError::Db(DbError::Conflict)) => {}
            Err(error) => return Err(error),
        }
        self.activate(tenant, algorithm, Timestamp::from_millis(i64::MAX), actor)
            .await?;
        Ok(Rotated::Activated)
    }

    /// Activates every announced key whose time has come.
    pub async fn activate_due(&self) -> Result<(), RingError> {
        let now = self.clock.now();
        for (tenant, algorithm) in self.store.due_keys(now).await? {
            self.activate(&tenant, algorithm, now, &Actor::system())
                .await?;
        }
        Ok(())
    }

    /// Fills the stock of spare RSA keys.
    pub async fn stock_up(&self, algorithm: Algorithm) -> Result<(), RingError> {
        if !matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256) {
            return Ok(());
        }
        while self.store.count_spare_keys(algorithm).await? < SPARES {
            let key = self.generate(algorithm).await?;
            self.store.add_spare_key(key).await?;
        }
        Ok(())
    }

    async fn activate(
        &self,
        tenant: &str,
        algorithm: Algorithm,
        due: Timestamp,
        actor: &Actor,
    ) -> Result<bool, DbError> {
        let event = self.event(actor, AuditKind::KeyActivated, algorithm.name());
        let now = self.clock.now();
        self.store
            .tenant(tenant)
            .activate_next_key(algorithm, due, now, event)
            .await
    }

    /// Makes a key.
    pub async fn generate(&self, algorithm: Algorithm) -> Result<SealedKey, RingError> {
        let maker = self.clone();
        let made = tokio::task::spawn_blocking(move || {
            sealed(
                &KeyPair::generate(algorithm)?,
                &maker.master_key,
                &maker.random,
            )
        });
        Ok(made.await.map_err(|_| KeyError::Generation)??)
    }

    fn event(&self, actor: &Actor, kind: AuditKind, subject: &str) -> AuditEvent {
        let now = self.clock.now();
        actor.did(kind, subject, ordered_id(&self.random, now), now)
    }
}
