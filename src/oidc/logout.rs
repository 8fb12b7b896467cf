//! OpenID Connect RP-Initiated Logout 1.0.
//!
//! A valid hint of the session that is signed in ends it at once. Everything else is asked about:
//! a link on any site could otherwise sign people out.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response};
use serde::{Deserialize, Serialize};

use super::hint::{self, Hint};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::context::Ctx;
use crate::login::browser::{Browser, SignedIn};
use crate::login::interaction::add_cookies;
use crate::login::page_error::PageError;
use crate::login::sealed_form::{self, SealedForm};
use crate::model::redirect_uri::VerifiedRedirect;
use crate::oauth::authorize::channel::see_other;
use crate::pages::{Frame, SignOut};
use crate::web::fetch_metadata::ahead;
use crate::web::params::Params;
use crate::web::{form, respond};

/// What is asked on the page, sealed into its form.
#[derive(Deserialize, Serialize)]
struct Question {
    /// Seconds since 1970.
    started_at: i64,
    /// The digest of the browser's mark.
    browser: String,
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

impl SealedForm for Question {
    const LABEL: &'static str = "sign-out";

    fn browser(&self) -> &str {
        &self.browser
    }

    fn started_at(&self) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(self.started_at)
    }

    fn restart(&self, ctx: &Ctx) -> String {
        let asked = [
            ("client_id", &self.client_id),
            ("post_logout_redirect_uri", &self.post_logout_redirect_uri),
            ("state", &self.state),
        ];
        let query = serde_urlencoded::to_string(asked).unwrap_or_default();
        format!("{}/logout?{query}", ctx.tenant.path())
    }
}

/// A client that wants somebody signed out, and where to go after.
struct Asked {
    hint: Option<Hint>,
    client_id: Option<String>,
    client_name: Option<String>,
    next: Option<VerifiedRedirect>,
    state: Option<String>,
}

