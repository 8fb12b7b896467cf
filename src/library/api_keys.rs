//! API keys, as the library shows and changes them.

use super::error::Error;
use super::service::{AuthenticationService, actor};
use crate::admin::api_keys as keys;
use crate::base::api_key_secret::ApiKeySecret;
use crate::base::clock::Timestamp;
use crate::login::api_key::{self, KeyError};
use crate::model::api_key::{ApiKey as Key, ApiKeyInput};

/// Keys of an account: more than it may have.
const ALL: i64 = 10_000;

/// An API key; its secret is seen once, when it is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiKey {
    /// Its `client_id` at the token endpoint.
    pub id: String,
    /// The account it acts for.
    pub user_id: String,
    pub name: String,
    pub permissions: Vec<String>,
    /// Whether it may be used.
    pub active: bool,
    pub expires_at: Option<Timestamp>,
    /// Noted within a second or two.
    pub last_used: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl From<&Key> for ApiKey {
    fn from(key: &Key) -> Self {
        Self {
            id: key.id.clone(),
            user_id: key.owner_id.clone(),
            name: key.name.clone(),
            permissions: key.permissions.words().map(str::to_owned).collect(),
            active: key.enabled,
            expires_at: key.expires_at,
            last_used: key.last_used_at,
            created_at: key.created_at,
        }
    }
}

/// A new key.
#[derive(Clone, Debug, Default)]
pub struct CreateApiKeyRequest {
    /// The account it is to act for: a person's or a service's.
    pub user_id: String,
    /// Unique among the account's keys.
    pub name: String,
    /// Scopes, or `read`, `write`, `delete`, `admin` or `*`; never more than the account holds.
    pub permissions: Vec<String>,
    /// Where it may be used from, as CIDR blocks; anywhere when there is none.
    pub allowed_networks: Vec<String>,
    pub expires_at: Option<Timestamp>,
}

/// The API keys of the service's tenant.
pub struct ApiKeyStore<'a>(pub(super) &'a AuthenticationService);

impl ApiKeyStore<'_> {
    /// Makes a key; its secret, which is never seen again.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Validation`], [`Error::AlreadyExists`].
    pub async fn create_api_key(
        &self,
        request: CreateApiKeyRequest,
    ) -> Result<(ApiKey, ApiKeySecret), Error> {
        let (app, ctx) = self.0.here().await?;
        let owner = keys::account(app, &ctx.tenant, &request.user_id).await?;
        let input = ApiKeyInput {
            name: request.name,
            permissions: request.permissions,
            networks: request.allowed_networks,
            enabled: true,
            expires_at: request.expires_at,
        };
        let by = actor(&ctx);
        let (id, secret) = keys::create(app, &by, &ctx.tenant, &owner, input).await?;
        Ok((self.get_api_key(&id).await?, secret))
    }

    /// A key by id.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get_api_key(&self, id: &str) -> Result<ApiKey, Error> {
        Ok(ApiKey::from(&self.key(id).await?))
    }

    /// The live key with this secret, of this tenant and for this service's address; `None` for
    /// whatever is wrong with it.
    ///
    /// # Errors
    /// [`Error::TooManyFailures`], or the database's.
    pub async fn validate_api_key(&self, secret: &str) -> Result<Option<ApiKey>, Error> {
        let (app, ctx) = self.0.here().await?;
        match api_key::of_secret(app, &ctx, secret).await {
            Ok(holder) if holder.tenant().id == ctx.tenant.id => {
                Ok(Some(ApiKey::from(holder.key())))
            }
            Ok(_) | Err(KeyError::Refused(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The keys of an account, in the order they were made in.
    ///
    /// # Errors
    /// The database's.
    pub async fn list_api_keys(&self, user_id: &str) -> Result<Vec<ApiKey>, Error> {
        let (app, ctx) = self.0.here().await?;
        let rows = app.store.tenant(&ctx.tenant.id);
        let found = rows.api_keys(Some(user_id), "", ALL).await?;
        Ok(found.iter().map(ApiKey::from).collect())
    }

    /// Lets a key be used, or not; its tokens end with it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Changed`].
    pub async fn set_api_key_active(&self, id: &str, active: bool) -> Result<(), Error> {
        let (app, ctx) = self.0.here().await?;
        let before = self.key(id).await?;
        let owner = keys::owner(app, &ctx.tenant, &before).await?;
        let input = ApiKeyInput {
            enabled: active,
            ..ApiKeyInput::of(&before)
        };
        let by = actor(&ctx);
        Ok(keys::update(app, &by, &ctx.tenant, &owner, &before, input).await?)
    }

    /// Gives a key another secret. The one it had works for `grace` more seconds, or without that
    /// until the next rotation but one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Validation`].
    pub async fn rotate_api_key(
        &self,
        id: &str,
        grace: Option<i64>,
    ) -> Result<ApiKeySecret, Error> {
        let (app, ctx) = self.0.here().await?;
        let by = actor(&ctx);
        Ok(keys::rotate(app, &by, &ctx.tenant, id, grace).await?)
    }

    /// Removes a key; its tokens are dead everywhere.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn revoke_api_key(&self, id: &str) -> Result<(), Error> {
        let (app, ctx) = self.0.here().await?;
        let by = actor(&ctx);
        Ok(keys::revoke(app, &by, &ctx.tenant, id).await?)
    }

    async fn key(&self, id: &str) -> Result<Key, Error> {
        let (app, ctx) = self.0.here().await?;
        Ok(keys::get(app, &ctx.tenant, id).await?)
    }
}
