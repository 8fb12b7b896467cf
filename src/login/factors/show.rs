//! The step of the sign-in at which somebody shows their second factor. It is a form of `POST /sign-in` and
//! goes back to the dispatcher like every other.

use axum::body::Body;
use axum::http::Response;

use super::super::direct::{self, Authenticated};
use super::super::dispatch::{Step, dispatch};
use super::super::forms::Returned;
use super::super::interaction;
use super::super::page::Page;
use super::super::page_error::PageError;
use super::{FactorError, check, for_page};
use crate::app::App;
use crate::context::Ctx;

/// What the form says it is.
pub(in super::super) const STEP: &str = "second_factor";

const WRONG: &str = "The code is wrong, or it was used already. Wait for the next one.";

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
    let error = match check(app, ctx, person.user(), typed).await {
        Ok(passed) => {
            let login = direct::counted(app, ctx, Authenticated::again(person, passed));
            let known = browser.known_as(app, ctx, &login.user().username).await?;
            let client_id = &request.client.client.client_id;
            let session = browser
                .sign_in(app, ctx, &login, client_id, known.as_ref())
                .await?;
            if let Some(session) = session {
                transaction.account = Some(session);
                transaction.another = false;
                return Ok(
                    interaction::answer(app, ctx, &request, transaction, browser, None).await,
                );
            }
            // Somebody came with the same code, the session is over, or the account is another now.
            browser.reload(app, ctx).await?;
            FactorError::Refused
        }
        Err(error) => error,
    };
    let refusal = for_page(error, WRONG)?;
    let again = Page::second_factor(&transaction, &browser);
    Ok(refusal.on(app, ctx, &request, transaction, browser, again))
}
