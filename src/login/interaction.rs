//! From a step to an answer: a page of ours, or the way back to the client.

use axum::body::Body;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, Response, StatusCode};

use super::browser::{Browser, SignedIn};
use super::consent;
use super::dispatch::{Decision, Step, dispatch};
use super::page_error::PageError;
use super::sign_up;
use super::transaction::Transaction;
use crate::app::App;
use crate::context::Ctx;
use crate::model::password_policy::PasswordPolicy;
use crate::model::scope::{IDENTITY_SCOPES, Scope, is_identity_scope};
use crate::oauth::authorize::channel::Channel;
use crate::oauth::authorize::error::AuthorizeError;
use crate::oauth::authorize::request::{self, AuthorizationRequest, Prompt};
use crate::oauth::authorize::{code, parameters};
use crate::pages::scope_text;
use crate::pages::{
    AccountLine, Accounts, ClientCard, Consent, Frame, ScopeLine, SignIn, UpdatePassword,
};

/// What a form wants said on the next sign-in page.
pub struct Problem {
    pub status: StatusCode,
    pub text: String,
    pub username: String,
    pub retry_after: Option<i64>,
}

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
            let page = Page::of(step, &browser);
            show(
                app,
                ctx,
                request,
                transaction,
                browser,
                page,
                &Said::default(),
            )
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

/// A page, freed of what it was decided from.
enum Page {
    SignIn {
        username: Option<String>,
    },
    Accounts(Vec<AccountLine>),
    UpdatePassword {
        session: String,
        username: String,
    },
    Consent {
        session: String,
        username: String,
        scope: Scope,
        before: Scope,
        unverified: bool,
    },
}

impl Page {
    fn of(step: Step<'_>, browser: &Browser) -> Self {
        match step {
            Step::Consent {
                person,
                scope,
                before,
                unverifiable,
                ..
            } => Self::Consent {
                session: person.session().id.clone(),
                username: person.user().username.clone(),
                scope,
                before,
                unverified: unverifiable,
            },
            Step::UpdatePassword { person } => Self::UpdatePassword {
                session: person.session().id.clone(),
                username: person.user().username.clone(),
            },
            Step::ChooseAccount => Self::Accounts(account_lines(browser)),
            Step::SignIn { username } => Self::SignIn { username },
            Step::Grant { .. } | Step::Refuse(_) => Self::SignIn { username: None },
        }
    }
}

fn account_lines(browser: &Browser) -> Vec<AccountLine> {
    let accounts = browser.accounts().iter();
    accounts
        .map(|account| AccountLine {
            session: account.session().id.clone(),
            username: account.user().username.clone(),
            name: account.user().claims.name.clone(),
        })
        .collect()
}

/// The sign-in page again, with what was wrong.
pub fn sign_in_again(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    transaction: Transaction,
    browser: Browser,
    problem: &Problem,
) -> Response<Body> {
    let page = Page::SignIn {
        username: Some(problem.username.clone()),
    };
    let said = Said {
        status: problem.status,
        lines: std::slice::from_ref(&problem.text),
        retry_after: problem.retry_after,
    };
    show(app, ctx, request, transaction, browser, page, &said)
}

/// The page to choose another password on again, with what was wrong. Whose it is may have changed.
pub fn update_password_again(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    transaction: Transaction,
    browser: Browser,
    status: StatusCode,
    problems: &[String],
) -> Response<Body> {
    let chosen = transaction.account.as_deref();
    let person = chosen.and_then(|session| browser.account(session));
    let page = match person.or(browser.current()) {
        Some(person) => Page::UpdatePassword {
            session: person.session().id.clone(),
            username: person.user().username.clone(),
        },
        None => Page::SignIn { username: None },
    };
    let said = Said {
        status,
        lines: problems,
        retry_after: None,
    };
    show(app, ctx, request, transaction, browser, page, &said)
}

/// What is said on a page, and how.
struct Said<'a> {
    status: StatusCode,
    lines: &'a [String],
    retry_after: Option<i64>,
}

