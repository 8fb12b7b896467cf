//! A login without a page: the password grant, and every route that takes a name and a password.

use zeroize::Zeroizing;

use super::browser::SignedIn;
use super::device::KnownDevice;
use super::factors::{self, FactorError, Passed, Wanted};
use super::links;
use super::throttle::Throttled;
use crate::admin::registration;
use crate::app::App;
use crate::context::Ctx;
use crate::letters;
use crate::model::audit_event::{AuditEvent, AuditKind};
use crate::model::login_name::LoginName;
use crate::model::password_policy::PasswordPolicy;
use crate::model::required_action::RequiredAction;
use crate::model::second_factor;
use crate::model::user::User;
use crate::passwords::{Overloaded, Verdict};
use crate::storage::DbError;
use crate::storage::second_factors::Spend;
use crate::trail::hours::Counter;

/// Somebody who proved who they are just now. Only this module makes it.
pub struct Authenticated {
    user: User,
    amr: Vec<String>,
    remembered: bool,
    /// Whether a second factor is still to be shown, at a page.
    is_half: bool,
    /// The session in which it was shown, and in which alone it is worth something.
    within: Option<String>,
    /// What showing a second factor used up.
    proof: Option<Spend>,
}

impl Authenticated {
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// RFC 8176 methods.
    pub fn amr(&self) -> &[String] {
        &self.amr
    }

    /// Whether a second factor is still to be shown: nobody signed in yet.
    pub const fn is_half(&self) -> bool {
        self.is_half
    }

    /// The session that goes on with it, where it began in one.
    pub fn within(&self) -> Option<&str> {
        self.within.as_deref()
    }

    /// What the trail says of it, for the client it is for. The letters of a whole one go where the device
    /// is new.
    pub fn event(&self, app: &App, ctx: &Ctx, client_id: &str) -> AuditEvent {
        let user = &self.user;
        let kind = if self.is_half {
            AuditKind::PasswordShown
        } else {
            AuditKind::Login
        };
        let actor = ctx.actor(&user.id);
        let mut event = actor.did(kind, &user.id, app.row_id(), ctx.now);
        event.client_id = Some(client_id.to_owned());
        event.detail = serde_json::json!({ "amr": self.amr });
        if !self.is_half {
            letters::tell_of_device(app, ctx, user, &mut event);
        }
        event
    }

    /// What is to be used up where this becomes a session.
    pub const fn proof(&self) -> Option<&Spend> {
        self.proof.as_ref()
    }

    /// Somebody who is signed in, and showed a second factor.
    pub(super) fn again(person: &SignedIn, passed: Passed) -> Self {
        Self {
            user: person.user().clone(),
            amr: person.session().amr.clone(),
            remembered: person.session().remembered,
            is_half: false,
            within: Some(person.session().id.clone()),
            proof: None,
        }
        .with(passed)
    }

    /// The same with a second factor.
    fn with(mut self, passed: Passed) -> Self {
        for method in second_factor::METHODS {
            if !self.amr.iter().any(|known| known == method) {
                self.amr.push(method.to_owned());
            }
        }
        self.proof = passed.into_spend();
        self
    }

    /// Whether they want to stay signed in for longer than usual.
    pub const fn is_remembered(&self) -> bool {
        self.remembered
    }

    /// The same with that wish.
    #[must_use]
    pub const fn remembered(mut self, remembered: bool) -> Self {
        self.remembered = remembered;
        self
    }
}

/// Why a login is refused. Unknown, disabled, passwordless and mistyped are one.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("the name or the password is wrong")]
    Refused,
    /// The password is right, so whoever typed it may know.
    #[error("the account's e-mail address is not verified")]
    Unverified,
    /// The same: something has to be done at a page first.
    #[error("the account has something to do at a page first")]
    InteractionRequired,
    #[error("too many failures")]
    Throttled(Throttled),
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A wrong code is a wrong password to whoever is without a page.
impl From<FactorError> for LoginError {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::Refused => Self::Refused,
            FactorError::Throttled(throttled) => Self::Throttled(throttled),
            FactorError::Db(error) => Self::Db(error),
        }
    }
}

/// Checks a name and a password where there is no page, and the code `otp` of a second factor where the
/// account has one: an account that has something to do at a page gets nothing here.
pub async fn authenticate(
    app: &App,
    ctx: &Ctx,
    identifier: &str,
    password: &str,
    otp: Option<&str>,
) -> Result<Authenticated, LoginError> {
    let login = prove(app, ctx, identifier, password, None).await?;
    let at_page = |cause: &'static str| {
        ctx.notes.cause(cause);
        app.refusals.count(ctx, "login.interaction", &login.user.id);
        Err(LoginError::InteractionRequired)
    };
    if login.user.has_to(RequiredAction::UpdatePassword) {
        return at_page("the account has to choose another password first");
    }
    let login = match factors::wanted(app, &ctx.tenant, &login.user, &login.amr, false).await? {
        Wanted::Nothing => login,
        Wanted::Enrolment => return at_page("the account has to set up a second factor first"),
        Wanted::Code => {
            let Some(otp) = otp else {
                return at_page("the account has a second factor, and no code was sent");
            };
            let passed = factors::check(app, ctx, &login.user, otp).await?;
            login.with(passed)
        }
    };
    Ok(counted(app, ctx, login))
}

/// The same in a browser, which may be known as that account's; its pages ask for what there is to do.
pub async fn authenticate_in(
    app: &App,
    ctx: &Ctx,
    identifier: &str,
    password: &str,
    device: Option<&KnownDevice>,
) -> Result<Authenticated, LoginError> {
    let mut login = prove(app, ctx, identifier, password, device).await?;
    let wanted = factors::wanted(app, &ctx.tenant, &login.user, &login.amr, false).await?;
    login.is_half = wanted == Wanted::Code;
    Ok(counted(app, ctx, login))
}

