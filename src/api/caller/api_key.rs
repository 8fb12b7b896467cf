//! `X-API-Key`: a program that acts for its owner, as far as its key goes. It is nobody's sign-in.

use std::sync::Arc;

use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName};

use super::{Caller, Who, invalid_token};
use crate::api::problem::{Problem, ProblemKind};
use crate::app::App;
use crate::context::Ctx;
use crate::login::api_key::{self, KeyError, KeyHolder};
use crate::model::access_token::AccessTokenClaims;
use crate::model::scope::Scope;

const HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// Names under which people put keys into addresses, where logs and histories keep them.
const IN_ADDRESSES: &[&str] = &["x-api-key", "x_api_key", "api-key", "api_key", "apikey"];

/// The key of a call, if it brings one.
///
/// # Errors
/// It brings two, or a token beside it.
pub(super) fn presented(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() || headers.contains_key(AUTHORIZATION) {
        return Err(Problem::malformed(
            "send one X-API-Key or an Authorization, not both",
        ));
    }
    Ok(Some(value.to_str().unwrap_or_default()))
}

/// # Errors
/// A parameter of the address is a key's: it is refused whatever it holds, so that nobody gets used
/// to it.
pub fn none_in_address(query: &[(String, String)]) -> Result<(), Problem> {
    let named = |name: &str| {
        IN_ADDRESSES
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    match query.iter().find(|(name, _)| named(name)) {
        Some((name, _)) => Err(Problem::parameter(
            name,
            "keys belong into the header X-API-Key; this one should be replaced",
        )),
        None => Ok(()),
    }
}

pub(super) async fn authenticate(
    app: &App,
    arrived: &Ctx,
    presented: &str,
) -> Result<Caller, Problem> {
    let holder = api_key::of_secret(app, arrived, presented).await;
    let holder = holder.map_err(|error| match error {
        KeyError::Refused(cause) => refused().because(cause),
        KeyError::Throttled(throttled) => Problem::too_many_requests(throttled.retry_after),
        KeyError::Db(error) => error.into(),
    })?;
    let held = holder.scope().clone();
    Ok(caller(holder, held, None))
}

/// Whoever has a token that a key got: the token reaches no further than the key does now.
pub(super) async fn of_token(
    app: &App,
    ctx: &Ctx,
    claims: &AccessTokenClaims,
) -> Result<Caller, Problem> {
    let judged = api_key::of_token(app, ctx, claims).await?;
    let holder = judged.map_err(|cause| invalid_token().because(cause))?;
    let held = claims.scope.filtered(|word| holder.scope().contains(word));
    Ok(caller(holder, held, Some(claims.clone())))
}

fn caller(holder: KeyHolder, held: Scope, claims: Option<AccessTokenClaims>) -> Caller {
    Caller {
        home: Arc::clone(holder.tenant()),
        catalog: Arc::clone(holder.catalog()),
        who: Who::Key(Box::new(holder)),
        held,
        claims,
    }
}

/// The same for a key that is unknown, over, switched off, not for this network or of a disabled owner.
fn refused() -> Problem {
    let detail = "the API key is unknown, over or not for this place";
    Problem::new(ProblemKind::Unauthenticated, detail)
        .with_header(WWW_AUTHENTICATE, "Bearer realm=\"users-core\"".to_owned())
}
