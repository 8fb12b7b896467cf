//! The only mint. It signs in memory first, then spends the source and stores what must be stored
//! in one transaction: a signer's failure burns nothing, and nothing is minted from a source that
//! was not spent.

use std::sync::Arc;

use serde::Serialize;

use super::grants::authorization_code::RedeemedCode;
use super::grants::refresh_token::{Redeemed, Retried};
use super::shape::Shape;
use super::successor;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::keys::jws::Typ;
use crate::login::direct::Authenticated;
use crate::model::access_token::AccessTokenClaims;
use crate::model::claims_request::ClaimsRequest;
use crate::model::client_metadata::GrantType;
use crate::model::door::Door;
use crate::model::grant::{Grant, GrantId};
use crate::model::lifetimes::Lifetimes;
use crate::model::resource::{API_AUDIENCE, Catalog};
use crate::model::session::{Origin, Session};
use crate::model::user::User;
use crate::oauth::client_auth::AuthenticatedClient;
use crate::oauth::error::OAuthError;
use crate::oauth::scope_policy::Target;
use crate::oidc::id_token;
use crate::storage::access_tokens::StoredAccessToken;
use crate::storage::codes::Redemption;
use crate::storage::refresh_tokens::{NewRefreshToken, Rotation};
use crate::storage::sessions::Login;

/// What a grant found authorised, and what pays for it.
pub struct Authorization {
    pub subject: Subject,
    pub target: Target,
    pub catalog: Arc<Catalog>,
    pub source: Source,
}

pub enum Subject {
    Client,
    User(Box<User>),
}

/// What is spent by issuing.
pub enum Source {
    /// Client credentials: nothing to spend, nothing to store.
    None,
    /// A login just made; its session is stored with the tokens.
    Login(Box<Authenticated>),
    /// An authorization code, spent in the same transaction.
    Code(Box<RedeemedCode>),
    /// A refresh token, spent in the same transaction.
    RefreshToken(Box<Redeemed>),
    /// A refresh token spent before, within its retry window.
    Retry(Box<Retried>),
}

/// RFC 6749 section 5.1, OIDC Core section 3.1.3.3.
#[derive(Serialize)]
pub struct TokenResponse {
    pub access_token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Always there: without it, the client would take what it asked for as granted (section 5.1).
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

/// One issuance, until it is stored.
struct Minting<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    client: &'a AuthenticatedClient,
    target: &'a Target,
    /// The family of what is issued; none where a client speaks for itself.
    grant: Option<Grant>,
    /// The row of an opaque access token.
    access_token: Option<StoredAccessToken>,
}

/// Makes the tokens. `None`: the source was spent by somebody else or the account changed meanwhile,
/// and nothing was made.
pub async fn issue(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    authorization: Authorization,
) -> Result<Option<TokenResponse>, OAuthError> {
    let Authorization {
        subject,
        target,
        catalog,
        source,
    } = authorization;
    let shape = Shape::of(app, ctx, &client.client().metadata, &target, &catalog)?;
    let grant = family(app, ctx, client, &target, &source, shape.lifetime);
    let claims = claims(app, ctx, client, &subject, &target, &shape, grant.as_ref());
    let (access_token, stored) = access_token(app, ctx, &shape, &claims).await?;
    // Whoever comes in by a door of ours has no use for one: nobody else sent them.
    let wants_id_token = target.scope.contains("openid") && client.door().is_none();
    let id_token = match (&subject, &grant) {
        (Subject::User(user), Some(grant)) if wants_id_token => {
            let nonce = match &source {
                Source::Code(code) => code.nonce(),
                _ => None,
            };
            let bound = id_token::Bound {
                nonce,
                access_token: &access_token,
            };
            Some(id_token::sign(app, ctx, client.client(), user, grant, &bound).await?)
        }
        _ => None,
    };
    let minting = Minting {
        app,
        ctx,
        client,
        target: &target,
        grant,
        access_token: stored,
    };
    let Some(refresh_token) = minting.store(source).await? else {
        return Ok(None);
    };
    Ok(Some(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: shape.lifetime,
        refresh_token: refresh_token.map(|token| token.expose().to_owned()),
        scope: claims.scope.to_string(),
        id_token,
    }))
}