/// Counts a login, once nothing more is to be shown for it.
pub(super) fn counted(app: &App, ctx: &Ctx, login: Authenticated) -> Authenticated {
    if !login.is_half {
        app.metrics.logins.inc();
        app.hours.count(&ctx.tenant.id, ctx.now, Counter::Logins);
    }
    login
}

/// Asks somebody who is signed in for the password again. A session is no excuse: whoever stole one
/// guesses no faster than others do.
pub async fn confirm(
    app: &App,
    ctx: &Ctx,
    user: &User,
    password: &str,
) -> Result<Authenticated, LoginError> {
    let login = prove(app, ctx, &user.username, password, None).await?;
    if login.user.id == user.id {
        Ok(login)
    } else {
        // The name went to somebody else meanwhile.
        Err(LoginError::Refused)
    }
}

async fn prove(
    app: &App,
    ctx: &Ctx,
    identifier: &str,
    password: &str,
    device: Option<&KnownDevice>,
) -> Result<Authenticated, LoginError> {
    let name = LoginName::parse(identifier);
    let typed = name.as_ref().map_or(identifier, LoginName::as_str);
    let (tenant, address) = (&ctx.tenant.id, ctx.address);
    let admitted = if device.is_some() {
        app.throttle
            .admit_known(tenant, typed, address, ctx.now)
            .await
    } else {
        app.throttle.admit(tenant, typed, address, ctx.now).await
    };
    let attempt = match admitted {
        Ok(attempt) => attempt,
        Err(throttled) => {
            app.refusals.count(ctx, "login.throttled", NOBODY);
            ctx.notes.cause("too many failures before this one");
            return Err(LoginError::Throttled(throttled));
        }
    };
    match check(app, ctx, name.as_ref(), password).await {
        Ok(Checked::Right(user)) => {
            attempt.succeed();
            ctx.notes.account(&user.id);
            Ok(Authenticated {
                user: *user,
                amr: vec!["pwd".to_owned()],
                remembered: false,
                is_half: false,
                within: None,
                proof: None,
            })
        }
        Ok(Checked::Unverified(user)) => {
            if registration::waits_for_mail(app, &ctx.tenant) {
                // Counted as every refusal is, or whoever made the account could tell it from one that
                // was there before.
                drop(attempt);
            } else {
                // No failure: nobody guessed.
                attempt.succeed();
            }
            links::remind_to_verify(app, ctx, &user);
            let account = user.id;
            ctx.notes.cause("the account's address is not verified");
            ctx.notes.account(&account);
            app.refusals.count(ctx, "login.unverified", &account);
            ctx.notes.account(&account);
            ctx.notes.cause("the account's address is not verified");
            Err(LoginError::Unverified)
        }
        Ok(Checked::Wrong(account, cause)) => {
            app.metrics.failed_logins.inc();
            app.hours
                .count(&ctx.tenant.id, ctx.now, Counter::FailedLogins);
            ctx.notes.cause(cause);
            if let Some(account) = &account {
                ctx.notes.account(account);
            }
            let account = account.as_deref().unwrap_or(NOBODY);
            app.refusals.count(ctx, "login", account);
            Err(LoginError::Refused)
        }
        Err(error) => {
            attempt.withdraw();
            Err(error)
        }
    }
}

/// Counted in place of an account where none is known. Never what was typed: people type passwords
/// where names belong.
const NOBODY: &str = "";

enum Checked {
    /// The account whose password this is.
    Right(Box<User>),
    /// The account whose password this is, which the tenant wants a verified address of.
    Unverified(Box<User>),
    /// The id of the account whose password it is not, if there is such an account, and why nobody is
    /// let in.
    Wrong(Option<String>, &'static str),
}

/// Looks at the password. Whatever is wrong, one hash is computed.
async fn check(
    app: &App,
    ctx: &Ctx,
    name: Option<&LoginName>,
    password: &str,
) -> Result<Checked, LoginError> {
    let rows = app.store.tenant(&ctx.tenant.id);
    let row = match name {
        Some(name) => rows.login_row(name).await?,
        None => None,
    };
    let stored = row.as_ref().and_then(|row| row.password_hash.clone());
    let verdict = app
        .passwords
        .verify(Zeroizing::new(password.to_owned()), stored.clone())
        .await?;
    let Some(row) = row else {
        return Ok(Checked::Wrong(None, "no account has this name"));
    };
    let cause = if !row.user.enabled {
        Some("the account is disabled")
    } else if row.password_hash.is_none() {
        Some("the account has no password")
    } else if verdict == Verdict::Wrong {
        Some("the password is wrong")
    } else {
        None
    };
    if let Some(cause) = cause {
        return Ok(Checked::Wrong(Some(row.user.id), cause));
    }
    if let (Verdict::RightButWeak(stronger), Some(old)) = (verdict, stored) {
        rows.upgrade_password_hash(&row.user.id, old, stronger)
            .await?;
    }
    let mut user = row.user;
    let unverified = user.email.is_some() && !user.email_verified;
    let wanted = ctx.tenant.settings.requires_verified_email();
    if (unverified && wanted) || user.has_to(RequiredAction::VerifyEmail) {
        return Ok(Checked::Unverified(Box::new(user)));
    }
    let policy = PasswordPolicy::of(&app.config, &ctx.tenant);
    let is_over = row
        .password_set_at
        .is_some_and(|at| policy.is_over(at, ctx.now));
    if is_over && !user.has_to(RequiredAction::UpdatePassword) {
        let action = RequiredAction::UpdatePassword;
        rows.require_action(&user.id, action).await?;
        user.required_actions.push(action);
    }
    Ok(Checked::Right(Box::new(user)))
}
