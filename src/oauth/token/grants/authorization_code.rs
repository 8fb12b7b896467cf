//! RFC 6749 section 4.1.3 with PKCE (RFC 7636 section 4.6).
//!
//! A code is good once, for the client and the address it was made for. Its second use by that client
//! kills what came of the first (section 4.1.2); somebody else's use of it changes nothing.

use data_encoding::BASE64URL_NOPAD;

use crate::app::App;
use crate::base::digest::{equal, sha256};
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::model::audit_event::AuditKind;
use crate::model::grant::Grant;
use crate::model::scope::Scope;
use crate::model::user::User;
use crate::oauth::client_auth::AuthenticatedClient;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::oauth::scope_policy;
use crate::oauth::token::issue::{Authorization, Source, Subject};
use crate::oauth::token::required;
use crate::storage::codes::{CodeRow, NewCode};
use crate::web::params::Params;

/// A code that may be exchanged. Only this grant makes it.
pub struct RedeemedCode {
    digest: String,
    nonce: Option<String>,
    grant: Grant,
    user: User,
    consent: Option<Scope>,
}

impl RedeemedCode {
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// What the code was made for; when it begins and ends is decided by what is issued.
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// What the person allows the client; nothing where nobody has to be asked.
    pub const fn consent(&self) -> Option<&Scope> {
        self.consent.as_ref()
    }

    pub const fn user(&self) -> &User {
        &self.user
    }
}

pub(super) async fn redeem(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<Authorization, OAuthError> {
    let presented = required(params, "code", "code is missing")?;
    let presented = OpaqueToken::parse(Kind::AuthorizationCode, presented).ok_or_else(invalid)?;
    let digest = presented.digest();
    let rows = app.store.tenant(&ctx.tenant.id);
    let row = rows.code(&digest, ctx.now).await?;
    let row = row.ok_or_else(|| invalid().because("the code is unknown"))?;
    if row.code.client_id != client.client_id() {
        app.refusals.count(ctx, "code.foreign", client.client_id());
        return Err(invalid().because("the code was made for another client"));
    }
    ctx.notes.account(&row.code.user_id);
    if row.used_at.is_some() {
        return Err(replayed(app, ctx, &row).await?);
    }
    if row.code.expires_at <= ctx.now {
        return Err(invalid().because("the code is too old"));
    }
    if params.get("redirect_uri") != Some(&row.code.redirect_uri) {
        app.refusals.count(ctx, "code.misused", client.client_id());
        return Err(invalid().because("redirect_uri is not the one the code was sent to"));
    }
    if let Err(cause) = proves_possession(&row.code, params.get("code_verifier")) {
        // Whoever sends a wrong verifier has the code from somewhere; there is no second try.
        app.refusals.count(ctx, "code.misused", client.client_id());
        if !rows.burn_code(&digest, ctx.now).await? {
            // It was spent at this very moment, so this was its second use.
            return Err(replayed(app, ctx, &row).await?);
        }
        return Err(invalid().because(cause));
    }
    let CodeRow {
        code,
        session_live,
        consent,
        user,
        ..
    } = row;
    let Some(user) = user.filter(|user| user.enabled && session_live) else {
        return Err(invalid().because("the session is over"));
    };
    let catalog = app.directory.catalog(&ctx.tenant).await?;
    let metadata = &client.client().metadata;
    let consent = (!metadata.first_party).then_some(consent);
    if consent
        .as_ref()
        .is_some_and(|allowed| !code.scope.is_subset(allowed))
    {
        return Err(invalid().because("what the person allowed was taken back"));
    }
    let scope = scope_policy::still_held(&code.scope, metadata, &catalog, &user.roles);
    let target = scope_policy::target_within(params, scope, &code.audience, &catalog)?;
    let grant = Grant {
        id: code.grant_id,
        session_id: code.session_id,
        user_id: code.user_id,
        client_id: code.client_id,
        offline: code.scope.contains("offline_access"),
        amr: code.amr,
        auth_time: code.auth_time,
        claims: code.claims,
        created_at: ctx.now,
        expires_at: ctx.now,
    };
    Ok(Authorization {
        subject: Subject::User(Box::new(user.clone())),
        target,
        catalog,
        source: Source::Code(Box::new(RedeemedCode {
            digest,
            nonce: code.nonce,
            grant,
            user,
            consent,
        })),
    })
}

/// Whether the verifier belongs to the challenge. One without the other is as wrong as two that do
/// not fit (RFC 9700 section 4.8.2).
fn proves_possession(code: &NewCode, verifier: Option<&str>) -> Result<(), &'static str> {
    match (&code.code_challenge, verifier) {
        (None, None) => Ok(()),
        (Some(_), None) => Err("code_verifier is missing"),
        (None, Some(_)) => Err("there is a code_verifier, but there was no code_challenge"),
        (Some(challenge), Some(verifier)) => {
            let digest = BASE64URL_NOPAD.encode(&sha256(&[verifier.as_bytes()]));
            if is_verifier(verifier) && equal(digest.as_bytes(), challenge.as_bytes()) {
                Ok(())
            } else {
                Err("code_verifier does not fit code_challenge")
            }
        }
    }
}

/// RFC 7636 section 4.1.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// Kills what came of a code that is presented again by its own client.
async fn replayed(app: &App, ctx: &Ctx, row: &CodeRow) -> Result<OAuthError, OAuthError> {
    let code = &row.code;
    let actor = ctx.actor(&code.client_id);
    let mut event = actor.did(AuditKind::CodeReplay, &code.user_id, app.row_id(), ctx.now);
    event.client_id = Some(code.client_id.clone());
    event.detail = serde_json::json!({ "session": code.session_id });
    app.store
        .tenant(&ctx.tenant.id)
        .end_grant(code.grant_id.as_str(), ctx.now, event)
        .await?;
    Ok(invalid().because("a spent code was presented again; what came of it is dead"))
}

/// One answer for every way a code can be wrong.
fn invalid() -> OAuthError {
    OAuthError::new(
        ErrorKind::InvalidGrant,
        "the code is unknown, used, expired or not for this request",
    )
}
