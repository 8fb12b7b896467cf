//! The forms of our pages: `POST /sign-in`, `/select-account`, `/consent`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};

use super::browser::Browser;
use super::direct::{self, LoginError};
use super::dispatch::Decision;
use super::factors::{configure, show};
use super::interaction;
use super::page::{self, Page, Refusal, Said};
use super::page_error::PageError;
use super::transaction::Transaction;
use super::update_password;
use crate::admin::registration;
use crate::app::App;
use crate::context::Ctx;
use crate::oauth::authorize::request::AuthorizationRequest;
use crate::web::form;
use crate::web::params::Params;

/// A form that came back to the browser it was made for, and the request it belongs to, checked anew.
pub(super) struct Returned {
    pub(super) params: Params,
    pub(super) browser: Browser,
    pub(super) transaction: Transaction,
    pub(super) request: AuthorizationRequest,
}

/// Reads a form. `Ok(Err(..))` is an answer to the client, whose request is no longer good.
async fn returned(
    app: &App,
    ctx: &Ctx,
    request: Request<Body>,
) -> Result<Result<Returned, Response<Body>>, PageError> {
    let limits = &app.config.limits;
    let (headers, params) =
        form::of_request(request, limits.max_body_bytes, limits.body_timeout).await;
    let params = params?;
    let browser = Browser::of(app, ctx, &headers).await?;
    let sealed = params.get("transaction").unwrap_or_default();
    let transaction = Transaction::open(app, ctx, &headers, &browser, sealed)?;
    Ok(match interaction::checked(app, ctx, &transaction).await? {
        Ok(request) => Ok(Returned {
            params,
            browser,
            transaction,
            request,
        }),
        Err((channel, error)) => Err(channel.error(app, ctx, &error)),
    })
}

