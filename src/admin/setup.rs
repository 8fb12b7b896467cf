//! The one-time link that makes the first administrator: valid for an hour, for one use, and only
//! while the default tenant has no administrator.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::new_password::Owner;
use super::{AdminError, event, tenants, users};
use crate::app::App;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::model::audit_event::AuditKind;
use crate::model::password_policy::PasswordPolicy;
use crate::model::role;
use crate::model::tenant::Tenant;
use crate::model::user::UserInput;
use crate::oauth::error::OAuthError;
use crate::storage::DbError;
use crate::web::form;
use crate::web::params::Params;

const LIFETIME: i64 = 3600;

/// Makes a new link; earlier ones die. `None`: there is an administrator already.
pub async fn new_link(app: &App) -> Result<Option<String>, AdminError> {
    let tenant = tenants::ensure_default(app).await?;
    if app.store.tenant(&tenant.id).has_active_admin().await? {
        return Ok(None);
    }
    let link = OpaqueToken::generate(Kind::SetupLink, &app.random);
    app.store
        .replace_setup_link(link.digest(), app.clock.now().plus_seconds(LIFETIME))
        .await?;
    Ok(Some(format!(
        "{}/setup?link={}",
        tenant.issuer,
        link.expose()
    )))
}

/// `GET /setup` shows the form and spends nothing: a scanner that follows links does no harm.
pub async fn page(State(app): State<App>, ctx: Ctx, uri: Uri) -> Response {
    let query = Params::parse(uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let link = query.get("link").unwrap_or_default();
    match live(&app, &ctx, link).await {
        Ok(true) => {
            let least = PasswordPolicy::of(&app.config, &ctx.tenant).min_length;
            app.pages.setup(StatusCode::OK, link, "", least, &[])
        }
        Ok(false) => dead(&app),
        Err(error) => error.into_response(),
    }
}

/// `POST /setup` spends the link and makes the administrator, both or neither.
pub async fn submit(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response {
    match spend(&app, &ctx, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn spend(app: &App, ctx: &Ctx, request: Request<Body>) -> Result<Response, OAuthError> {
    let limits = &app.config.limits;
    let (_, params) = form::of_request(request, limits.max_body_bytes, limits.body_timeout).await;
    let params = params?;
    let link = params.get("link").unwrap_or_default();
    // Nothing is hashed for somebody without a link.
    if !live(app, ctx, link).await? {
        return Ok(dead(app));
    }
    let username = params.get("username").unwrap_or_default();
    let input = UserInput {
        username: username.to_owned(),
        roles: vec![role::ADMIN.to_owned()],
        enabled: true,
        ..UserInput::default()
    };
    let password = params.get("password").unwrap_or_default();
    let owner = Owner::new(app, Some(&ctx.tenant), &input);
    let least = owner.policy.min_length;
    let password = Some((password, owner));
    let user = match users::new_user(app, Some(&ctx.tenant), input, password).await {
        Ok(user) => user,
        Err(AdminError::Invalid(problems)) => {
            return Ok(app
                .pages
                .setup(StatusCode::BAD_REQUEST, link, username, least, &problems));
        }
        Err(AdminError::Overloaded(error)) => return Err(error.into()),
        Err(error) => return Err(OAuthError::internal().because(error)),
    };
    let event = event(
        app,
        &ctx.actor("set-up link"),
        AuditKind::SetupCompleted,
        &user.id,
    );
    let digest = OpaqueToken::parse(Kind::SetupLink, link).map(|link| link.digest());
    let digest = digest.unwrap_or_default();
    let Tenant { id, .. } = &*ctx.tenant;
    let spent = app
        .store
        .spend_setup_link(&digest, id, user, ctx.now, event)
        .await;
    match spent {
        Ok(true) => {}
        Ok(false) => return Ok(dead(app)),
        // The name is an account's without the role; the link is not spent.
        Err(DbError::Conflict) => {
            let taken = ["username: taken".to_owned()];
            let again = StatusCode::CONFLICT;
            return Ok(app.pages.setup(again, link, username, least, &taken));
        }
        Err(error) => return Err(error.into()),
    }
    let done = "The installation has its administrator. This link is spent.";
    Ok(app
        .pages
        .message(StatusCode::CREATED, "Administrator created", done))
}

async fn live(app: &App, ctx: &Ctx, link: &str) -> Result<bool, OAuthError> {
    // The installation's link, so on no other tenant's host.
    let link = OpaqueToken::parse(Kind::SetupLink, link).filter(|_| ctx.tenant.is_default());
    let Some(link) = link else {
        return Ok(false);
    };
    if app.store.tenant(&ctx.tenant.id).has_active_admin().await? {
        return Ok(false);
    }
    Ok(app
        .store
        .setup_link_is_live(&link.digest(), ctx.now)
        .await?)
}

fn dead(app: &App) -> Response {
    app.pages.message(
        StatusCode::NOT_FOUND,
        "This link does not work",
        "It was used, has expired, or there is an administrator already. \
         Run `users-core setup` for a new one.",
    )
}
