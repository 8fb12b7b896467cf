//! The pages of a sign-in, freed of what they were decided from, and how they are shown.

use axum::body::Body;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Response, StatusCode};

use zeroize::Zeroizing;

use super::browser::{Browser, SignedIn};
use super::dispatch::Step;
use super::interaction::add_cookies;
use super::sign_up;
use super::transaction::Transaction;
use crate::app::App;
use crate::context::Ctx;
use crate::model::password_policy::PasswordPolicy;
use crate::model::scope::{IDENTITY_SCOPES, Scope, is_identity_scope};
use crate::oauth::authorize::request::AuthorizationRequest;
use crate::pages::scope_text;
use crate::pages::{
    AccountLine, Accounts, ClientCard, ConfigureTotp, Consent, Frame, RecoveryCodes, ScopeLine,
    SecondFactor, SignIn, UpdatePassword,
};
use crate::web::request_info::Failure;

/// What is asked.
pub(super) enum Page {
    SignIn {
        username: Option<String>,
    },
    Accounts(Vec<AccountLine>),
    SecondFactor {
        session: String,
        username: String,
    },
    ConfigureTotp {
        session: String,
        username: String,
        /// In Base32.
        secret: Zeroizing<String>,
        uri: Zeroizing<String>,
    },
    /// Shown once, after the authenticator was set up.
    RecoveryCodes {
        codes: Vec<Zeroizing<String>>,
    },
    UpdatePassword {
        session: String,
        username: String,
    },
    Consent {
        session: String,
        username: String,
        scope: Scope,
        before: Scope,
        unverified: bool,
    },
}

impl Page {
    /// The page of a step.
    pub(super) fn of(step: Step<'_>, browser: &Browser) -> Self {
        match step {
            Step::Consent {
                person,
                scope,
                before,
                unverifiable,
                ..
            } => Self::Consent {
                session: person.session().id.clone(),
                username: person.user().username.clone(),
                scope,
                before,
                unverified: unverifiable,
            },
            Step::UpdatePassword { person } => Self::UpdatePassword {
                session: person.session().id.clone(),
                username: person.user().username.clone(),
            },
            Step::SecondFactor { person } => Self::SecondFactor {
                session: person.session().id.clone(),
                username: person.user().username.clone(),
            },
            Step::ChooseAccount => Self::accounts(browser),
            Step::SignIn { username } => Self::SignIn { username },
            // Not pages, or not without more than the step.
            Step::ConfigureTotp { .. } | Step::Grant { .. } | Step::Refuse(_) => {
                Self::SignIn { username: None }
            }
        }
    }

    /// The choice between the browser's people.
    pub(super) fn accounts(browser: &Browser) -> Self {
        Self::Accounts(account_lines(browser))
    }

    /// The page to show a second factor on, of whoever the request is about.
    pub(super) fn second_factor(transaction: &Transaction, browser: &Browser) -> Self {
        match whose(transaction, browser) {
            Some(person) => Self::SecondFactor {
                session: person.session().id.clone(),
                username: person.user().username.clone(),
            },
            None => Self::SignIn { username: None },
        }
    }

    /// Notes what its form will be an answer to.
    fn note_in(&self, transaction: &mut Transaction) {
        if let Some(session) = self.session() {
            transaction.account = Some(session.to_owned());
        }
        if let Self::Consent { scope, .. } = self {
            transaction.shown = Some(scope.to_string());
        }
    }

    /// The session it is about.
    fn session(&self) -> Option<&str> {
        match self {
            Self::SecondFactor { session, .. }
            | Self::ConfigureTotp { session, .. }
            | Self::UpdatePassword { session, .. }
            | Self::Consent { session, .. } => Some(session),
            Self::SignIn { .. } | Self::Accounts(_) | Self::RecoveryCodes { .. } => None,
        }
    }

    /// The page to choose another password on, of whoever the request is about. Who that is may have
    /// changed.
    pub(super) fn update_password(transaction: &Transaction, browser: &Browser) -> Self {
        match whose(transaction, browser) {
            Some(person) => Self::UpdatePassword {
                session: person.session().id.clone(),
                username: person.user().username.clone(),
            },
            None => Self::SignIn { username: None },
        }
    }
}

/// Whom a form that came back is about.
fn whose<'b>(transaction: &Transaction, browser: &'b Browser) -> Option<&'b SignedIn> {
    let chosen = transaction.account.as_deref();
    let person = chosen.and_then(|session| browser.account(session));
    person.or(browser.current())
}

fn account_lines(browser: &Browser) -> Vec<AccountLine> {
    let accounts = browser.accounts().iter();
    accounts
        .map(|account| AccountLine {
            session: account.session().id.clone(),
            username: account.user().username.clone(),
            name: account.user().claims.name.clone(),
        })
        .collect()
}

/// What is said on a page, and how.
pub(super) struct Said<'a> {
    pub(super) status: StatusCode,
    pub(super) lines: &'a [String],
    pub(super) retry_after: Option<i64>,
}

