//! RFC 6749 section 6, with rotation (RFC 9700 section 4.14.2).
//!
//! A refresh token is spent by its use. Presented again, it kills its family, except that its
//! immediate successor is given once more to the same client asking the same thing within the retry
//! window, as long as that successor lies unused: a lost answer must not log anybody out.

use std::fmt;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::letters;
use crate::mail::Contents;
use crate::model::audit_event::AuditKind;
use crate::model::grant::Grant;
use crate::model::resource::Catalog;
use crate::model::scope::Scope;
use crate::model::user::User;
use crate::oauth::client_auth::AuthenticatedClient;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::oauth::scope_policy::{self, Target};
use crate::oauth::token::issue::{Authorization, Source, Subject};
use crate::oauth::token::{required, successor};
use crate::storage::refresh_tokens::RefreshTokenRow;
use crate::web::params::Params;

/// A refresh token that may be exchanged. Only this grant makes it.
pub struct Redeemed {
    presented: OpaqueToken,
    row: RefreshTokenRow,
    user: User,
    request: String,
}

/// A retry: the successor that was already issued. Only this grant makes it.
pub struct Retried {
    successor: OpaqueToken,
    grant: Grant,
}

impl Redeemed {
    pub const fn presented(&self) -> &OpaqueToken {
        &self.presented
    }

    pub const fn row(&self) -> &RefreshTokenRow {
        &self.row
    }

    pub const fn user(&self) -> &User {
        &self.user
    }

    /// What was asked, for recognising a retry.
    pub fn request(&self) -> &str {
        &self.request
    }
}

impl Retried {
    pub const fn successor(&self) -> &OpaqueToken {
        &self.successor
    }

    pub const fn grant(&self) -> &Grant {
        &self.grant
    }
}

pub(in crate::oauth::token) async fn redeem(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<Authorization, OAuthError> {
    let presented = required(params, "refresh_token", "refresh_token is missing")?;
    let presented = OpaqueToken::parse(Kind::RefreshToken, presented).ok_or_else(invalid)?;
    let row = app
        .store
        .tenant(&ctx.tenant.id)
        .refresh_token(&presented.digest(), ctx.now)
        .await?;
    let row = row.ok_or_else(|| invalid().because("the token is unknown"))?;
    if row.token.client_id != client.client_id() {
        // Somebody else's token is refused without touching its family (section 10.4).
        app.refusals.count(ctx, "token.foreign", client.client_id());
        return Err(invalid().because("the token was issued to another client"));
    }
    ctx.notes.account(&row.token.user_id);
    let Some(user) = row
        .user
        .clone()
        .filter(|user| user.enabled && row.grant_live)
    else {
        return Err(invalid().because("the account, the session or the grant is over"));
    };
    if row.token.family_expires_at <= ctx.now {
        return Err(invalid().because("the token has expired"));
    }
    let successor = match row.used_at {
        None if row.token.expires_at <= ctx.now => {
            return Err(invalid().because("the token lay unused for too long"));
        }
        None => None,
        // Decided before anything else is said about the request: whatever else is wrong with it,
        // and however long ago the token would have ended unused, a copy of it is about.
        Some(used_at) => match retriable(app, ctx, client, &presented, &row, used_at) {
            Some(successor) => Some(successor),
            None => return Err(replayed(app, ctx, client, &row).await?),
        },
    };
    let asked = Asked::of(params, &row)?;
    if successor.is_some() && row.request.as_deref() != Some(&asked.to_string()) {
        // The same client asking for something else is confused, not an attacker.
        return Err(invalid().because("a retry asked for something else"));
    }
    let catalog = app.directory.catalog(&ctx.tenant).await?;
    let target = narrowed(&asked, params, client, &row, &user, &catalog)?;
    let source = match successor {
        Some(successor) => Source::Retry(Box::new(Retried {
            successor,
            grant: row.grant,
        })),
        None => Source::RefreshToken(Box::new(Redeemed {
            presented,
            row,
            user: user.clone(),
            request: asked.to_string(),
        })),
    };
    Ok(Authorization {
        subject: Subject::User(Box::new(user)),
        target,
        catalog,
        source,
    })
}

/// What a request asks for: by default all that was granted. Two requests in other words with the
/// same meaning are equal.
struct Asked {
    scope: Scope,
    audience: Vec<String>,
}

impl Asked {
    fn of(params: &Params, row: &RefreshTokenRow) -> Result<Self, OAuthError> {
        let scope = scope_policy::requested(params)?;
        let audience = scope_policy::audiences(params);
        Ok(Self {
            scope: scope.unwrap_or_else(|| row.token.scope.clone()),
            audience: if audience.is_empty() {
                row.token.audience.clone()
            } else {
                audience
            },
        })
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n{}", self.scope, self.audience.join(" "))
    }
}

/// What this exchange grants: at most what was granted before (section 6), and what is still held.
fn narrowed(
    asked: &Asked,
    params: &Params,
    client: &AuthenticatedClient,
    row: &RefreshTokenRow,
    user: &User,
    catalog: &Catalog,
) -> Result<Target, OAuthError> {
    if !asked.scope.is_subset(&row.token.scope) {
        return Err(ErrorKind::InvalidScope.into());
    }
    let metadata = &client.client().metadata;
    let scope = scope_policy::still_held(&asked.scope, metadata, catalog, &user.roles);
    scope_policy::target_within(params, scope, &row.token.audience, catalog)
}

/// The successor of a spent token, if this may be the repetition of a request whose answer was lost.
fn retriable(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    presented: &OpaqueToken,
    row: &RefreshTokenRow,
    used_at: Timestamp,
) -> Option<OpaqueToken> {
    let own = client.client().metadata.refresh_retry_window;
    let window = own.unwrap_or(app.config.tokens.refresh_retry_window);
    if used_at.plus_seconds(window) <= ctx.now {
        return None;
    }
    let sealed = row.unused_successor.as_deref()?;
    successor::open(presented, sealed)
}

/// Kills the family of a token that was presented again.
async fn replayed(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    row: &RefreshTokenRow,
) -> Result<OAuthError, OAuthError> {
    let mut event = ctx.actor(client.client_id()).did(
        AuditKind::RefreshReplay,
        &row.token.user_id,
        app.row_id(),
        ctx.now,
    );
    event.client_id = Some(client.client_id().to_owned());
    event.detail = serde_json::json!({ "session": row.grant.session_id });
    if let Some(user) = &row.user {
        let news = Contents::RefreshReplay {
            at: ctx.now.millis(),
            client: client.client().name().to_owned(),
        };
        letters::tell(app, &ctx.tenant, user, &news, &mut event);
    }
    app.store
        .tenant(&ctx.tenant.id)
        .end_grant(row.grant.id.as_str(), ctx.now, event)
        .await?;
    Ok(invalid().because("a spent refresh token was presented again; its family is dead"))
}

/// One answer for every way a refresh token can be wrong.
fn invalid() -> OAuthError {
    OAuthError::new(
        ErrorKind::InvalidGrant,
        "the refresh token is unknown, used, expired or revoked",
    )
}
