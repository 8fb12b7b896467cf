//! The service: one installation inside a program, and what is asked of it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::http::HeaderValue;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api_keys::ApiKeyStore;
use super::error::{Error, InitError};
use super::jwt_issuer::JwtIssuer;
use super::tokens::{AuthenticationResult, TokenPair};
use super::users::{CreateUserRequest, User, UserStore};
use crate::admin::clients::{self, Secret};
use crate::admin::sessions;
use crate::app::App;
use crate::base::clock::Clock;
use crate::base::id::ordered_id;
use crate::base::random::Random;
use crate::base::token::OpaqueToken;
use crate::config::Config;
use crate::context::Ctx;
use crate::installation;
use crate::login::doors::{self, Credentials};
use crate::login::factors::proof::Shown;
use crate::login::{api_key, own_password};
use crate::model::audit_event::Actor;
use crate::model::client_metadata::{ClientMetadata, GrantType};
use crate::model::door::Door;
use crate::model::scope::Scope;
use crate::model::tenant::DEFAULT_SLUG;
use crate::oauth::access_token;
use crate::oauth::error::OAuthError;
use crate::oauth::token::direct as tokens;
use crate::server::{self, background};
use crate::storage::DbError;
use crate::storage::session_ends::Ending;
use crate::web::request_info::Notes;

/// The door whose client tokens of the library name: that of the routes of the same system.
const DOOR: Door = Door::UsersCore;
/// Lets a client look into every token of its tenant.
const INTROSPECT_SCOPE: &str = "token.introspect";

/// An installation inside a program: accounts, keys and tokens. Cheap to clone.
///
/// It acts for the default tenant and for a caller on this machine, unless it is told otherwise with
/// [`in_tenant`](Self::in_tenant), [`from_address`](Self::from_address) and
/// [`from_device`](Self::from_device). What runs beside the calls ends with the last clone, or in
/// good order with [`shutdown`](Self::shutdown).
#[derive(Clone)]
pub struct AuthenticationService {
    core: Arc<Core>,
    tenant: Arc<str>,
    address: IpAddr,
    user_agent: Option<HeaderValue>,
}

struct Core {
    app: App,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Drop for Core {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Opens the installation that `config` names, makes what is missing, and starts what runs beside
/// the calls: it has to be called on a Tokio runtime.
///
/// # Errors
/// See [`InitError`].
pub async fn init(config: Config) -> Result<AuthenticationService, InitError> {
    let problems = config.problems();
    if !problems.is_empty() {
        return Err(InitError::Config(problems));
    }
    let app = installation::open(config, Clock::System, Random::System).await?;
    Ok(AuthenticationService::around(app).await?)
}

impl AuthenticationService {
    /// Around an application that is open already: for tests, with a clock of theirs.
    ///
    /// # Errors
    /// The database's.
    #[doc(hidden)]
    pub async fn around(app: App) -> Result<Self, DbError> {
        server::load(&app).await?;
        let stop = CancellationToken::new();
        let tasks = background::start(&app, &stop);
        Ok(Self {
            core: Arc::new(Core { app, stop, tasks }),
            tenant: DEFAULT_SLUG.into(),
            address: Ipv4Addr::LOCALHOST.into(),
            user_agent: None,
        })
    }

    /// The same for another tenant, by its slug.
    #[must_use]
    pub fn in_tenant(&self, slug: &str) -> Self {
        Self {
            tenant: slug.into(),
            ..self.clone()
        }
    }

    /// The same for a caller at this address. Failures are counted by account and by address, and API
    /// keys may be bound to networks: without it, all callers share one address.
    #[must_use]
    pub fn from_address(&self, address: IpAddr) -> Self {
        Self {
            address: address.to_canonical(),
            ..self.clone()
        }
    }

    /// The same for a caller that calls itself so, as in the header `User-Agent`: what people see in
    /// the list of their sessions. What is no header's value is left out.
    #[must_use]
    pub fn from_device(&self, user_agent: &str) -> Self {
        Self {
            user_agent: HeaderValue::from_str(user_agent).ok(),
            ..self.clone()
        }
    }

    /// Accounts.
    pub const fn user_store(&self) -> UserStore<'_> {
        UserStore(self)
    }

    /// API keys.
    pub const fn api_key_store(&self) -> ApiKeyStore<'_> {
        ApiKeyStore(self)
    }

