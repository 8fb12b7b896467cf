//! What a process owns.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use tokio_util::task::TaskTracker;

use crate::base::clock::Clock;
use crate::base::id::{ordered_id, random_id};
use crate::base::master_key::MasterKey;
use crate::base::random::Random;
use crate::base::sorted_hashes::SortedHashes;
use crate::config::{Config, issuer};
use crate::directory::Directory;
use crate::directory::key_uses::KeyUses;
use crate::keys::ring::KeyRing;
use crate::keys::rotation::KeyMaker;
use crate::letters::worker::Patience;
use crate::login::pace::Pace;
use crate::login::throttle::Throttle;
use crate::mail::Mail;
use crate::model::algorithm::Algorithm;
use crate::model::audit_chain::HeadKey;
use crate::oauth::metadata::Documents;
use crate::pages::Pages;
use crate::passwords::{Cost, Passwords};
use crate::storage::Store;
use crate::telemetry::Metrics;
use crate::trail::decisions::Decisions;
use crate::trail::hours::Hours;
use crate::trail::refusals::Refusals;
use crate::trail::sealer::Sealer;

/// The list of stolen passwords. The settings were held against it before, so it is there unless it
/// went since.
fn open_list(path: &Path) -> Option<SortedHashes> {
    match SortedHashes::open(path) {
        Ok(list) => Some(list),
        Err(error) => {
            tracing::error!(%error, "passwords.breached_file cannot be read; no password is looked up");
            None
        }
    }
}

/// One handle on everything a process owns; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<AppState>);

pub struct AppState {
    pub config: Config,
    pub store: Store,
    pub directory: Arc<Directory>,
    pub keys: Arc<KeyRing>,
    pub key_maker: KeyMaker,
    pub passwords: Passwords,
    pub throttle: Throttle,
    pub pace: Pace,
    /// Of requests that may lead to a mail.
    pub mail_pace: Pace,
    /// Of mails that strangers cause, by the account they go to.
    pub notices: Pace,
    pub mail: Mail,
    pub patience: Patience,
    /// What goes on after its request was answered.
    pub errands: TaskTracker,
    pub refusals: Refusals,
    pub key_uses: KeyUses,
    pub hours: Hours,
    pub decisions: Decisions,
    pub sealer: Sealer,
    pub documents: Documents,
    pub pages: Pages,
    pub metrics: Metrics,
    pub master_key: MasterKey,
    pub clock: Clock,
    pub random: Random,
}

impl Deref for App {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}

impl App {
    /// Puts the parts together. `store` must have its schema.
    pub fn new(
        config: Config,
        store: Store,
        master_key: MasterKey,
        clock: Clock,
        random: Random,
    ) -> Self {
        // One core stays free for everything that is not a password.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let cost = Cost {
            memory_kib: config.password_hash.memory_kib,
            iterations: config.password_hash.iterations,
            parallelism: config.password_hash.parallelism,
        };
        let queue = config.password_hash.queue;
        let stolen = config.passwords.breached_file.as_deref();
        let passwords = Passwords::new(cost, cores.saturating_sub(1), queue, random.clone())
            .without_those_of(stolen.and_then(open_list));
        Self(Arc::new(AppState {
            directory: Directory::new(store.clone(), &config.issuer),
            keys: KeyRing::new(store.clone(), master_key.clone(), clock.clone()),
            key_maker: KeyMaker {
                store: store.clone(),
                master_key: master_key.clone(),
                clock: clock.clone(),
                random: random.clone(),
            },
            passwords,
            throttle: Throttle::new(&config.limits),
            pace: Pace::new(config.limits.calls_per_minute),
            mail_pace: Pace::new(config.limits.mail_requests_per_minute),
            notices: Pace::over(
                u32::try_from(config.mail.links_per_hour).unwrap_or(u32::MAX),
                3600,
            ),
            mail: Mail::new(&config.mail),
            patience: Patience::default(),
            errands: TaskTracker::new(),
            refusals: Refusals::default(),
            key_uses: KeyUses::default(),
            hours: Hours::default(),
            decisions: Decisions::default(),
            sealer: Sealer::new(HeadKey::of(&master_key)),
            documents: Documents::new(store.db()),
            pages: Pages::at(issuer::path(&config.issuer)),
            metrics: Metrics::new(),
            config,
            store,
            master_key,
            clock,
            random,
        }))
    }

    /// The algorithm of tenants that ask for none.
    pub fn signing_alg(&self) -> Algorithm {
        self.config
            .tokens
            .signing_alg
            .parse()
            .unwrap_or(Algorithm::Rs256)
    }

    /// An id for a row that should sort by time.
    pub fn row_id(&self) -> String {
        ordered_id(&self.random, self.clock.now())
    }

    /// The same where it has to be short as well: the `sid` of a direct login stands in tokens that
    /// fit into one datagram with what surrounds them.
    pub fn short_id(&self) -> String {
        BASE64URL_NOPAD.encode(&self.random.bytes::<16>())
    }

    /// An id that must not tell when it was made: a user's `sub`, a token's `jti`.
    pub fn opaque_id(&self) -> String {
        random_id(&self.random)
    }
}
