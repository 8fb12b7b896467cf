//! The step of the sign-in at which somebody sets up an authenticator, because the request, the tenant or
//! an administrator asks for one.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::super::browser::SignedIn;
use super::super::direct::{self, Authenticated};
use super::super::dispatch::{Step, dispatch};
use super::super::forms::Returned;
use super::super::interaction;
use super::super::page::{self, Page, Refusal, Said};
use super::super::page_error::PageError;
use super::own::{self, FactorChangeError};
use super::proof::ProofError;
use super::{FactorError, REFUSED, for_page};
use crate::app::App;
use crate::context::Ctx;
use crate::model::recovery_code::RecoveryCode;
use crate::storage::DbError;

/// What the form says it is.
pub(in super::super) const STEP: &str = "configure_totp";

const WRONG: &str = "The code is wrong. Is the clock of the device right?";
const OVER: &str = "This took too long, or was begun again elsewhere. Take the entry out of the application, and scan the \
                    new one.";

/// The page of it; where the account has a factor by now, the one that asks for that.
pub(in super::super) async fn page_of(
    app: &App,
    ctx: &Ctx,
    person: &SignedIn,
) -> Result<Page, DbError> {
    let session = person.session().id.clone();
    let username = person.user().username.clone();
    Ok(match own::begin_at_page(app, ctx, person).await? {
        Some(setup) => Page::ConfigureTotp {
            session,
            username,
            secret: setup.secret.base32(),
            uri: own::uri(ctx, person.user(), &setup.secret),
        },
        None => Page::SecondFactor { session, username },
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
    let session_id = person.session().id.clone();
    let typed = params.get("otp").unwrap_or_default();
    let refusal = match own::finish(app, ctx, person.user(), &session_id, typed).await {
        Ok((codes, passed)) => {
            // The account is another now; the person is who they were.
            browser.reload(app, ctx).await?;
            if let Some(person) = browser.account(&session_id) {
                let login = direct::counted(app, ctx, Authenticated::again(person, passed));
                let client_id = &request.client.client.client_id;
                let session = browser.sign_in(app, ctx, &login, client_id, None).await?;
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
        Err(FactorChangeError::Proof(ProofError::WrongCode)) => {
            for_page(FactorError::Refused, WRONG)?
        }
        Err(FactorChangeError::Proof(ProofError::Throttled(throttled))) => {
            for_page(FactorError::Throttled(throttled), WRONG)?
        }
        Err(FactorChangeError::Proof(ProofError::Db(error))) => return Err(error.into()),
        Err(_) => Refusal {
            code: REFUSED,
            status: StatusCode::CONFLICT,
            text: OVER.to_owned(),
            retry_after: None,
        },
    };
    browser.reload(app, ctx).await?;
    let again = match browser.account(&session_id) {
        Some(person) => page_of(app, ctx, person).await?,
        None => Page::SignIn { username: None },
    };
    Ok(refusal.on(app, ctx, &request, transaction, browser, again))
}
