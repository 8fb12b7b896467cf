//! Who calls: found out once, before an operation runs, from what the call brings and from what is
//! known of its bearer now. A token says what may be asked for; the account, client or API key behind
//! it is looked at again, so that what was taken away is gone at once.

mod api_key;

use std::sync::Arc;

use axum::http::{HeaderMap, Method};

use super::problem::Problem;
use crate::app::App;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::directory::KnownClient;
use crate::keys::jws::Parsed;
use crate::login::api_key::KeyHolder;
use crate::model::access_token::AccessTokenClaims;
use crate::model::resource::{API_AUDIENCE, Catalog, is_own_scope};
use crate::model::role;
use crate::model::scope::Scope;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::oauth::access_token;
use crate::oauth::error::{ErrorKind, OAuthError};

pub(super) use api_key::none_in_address;

/// Whoever calls, and what they may do. Only [`authenticate`] makes one that is somebody.
pub struct Caller {
    home: Arc<Tenant>,
    who: Who,
    /// What the token gives that its bearer still holds.
    held: Scope,
    /// The tenant's scopes and roles.
    catalog: Arc<Catalog>,
    claims: Option<AccessTokenClaims>,
}

enum Who {
    Nobody,
    Person(Box<User>),
    Client(Arc<KnownClient>),
    /// An API key, or a token it got.
    Key(Box<KeyHolder>),
}

impl Caller {
    /// Somebody without a token, where that is allowed.
    pub(super) async fn nobody(app: &App, home: Arc<Tenant>) -> Result<Self, Problem> {
        let catalog = app.directory.catalog(&home).await?;
        Ok(Self {
            home,
            who: Who::Nobody,
            held: Scope::default(),
            catalog,
            claims: None,
        })
    }

    /// The tenant the caller belongs to.
    pub const fn home(&self) -> &Arc<Tenant> {
        &self.home
    }

    /// The id of the account, client or API key; empty for nobody.
    pub fn subject(&self) -> &str {
        match &self.who {
            Who::Nobody => "",
            Who::Person(user) => &user.id,
            Who::Client(known) => &known.client.client_id,
            Who::Key(holder) => &holder.key().id,
        }
    }

    /// The signed-in person. An API key is nobody's sign-in.
    pub fn user(&self) -> Option<&User> {
        match &self.who {
            Who::Person(user) => Some(user),
            Who::Nobody | Who::Client(_) | Who::Key(_) => None,
        }
    }

    /// The account the caller acts for: the signed-in person, or the owner of the API key.
    pub fn account(&self) -> Option<&User> {
        match &self.who {
            Who::Person(user) => Some(user),
            Who::Key(holder) => Some(holder.owner()),
            Who::Nobody | Who::Client(_) => None,
        }
    }

    pub const fn is_api_key(&self) -> bool {
        matches!(self.who, Who::Key(_))
    }

    /// The session the token belongs to (`sid`).
    pub fn session(&self) -> Option<&str> {
        self.claims.as_ref()?.sid.as_deref()
    }

    /// Whether the token reaches this far, and its bearer still does.
    pub fn has(&self, scope: &str) -> bool {
        self.held.contains(scope)
    }

    /// The same for a call of this kind: some of an API key's words are for removing or for the rest.
    pub(super) fn has_for(&self, scope: &str, method: &Method) -> bool {
        let allowed = match &self.who {
            Who::Key(holder) => {
                let permissions = &holder.key().permissions;
                permissions.allow(scope, *method == Method::DELETE)
            }
            Who::Nobody | Who::Person(_) | Who::Client(_) => true,
        };
        allowed && self.has(scope)
    }

    /// Whether the bearer holds `scope`, whatever this token was given. An API key holds no more than
    /// its permissions.
    pub fn holds(&self, scope: &str) -> bool {
        match &self.who {
            Who::Nobody => false,
            Who::Person(user) => self.catalog.may_hold(&user.roles, scope),
            Who::Client(known) => known.client.metadata.scope.contains(scope) && self.has(scope),
            Who::Key(_) => self.has(scope),
        }
    }

    /// Whether the caller administers the whole installation: an administrator of the default tenant.
    /// Their API keys do not: a key never reaches beyond its tenant.
    pub fn is_system_administrator(&self) -> bool {
        self.home.is_default()
            && self
                .user()
                .is_some_and(|user| user.roles.iter().any(|held| held == role::ADMIN))
    }

    /// The scopes and roles of the caller's tenant.
    pub const fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }
}

/// Finds out who calls.
///
/// # Errors
/// There is no token, or whatever is wrong with it.
pub(super) async fn authenticate(
    app: &App,
    arrived: &Ctx,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    if let Some(presented) = api_key::presented(headers)? {
        return api_key::authenticate(app, arrived, presented).await;
    }
    let token = access_token::bearer(headers, None)?;
    let home = home_of(app, token)
        .await?
        .filter(|tenant| tenant.enabled)
        .ok_or_else(invalid_token)?;
    let ctx = Ctx {
        tenant: Arc::clone(&home),
        ..arrived.clone()
    };
    let live = access_token::resolve(app, &ctx, token).await?;
    let live = live.ok_or_else(invalid_token)?;
    arrived.notes.tenant(&home);
    let claims = live.claims();
    if !claims.aud.iter().any(|audience| audience == API_AUDIENCE) {
        return Err(invalid_token().because("the token is for another audience"));
    }
    if claims.owner.is_some() {
        return api_key::of_token(app, &ctx, claims).await;
    }
    let client = app.directory.client(&home, &claims.client_id).await?;
    if let Some(known) = &client {
        arrived.notes.client(known);
    }
    let client = client
        .filter(|known| known.client.enabled)
        .ok_or_else(invalid_token)?;
    let catalog = app.directory.catalog(&home).await?;
    let metadata = &client.client.metadata;
    let still_the_clients = |word: &str| {
        catalog.knows(word)
            && metadata.scope.contains(word)
            && (metadata.first_party || !is_own_scope(word))
    };
    let (who, held) = if claims.is_client_token() {
        let held = claims.scope.filtered(still_the_clients);
        (Who::Client(client), held)
    } else {
        let user = app.store.tenant(&home.id).user(&claims.sub).await?;
        let user = user.filter(|user| user.enabled).ok_or_else(invalid_token)?;
        arrived.notes.account(&user.id);
        let held = claims
            .scope
            .filtered(|word| still_the_clients(word) && catalog.may_give(&user.roles, word));
        (Who::Person(Box::new(user)), held)
    };
    Ok(Caller {
        home,
        who,
        held,
        catalog,
        claims: Some(claims.clone()),
    })
}

/// The tenant a token speaks of. Nothing is believed yet: the token is verified as that tenant's.
async fn home_of(app: &App, token: &str) -> Result<Option<Arc<Tenant>>, Problem> {
    if let Some(opaque) = OpaqueToken::parse(Kind::AccessToken, token) {
        let id = app.store.tenant_of_access_token(&opaque.digest()).await?;
        return match id {
            Some(id) => Ok(app.directory.tenant_by_id(&id).await?),
            None => Ok(None),
        };
    }
    let issuer = Parsed::parse(token)
        .ok()
        .and_then(|parsed| parsed.unverified_issuer());
    match issuer {
        Some(issuer) => Ok(app.directory.tenant_by_issuer(&issuer).await?),
        None => Ok(None),
    }
}

fn invalid_token() -> Problem {
    OAuthError::from(ErrorKind::InvalidToken).into()
}
