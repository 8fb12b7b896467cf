//! The step of the sign-in at which somebody sets up an authenticator, because the request, the tenant or
//! an administrator asks for one.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::super::browser::SignedIn;
use super::super::direct::Authenticated;
use super::super::dispatch::{Step, dispatch};
use super::super::forms::{Returned, in_words};
use super::super::interaction;
use super::super::page::{self, Page, Said};
use super::super::page_error::PageError;
use super::own::{self, FactorChangeError};
use crate::app::App;
use crate::context::Ctx;
use crate::model::recovery_code::RecoveryCode;
use crate::storage::DbError;

/// What the form says it is.
pub(in super::super) const STEP: &str = "configure_totp";

/// The page of it.
pub(in super::super) async fn page_of(
    app: &App,
    ctx: &Ctx,
    person: &SignedIn,
) -> Result<Page, DbError> {
    let setup = own::begin_at_page(app, ctx, person).await?;
    let uri = own::uri(ctx, person.user(), &setup.secret);
    Ok(Page::ConfigureTotp {
        session: person.session().id.clone(),
        username: person.user().username.clone(),
        secret: setup.secret.base32(),
        uri,
    })
}

/// Takes the first code, if an authenticator is still to be set up; else whatever comes next.
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
    let Step::ConfigureTotp { person } = step else {
        return Ok(interaction::answer(app, ctx, &request, transaction, browser, None).await);
    };
    let (session_id, remember) = (person.session().id.clone(), person.session().remembered);
    let typed = params.get("otp").unwrap_or_default();
    let (status, text, retry_after) = match own::finish(app, ctx, person.user(), &session_id, typed)
        .await
    {
        Ok((codes, passed)) => {
            // The account is another now; the person is who they were.
            browser.reload(app, ctx).await?;
            if let Some(person) = browser.account(&session_id) {
                let login = Authenticated::again(person, passed);
                let client_id = &request.client.client.client_id;
                let session = browser
                    .sign_in(app, ctx, &login, remember, client_id, None)
                    .await?;
                transaction.account = session.or(transaction.account);
            }
            let cookies = browser.take_cookies();
            let codes = codes.iter().map(RecoveryCode::grouped).collect();
            let (codes, nothing) = (Page::RecoveryCodes { codes }, Said::default());
            let mut response =
                page::show(app, ctx, &request, transaction, browser, codes, &nothing);
            interaction::add_cookies(&mut response, cookies);
            return Ok(response);
        }
        Err(FactorChangeError::WrongCode) => (StatusCode::BAD_REQUEST, WRONG.to_owned(), None),
        Err(FactorChangeError::Throttled(throttled)) => (
            StatusCode::TOO_MANY_REQUESTS,
            format!(
                "Too many wrong codes. Try again in {}.",
                in_words(throttled.retry_after)
            ),
            Some(throttled.retry_after),
        ),
        Err(FactorChangeError::Db(error)) => return Err(error.into()),
        // It took too long, or somebody else did it meanwhile.
        Err(_) => {
            browser.reload(app, ctx).await?;
            return Ok(interaction::answer(app, ctx, &request, transaction, browser, None).await);
        }
    };
    let said = Said {
        status,
        lines: std::slice::from_ref(&text),
        retry_after,
    };
    let again = match browser.account(&session_id) {
        Some(person) => page_of(app, ctx, person).await?,
        None => Page::SignIn { username: None },
    };
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

const WRONG: &str = "The code is wrong. Is the clock of the device right?";
