//! What must still be asked before a request can be answered. Every step of the pages comes back here
//! with what it proved; none leads to another.

use super::browser::{Browser, SignedIn};
use super::factors::{self, Wanted};
use super::sealed_form::SealedForm;
use super::transaction::Transaction;
use crate::app::App;
use crate::context::Ctx;
use crate::model::required_action::RequiredAction;
use crate::model::scope::Scope;
use crate::oauth::authorize::error::AuthorizeErrorKind;
use crate::oauth::authorize::request::{AuthorizationRequest, Prompt, is_young_enough};
use crate::storage::DbError;

/// For how long a password is enough to choose another, or to go on to a second factor, in seconds.
const JUST_NOW: i64 = 600;

/// The next thing to do.
pub enum Step<'b> {
    /// Somebody has to sign in; the name to begin with, if it can be said.
    SignIn { username: Option<String> },
    /// One of the browser's accounts has to be chosen.
    ChooseAccount,
    /// The person has to show their second factor.
    SecondFactor { person: &'b SignedIn },
    /// The person has to set up a second factor.
    ConfigureTotp { person: &'b SignedIn },
    /// The person has to choose another password.
    UpdatePassword { person: &'b SignedIn },
    /// The person has to be asked; what was allowed before.
    Consent {
        person: &'b SignedIn,
        scope: Scope,
        before: Scope,
        reason: ConsentReason,
        /// Whether anybody could pretend to be this client (RFC 8252 section 8.6).
        unverifiable: bool,
    },
    /// Nothing is left.
    Grant { person: &'b SignedIn, scope: Scope },
    /// It cannot be done.
    Refuse(AuthorizeErrorKind),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConsentReason {
    /// Something new is asked for, or the client wants it asked.
    Asked,
    /// Nothing new, but anybody could pretend to be this client.
    Unverifiable,
}

/// What the person said on the consent page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    Allow,
    Deny,
}

impl Step<'_> {
    /// What `prompt=none` is answered, where the step would need a page (OIDC Core section 3.1.2.6).
    pub const fn without_pages(&self) -> Option<AuthorizeErrorKind> {
        match self {
            Self::SignIn { .. } | Self::SecondFactor { .. } => {
                Some(AuthorizeErrorKind::LoginRequired)
            }
            Self::ChooseAccount => Some(AuthorizeErrorKind::AccountSelectionRequired),
            Self::Consent {
                reason: ConsentReason::Asked,
                ..
            } => Some(AuthorizeErrorKind::ConsentRequired),
            Self::Consent {
                reason: ConsentReason::Unverifiable,
                ..
            }
            | Self::ConfigureTotp { .. }
            | Self::UpdatePassword { .. } => Some(AuthorizeErrorKind::InteractionRequired),
            Self::Grant { .. } | Self::Refuse(_) => None,
        }
    }
}

/// Decides the next step.
pub async fn dispatch<'b>(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    transaction: &Transaction,
    browser: &'b Browser,
    decision: Option<Decision>,
) -> Result<Step<'b>, DbError> {
    if decision == Some(Decision::Deny) {
        // Whatever has become of the question since it was shown.
        return Ok(Step::Refuse(AuthorizeErrorKind::AccessDenied));
    }
    let person = match signed_in(ctx, request, transaction, browser) {
        Ok(person) => person,
        Err(step) => return Ok(step),
    };
    if let Some(step) = to_do(app, ctx, request, person).await? {
        return Ok(step);
    }
    let roles = &person.user().roles;
    let catalog = app.directory.catalog(&ctx.tenant).await?;
    let scope = request.scope.filtered(|word| catalog.may_give(roles, word));
    let metadata = request.metadata();
    let rows = app.store.tenant(&ctx.tenant.id);
    let client_id = &request.client.client.client_id;
    let unverifiable = metadata.is_public() && !request.channel.redirect.is_verifiable();
    let (reason, before) = if metadata.first_party {
        (
            request
                .wants(Prompt::Consent)
                .then_some(ConsentReason::Asked),
            Scope::default(),
        )
    } else {
        let before = rows.consent(&person.user().id, client_id).await?;
        let reason = if request.wants(Prompt::Consent) || !scope.is_subset(&before) {
            Some(ConsentReason::Asked)
        } else {
            unverifiable.then_some(ConsentReason::Unverifiable)
        };
        (reason, before)
    };
    Ok(match (reason, decision) {
        (None, _) => Step::Grant { person, scope },
        (Some(_), Some(Decision::Allow)) if was_shown(transaction, &scope) => {
            Step::Grant { person, scope }
        }
        (Some(reason), _) => Step::Consent {
            person,
            scope,
            before,
            reason,
            unverifiable,
        },
    })
}

