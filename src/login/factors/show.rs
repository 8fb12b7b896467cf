//! The step of the sign-in at which somebody shows their second factor. It is a form of `POST /sign-in` and
//! goes back to the dispatcher like every other.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::super::direct::Authenticated;
use super::super::dispatch::{Step, dispatch};
use super::super::forms::{Returned, in_words};
use super::super::interaction;
use super::super::page::{self, Page, Said};
use super::super::page_error::PageError;
use super::{FactorError, check};
use crate::app::App;
use crate::context::Ctx;
use crate::web::request_info::Failure;

/// What the form says it is.
pub(in super::super) const STEP: &str = "second_factor";

/// Takes the code, if one is still asked for; else whatever comes next.
pub(in super::super) async fn answer(
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
    let step = dispatch(app, ctx, &request, &transaction, &browser, None).await?;
    let Step::SecondFactor { person } = step else {
        return Ok(interaction::answer(app, ctx, &request, transaction, browser, None).await);
    };
    let typed = params.get("otp").unwrap_or_default();
    let (status, text, retry_after) = match check(app, ctx, person.user(), typed).await {
        Ok(passed) => {
            let remember = person.session().remembered;
            let login = Authenticated::again(person, passed);
            let client_id = &request.client.client.client_id;
            let session = browser
                .sign_in(app, ctx, &login, remember, client_id, None)
                .await?;
            if let Some(session) = session {
                transaction.account = Some(session);
                transaction.another = false;
                return Ok(
                    interaction::answer(app, ctx, &request, transaction, browser, None).await,
                );
            }
            // Somebody came with the same code, or the account is another now.
            browser.reload(app, ctx).await?;
            (StatusCode::BAD_REQUEST, WRONG.to_owned(), None)
        }
        Err(FactorError::Refused) => (StatusCode::BAD_REQUEST, WRONG.to_owned(), None),
        Err(FactorError::Throttled(throttled)) => (
            StatusCode::TOO_MANY_REQUESTS,
            format!(
                "Too many wrong codes. Try again in {}.",
                in_words(throttled.retry_after)
            ),
            Some(throttled.retry_after),
        ),
        Err(FactorError::Db(error)) => return Err(error.into()),
    };
    let said = Said {
        status,
        lines: std::slice::from_ref(&text),
        retry_after,
    };
    let again = Page::second_factor(&transaction, &browser);
    let mut page = page::show(app, ctx, &request, transaction, browser, again, &said);
    page.extensions_mut().insert(Failure {
        code: "login.factor_refused",
        description: text.into(),
        cause: None,
    });
    Ok(page)
}

const WRONG: &str = "The code is wrong, or it was used already. Wait for the next one.";
