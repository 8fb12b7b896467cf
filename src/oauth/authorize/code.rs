//! The end of a successful request: a code for the client.

use axum::body::Body;
use axum::http::Response;

use super::error::AuthorizeErrorKind;
use super::request::AuthorizationRequest;
use crate::app::App;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::login::browser::SignedIn;
use crate::login::page_error::PageError;
use crate::login::sealed_form::SealedForm;
use crate::login::transaction::Transaction;
use crate::model::claims_request::ClaimsRequest;
use crate::model::client_metadata::GrantType;
use crate::model::grant::GrantId;
use crate::model::scope::Scope;
use crate::storage::codes::NewCode;

/// Sends the browser to the client with a code for what `person` allows.
///
/// # Errors
/// A page, when the pages that led here have brought a code before.
pub async fn grant(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    transaction: &Transaction,
    person: &SignedIn,
    scope: Scope,
) -> Result<Response<Body>, PageError> {
    if scope.is_empty() {
        let denied = AuthorizeErrorKind::AccessDenied.into();
        return Ok(request.channel.error(app, ctx, &denied));
    }
    let refreshes = request.metadata().allows(GrantType::RefreshToken);
    let code = OpaqueToken::generate(Kind::AuthorizationCode, &app.random);
    let session = person.session();
    let new = NewCode {
        digest: code.digest(),
        client_id: request.client.client.client_id.clone(),
        user_id: person.user().id.clone(),
        session_id: session.id.clone(),
        grant_id: GrantId::generate(&app.random),
        redirect_uri: request.channel.redirect.as_str().to_owned(),
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        // Without refresh tokens there is nothing that could be used in the person's absence.
        scope: scope.filtered(|word| refreshes || word != "offline_access"),
        audience: request.audience.clone(),
        claims: if scope.contains("openid") {
            request.claims.clone()
        } else {
            ClaimsRequest::default()
        },
        amr: session.amr.clone(),
        auth_time: session.auth_time,
        expires_at: ctx.now.plus_seconds(app.config.tokens.code_lifetime),
    };
    let stored = app
        .store
        .tenant(&ctx.tenant.id)
        .add_code(new, transaction.once())
        .await;
    match stored {
        Ok(true) => Ok(request.channel.code(app, ctx, code.expose())),
        Ok(false) => Err(PageError::used_form().restarting_at(transaction.restart(ctx))),
        Err(error) => Ok(request.channel.error(app, ctx, &error.into())),
    }
}