/// The family the tokens will belong to: the one the source has, or a new one.
fn family(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    target: &Target,
    source: &Source,
    lifetime: i64,
) -> Option<Grant> {
    let remembered = matches!(source, Source::Login(login) if login.is_remembered());
    let expires_at = if is_refreshable(client, target) {
        family_end(app, ctx, client, remembered)
    } else {
        ctx.now.plus_seconds(lifetime)
    };
    match source {
        Source::None => None,
        Source::RefreshToken(redeemed) => Some(redeemed.row().grant.clone()),
        Source::Retry(retried) => Some(retried.grant().clone()),
        Source::Code(code) => Some(Grant {
            created_at: ctx.now,
            expires_at,
            ..code.grant().clone()
        }),
        Source::Login(login) => Some(Grant {
            id: GrantId::generate(&app.random),
            session_id: app.short_id(),
            user_id: login.user().id.clone(),
            client_id: client.client_id().to_owned(),
            offline: false,
            amr: login.amr().to_vec(),
            auth_time: ctx.now,
            claims: ClaimsRequest::default(),
            created_at: ctx.now,
            expires_at,
        }),
    }
}

/// Whether a refresh token is issued.
fn is_refreshable(client: &AuthenticatedClient, target: &Target) -> bool {
    let metadata = &client.client().metadata;
    metadata.allows(GrantType::RefreshToken)
        && (target.scope.contains("offline_access") || metadata.refresh_without_offline_access)
}

fn family_end(app: &App, ctx: &Ctx, client: &AuthenticatedClient, remembered: bool) -> Timestamp {
    let own = client.client().metadata.refresh_token_lifetime;
    let usual = own.unwrap_or(Lifetimes::of(&app.config, &ctx.tenant).refresh_token);
    ctx.now.plus_seconds(if remembered {
        usual.max(app.config.tokens.remembered_login_lifetime)
    } else {
        usual
    })
}

fn claims(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    subject: &Subject,
    target: &Target,
    shape: &Shape,
    grant: Option<&Grant>,
) -> AccessTokenClaims {
    let user = match subject {
        Subject::Client => None,
        Subject::User(user) => Some(user),
    };
    // More than a name goes only to the REST API: a token for SIP has to stay small.
    let for_api = user.filter(|_| {
        shape
            .audience
            .iter()
            .any(|audience| audience == API_AUDIENCE)
    });
    AccessTokenClaims {
        iss: ctx.tenant.issuer.clone(),
        sub: user.map_or_else(|| client.client_id().to_owned(), |user| user.id.clone()),
        aud: shape.audience.clone(),
        exp: ctx.now.seconds() + shape.lifetime,
        iat: ctx.now.seconds(),
        nbf: None,
        jti: grant.map_or_else(|| app.opaque_id(), |grant| grant.id.token_id(&app.random)),
        client_id: client.client_id().to_owned(),
        username: user.map(|user| user.username.clone()),
        scope: target.scope.clone(),
        sid: grant.map(|grant| grant.session_id.clone()),
        tenant_id: (!ctx.tenant.is_default()).then(|| ctx.tenant.id.clone()),
        owner: client.api_key().map(|holder| holder.owner().id.clone()),
        email: for_api.and_then(|user| user.email.clone()),
        roles: for_api.map(|user| user.roles.clone()),
        user_id: user
            .filter(|_| client.door().is_some_and(Door::repeats_subject))
            .map(|user| user.id.clone()),
    }
}

/// The token itself, and the row of an opaque one.
async fn access_token(
    app: &App,
    ctx: &Ctx,
    shape: &Shape,
    claims: &AccessTokenClaims,
) -> Result<(String, Option<StoredAccessToken>), OAuthError> {
    if shape.opaque {
        let token = OpaqueToken::generate(Kind::AccessToken, &app.random);
        let stored = StoredAccessToken::new(token.digest(), claims)?;
        return Ok((token.expose().to_owned(), Some(stored)));
    }
    let keys = app.keys.of(&ctx.tenant).await?;
    Ok((
        keys.signer(shape.algorithm)?
            .sign(Typ::AccessToken, claims)?,
        None,
    ))
}

