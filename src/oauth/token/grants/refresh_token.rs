//! RFC 6749 section 6, with rotation (RFC 9700 section 4.14.2).
//!
//! A refresh token is spent by its use. Presented again, it kills its family, except that its
//! immediate successor is given once more to the same client asking the same thing within the retry
//! window, as long as that successor lies unused: a lost answer must not log anybody out.

use crate::app::App;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::model::audit_event::AuditKind;
use crate::model::user::User;
use crate::oauth::client_auth::AuthenticatedClient;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::oauth::scope_policy::{self, Target};
use crate::oauth::token::issue::{Authorization, Source, Subject};
use crate::oauth::token::required;
use crate::storage::refresh_tokens::{RefreshTokenRow, Successor};
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
    session_id: String,
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

    pub fn session_id(&self) -> &str {
        &self.session_id
    }
}

pub(super) async fn redeem(
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
        .refresh_token(&presented.digest())
        .await?;
    // Somebody else's token is refused without touching its family (section 10.4).
    let row = row
        .filter(|row| row.token.client_id == client.client_id())
        .ok_or_else(invalid)?;
    let Some(user) = row
        .user
        .clone()
        .filter(|user| user.enabled && row.session_live)
    else {
        return Err(invalid());
    };
    if row.token.expires_at <= ctx.now {
        return Err(invalid());
    }
    let catalog = app.directory.catalog(&ctx.tenant).await?;
    let target = narrowed(params, client, &row, &user, &catalog)?;
    let request = format!("{}\n{}", target.scope, target.audience.join(" "));
    let source = if row.used_at.is_none() {
        Source::RefreshToken(Box::new(Redeemed {
            presented,
            row,
            user: user.clone(),
            request,
        }))
    } else {
        let retried = retry(app, ctx, client, &presented, &row, &request).await?;
        Source::Retry(retried)
    };
    Ok(Authorization {
        subject: Subject::User(Box::new(user)),
        target,
        catalog,
        source,
    })
}

/// What this exchange grants: at most what was granted before (section 6), and what is still held.
fn narrowed(
    params: &Params,
    client: &AuthenticatedClient,
    row: &RefreshTokenRow,
    user: &User,
    catalog: &crate::model::resource::Catalog,
) -> Result<Target, OAuthError> {
    let asked = scope_policy::requested(params)?.unwrap_or_else(|| row.token.scope.clone());
    if !asked.is_subset(&row.token.scope) {
        return Err(ErrorKind::InvalidScope.into());
    }
    let scope = scope_policy::still_held(&asked, &client.client().metadata, catalog, &user.roles);
    let granted = scope_policy::narrow(scope, row.token.audience.clone(), catalog)?;
    let target = scope_policy::target(params, granted.scope, catalog)?;
    if target.audience.is_empty() {
        return Ok(Target {
            audience: granted.audience,
            ..target
        });
    }
    let outside = |name: &String| !granted.audience.is_empty() && !granted.audience.contains(name);
    if target.audience.iter().any(outside) {
        return Err(ErrorKind::InvalidTarget.into());
    }
    Ok(target)
}

/// Decides on a spent token: a retry gets the same successor, a replay kills the family.
async fn retry(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    presented: &OpaqueToken,
    row: &RefreshTokenRow,
    request: &str,
) -> Result<Retried, OAuthError> {
    let metadata = &client.client().metadata;
    let window = metadata
        .refresh_retry_window
        .unwrap_or(app.config.tokens.refresh_retry_window);
    let within = row
        .used_at
        .is_some_and(|used| used.plus_seconds(window) > ctx.now);
    if let Some(Successor {
        sealed,
        request: spent_by,
        unused: true,
    }) = &row.successor
        && within
    {
        if spent_by != request {
            // The same client asking for something else is confused, not an attacker.
            return Err(invalid());
        }
        if let Some(successor) = super::super::issue::open_successor(presented, sealed) {
            return Ok(Retried {
                successor,
                session_id: row.token.session_id.clone(),
            });
        }
    }
    let mut event = ctx.actor(client.client_id()).did(
        AuditKind::RefreshReplay,
        &row.token.user_id,
        app.row_id(),
        ctx.now,
    );
    event.client_id = Some(client.client_id().to_owned());
    event.detail = serde_json::json!({ "session": row.token.session_id });
    app.store
        .tenant(&ctx.tenant.id)
        .end_session(&row.token.session_id, ctx.now, event)
        .await?;
    Err(invalid().because("a spent refresh token was presented again; its family is dead"))
}

/// One answer for every way a refresh token can be wrong.
fn invalid() -> OAuthError {
    OAuthError::new(
        ErrorKind::InvalidGrant,
        "the refresh token is unknown, used, expired or revoked",
    )
}
