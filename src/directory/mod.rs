//! Floor 3: what nearly every request asks for, kept in memory and dropped by the change feed:
//! tenants, clients with their keys, API keys, resources, and the whole revocation set.

pub mod key_uses;
mod revocation_set;

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::base::clock::Timestamp;
use crate::config::issuer::{authority, own_host};
use crate::keys::jwk::ClientJwks;
use crate::model::api_key::ApiKey;
use crate::model::client::Client;
use crate::model::resource::Catalog;
use crate::model::tenant::{DEFAULT_SLUG, Tenant, is_valid_slug};
use crate::storage::cache::Cache;
use crate::storage::feed::Change;
use crate::storage::{DbError, Store};
use crate::web::host;

use revocation_set::RevocationSet;
pub use revocation_set::TokenIds;

/// A client ready for use: its registered keys are parsed once.
pub struct KnownClient {
    pub client: Client,
    pub keys: Option<ClientJwks>,
}

type Key = (String, String);

/// The remembered rows of one process.
pub struct Directory {
    store: Store,
    base: String,
    /// The installation's own host.
    home: String,
    by_slug: Cache<String, Option<Arc<Tenant>>>,
    by_id: Cache<String, Option<Arc<Tenant>>>,
    /// The id of the tenant that has a host to itself.
    by_host: Cache<String, Option<String>>,
    clients: Cache<Key, Option<Arc<KnownClient>>>,
    api_keys: Cache<Key, Option<Arc<ApiKey>>>,
    /// Where the key with a secret is, by digest. A secret stays its key's: nothing is ever dropped.
    key_places: Cache<String, Key>,
    catalogs: Cache<String, Arc<Catalog>>,
    /// The catalog of tenants that add nothing to what all have, most of them.
    built_in: Arc<Catalog>,
    revocations: RevocationSet,
    loading: Mutex<()>,
}

/// Bounds, in entries.
const TENANTS: usize = 4096;
/// Hosts are what callers say they are: unknown ones must not push out the tenants.
const HOSTS: usize = 4096;
const CLIENTS: usize = 16_384;
const API_KEYS: usize = 65_536;

impl Directory {
    /// `base` is the configured issuer, the default tenant's.
    pub fn new(store: Store, base: &str) -> Arc<Self> {
        let db = store.db().clone();
        let directory = Arc::new(Self {
            store,
            base: base.to_owned(),
            home: host::canonical(authority(base)).into_owned(),
            by_slug: Cache::new(db.clone(), TENANTS),
            by_id: Cache::new(db.clone(), TENANTS),
            by_host: Cache::new(db.clone(), HOSTS),
            clients: Cache::new(db.clone(), CLIENTS),
            api_keys: Cache::new(db.clone(), API_KEYS),
            key_places: Cache::new(db.clone(), API_KEYS),
            catalogs: Cache::new(db.clone(), TENANTS),
            built_in: Arc::new(Catalog::new(Vec::new(), Vec::new())),
            revocations: RevocationSet::default(),
            loading: Mutex::new(()),
        });
        let listener = Arc::downgrade(&directory);
        db.feed().subscribe(move |change| {
            if let Some(directory) = listener.upgrade() {
                directory.apply(change);
            }
        });
        directory
    }

    /// Loads the revocation set; the feed must have been started before.
    pub async fn load(&self, now: Timestamp) -> Result<(), DbError> {
        let _one_at_a_time = self.loading.lock().await;
        self.revocations.begin_load();
        let rows = self.store.all_revocations(now).await;
        let rows = rows.inspect_err(|_| self.revocations.abandon_load())?;
        self.revocations.finish_load(rows);
        Ok(())
    }

    /// Whether a gap in the feed asks for [`Directory::load`].
    pub fn needs_load(&self) -> bool {
        self.revocations.has_gap()
    }

    /// Drops revocations that are over.
    pub fn tidy(&self, now: Timestamp) {
        self.revocations.tidy(now);
    }

    /// A tenant by slug.
    pub async fn tenant(&self, slug: &str) -> Result<Option<Arc<Tenant>>, DbError> {
        let load = async {
            Ok(self
                .store
                .tenant_by_slug(&self.base, slug)
                .await?
                .map(Arc::new))
        };
        self.by_slug.get(slug.to_owned(), load).await
    }

    /// A tenant by id.
    pub async fn tenant_by_id(&self, id: &str) -> Result<Option<Arc<Tenant>>, DbError> {
        let load = async { Ok(self.store.tenant_by_id(&self.base, id).await?.map(Arc::new)) };
        self.by_id.get(id.to_owned(), load).await
    }

    /// The tenant that has this host to itself; a host is named as [`host::canonical`] does.
    pub async fn tenant_by_host(&self, host: &str) -> Result<Option<Arc<Tenant>>, DbError> {
        // What nearly every request names costs no look-up.
        if host == self.home {
            return Ok(None);
        }
        let load = async {
            let tenant = self.store.tenant_by_host(&self.base, host).await?;
            Ok::<_, DbError>(tenant.map(|tenant| tenant.id))
        };
        let Some(id) = self.by_host.get(host.to_owned(), load).await? else {
            return Ok(None);
        };
        let tenant = self.tenant_by_id(&id).await?;
        Ok(tenant.filter(|tenant| tenant.host.as_deref() == Some(host)))
    }