/// `POST /sign-in`
pub async fn sign_in(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response<Body> {
    let answer = async {
        match returned(&app, &ctx, request).await? {
            Ok(returned) => match returned.params.get("step") {
                Some(show::STEP) => show::answer(&app, &ctx, returned).await,
                Some(configure::STEP) => configure::answer(&app, &ctx, returned).await,
                Some(update_password::STEP) => update_password::choose(&app, &ctx, returned).await,
                Some(GO_ON) => Ok(go_on(&app, &ctx, returned).await),
                _ => try_password(&app, &ctx, returned).await,
            },
            Err(answer) => Ok(answer),
        }
    };
    answer
        .await
        .unwrap_or_else(|error: PageError| error.into_response(&app, &ctx))
}

/// The step of a page that only had something to say.
const GO_ON: &str = "go_on";

async fn go_on(app: &App, ctx: &Ctx, returned: Returned) -> Response<Body> {
    let Returned {
        browser,
        transaction,
        request,
        ..
    } = returned;
    interaction::answer(app, ctx, &request, transaction, browser, None).await
}

async fn try_password(
    app: &App,
    ctx: &Ctx,
    returned: Returned,
) -> Result<Response<Body>, PageError> {
    let Returned {
        params,
        mut browser,
        mut transaction,
        request,
    } = returned;
    let username = params.get("username").unwrap_or_default().to_owned();
    let password = params.get("password").unwrap_or_default();
    let remember = params.get("remember") == Some("on");
    let client_id = &request.client.client.client_id;
    let problem = if username.is_empty() || password.is_empty() {
        problem(StatusCode::BAD_REQUEST, "Type your name and your password.")
    } else {
        let known = browser.known_as(app, ctx, &username).await?;
        let known = known.as_ref();
        match direct::authenticate_in(app, ctx, &username, password, known).await {
            Ok(login) => {
                let login = login.remembered(remember);
                let session = browser.sign_in(app, ctx, &login, client_id, known).await?;
                if let Some(session) = session {
                    transaction.account = Some(session);
                    transaction.another = false;
                    let answer =
                        interaction::answer(app, ctx, &request, transaction, browser, None);
                    return Ok(answer.await);
                }
                refused(app, ctx)
            }
            // A page asks for what there is to do, so the second is no answer to one.
            Err(LoginError::Refused | LoginError::InteractionRequired) => refused(app, ctx),
            Err(LoginError::Unverified) if registration::waits_for_mail(app, &ctx.tenant) => {
                refused(app, ctx)
            }
            Err(LoginError::Unverified) => problem(
                StatusCode::FORBIDDEN,
                "Your e-mail address is not verified yet. Whoever administers your account can do it.",
            ),
            Err(LoginError::Throttled(throttled)) => Refusal {
                retry_after: Some(throttled.retry_after),
                ..problem(
                    StatusCode::TOO_MANY_REQUESTS,
                    &format!(
                        "Too many failed attempts. Try again in {}.",
                        in_words(throttled.retry_after)
                    ),
                )
            },
            Err(LoginError::Overloaded(_)) => Refusal {
                retry_after: Some(1),
                ..problem(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The server is busy. Try again in a moment.",
                )
            },
            Err(LoginError::Db(error)) => return Err(error.into()),
        }
    };
    let again = Page::SignIn {
        username: Some(username),
    };
    Ok(problem.on(app, ctx, &request, transaction, browser, again))
}

/// Where accounts wait for a link to be used, one that waits looks like one that is not there: whoever
/// made it could else find out whether an address had one before.
fn refused(app: &App, ctx: &Ctx) -> Refusal {
    let text = if registration::waits_for_mail(app, &ctx.tenant) {
        "The name or the password is wrong, or the address of the account is not confirmed yet: then a \
         mail with a link is on its way to it."
    } else {
        "The name or the password is wrong."
    };
    problem(StatusCode::BAD_REQUEST, text)
}

fn problem(status: StatusCode, text: &str) -> Refusal {
    Refusal {
        code: "login.refused",
        status,
        text: text.to_owned(),
        retry_after: None,
    }
}

pub(super) fn in_words(seconds: i64) -> String {
    match seconds {
        ..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}

/// `POST /select-account`: `session` names one of the browser's, `another` means somebody else; without
/// either, the choice is shown.
pub async fn select_account(
    State(app): State<App>,
    ctx: Ctx,
    request: Request<Body>,
) -> Response<Body> {
    let answer = async {
        let mut returned = match returned(&app, &ctx, request).await? {
            Ok(returned) => returned,
            Err(answer) => return Ok(answer),
        };
        let transaction = &mut returned.transaction;
        match returned.params.get("session") {
            Some(session) => {
                // One that is not the browser's is nobody: somebody signs in.
                transaction.account = Some(session.to_owned());
                transaction.another = false;
                returned.browser.prefer(&app, &ctx, session);
            }
            None if returned.params.has("another") => {
                transaction.account = None;
                transaction.another = true;
            }
            None => {
                let Returned {
                    browser,
                    transaction,
                    request,
                    ..
                } = returned;
                let choice = Page::accounts(&browser);
                let nothing = Said::default();
                return Ok(page::show(
                    &app,
                    &ctx,
                    &request,
                    transaction,
                    browser,
                    choice,
                    &nothing,
                ));
            }
        }
        let Returned {
            browser,
            transaction,
            request,
            ..
        } = returned;
        Ok(interaction::answer(&app, &ctx, &request, transaction, browser, None).await)
    };
    answer
        .await
        .unwrap_or_else(|error: PageError| error.into_response(&app, &ctx))
}

/// `POST /consent`
pub async fn consent(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response<Body> {
    let answer = async {
        let returned = match returned(&app, &ctx, request).await? {
            Ok(returned) => returned,
            Err(answer) => return Ok(answer),
        };
        let decision = match returned.params.get("decision") {
            Some("allow") => Some(Decision::Allow),
            Some("deny") => Some(Decision::Deny),
            _ => None,
        };
        let Returned {
            browser,
            transaction,
            request,
            ..
        } = returned;
        Ok(interaction::answer(&app, &ctx, &request, transaction, browser, decision).await)
    };
    answer
        .await
        .unwrap_or_else(|error: PageError| error.into_response(&app, &ctx))
}
