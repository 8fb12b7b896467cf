//! `/verify-email` and `/reset-password`. `GET` shows a form and changes nothing, so that whatever
//! follows the links in a mail does no harm; `POST` spends.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Request, Response, StatusCode, Uri};

use super::links::{self, LinkError};
use super::page_error::PageError;
use crate::app::App;
use crate::context::Ctx;
use crate::model::letter::Purpose;
use crate::oauth::error::OAuthError;
use crate::pages::{AskAddress, ChoosePassword, ConfirmAddress, Frame};
use crate::web::fetch_metadata::is_cross_site;
use crate::web::form;
use crate::web::params::Params;

/// `GET /verify-email`
pub async fn verify_email(State(app): State<App>, ctx: Ctx, uri: Uri) -> Response<Body> {
    let link = link_of(&uri);
    match links::owner(&app, &ctx, Purpose::VerifyEmail, &link).await {
        Ok(Some(user)) => app.pages.confirm_address(&ConfirmAddress {
            frame: frame(&ctx, &ctx.tenant.path()),
            link: &link,
            address: user.email.as_deref().unwrap_or_default(),
        }),
        Ok(None) => dead(&app, &ctx, &link),
        Err(error) => PageError::from(error).into_response(&app, &ctx),
    }
}

/// `POST /verify-email`
pub async fn verified(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response<Body> {
    answered(&app, &ctx, request, async |params| {
        let link = params.get("link").unwrap_or_default();
        match links::verify(&app, &ctx, link).await {
            Ok(()) => Ok(app.pages.told(
                StatusCode::OK,
                &frame(&ctx, &ctx.tenant.path()),
                "Address confirmed",
                "Your e-mail address is confirmed. Go back to the application and sign in.",
            )),
            Err(error) => refused(&app, &ctx, link, error),
        }
    })
    .await
}

/// `GET /reset-password`: with a link, the form for the new password; without, the one that asks for a
/// link, where mail is sent.
pub async fn reset_password(State(app): State<App>, ctx: Ctx, uri: Uri) -> Response<Body> {
    let link = link_of(&uri);
    if link.is_empty() {
        return if app.mail.works() {
            ask(&app, &ctx, StatusCode::OK, None)
        } else {
            no_mail(&app, &ctx)
        };
    }
    choose(&app, &ctx, Purpose::ResetPassword, &link).await
}

/// `POST /reset-password`
pub async fn reset(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response<Body> {
    answered(&app, &ctx, request, async |params| {
        match params.get("link") {
            Some(link) => spend(&app, &ctx, Purpose::ResetPassword, link, &params).await,
            None => request_link(&app, &ctx, &params),
        }
    })
    .await
}

/// The form for a first or another password, behind a live link.
pub(super) async fn choose(app: &App, ctx: &Ctx, purpose: Purpose, link: &str) -> Response<Body> {
    match links::owner(app, ctx, purpose, link).await {
        Ok(Some(user)) => app.pages.choose_password(
            StatusCode::OK,
            &ChoosePassword {
                frame: frame(ctx, &ctx.tenant.path()),
                action: purpose.path(),
                link,
                username: &user.username,
                is_first: purpose == Purpose::Invitation,
                problems: &[],
            },
        ),
        Ok(None) => dead(app, ctx, link),
        Err(error) => PageError::from(error).into_response(app, ctx),
    }
}

/// Sets the password that was chosen there.
pub(super) async fn spend(
    app: &App,
    ctx: &Ctx,
    purpose: Purpose,
    link: &str,
    params: &Params,
) -> Result<Response<Body>, PageError> {
    let password = params.get("password").unwrap_or_default();
    let outcome = if params.get("again").is_some_and(|again| again != password) {
        let different = "password: the two are not the same".to_owned();
        Err(LinkError::Invalid(vec![different]))
    } else {
        links::set_password(app, ctx, purpose, link, password).await
    };
    match outcome {
        Ok(()) => Ok(app.pages.told(
            StatusCode::OK,
            &frame(ctx, &ctx.tenant.path()),
            "Password set",
            "Your password is set, and every earlier session is over. Go back to the application and sign in with it.",
        )),
        Err(LinkError::Invalid(problems)) => {
            let user = links::owner(app, ctx, purpose, link).await?;
            let Some(user) = user else {
                return Ok(dead(app, ctx, link));
            };
            Ok(app.pages.choose_password(
                StatusCode::BAD_REQUEST,
                &ChoosePassword {
                    frame: frame(ctx, &ctx.tenant.path()),
                    action: purpose.path(),
                    link,
                    username: &user.username,
                    is_first: purpose == Purpose::Invitation,
                    problems: &problems,
                },
            ))
        }
        Err(error) => refused(app, ctx, link, error),
    }
}

fn request_link(app: &App, ctx: &Ctx, params: &Params) -> Result<Response<Body>, PageError> {
    let typed = params.get("address").unwrap_or_default();
    if typed.trim().is_empty() {
        let problem = Some("Type the address of your account.");
        return Ok(ask(app, ctx, StatusCode::BAD_REQUEST, problem));
    }
    match links::request(app, ctx, Purpose::ResetPassword, typed) {
        Ok(()) => Ok(app.pages.told(
            StatusCode::OK,
            &frame(ctx, &ctx.tenant.path()),
            "Look into your mail",
            "If there is an account with this address, a mail with a link is on its way to it.",
        )),
        Err(error) => refused(app, ctx, "", error),
    }
}

/// Reads a form of ours. One on a page of another site is refused.
pub(super) async fn answered(
    app: &App,
    ctx: &Ctx,
    request: Request<Body>,
    work: impl AsyncFnOnce(Params) -> Result<Response<Body>, PageError>,
) -> Response<Body> {
    let answer = async {
        let limits = &app.config.limits;
        let read = form::of_request(request, limits.max_body_bytes, limits.body_timeout);
        let (headers, params) = read.await;
        if is_cross_site(&headers, &ctx.tenant.issuer) {
            return Err(PageError::foreign_form());
        }
        work(params?).await
    };
    answer
        .await
        .unwrap_or_else(|error: PageError| error.into_response(app, ctx))
}

/// What is said of an error that is no matter of the form.
pub(super) fn refused(
    app: &App,
    ctx: &Ctx,
    link: &str,
    error: LinkError,
) -> Result<Response<Body>, PageError> {
    Ok(match error {
        LinkError::Dead | LinkError::Invalid(_) => dead(app, ctx, link),
        LinkError::NoMail => no_mail(app, ctx),
        LinkError::Throttled(throttled) => {
            let mut response = app.pages.error(
                StatusCode::TOO_MANY_REQUESTS,
                &frame(ctx, &ctx.tenant.path()),
                "Too many requests",
                "This was asked for too often from your network. Try again in a minute.",
                None,
            );
            let seconds = HeaderValue::from(throttled.retry_after);
            response.headers_mut().insert(RETRY_AFTER, seconds);
            response
        }
        LinkError::Overloaded(error) => return Err(OAuthError::from(error).into()),
        LinkError::Db(error) => return Err(error.into()),
    })
}

fn ask(app: &App, ctx: &Ctx, status: StatusCode, problem: Option<&str>) -> Response<Body> {
    let base = ctx.tenant.path();
    let frame = frame(ctx, &base);
    app.pages
        .ask_address(status, &AskAddress { frame, problem })
}

/// One page for every way a link can be wrong.
pub(super) fn dead(app: &App, ctx: &Ctx, link: &str) -> Response<Body> {
    let status = if link.is_empty() {
        StatusCode::NOT_FOUND
    } else {
        StatusCode::GONE
    };
    app.pages.error(
        status,
        &frame(ctx, &ctx.tenant.path()),
        "This link does not work",
        "It was used, has expired, or a newer one was sent. Ask for another one.",
        None,
    )
}

fn no_mail(app: &App, ctx: &Ctx) -> Response<Body> {
    app.pages.error(
        StatusCode::NOT_FOUND,
        &frame(ctx, &ctx.tenant.path()),
        "No mail is sent here",
        "Whoever administers your account can give you a link.",
        None,
    )
}

pub(super) fn link_of(uri: &Uri) -> String {
    let query = Params::parse(uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    query.get("link").unwrap_or_default().to_owned()
}

pub(super) fn frame<'a>(ctx: &'a Ctx, base: &'a str) -> Frame<'a> {
    Frame {
        base,
        tenant_name: &ctx.tenant.name,
        form_targets: &[],
    }
}
