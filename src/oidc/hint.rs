//! ID tokens that come back as hints (OIDC Core section 3.1.2.1, RP-Initiated Logout section 2).

use serde::Deserialize;

use crate::app::App;
use crate::context::Ctx;
use crate::keys::jws::{Parsed, Typ};
use crate::oauth::error::OAuthError;

/// What a hint says. It is ours, but may be over: a hint proves nothing but what it once said.
#[derive(Deserialize)]
pub struct Hint {
    iss: String,
    pub sub: String,
    pub aud: String,
    #[serde(default)]
    pub sid: Option<String>,
}

/// Reads an ID token of this issuer, expired or not. `None`: it is not one.
pub async fn read(app: &App, ctx: &Ctx, token: &str) -> Result<Option<Hint>, OAuthError> {
    let Ok(parsed) = Parsed::parse(token) else {
        return Ok(None);
    };
    if !parsed.is_typ(Typ::Jwt.name()) {
        return Ok(None);
    }
    let keys = app.keys.of(&ctx.tenant).await?;
    let hint: Option<Hint> = keys
        .verify_hint(&parsed)
        .and_then(|payload| payload.claims().ok());
    Ok(hint.filter(|hint| hint.iss == ctx.tenant.issuer))
}
