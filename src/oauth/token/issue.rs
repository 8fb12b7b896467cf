//! The only mint. It signs in memory first, then spends the source and stores what must be stored
//! in one transaction: a signer's failure burns nothing, and nothing is minted from a source that
//! was not spent.

use std::sync::Arc;

use serde::Serialize;

use super::grants::refresh_token::{Redeemed, Retried};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::digest::hkdf_sha256;
use crate::base::master_key;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::keys::jws::Typ;
use crate::login::direct::Authenticated;
use crate::model::access_token::AccessTokenClaims;
use crate::model::algorithm::Algorithm;
use crate::model::audit_event::AuditKind;
use crate::model::client_metadata::{ClientMetadata, GrantType, TokenFormat};
use crate::model::resource::{API_AUDIENCE, Catalog, Resource};
use crate::model::session::Session;
use crate::model::user::User;
use crate::oauth::client_auth::AuthenticatedClient;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::oauth::scope_policy::Target;
use crate::storage::access_tokens::StoredAccessToken;
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
    /// A refresh token, spent in the same transaction.
    RefreshToken(Box<Redeemed>),
    /// A refresh token spent before, within its retry window.
    Retry(Retried),
}

/// RFC 6749 section 5.1.
#[derive(Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Always there: without it, the client would take what it asked for as granted (section 5.1).
    scope: String,
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
    let form = Form::of(app, ctx, &client.client().metadata, &target, &catalog)?;
    let session_id = match &source {
        Source::None => None,
        Source::Login(_) => Some(app.opaque_id()),
        Source::RefreshToken(redeemed) => Some(redeemed.row().token.session_id.clone()),
        Source::Retry(retried) => Some(retried.session_id().to_owned()),
    };
    let claims = claims(app, ctx, client, &subject, &target, &form, session_id);
    let (access_token, stored) = access_token(app, ctx, &form, &claims).await?;
    let refresh_token = match source {
        Source::None | Source::Retry(_) => {
            if let Some(stored) = stored {
                app.store
                    .tenant(&ctx.tenant.id)
                    .add_access_token(stored)
                    .await?;
            }
            match source {
                Source::Retry(retried) => Some(retried.successor().clone()),
                _ => None,
            }
        }
        Source::Login(login) => {
            match start(app, ctx, client, &login, &claims, &target, stored).await? {
                Some(refresh_token) => refresh_token,
                None => return Ok(None),
            }
        }
        Source::RefreshToken(redeemed) => {
            match rotate(app, ctx, client, &redeemed, stored).await? {
                Some(successor) => Some(successor),
                None => return Ok(None),
            }
        }
    };
    Ok(Some(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: form.lifetime,
        refresh_token: refresh_token.map(|token| token.expose().to_owned()),
        scope: claims.scope.to_string(),
    }))
}

/// How the access token looks: decided by its resources, then the client, then the tenant.
struct Form {
    audience: Vec<String>,
    algorithm: Algorithm,
    opaque: bool,
    lifetime: i64,
}

impl Form {
    fn of(
        app: &App,
        ctx: &Ctx,
        client: &ClientMetadata,
        target: &Target,
        catalog: &Catalog,
    ) -> Result<Self, OAuthError> {
        let resources: Vec<&Resource> = catalog
            .granted(&target.scope)
            .filter(|resource| {
                target.audience.is_empty() || target.audience.contains(&resource.audience)
            })
            .collect();
        let mut audience: Vec<String> = resources
            .iter()
            .map(|resource| resource.audience.clone())
            .collect();
        if target.scope.contains("openid") || audience.is_empty() {
            audience.push(ctx.tenant.issuer.clone());
        }
        let mut wanted = resources.iter().filter_map(|resource| resource.signing_alg);
        let first = wanted.next();
        if wanted.any(|other| Some(other) != first) {
            return Err(OAuthError::new(
                ErrorKind::InvalidTarget,
                "these resources want different signatures; ask for one at a time",
            ));
        }
        let opaque = TokenFormat::Opaque;
        let own = client
            .access_token_lifetime
            .unwrap_or(app.config.tokens.access_token_lifetime);
        let lifetime = resources
            .iter()
            .filter_map(|resource| resource.token_lifetime)
            .fold(own, i64::min);
        Ok(Self {
            audience,
            algorithm: first
                .or(client.access_token_signing_alg)
                .unwrap_or(ctx.tenant.signing_alg),
            opaque: client.access_token_format == Some(opaque)
                || resources
                    .iter()
                    .any(|resource| resource.token_format == Some(opaque)),
            lifetime,
        })
    }
}

fn claims(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    subject: &Subject,
    target: &Target,
    form: &Form,
    session_id: Option<String>,
) -> AccessTokenClaims {
    let user = match subject {
        Subject::Client => None,
        Subject::User(user) => Some(user),
    };
    // More than a name goes only to the REST API: a token for SIP has to stay small.
    let for_api = user.filter(|_| {
        form.audience
            .iter()
            .any(|audience| audience == API_AUDIENCE)
    });
    AccessTokenClaims {
        iss: ctx.tenant.issuer.clone(),
        sub: user.map_or_else(|| client.client_id().to_owned(), |user| user.id.clone()),
        aud: form.audience.clone(),
        exp: ctx.now.seconds() + form.lifetime,
        iat: ctx.now.seconds(),
        nbf: None,
        jti: app.opaque_id(),
        client_id: client.client_id().to_owned(),
        username: user.map(|user| user.username.clone()),
        scope: target.scope.clone(),
        sid: session_id,
        tenant_id: (!ctx.tenant.is_default()).then(|| ctx.tenant.id.clone()),
        email: for_api.and_then(|user| user.email.clone()),
        roles: for_api.map(|user| user.roles.clone()),
    }
}

