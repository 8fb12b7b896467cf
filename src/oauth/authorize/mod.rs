//! The authorization endpoint (RFC 6749 section 3.1, OIDC Core section 3.1.2).

pub mod channel;
pub mod code;
pub mod error;
pub mod request;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, Uri};

use crate::app::App;
use crate::context::Ctx;
use crate::login::browser::Browser;
use crate::login::interaction;
use crate::login::page_error::PageError;
use crate::login::transaction::Transaction;
use crate::web::fetch_metadata::ahead;
use crate::web::params::Params;
use crate::web::{form, respond};
use channel::see_other;

/// `GET /authorize`
pub async fn get(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response<Body> {
    let (parts, _) = request.into_parts();
    if let Some(status) = ahead(&parts.method, &parts.headers) {
        return respond::empty(status);
    }
    let answer = async {
        let query = parts.uri.query().unwrap_or_default();
        let browser = Browser::of(&app, &ctx, &parts.headers).await?;
        let transaction = Transaction::begin(&app, &ctx, query, &browser);
        interaction::proceed(&app, &ctx, transaction, browser, None).await
    };
    answer
        .await
        .unwrap_or_else(|error: PageError| error.into_response(&app, &ctx))
}

/// `POST /authorize`: a form on another site comes without our cookies, a GET that follows with them.
pub async fn post(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response<Body> {
    let answer = async {
        let limits = &app.config.limits;
        let query = request.uri().query().unwrap_or_default().to_owned();
        let (_, params) = form::of_request(
            without_query(request),
            limits.max_body_bytes,
            limits.body_timeout,
        )
        .await;
        let params = params?;
        if !query.is_empty() {
            return Err(PageError::request(
                "The application's parameters stand in two places.",
            ));
        }
        let address = format!("{}/authorize?{}", ctx.tenant.path(), params.encoded());
        if address.len() > MAX_ADDRESS {
            return Err(PageError::request("The application's request is too long."));
        }
        Ok(see_other(&address))
    };
    answer
        .await
        .unwrap_or_else(|error: PageError| error.into_response(&app, &ctx))
}

/// What the GET that follows may have, in bytes.
const MAX_ADDRESS: usize = 16_000;

fn without_query(mut request: Request<Body>) -> Request<Body> {
    *request.uri_mut() = Uri::from_static("/");
    request
}

/// The parameters a transaction stands for.
pub(crate) fn parameters(query: &str) -> Result<Params, PageError> {
    Ok(Params::parse(query.as_bytes())?)
}
