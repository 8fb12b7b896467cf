//! What the application answers.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{SET_COOKIE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::middleware::map_response;
use axum::routing::{get, post};
use serde_json::Value;

use super::attempt::{Attempt, Attempts};
use super::exchange::Failed;
use super::sessions::{Sessions, Told};
use super::{NAME, RelyingParty};
use crate::cli::demo::USER;
use crate::oauth::authorize::channel::see_other;
use crate::pages::{ClaimLine, Claims, Frame, Pages, Visitor};
use crate::web::params::Params;

type Party = State<Arc<RelyingParty>>;

pub(super) fn router(party: Arc<RelyingParty>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/callback", get(callback))
        .route("/sign-out", post(sign_out))
        .route("/signed-out", get(signed_out))
        .route("/style.css", get(async || Pages::stylesheet()))
        .fallback(nothing)
        .layer(map_response(without_guessing))
        .with_state(party)
}

async fn without_guessing(mut response: Response<Body>) -> Response<Body> {
    let nosniff = HeaderValue::from_static("nosniff");
    response
        .headers_mut()
        .insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// Who is signed in, or the way to sign in.
async fn home(State(party): Party, headers: HeaderMap) -> Response<Body> {
    match party.sessions.of(&headers) {
        Some(told) => party.claims(&told),
        None => party.visitor(&headers, false),
    }
}

async fn signed_out(State(party): Party, headers: HeaderMap) -> Response<Body> {
    party.visitor(&headers, true)
}

/// The issuer's answer: one that was asked for, by this browser, and the issuer's own (RFC 6749
/// section 10.12, RFC 9207).
async fn callback(
    State(party): Party,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let Ok(params) = Params::parse(query.unwrap_or_default().as_bytes()) else {
        return party.problem(StatusCode::BAD_REQUEST, "The answer is malformed.");
    };
    let state = params.get("state").unwrap_or_default();
    let mut attempts = Attempts::of(&headers, &party.key, party.app.clock.now());
    let own = attempts.take(state);
    let is_own = own.is_some();
    let Some(attempt) = own.or_else(|| party.take_printed(state)) else {
        return party.problem(
            StatusCode::BAD_REQUEST,
            "This answer belongs to no sign-in that began in this browser and is still open.",
        );
    };
    let mut response = party.answered(&params, attempt).await;
    if is_own {
        let cookie = attempts.cookie(&party.key, &party.app.random);
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Ends the session here, then the issuer's (RP-Initiated Logout section 2).
async fn sign_out(State(party): Party, headers: HeaderMap) -> Response<Body> {
    let next = match party.sessions.end(&headers) {
        Some(told) => {
            let query = serde_urlencoded::to_string([
                ("id_token_hint", &told.id_token),
                ("post_logout_redirect_uri", &party.post_logout_redirect_uri),
            ]);
            let query = query.unwrap_or_default();
            format!("{}/logout?{query}", party.issuer.address())
        }
        None => "/".to_owned(),
    };
    let mut response = see_other(&next);
    let cookie = Sessions::no_cookie();
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

async fn nothing(State(party): Party) -> Response<Body> {
    party.problem(StatusCode::NOT_FOUND, "There is no such page.")
}

impl RelyingParty {
    /// The answer to an attempt.
    async fn answered(&self, params: &Params, attempt: Attempt) -> Response<Body> {
        if params.get("iss") != Some(self.issuer.address()) {
            let text = "This answer is not the issuer’s.";
            return self.problem(StatusCode::BAD_REQUEST, text);
        }
        let Some(code) = params.get("code") else {
            let error = params.get("error").unwrap_or("nothing");
            let text = format!("The issuer answered: {error}.");
            return self.problem(StatusCode::FORBIDDEN, &text);
        };
        match self.redeem(code, attempt).await {
            // On to a page that can be loaded again.
            Ok(told) => {
                let mut response = see_other("/");
                let cookie = self.sessions.begin(told, &self.app.random);
                response.headers_mut().append(SET_COOKIE, cookie);
                response
            }
            Err(Failed { text, cause }) => {
                tracing::warn!(
                    cause,
                    text,
                    "nobody was signed in to the demo's application"
                );
                self.problem(StatusCode::BAD_GATEWAY, text)
            }
        }
    }

    fn visitor(&self, headers: &HeaderMap, signed_out: bool) -> Response<Body> {
        let (random, now) = (&self.app.random, self.app.clock.now());
        let attempt = Attempt::begin(random, now);
        let mut response = self.app.pages.visitor(&Visitor {
            frame: frame(&[]),
            sign_in: &self.authorize(&attempt),
            username: USER,
            signed_out,
        });
        let mut attempts = Attempts::of(headers, &self.key, now);
        attempts.add(attempt);
        let cookie = attempts.cookie(&self.key, random);
        response.headers_mut().append(SET_COOKIE, cookie);
        response
    }

    fn claims(&self, told: &Told) -> Response<Body> {
        let text = |name: &str| told.claims.get(name).and_then(Value::as_str);
        let name = text("name").or_else(|| text("preferred_username"));
        let claims = told.claims.iter().map(|(name, value)| ClaimLine {
            name: name.clone(),
            value: shown(value),
        });
        self.app.pages.claims(&Claims {
            // Signing out leads there and back.
            frame: frame(&[self.issuer.address().to_owned()]),
            name: name.unwrap_or("somebody"),
            claims: claims.collect(),
            header: &told.header,
            payload: &told.payload,
        })
    }

    fn problem(&self, status: StatusCode, text: &str) -> Response<Body> {
        let way_on = Some(("Start again", "/"));
        let title = "That did not work";
        self.app
            .pages
            .error(status, &frame(&[]), title, text, way_on)
    }
}

fn frame(form_targets: &[String]) -> Frame<'_> {
    Frame {
        base: "",
        tenant_name: NAME,
        form_targets,
    }
}

/// A claim's value for people: texts without quotes.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            items.join(", ")
        }
        other => other.to_string(),
    }
}