impl Minting<'_> {
    /// Spends the source and stores what was made from it. `None`: it could not be spent.
    async fn store(self, source: Source) -> Result<Option<Option<OpaqueToken>>, OAuthError> {
        match source {
            Source::None => self.store_alone().await.map(|()| Some(None)),
            Source::Retry(retried) => {
                self.store_alone().await?;
                Ok(Some(Some(retried.successor().clone())))
            }
            Source::Login(login) => self.start(&login).await,
            Source::Code(code) => self.redeem(&code).await,
            Source::RefreshToken(redeemed) => Ok(self.rotate(&redeemed).await?.map(Some)),
        }
    }

    /// Nothing is spent: an opaque token's row is all there is to store.
    async fn store_alone(self) -> Result<(), OAuthError> {
        if let Some(stored) = self.access_token {
            let rows = self.app.store.tenant(&self.ctx.tenant.id);
            rows.add_access_token(stored).await?;
        }
        Ok(())
    }

    /// The first refresh token of a family, if there is to be one.
    fn first_refresh_token(&self, grant: &Grant) -> Option<(OpaqueToken, NewRefreshToken)> {
        if !is_refreshable(self.client, self.target) {
            return None;
        }
        let token = OpaqueToken::generate(Kind::RefreshToken, &self.app.random);
        let row = NewRefreshToken {
            digest: token.digest(),
            grant_id: grant.id.clone(),
            client_id: grant.client_id.clone(),
            user_id: grant.user_id.clone(),
            scope: self.target.scope.clone(),
            audience: self.target.audience.clone(),
            predecessor: None,
            expires_at: self.idle_end(grant.expires_at),
            family_expires_at: grant.expires_at,
        };
        Some((token, row))
    }

    fn idle_end(&self, family_end: Timestamp) -> Timestamp {
        let idle = Lifetimes::of(&self.app.config, &self.ctx.tenant).refresh_token_idle;
        self.ctx.now.plus_seconds(idle).min(family_end)
    }

    /// Stores a direct login. `None`: the account changed meanwhile.
    async fn start(
        mut self,
        login: &Authenticated,
    ) -> Result<Option<Option<OpaqueToken>>, OAuthError> {
        let Some(grant) = self.grant.take() else {
            return Ok(None);
        };
        let (token, row) = self.first_refresh_token(&grant).unzip();
        let user = login.user();
        let rows = self.app.store.tenant(&self.ctx.tenant.id);
        let event = login.event(self.app, self.ctx, &grant.client_id);
        let started = rows.start_session(Login {
            proof: login.proof().cloned(),
            session: Session {
                id: grant.session_id.clone(),
                user_id: user.id.clone(),
                remembered: login.is_remembered(),
                amr: grant.amr.clone(),
                auth_time: self.ctx.now,
                seen_at: self.ctx.now,
                expires_at: grant.expires_at,
                ended_at: None,
            },
            origin: Origin {
                client_id: Some(grant.client_id.clone()),
                ..self.ctx.origin()
            },
            device_id: self.app.row_id(),
            grant,
            user_seen_at: user.updated_at,
            refresh_token: row,
            access_token: self.access_token,
            event,
        });
        Ok(started.await?.then_some(token))
    }

    /// Spends an authorization code. `None`: it was spent, its session ended or the account changed
    /// meanwhile.
    async fn redeem(
        mut self,
        code: &RedeemedCode,
    ) -> Result<Option<Option<OpaqueToken>>, OAuthError> {
        let Some(grant) = self.grant.take() else {
            return Ok(None);
        };
        let (token, row) = self.first_refresh_token(&grant).unzip();
        let rows = self.app.store.tenant(&self.ctx.tenant.id);
        let redeemed = rows.redeem_code(Redemption {
            digest: code.digest().to_owned(),
            grant,
            user_seen_at: code.user().updated_at,
            now: self.ctx.now,
            consent: code.consent().cloned(),
            refresh_token: row,
            access_token: self.access_token,
        });
        Ok(redeemed.await?.then_some(token))
    }

    /// Spends a refresh token and stores its successor. `None`: it was spent meanwhile.
    async fn rotate(self, redeemed: &Redeemed) -> Result<Option<OpaqueToken>, OAuthError> {
        let old = &redeemed.row().token;
        let successor = OpaqueToken::generate(Kind::RefreshToken, &self.app.random);
        let rows = self.app.store.tenant(&self.ctx.tenant.id);
        let rotated = rows.rotate_refresh_token(Rotation {
            old_digest: old.digest.clone(),
            client_id: self.client.client_id().to_owned(),
            user_id: redeemed.user().id.clone(),
            user_seen_at: redeemed.user().updated_at,
            now: self.ctx.now,
            sealed: successor::seal(self.app, redeemed.presented(), &successor),
            request: redeemed.request().to_owned(),
            successor: NewRefreshToken {
                digest: successor.digest(),
                predecessor: Some(old.digest.clone()),
                expires_at: self.idle_end(old.family_expires_at),
                ..old.clone()
            },
            access_token: self.access_token,
        });
        Ok(rotated.await?.then_some(successor))
    }
}