    /// What those who check tokens need to know.
    pub const fn jwt_issuer(&self) -> JwtIssuer<'_> {
        JwtIssuer(self)
    }

    /// Makes a person's account; the same as [`UserStore::create_user`].
    ///
    /// # Errors
    /// [`Error::Validation`], [`Error::AlreadyExists`].
    pub async fn create_user(&self, request: CreateUserRequest) -> Result<User, Error> {
        self.user_store().create_user(request).await
    }

    /// Lets somebody in with a username, or an own address, and a password: a new session, with
    /// everything its person may hold. The brake on guessing is that of the pages.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::TooManyFailures`].
    pub async fn authenticate_password(
        &self,
        username: &str,
        password: &str,
    ) -> Result<AuthenticationResult, Error> {
        self.let_in(username, password, None, None).await
    }

    /// The same for no more than these scopes, separated by spaces. A token for `sip.register` alone
    /// names no audience but `rvoip-sip` and fits into a REGISTER over UDP.
    ///
    /// # Errors
    /// Those, and [`Error::InvalidScope`].
    pub async fn authenticate_password_for(
        &self,
        username: &str,
        password: &str,
        scope: &str,
    ) -> Result<AuthenticationResult, Error> {
        let scope = scope.parse().map_err(|_| Error::InvalidScope)?;
        self.let_in(username, password, None, Some(scope)).await
    }

    /// The same for an account with a second factor: `otp` is a code of its authenticator, or one of its
    /// recovery codes, each good once. Without `scope`, everything its person may hold.
    ///
    /// # Errors
    /// Those of [`Self::authenticate_password_for`]; a wrong code is wrong credentials.
    pub async fn authenticate_with_otp(
        &self,
        username: &str,
        password: &str,
        otp: &str,
        scope: Option<&str>,
    ) -> Result<AuthenticationResult, Error> {
        let scope = scope.map(str::parse).transpose();
        let scope = scope.map_err(|_| Error::InvalidScope)?;
        self.let_in(username, password, Some(otp), scope).await
    }

    async fn let_in(
        &self,
        username: &str,
        password: &str,
        otp: Option<&str>,
        scope: Option<Scope>,
    ) -> Result<AuthenticationResult, Error> {
        let (app, ctx) = self.here().await?;
        let credentials = Credentials {
            tenant: Some(&ctx.tenant.id),
            identifier: username,
            password,
            otp,
            remember: false,
            scope,
        };
        let issued = doors::login(app, &ctx, DOOR, &credentials).await?;
        let tokens = TokenPair::from(issued);
        let user = self.owner_of(&tokens.access_token).await?;
        Ok(AuthenticationResult { user, tokens })
    }

    /// Gives a program with an API key a token for it: for minutes, within what the key and its owner
    /// give now. It dies with the key, and there is no refresh token.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::TooManyFailures`], [`Error::InvalidScope`] where the
    /// key gives nothing.
    pub async fn authenticate_api_key(&self, secret: &str) -> Result<AuthenticationResult, Error> {
        let (app, ctx) = self.here().await?;
        let holder = api_key::of_secret(app, &ctx, secret).await?;
        if holder.tenant().id != ctx.tenant.id {
            return Err(Error::InvalidCredentials);
        }
        let user = User::from(holder.owner().clone());
        let tokens = tokens::api_key(app, &ctx, holder, None).await?;
        Ok(AuthenticationResult {
            user,
            tokens: tokens.into(),
        })
    }

    /// Exchanges a refresh token for the next pair. A token that was used already ends the session it
    /// belongs to, but for a retry within seconds.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] for whatever is wrong with it.
    pub async fn refresh_token(&self, refresh_token: &str) -> Result<TokenPair, Error> {
        let (app, ctx) = self.here().await?;
        Ok(doors::refresh(app, &ctx, DOOR, refresh_token).await?.into())
    }

    /// Ends every session of an account, with every token that was given in one. Introspection says
    /// so at once; those who check signatures alone learn of it when the token ends.
    ///
    /// # Errors
    /// The database's.
    pub async fn revoke_tokens(&self, user_id: &str) -> Result<(), Error> {
        let (app, ctx) = self.here().await?;
        let by = actor(&ctx);
        sessions::end(app, &by, &ctx.tenant, user_id, Ending::All).await?;
        Ok(())
    }

    /// Ends the session a live access token was given in, and no other: signs one device out.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`]: it is no live token of a person.
    pub async fn sign_out(&self, access_token: &str) -> Result<(), Error> {
        let (app, ctx) = self.here().await?;
        let live = access_token::resolve(app, &ctx, access_token).await?;
        let live = live.ok_or(Error::InvalidCredentials)?;
        let claims = live.claims();
        let session = claims.sid.as_deref().ok_or(Error::InvalidCredentials)?;
        Ok(doors::logout(app, &ctx, &claims.sub, session).await?)
    }

    /// Changes a password for somebody who knows the one before; every session of the account ends.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::InvalidCredentials`], [`Error::TooManyFailures`],
    /// [`Error::Validation`]; [`Error::CodeNeeded`] for an account with a second factor.
    pub async fn change_password(
        &self,
        user_id: &str,
        old_password: &str,
        new_password: &str,
    ) -> Result<(), Error> {
        let (password, otp) = (old_password, None);
        let shown = Shown { password, otp };
        self.change(user_id, &shown, new_password).await
    }

    /// The same for an account with a second factor, of which `otp` is a code.
    ///
    /// # Errors
    /// Those of [`Self::change_password`].
    pub async fn change_password_with_otp(
        &self,
        user_id: &str,
        old_password: &str,
        otp: &str,
        new_password: &str,
    ) -> Result<(), Error> {
        let (password, otp) = (old_password, Some(otp));
        let shown = Shown { password, otp };
        self.change(user_id, &shown, new_password).await
    }

    async fn change(&self, user_id: &str, shown: &Shown<'_>, new: &str) -> Result<(), Error> {
        let (app, ctx) = self.here().await?;
        let user = crate::admin::users::get(app, &ctx.tenant, user_id).await?;
        // No session acts here, so none goes on.
        Ok(own_password::change(app, &ctx, &user, "", shown, new).await?)
    }

    /// Registers a confidential client that may look into every token of the tenant (RFC 7662), for
    /// [`TrustedIssuer::introspected_at`](crate::TrustedIssuer::introspected_at); its secret, which is
    /// never seen again.
    ///
    /// # Errors
    /// [`Error::Validation`], [`Error::AlreadyExists`].
    pub async fn create_introspection_client(&self, client_id: &str) -> Result<OpaqueToken, Error> {
        let (app, ctx) = self.here().await?;
        let metadata = ClientMetadata {
            client_name: Some(client_id.to_owned()),
            grant_types: vec![GrantType::ClientCredentials],
            response_types: Vec::new(),
            scope: [INTROSPECT_SCOPE].into_iter().collect(),
            ..ClientMetadata::default()
        };
        let (by, tenant) = (actor(&ctx), &ctx.tenant);
        let secret = Secret::Generate;
        let made = clients::create(app, &by, tenant, client_id, metadata, true, secret);
        let nothing = || OAuthError::internal().because("no secret was made");
        Ok(made.await?.ok_or_else(nothing)?)
    }

    /// Stops what runs beside the calls, writes what is kept in memory, and closes the database.
    /// Clones that are left find it closed.
    pub async fn shutdown(self) {
        self.core.stop.cancel();
        server::finish(&self.core.app, self.core.tasks.clone()).await;
    }

    /// What the process owns.
    pub(super) fn app(&self) -> &App {
        &self.core.app
    }

    /// The signal that ends what runs beside the calls.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.core.stop
    }

    /// The application and a request of its own to act in.
    pub(super) async fn here(&self) -> Result<(&App, Ctx), Error> {
        let app = self.app();
        let tenant = app.directory.tenant(&self.tenant).await?;
        let tenant = tenant.filter(|tenant| tenant.enabled);
        let missing = || Error::NotFound(format!("tenant {:?}", self.tenant));
        let now = app.clock.now();
        let ctx = Ctx {
            tenant: tenant.ok_or_else(missing)?,
            now,
            request_id: ordered_id(&app.random, now).into(),
            address: self.address,
            user_agent: self.user_agent.clone(),
            notes: Arc::<Notes>::default(),
        };
        Ok((app, ctx))
    }

    /// The account a token of ours was just given to.
    async fn owner_of(&self, access_token: &str) -> Result<User, Error> {
        let (app, ctx) = self.here().await?;
        let live = access_token::resolve(app, &ctx, access_token).await?;
        let live = live.ok_or(Error::Changed)?;
        self.user_store().get_user(&live.claims().sub).await
    }
}

/// The program itself, in the audit trail.
pub(super) fn actor(ctx: &Ctx) -> Actor {
    ctx.actor("library")
}