/// The token itself, and the row of an opaque one.
async fn access_token(
    app: &App,
    ctx: &Ctx,
    form: &Form,
    claims: &AccessTokenClaims,
) -> Result<(String, Option<StoredAccessToken>), OAuthError> {
    if form.opaque {
        let token = OpaqueToken::generate(Kind::AccessToken, &app.random);
        let stored = StoredAccessToken::new(token.digest(), claims)?;
        return Ok((token.expose().to_owned(), Some(stored)));
    }
    let keys = app.keys.of(&ctx.tenant).await?;
    Ok((
        keys.signer(form.algorithm)?
            .sign(Typ::AccessToken, claims)?,
        None,
    ))
}

/// Stores a login with its first refresh token. `None`: the account changed meanwhile.
async fn start(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    login: &Authenticated,
    claims: &AccessTokenClaims,
    target: &Target,
    access_token: Option<StoredAccessToken>,
) -> Result<Option<Option<OpaqueToken>>, OAuthError> {
    let metadata = &client.client().metadata;
    let tokens = &app.config.tokens;
    let refreshable = metadata.allows(GrantType::RefreshToken)
        && (target.scope.contains("offline_access") || metadata.refresh_without_offline_access);
    let family_end = ctx.now.plus_seconds(
        metadata
            .refresh_token_lifetime
            .unwrap_or(tokens.refresh_token_lifetime),
    );
    let session_id = claims.sid.clone().unwrap_or_default();
    let refresh_token = refreshable.then(|| OpaqueToken::generate(Kind::RefreshToken, &app.random));
    let stored = refresh_token.as_ref().map(|token| NewRefreshToken {
        digest: token.digest(),
        session_id: session_id.clone(),
        client_id: client.client_id().to_owned(),
        user_id: login.user().id.clone(),
        scope: target.scope.clone(),
        audience: target.audience.clone(),
        predecessor: None,
        expires_at: idle_end(ctx.now, tokens.refresh_token_idle_lifetime, family_end),
        family_expires_at: family_end,
    });
    let mut event =
        ctx.actor(&login.user().id)
            .did(AuditKind::Login, &login.user().id, app.row_id(), ctx.now);
    event.client_id = Some(client.client_id().to_owned());
    let login = Login {
        session: Session {
            id: session_id,
            user_id: login.user().id.clone(),
            client_id: client.client_id().to_owned(),
            amr: login.amr().to_vec(),
            auth_time: ctx.now,
            expires_at: if refreshable {
                family_end
            } else {
                Timestamp::from_millis(0).plus_seconds(claims.exp)
            },
            ended_at: None,
        },
        user_seen_at: login.user().updated_at,
        refresh_token: stored,
        access_token,
        event,
    };
    let started = app
        .store
        .tenant(&ctx.tenant.id)
        .start_session(login)
        .await?;
    Ok(started.then_some(refresh_token))
}

/// Spends a refresh token and stores its successor. `None`: it was spent meanwhile.
async fn rotate(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    redeemed: &Redeemed,
    access_token: Option<StoredAccessToken>,
) -> Result<Option<OpaqueToken>, OAuthError> {
    let old = &redeemed.row().token;
    let successor = OpaqueToken::generate(Kind::RefreshToken, &app.random);
    let idle = app.config.tokens.refresh_token_idle_lifetime;
    let rotation = Rotation {
        old_digest: old.digest.clone(),
        client_id: client.client_id().to_owned(),
        user_id: redeemed.user().id.clone(),
        user_seen_at: redeemed.user().updated_at,
        now: ctx.now,
        sealed: seal_successor(app, redeemed.presented(), &successor),
        request: redeemed.request().to_owned(),
        successor: NewRefreshToken {
            digest: successor.digest(),
            predecessor: Some(old.digest.clone()),
            expires_at: idle_end(ctx.now, idle, old.family_expires_at),
            ..old.clone()
        },
        access_token,
    };
    let rotated = app
        .store
        .tenant(&ctx.tenant.id)
        .rotate_refresh_token(rotation)
        .await?;
    Ok(rotated.then_some(successor))
}

fn idle_end(now: Timestamp, idle_seconds: i64, family_end: Timestamp) -> Timestamp {
    now.plus_seconds(idle_seconds).min(family_end)
}

const SUCCESSOR: &str = "refresh-successor";

/// Only who holds the old token can read its successor: the key is derived from the token, and
/// the database has its digest alone.
fn seal_successor(app: &App, old: &OpaqueToken, successor: &OpaqueToken) -> String {
    let key = hkdf_sha256(old.expose().as_bytes(), SUCCESSOR);
    master_key::seal(&key, SUCCESSOR, successor.expose().as_bytes(), &app.random)
}

pub(super) fn open_successor(old: &OpaqueToken, sealed: &str) -> Option<OpaqueToken> {
    let key = hkdf_sha256(old.expose().as_bytes(), SUCCESSOR);
    let plain = master_key::open(&key, SUCCESSOR, sealed).ok()?;
    OpaqueToken::parse(Kind::RefreshToken, std::str::from_utf8(&plain).ok()?)
}