impl Default for Said<'_> {
    fn default() -> Self {
        Self {
            status: StatusCode::OK,
            lines: &[],
            retry_after: None,
        }
    }
}

/// The page to choose an account on.
pub fn choose_account(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    transaction: Transaction,
    browser: Browser,
) -> Response<Body> {
    let page = Page::Accounts(account_lines(&browser));
    show(
        app,
        ctx,
        request,
        transaction,
        browser,
        page,
        &Said::default(),
    )
}

fn show(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    mut transaction: Transaction,
    mut browser: Browser,
    page: Page,
    said: &Said<'_>,
) -> Response<Body> {
    let metadata = request.metadata();
    let client_name = request.client.client.name();
    let form_targets = [request.channel.redirect.form_target()];
    let frame = Frame {
        base: &ctx.tenant.path(),
        tenant_name: &ctx.tenant.name,
        form_targets: &form_targets,
    };
    if let Page::UpdatePassword { session, .. } = &page {
        transaction.account = Some(session.clone());
    }
    if let Page::Consent { session, scope, .. } = &page {
        transaction.account = Some(session.clone());
        transaction.shown = Some(scope.to_string());
    }
    let (mark, cookie) = browser.ensure_mark(app, ctx);
    let sealed = transaction.seal(app, ctx, mark);
    let mut response = match page {
        Page::SignIn { username } => app.pages.sign_in(
            said.status,
            &SignIn {
                frame,
                transaction: &sealed,
                client_name: Some(client_name),
                username: username.as_deref().unwrap_or_default(),
                username_is_fixed: false,
                problem: said.lines.first().map(String::as_str),
                other_accounts: !browser.accounts().is_empty(),
                reset: app.mail.works(),
                sign_up: sign_up::is_open(app, ctx),
            },
        ),
        Page::Accounts(accounts) => app.pages.accounts(&Accounts {
            frame,
            transaction: &sealed,
            client_name: Some(client_name),
            accounts,
        }),
        Page::UpdatePassword { username, .. } => app.pages.update_password(
            said.status,
            &UpdatePassword {
                frame,
                transaction: &sealed,
                client_name: Some(client_name),
                username: &username,
                min_length: PasswordPolicy::of(&app.config, &ctx.tenant).min_length,
                problems: said.lines,
            },
        ),
        Page::Consent {
            username,
            scope,
            before,
            unverified,
            ..
        } => app.pages.consent(&Consent {
            frame,
            transaction: &sealed,
            client: ClientCard {
                name: client_name,
                uri: metadata.client_uri.as_deref(),
                logo_uri: metadata.logo_uri.as_deref(),
                policy_uri: metadata.policy_uri.as_deref(),
                tos_uri: metadata.tos_uri.as_deref(),
            },
            username: &username,
            scopes: scope_lines(&scope, &before),
            offline: scope.contains("offline_access"),
            unverified,
            redirect_host: &form_targets[0],
        }),
    };
    if let Some(seconds) = said.retry_after
        && let Ok(seconds) = HeaderValue::try_from(seconds.to_string())
    {
        let headers = response.headers_mut();
        headers.insert(axum::http::header::RETRY_AFTER, seconds);
    }
    add_cookies(&mut response, cookie);
    response
}

/// Who the person is first, what the client may do after.
fn scope_lines(scope: &Scope, before: &Scope) -> Vec<ScopeLine> {
    let of_the_person = IDENTITY_SCOPES.iter().copied();
    let of_the_person = of_the_person.filter(|word| scope.contains(word));
    let others = scope.words().filter(|word| !is_identity_scope(word));
    let lines = of_the_person.chain(others).map(|word| ScopeLine {
        scope: word.to_owned(),
        text: scope_text(word, None),
        is_new: !before.contains(word),
    });
    lines.collect()
}

/// Adds cookies to an answer, as many as there are.
pub fn add_cookies(response: &mut Response<Body>, cookies: impl IntoIterator<Item = HeaderValue>) {
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
