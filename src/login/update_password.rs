//! The step of the sign-in at which somebody chooses another password: theirs expired, or somebody else
//! chose it. It is a form of `POST /sign-in` and goes back to the dispatcher like every other.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::dispatch::{Step, dispatch};
use super::forms::Returned;
use super::interaction;
use super::own_password::{self, ChangeError};
use super::page::{self, Page, Said};
use super::page_error::PageError;
use crate::app::App;
use crate::context::Ctx;

/// What the form says it is.
pub(super) const STEP: &str = "update_password";

/// Takes the new password, if the person still has to choose one; else whatever comes next.
pub(super) async fn choose(
    app: &App,
    ctx: &Ctx,
    returned: Returned,
) -> Result<Response<Body>, PageError> {
    let Returned {
        params,
        mut browser,
        transaction,
        request,
    } = returned;
    let step = dispatch(app, ctx, &request, &transaction, &browser, None).await?;
    let Step::UpdatePassword { person } = step else {
        return Ok(interaction::answer(app, ctx, &request, transaction, browser, None).await);
    };
    let new = params.get("new_password").unwrap_or_default();
    let changed = if params.get("new_password_again") == Some(new) {
        own_password::renew(app, ctx, person.user(), &person.session().id, new).await
    } else {
        let rule = "new_password: type the same one twice";
        Err(ChangeError::Invalid(vec![rule.to_owned()]))
    };
    let (status, problems) = match changed {
        Ok(()) => {
            browser.reload(app, ctx).await?;
            return Ok(interaction::answer(app, ctx, &request, transaction, browser, None).await);
        }
        Err(ChangeError::Invalid(problems)) => (StatusCode::BAD_REQUEST, problems),
        Err(ChangeError::Overloaded(_)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            vec!["the server is busy; try again in a moment".to_owned()],
        ),
        Err(ChangeError::Changed | ChangeError::Proof(_)) => {
            browser.reload(app, ctx).await?;
            let sentence = "the account was changed meanwhile; try again";
            (StatusCode::CONFLICT, vec![sentence.to_owned()])
        }
        Err(ChangeError::Db(error)) => return Err(error.into()),
    };
    let problems: Vec<String> = problems.iter().map(|problem| for_people(problem)).collect();
    let said = Said {
        status,
        lines: &problems,
        retry_after: None,
    };
    let again = Page::update_password(&transaction, &browser);
    Ok(page::show(
        app,
        ctx,
        &request,
        transaction,
        browser,
        again,
        &said,
    ))
}

/// A rule without the name of the field, which has a label here.
fn for_people(rule: &str) -> String {
    let rule = rule.strip_prefix("new_password: ").unwrap_or(rule);
    let mut letters = rule.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