/// `GET /logout`
pub async fn get(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response<Body> {
    let (parts, _) = request.into_parts();
    if let Some(status) = ahead(&parts.method, &parts.headers) {
        return respond::empty(status);
    }
    let answer = async {
        let params = Params::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
        begin(&app, &ctx, &parts.headers, &params).await
    };
    answer
        .await
        .unwrap_or_else(|error: PageError| error.into_response(&app, &ctx))
}

/// `POST /logout`: a form on another site comes without our cookies, a GET that follows with them.
pub async fn post(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response<Body> {
    let answer = async {
        let limits = &app.config.limits;
        let (_, params) =
            form::of_request(request, limits.max_body_bytes, limits.body_timeout).await;
        let query = params?.encoded();
        if query.len() > MAX_QUERY {
            return Err(PageError::request("The application's request is too long."));
        }
        Ok(see_other(&format!("{}/logout?{query}", ctx.tenant.path())))
    };
    answer
        .await
        .unwrap_or_else(|error: PageError| error.into_response(&app, &ctx))
}

const MAX_QUERY: usize = 15_000;

async fn begin(
    app: &App,
    ctx: &Ctx,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response<Body>, PageError> {
    let asked = checked(app, ctx, params).await?;
    let mut browser = Browser::of(app, ctx, headers).await?;
    let proven = |account: &SignedIn| {
        asked.hint.as_ref().is_some_and(|hint| match &hint.sid {
            Some(sid) => account.session().id == *sid && account.user().id == hint.sub,
            None => account.user().id == hint.sub,
        })
    };
    let nobody = browser.accounts().is_empty();
    if nobody || browser.accounts().iter().any(proven) {
        browser.sign_out(app, ctx, proven).await?;
        return Ok(finish(app, ctx, browser, asked.next, asked.state));
    }
    Ok(ask(app, ctx, browser, asked))
}

/// Verifies what a client says of itself.
async fn checked(app: &App, ctx: &Ctx, params: &Params) -> Result<Asked, PageError> {
    let hint = match params.get("id_token_hint") {
        Some(token) => Some(hint::read(app, ctx, token).await?.ok_or(PageError::request(
            "The application's proof of who is signed in (id_token_hint) is not one of ours. Nobody was signed out.",
        ))?),
        None => None,
    };
    let named = params.get("client_id");
    let hinted = hint.as_ref().map(|hint| hint.aud.as_str());
    if named.is_some() && hinted.is_some() && named != hinted {
        return Err(PageError::request(
            "client_id and id_token_hint speak of two applications. Nobody was signed out.",
        ));
    }
    let client = match named.or(hinted) {
        Some(client_id) => app.directory.client(&ctx.tenant, client_id).await?,
        None => None,
    };
    let client = client.filter(|known| known.client.enabled);
    let next = match params.get("post_logout_redirect_uri") {
        None => None,
        Some(presented) => Some(
            client
                .as_ref()
                .and_then(|known| known.client.metadata.post_logout_redirect(presented))
                .ok_or(PageError::request(
                    "The address to go to afterwards (post_logout_redirect_uri) is not one the application has \
                     registered. Nobody was signed out.",
                ))?,
        ),
    };
    Ok(Asked {
        client_id: client.as_ref().map(|known| known.client.client_id.clone()),
        client_name: client.as_ref().map(|known| known.client.name().to_owned()),
        hint,
        next,
        state: params.get("state").map(str::to_owned),
    })
}

fn ask(app: &App, ctx: &Ctx, mut browser: Browser, asked: Asked) -> Response<Body> {
    let (mark, cookie) = browser.ensure_mark(app, ctx);
    let question = Question {
        started_at: ctx.now.seconds(),
        browser: mark,
        client_id: asked.client_id,
        post_logout_redirect_uri: asked.next.as_ref().map(|next| next.as_str().to_owned()),
        state: asked.state,
    };
    let sealed = sealed_form::seal(app, ctx, &question);
    let targets: Vec<String> = asked
        .next
        .iter()
        .map(VerifiedRedirect::form_target)
        .collect();
    let usernames = browser.accounts().iter();
    let mut response = app.pages.sign_out(&SignOut {
        frame: Frame {
            base: &ctx.tenant.path(),
            tenant_name: &ctx.tenant.name,
            form_targets: &targets,
        },
        transaction: &sealed,
        client_name: asked.client_name.as_deref(),
        usernames: usernames
            .map(|account| account.user().username.clone())
            .collect(),
    });
    add_cookies(&mut response, cookie);
    response
}

/// `POST /account/sign-out`: the person said yes.
pub async fn confirm(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response<Body> {
    let answer = async {
        let limits = &app.config.limits;
        let (headers, params) =
            form::of_request(request, limits.max_body_bytes, limits.body_timeout).await;
        let params = params?;
        let mut browser = Browser::of(&app, &ctx, &headers).await?;
        let sealed = params.get("transaction").unwrap_or_default();
        let question: Question = sealed_form::open(&app, &ctx, &headers, &browser, sealed)?;
        let client = match &question.client_id {
            Some(client_id) => app.directory.client(&ctx.tenant, client_id).await?,
            None => None,
        };
        // Verified again: the address may have been taken back meanwhile.
        let client = client.filter(|known| known.client.enabled);
        let next = client.zip(question.post_logout_redirect_uri.as_ref());
        let next =
            next.and_then(|(known, address)| known.client.metadata.post_logout_redirect(address));
        browser.sign_out(&app, &ctx, |_| true).await?;
        Ok(finish(&app, &ctx, browser, next, question.state))
    };
    answer
        .await
        .unwrap_or_else(|error: PageError| error.into_response(&app, &ctx))
}

/// Goes on to the client's address, or says that nobody is signed in any more.
fn finish(
    app: &App,
    ctx: &Ctx,
    mut browser: Browser,
    next: Option<VerifiedRedirect>,
    state: Option<String>,
) -> Response<Body> {
    let mut response = match next {
        Some(next) => {
            let state = state.map(|state| serde_urlencoded::to_string([("state", state)]));
            see_other(&match state {
                Some(Ok(state)) => next.with_query(&state),
                _ => next.as_str().to_owned(),
            })
        }
        None => app.pages.signed_out(&Frame {
            base: &ctx.tenant.path(),
            tenant_name: &ctx.tenant.name,
            form_targets: &[],
        }),
    };
    add_cookies(&mut response, browser.take_cookies());
    response
}