impl Default for Said<'_> {
    fn default() -> Self {
        Self {
            status: StatusCode::OK,
            lines: &[],
            retry_after: None,
        }
    }
}

/// Why a form was refused, as it is said on the page that comes again.
pub(super) struct Refusal {
    /// For the log.
    pub(super) code: &'static str,
    pub(super) status: StatusCode,
    pub(super) text: String,
    pub(super) retry_after: Option<i64>,
}

impl Refusal {
    /// Shows the page again with it, and leaves a trace for the log.
    pub(super) fn on(
        self,
        app: &App,
        ctx: &Ctx,
        request: &AuthorizationRequest,
        transaction: Transaction,
        browser: Browser,
        again: Page,
    ) -> Response<Body> {
        let said = Said {
            status: self.status,
            lines: std::slice::from_ref(&self.text),
            retry_after: self.retry_after,
        };
        let mut page = show(app, ctx, request, transaction, browser, again, &said);
        page.extensions_mut().insert(Failure {
            code: self.code,
            description: self.text.into(),
            cause: None,
        });
        page
    }
}

/// Shows a page; its form will find the transaction in it.
pub(super) fn show(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    mut transaction: Transaction,
    mut browser: Browser,
    page: Page,
    said: &Said<'_>,
) -> Response<Body> {
    let client_name = request.client.client.name();
    let problem = said.lines.first().map(String::as_str);
    let form_targets = [request.channel.redirect.form_target()];
    let frame = Frame {
        base: &ctx.tenant.path(),
        tenant_name: &ctx.tenant.name,
        form_targets: &form_targets,
    };
    page.note_in(&mut transaction);
    let (mark, cookie) = browser.ensure_mark(app, ctx);
    let sealed = transaction.seal(app, ctx, mark);
    let mut response = match page {
        Page::SignIn { username } => app.pages.sign_in(
            said.status,
            &SignIn {
                frame,
                transaction: &sealed,
                client_name: Some(client_name),
                username: username.as_deref().unwrap_or_default(),
                username_is_fixed: false,
                problem,
                other_accounts: !browser.accounts().is_empty(),
                reset: app.mail.works(),
                sign_up: sign_up::is_open(app, ctx),
            },
        ),
        Page::Accounts(accounts) => app.pages.accounts(&Accounts {
            frame,
            transaction: &sealed,
            client_name: Some(client_name),
            accounts,
        }),
        Page::SecondFactor { username, .. } => app.pages.second_factor(
            said.status,
            &SecondFactor {
                frame,
                transaction: &sealed,
                client_name: Some(client_name),
                username: &username,
                problem,
            },
        ),
        Page::ConfigureTotp {
            username,
            secret,
            uri,
            ..
        } => app.pages.configure_totp(
            said.status,
            &ConfigureTotp {
                frame,
                transaction: &sealed,
                client_name: Some(client_name),
                username: &username,
                secret: &secret,
                uri: &uri,
                problem,
            },
        ),
        Page::RecoveryCodes { codes } => app.pages.recovery_codes(&RecoveryCodes {
            frame,
            transaction: &sealed,
            client_name: Some(client_name),
            codes: codes.iter().map(|code| code.as_str()).collect(),
        }),
        Page::UpdatePassword { username, .. } => app.pages.update_password(
            said.status,
            &UpdatePassword {
                frame,
                transaction: &sealed,
                client_name: Some(client_name),
                username: &username,
                min_length: PasswordPolicy::of(&app.config, &ctx.tenant).min_length,
                problems: said.lines,
            },
        ),
        Page::Consent {
            username,
            scope,
            before,
            unverified,
            ..
        } => app.pages.consent(&Consent {
            frame,
            transaction: &sealed,
            client: card(request),
            username: &username,
            scopes: scope_lines(&scope, &before),
            offline: scope.contains("offline_access"),
            unverified,
            redirect_host: &form_targets[0],
        }),
    };
    if let Some(seconds) = said.retry_after {
        let seconds = HeaderValue::from(seconds);
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    add_cookies(&mut response, cookie);
    response
}

/// The client as its registration describes it.
fn card(request: &AuthorizationRequest) -> ClientCard<'_> {
    let metadata = request.metadata();
    ClientCard {
        name: request.client.client.name(),
        uri: metadata.client_uri.as_deref(),
        logo_uri: metadata.logo_uri.as_deref(),
        policy_uri: metadata.policy_uri.as_deref(),
        tos_uri: metadata.tos_uri.as_deref(),
    }
}

/// Who the person is first, what the client may do after.
fn scope_lines(scope: &Scope, before: &Scope) -> Vec<ScopeLine> {
    let of_the_person = IDENTITY_SCOPES.iter().copied();
    let of_the_person = of_the_person.filter(|word| scope.contains(word));
    let others = scope.words().filter(|word| !is_identity_scope(word));
    let lines = of_the_person.chain(others).map(|word| ScopeLine {
        scope: word.to_owned(),
        text: scope_text(word, None),
        is_new: !before.contains(word),
    });
    lines.collect()
}