/// What the person has to do before anything is given to them. It takes a sign-in of just now: whoever
/// finds an unlocked screen changes nothing, and a password of long ago is no half of two factors.
async fn to_do<'b>(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    person: &'b SignedIn,
) -> Result<Option<Step<'b>>, DbError> {
    let user = person.user();
    let sign_in = || Step::SignIn {
        username: Some(user.username.clone()),
    };
    if user.has_to(RequiredAction::VerifyEmail) {
        // Where they are told.
        return Ok(Some(sign_in()));
    }
    let (amr, demanded) = (&person.session().amr, request.demands_two_factors());
    let step = match factors::wanted(app, &ctx.tenant, user, amr, demanded).await? {
        Wanted::Code => Step::SecondFactor { person },
        Wanted::Enrolment => Step::ConfigureTotp { person },
        Wanted::Nothing if user.has_to(RequiredAction::UpdatePassword) => {
            Step::UpdatePassword { person }
        }
        Wanted::Nothing => return Ok(None),
    };
    let just_now = person.session().auth_time.plus_seconds(JUST_NOW) > ctx.now;
    Ok(Some(if just_now { step } else { sign_in() }))
}

/// Whether all of the scope stood on the page the person answered.
fn was_shown(transaction: &Transaction, scope: &Scope) -> bool {
    let shown = transaction.shown.as_deref().map(str::parse::<Scope>);
    matches!(shown, Some(Ok(shown)) if scope.is_subset(&shown))
}

/// The person the answer will be about, signed in as the request wants it.
fn signed_in<'b>(
    ctx: &Ctx,
    request: &AuthorizationRequest,
    transaction: &Transaction,
    browser: &'b Browser,
) -> Result<&'b SignedIn, Step<'b>> {
    // Nobody signs in for a request before its first page, whatever two clocks say.
    let is_fresh = |person: &&SignedIn| {
        transaction.is_resumed() && person.session().auth_time >= transaction.started_at()
    };
    let expected = request.expected_sub.as_deref();
    let Some(person) = candidate(request, transaction, browser) else {
        let nobody_said_who = transaction.account.is_none() && !transaction.another;
        return Err(
            if nobody_said_who && expected.is_none() && !browser.accounts().is_empty() {
                Step::ChooseAccount
            } else {
                Step::SignIn {
                    username: request.login_hint.clone(),
                }
            },
        );
    };
    if expected.is_some_and(|sub| sub != person.user().id) {
        // Somebody signed in for this request, and it was not who it has to be.
        return Err(if is_fresh(&person) {
            Step::Refuse(AuthorizeErrorKind::LoginRequired)
        } else {
            Step::SignIn {
                username: request.login_hint.clone(),
            }
        });
    }
    if is_fresh(&person) {
        return Ok(person);
    }
    let auth_time = person.session().auth_time;
    if request.wants(Prompt::Login) || !is_young_enough(request, auth_time, ctx.now) {
        return Err(Step::SignIn {
            username: Some(person.user().username.clone()),
        });
    }
    if request.wants(Prompt::SelectAccount) && transaction.account.is_none() {
        return Err(Step::ChooseAccount);
    }
    Ok(person)
}

/// Whom of the browser's people the request is about.
fn candidate<'b>(
    request: &AuthorizationRequest,
    transaction: &Transaction,
    browser: &'b Browser,
) -> Option<&'b SignedIn> {
    if let Some(chosen) = &transaction.account {
        return browser.account(chosen);
    }
    if transaction.another {
        return None;
    }
    let accounts = browser.accounts();
    if let Some(sub) = &request.expected_sub {
        return accounts.iter().find(|person| person.user().id == *sub);
    }
    let hinted = request.login_hint.as_deref().and_then(|hint| {
        accounts.iter().find(|person| {
            let user = person.user();
            user.username.eq_ignore_ascii_case(hint)
                || user
                    .email
                    .as_deref()
                    .is_some_and(|email| email.eq_ignore_ascii_case(hint))
        })
    });
    hinted.or(browser.current())
}
