//! From a step to an answer: a page of ours, or the way back to the client.

use axum::body::Body;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, Response};

use super::browser::{Browser, SignedIn};
use super::consent;
use super::dispatch::{Decision, Step, dispatch};
use super::factors::configure;
use super::page::{self, Page, Said};
use super::page_error::PageError;
use super::transaction::Transaction;
use crate::app::App;
use crate::context::Ctx;
use crate::model::scope::Scope;
use crate::oauth::authorize::channel::Channel;
use crate::oauth::authorize::error::AuthorizeError;
use crate::oauth::authorize::request::{self, AuthorizationRequest, Prompt};
use crate::oauth::authorize::{code, parameters};

/// Checks the request again and answers with what comes next.
pub async fn proceed(
    app: &App,
    ctx: &Ctx,
    transaction: Transaction,
    browser: Browser,
    decision: Option<Decision>,
) -> Result<Response<Body>, PageError> {
    let request = match checked(app, ctx, &transaction).await? {
        Ok(request) => request,
        Err((channel, error)) => return Ok(channel.error(app, ctx, &error)),
    };
    Ok(answer(app, ctx, &request, transaction, browser, decision).await)
}

/// The request of a transaction, checked.
pub async fn checked(
    app: &App,
    ctx: &Ctx,
    transaction: &Transaction,
) -> Result<Result<AuthorizationRequest, (Channel, AuthorizeError)>, PageError> {
    let params = parameters(transaction.query())?;
    let addressed = request::address(app, ctx, &params).await?;
    Ok(request::check(app, ctx, addressed, &params).await)
}

/// Answers a checked request.
pub async fn answer(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    transaction: Transaction,
    mut browser: Browser,
    decision: Option<Decision>,
) -> Response<Body> {
    let cookies = browser.take_cookies();
    let step = next_step(app, ctx, request, &transaction, &browser, decision).await;
    let mut response = match step {
        // The client is known, so whatever goes wrong is said to it.
        Err(error) => request.channel.error(app, ctx, &error),
        Ok(Step::Grant { person, scope }) => {
            let allowed = decision == Some(Decision::Allow);
            grant(app, ctx, request, &transaction, person, scope, allowed)
                .await
                .unwrap_or_else(|error| error.into_response(app, ctx))
        }
        Ok(step) => {
            let page = match step {
                Step::ConfigureTotp { person } => configure::page_of(app, ctx, person).await,
                step => Ok(Page::of(step, &browser)),
            };
            let nothing = Said::default();
            match page {
                Ok(page) => page::show(app, ctx, request, transaction, browser, page, &nothing),
                Err(error) => request.channel.error(app, ctx, &error.into()),
            }
        }
    };
    // Also with an error: the secret it replaces is worth nothing any more.
    add_cookies(&mut response, cookies);
    response
}

async fn grant(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    transaction: &Transaction,
    person: &SignedIn,
    scope: Scope,
    allowed: bool,
) -> Result<Response<Body>, PageError> {
    let response = code::grant(app, ctx, request, transaction, person, scope).await?;
    // Not before: a form that was used already changes nothing.
    if allowed && let Err(error) = consent::remember(app, ctx, request, transaction, person).await {
        return Ok(request.channel.error(app, ctx, &error.into()));
    }
    Ok(response)
}

/// A page to show or a code to give, unless there is a reason to send the browser back without.
async fn next_step<'b>(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    transaction: &Transaction,
    browser: &'b Browser,
    decision: Option<Decision>,
) -> Result<Step<'b>, AuthorizeError> {
    let step = dispatch(app, ctx, request, transaction, browser, decision).await?;
    let refused = match &step {
        Step::Refuse(kind) => Some(*kind),
        step if request.wants(Prompt::None) => step.without_pages(),
        _ => None,
    };
    if let Some(kind) = refused {
        return Err(kind.into());
    }
    if let Step::Grant { person, .. } = &step {
        person.touch(app, ctx).await?;
    }
    Ok(step)
}

/// Adds cookies to an answer, as many as there are.
pub fn add_cookies(response: &mut Response<Body>, cookies: impl IntoIterator<Item = HeaderValue>) {
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
