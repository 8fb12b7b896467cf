//! `/sign-up`: an account of one's own, where that is open, or the one an invitation is for.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode, Uri};

use super::link_pages::{answered, choose, frame, link_of, refused, spend};
use super::links::LinkError;
use super::page_error::PageError;
use crate::admin::AdminError;
use crate::admin::registration::{self, RegistrationError};
use crate::app::App;
use crate::config::Registration;
use crate::context::Ctx;
use crate::model::letter::Purpose;
use crate::model::user::{StandardClaims, UserInput};
use crate::oauth::error::OAuthError;
use crate::pages::SignUp;
use crate::web::params::Params;

/// `GET /sign-up`
pub async fn page(State(app): State<App>, ctx: Ctx, uri: Uri) -> Response<Body> {
    let link = link_of(&uri);
    if !link.is_empty() {
        return choose(&app, &ctx, Purpose::Invitation, &link).await;
    }
    if is_open(&app, &ctx) {
        form(&app, &ctx, StatusCode::OK, &Params::default(), &[])
    } else {
        closed(&app, &ctx)
    }
}

/// `POST /sign-up`
pub async fn submit(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response<Body> {
    answered(&app, &ctx, request, async |params| {
        match params.get("link") {
            Some(link) => spend(&app, &ctx, Purpose::Invitation, link, &params).await,
            None if is_open(&app, &ctx) => register(&app, &ctx, &params).await,
            None => Ok(closed(&app, &ctx)),
        }
    })
    .await
}

/// Whether the page has a form: where an address must be verified and no mail is sent, an account
/// made here would be good for nothing.
pub fn is_open(app: &App, ctx: &Ctx) -> bool {
    let settings = &ctx.tenant.settings;
    let open = match app.config.registration {
        Registration::Open => true,
        Registration::Domain => ctx.tenant.domain.is_some(),
        Registration::Off | Registration::Invite => false,
    };
    open && (app.mail.works() || !settings.requires_verified_email())
}

async fn register(app: &App, ctx: &Ctx, params: &Params) -> Result<Response<Body>, PageError> {
    if let Err(throttled) = app.mail_pace.count(ctx.address, ctx.now) {
        return refused(app, ctx, "", LinkError::Throttled(throttled));
    }
    let given = |name: &str| {
        let text = params.get(name).unwrap_or_default().trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let email = given("email").unwrap_or_default();
    let input = UserInput {
        username: given("username").unwrap_or_else(|| email.clone()),
        claims: StandardClaims {
            name: given("name"),
            ..StandardClaims::default()
        },
        email: Some(email),
        ..UserInput::default()
    };
    let password = params.get("password").unwrap_or_default();
    let open_to = app.config.registration;
    match registration::account(app, ctx, open_to, input, password).await {
        Ok(_) => Ok(welcome(app, ctx)),
        Err(RegistrationError::Closed(_)) => {
            let domain = ctx.tenant.domain.as_deref().unwrap_or_default();
            let rule = format!("email: an address in {domain}");
            Ok(form(app, ctx, StatusCode::FORBIDDEN, params, &[rule]))
        }
        Err(RegistrationError::Refused(error)) => match error {
            AdminError::Invalid(problems) => {
                Ok(form(app, ctx, StatusCode::BAD_REQUEST, params, &problems))
            }
            AdminError::Conflict(_) => {
                let taken = ["The username or the address is taken.".to_owned()];
                Ok(form(app, ctx, StatusCode::CONFLICT, params, &taken))
            }
            AdminError::Overloaded(error) => Err(OAuthError::from(error).into()),
            AdminError::Db(error) => Err(error.into()),
            error => Err(OAuthError::internal().because(error).into()),
        },
    }
}

fn welcome(app: &App, ctx: &Ctx) -> Response<Body> {
    let (title, text) = if registration::waits_for_mail(app, &ctx.tenant) {
        (
            "Look into your mail",
            "A mail is on its way to the address you gave. Open the link in it, then sign in.",
        )
    } else {
        (
            "Account made",
            "Your account is ready. Go back to the application and sign in.",
        )
    };
    let base = ctx.tenant.path();
    let frame = frame(ctx, &base);
    app.pages.told(StatusCode::OK, &frame, title, text)
}

fn form(
    app: &App,
    ctx: &Ctx,
    status: StatusCode,
    params: &Params,
    problems: &[String],
) -> Response<Body> {
    app.pages.sign_up(
        status,
        &SignUp {
            frame: frame(ctx, &ctx.tenant.path()),
            email: params.get("email").unwrap_or_default(),
            username: params.get("username").unwrap_or_default(),
            name: params.get("name").unwrap_or_default(),
            problems,
        },
    )
}

fn closed(app: &App, ctx: &Ctx) -> Response<Body> {
    app.pages.error(
        StatusCode::NOT_FOUND,
        &frame(ctx, &ctx.tenant.path()),
        "No accounts are made here",
        "Whoever administers this service can make one for you, or send you an invitation.",
        None,
    )
}