    /// The tenant whose tokens carry this `iss`, compared byte for byte.
    pub async fn tenant_by_issuer(&self, issuer: &str) -> Result<Option<Arc<Tenant>>, DbError> {
        let tenant = match issuer.strip_prefix(&self.base) {
            Some("") => self.tenant(DEFAULT_SLUG).await?,
            // What cannot be a slug, or a host, is not looked for.
            Some(path) => match path.strip_prefix("/t/").filter(|slug| is_valid_slug(slug)) {
                Some(slug) => self.tenant(slug).await?,
                None => None,
            },
            None => match own_host(issuer) {
                Ok(host) => self.tenant_by_host(host).await?,
                Err(_) => None,
            },
        };
        Ok(tenant.filter(|tenant| tenant.issuer == issuer))
    }

    pub async fn client(
        &self,
        tenant: &Tenant,
        client_id: &str,
    ) -> Result<Option<Arc<KnownClient>>, DbError> {
        let load = async {
            let client = self.store.tenant(&tenant.id).client(client_id).await?;
            Ok(client.map(|client| {
                let jwks = client.metadata.jwks.as_ref();
                let keys = jwks.and_then(|jwks| ClientJwks::parse(jwks).ok());
                Arc::new(KnownClient { client, keys })
            }))
        };
        self.clients
            .get((tenant.id.clone(), client_id.to_owned()), load)
            .await
    }

    /// An API key by id.
    pub async fn api_key(&self, tenant: &Tenant, id: &str) -> Result<Option<Arc<ApiKey>>, DbError> {
        let load = async {
            let key = self.store.tenant(&tenant.id).api_key(id).await?;
            Ok(key.map(Arc::new))
        };
        self.api_keys
            .get((tenant.id.clone(), id.to_owned()), load)
            .await
    }

    /// The same as [`Directory::key_place`] without a look at rows, if it is remembered.
    pub fn remembered_key_place(&self, digest: &str) -> Option<(String, String)> {
        self.key_places.remembered(&digest.to_owned())
    }

    /// The tenant and the id of the API key with a secret of this digest, live or not. What is not
    /// there is not remembered: whoever guesses must not push out what others use.
    pub async fn key_place(&self, digest: &str) -> Result<Option<(String, String)>, DbError> {
        let load = async {
            let place = self.store.place_of_api_key(digest).await;
            place.map_err(Some)?.ok_or(None)
        };
        match self.key_places.get(digest.to_owned(), load).await {
            Ok(place) => Ok(Some(place)),
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }

    pub async fn catalog(&self, tenant: &Tenant) -> Result<Arc<Catalog>, DbError> {
        let load = async {
            let rows = self.store.tenant(&tenant.id);
            let (resources, roles) = (rows.resources().await?, rows.roles().await?);
            Ok(if resources.is_empty() && roles.is_empty() {
                Arc::clone(&self.built_in)
            } else {
                Arc::new(Catalog::new(resources, roles))
            })
        };
        self.catalogs.get(tenant.id.clone(), load).await
    }

    /// Whether anything a token hangs on is revoked: five look-ups in memory, or rows when the
    /// feed could not be read lately.
    pub async fn is_revoked(
        &self,
        tenant: &Tenant,
        token: &TokenIds<'_>,
        now: Timestamp,
    ) -> Result<bool, DbError> {
        if !self.store.db().feed().is_stale()
            && let Some(known) = self.revocations.contains_any(&tenant.id, token, now)
        {
            return Ok(known);
        }
        let subjects = token.subjects(&tenant.id);
        self.store
            .tenant(&tenant.id)
            .any_revoked(&subjects, now)
            .await
    }

    fn apply(&self, change: &Change) {
        match change {
            Change::Tenant { tenant, slug } => {
                self.by_slug.forget(slug);
                self.by_id.forget(tenant);
            }
            Change::TenantHost { host } => self.by_host.forget(host),
            Change::Client { tenant, client_id } => {
                self.clients.forget(&(tenant.clone(), client_id.clone()));
            }
            Change::ApiKey { tenant, id } => {
                self.api_keys.forget(&(tenant.clone(), id.clone()));
            }
            Change::Catalog { tenant } => self.catalogs.forget(tenant),
            Change::Revocation {
                tenant,
                subject,
                until,
            } => {
                self.revocations.set(tenant, subject, *until);
            }
            Change::SigningKeys { .. } => {}
            Change::Everything => {
                self.by_slug.forget_all();
                self.by_id.forget_all();
                self.by_host.forget_all();
                self.clients.forget_all();
                self.api_keys.forget_all();
                self.catalogs.forget_all();
                self.revocations.mark_gap();
            }
        }
    }
}
