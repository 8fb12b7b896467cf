//! Making an account, coming in, and looking at oneself.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::shapes::{Envelope, Person, SignedIn};
use crate::admin::registration;
use crate::api::answer::Answer;
use crate::api::auth;
use crate::api::body::{Body, Document};
use crate::api::call::Call;
use crate::api::problem::{FieldProblem, Problem};
use crate::api::views::{Otp, Password};
use crate::compat::answer::Made;
use crate::compat::refusal::both;
use crate::config::CharacterClass;
use crate::login::doors::{self, Credentials};
use crate::model::domain;
use crate::model::door::Door;
use crate::model::login_name::{LoginName, is_valid_email};
use crate::model::user::{StandardClaims, UserInput};

const MAX_NAME_CHARS: usize = 100;
const MIN_PASSWORD_CHARS: usize = 8;
const PASSWORD_CLASSES: [CharacterClass; 3] = [
    CharacterClass::Upper,
    CharacterClass::Lower,
    CharacterClass::Digit,
];

/// Who wants an account. What else is sent is not read.
#[derive(Deserialize, JsonSchema)]
pub(super) struct NewPerson {
    /// 1 to 100 characters, not only spaces.
    name: Option<String>,
    email: Option<String>,
    password: Option<Password>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct LoginBody {
    email: Option<String>,
    password: Option<Password>,
    /// A code of the account's second factor; not of the original.
    otp: Option<Otp>,
}

impl Document for NewPerson {}
impl Document for LoginBody {}

pub(super) async fn register(
    call: Arc<Call>,
    Body(body): Body<NewPerson>,
) -> Result<Made<Envelope<Person>>, Problem> {
    let Wanted {
        name,
        email,
        password,
    } = body.check()?;
    let app = &call.app;
    let ctx = doors::tenant_of_login(app, &call.ctx, None, &email).await?;
    let ctx = ctx.ok_or_else(Problem::not_found)?;
    let input = UserInput {
        username: email.clone(),
        email: Some(email),
        claims: StandardClaims {
            name: Some(name),
            ..StandardClaims::default()
        },
        ..UserInput::default()
    };
    let open_to = app.config.registration;
    let user = registration::account(app, &ctx, open_to, input, password.expose()).await?;
    let message = "User registered successfully";
    Ok(Made(Envelope::saying(message, Person::of(&user))))
}

pub(super) async fn login(
    call: Arc<Call>,
    Body(body): Body<LoginBody>,
) -> Result<Answer<Envelope<SignedIn>>, Problem> {
    let (email, password) = both(("email", body.email), body.password)?;
    let credentials = Credentials {
        tenant: None,
        identifier: &email,
        password: password.expose(),
        otp: body.otp.as_ref().map(Otp::expose),
        remember: false,
        scope: None,
    };
    let door = Door::UserManagementApi;
    let entered = doors::enter(&call.app, &call.ctx, door, &credentials).await;
    let wrong = "the address or the password is wrong";
    let entered = entered.map_err(|error| auth::refused(error, wrong))?;
    let signed_in = SignedIn {
        token: entered.tokens.access_token,
        user: Person::of(&entered.user),
    };
    Ok(Answer(Envelope::saying("Login successful", signed_in)))
}

pub(super) async fn me(call: Arc<Call>, (): ()) -> Result<Answer<Envelope<Person>>, Problem> {
    let user = call.me()?;
    Ok(Answer(Envelope::of(Person::of(user))))
}

/// A registration that passed this profile's own rules; the tenant's come after.
struct Wanted {
    name: String,
    email: String,
    password: Password,
}

impl NewPerson {
    /// # Errors
    /// Every field that is missing or breaks a rule.
    fn check(self) -> Result<Wanted, Problem> {
        let name = self.name.as_deref().map(str::trim).unwrap_or_default();
        let email = self.email.as_deref().and_then(LoginName::parse);
        let email = email.as_ref().map_or("", LoginName::as_str);
        let mut errors: Vec<FieldProblem> = [
            ("name", name_problem(name)),
            ("email", email_problem(email)),
        ]
        .into_iter()
        .filter_map(|(field, problem)| Some(FieldProblem::of_body(field, problem?)))
        .collect();
        let password = self.password.as_ref().map_or("", Password::expose);
        let rules = password_problems(password).into_iter();
        errors.extend(rules.map(|rule| FieldProblem::of_body("password", rule)));
        match self.password {
            Some(password) if errors.is_empty() => Ok(Wanted {
                name: name.to_owned(),
                email: email.to_owned(),
                password,
            }),
            _ => Err(Problem::fields(errors)),
        }
    }
}

fn name_problem(name: &str) -> Option<String> {
    let fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count());
    let is_good = fits && !name.chars().any(char::is_control);
    (!is_good).then(|| format!("1 to {MAX_NAME_CHARS} characters, not only spaces"))
}

/// An address at a host with a domain: nobody can be reached at another from elsewhere.
fn email_problem(email: &str) -> Option<String> {
    let domain = email.rsplit_once('@').map(|(_, domain)| domain);
    let is_good = is_valid_email(email) && domain.and_then(domain::canonical).is_some();
    (!is_good).then(|| "not an address".to_owned())
}

/// The rules this profile's callers know, one sentence each.
fn password_problems(password: &str) -> Vec<String> {
    let is_short = password.chars().count() < MIN_PASSWORD_CHARS;
    let length = is_short.then(|| format!("at least {MIN_PASSWORD_CHARS} characters"));
    let missing = PASSWORD_CLASSES
        .into_iter()
        .filter(|class| !class.is_in(password));
    let classes = missing.map(|class| format!("at least one {}", class.said()));
    length.into_iter().chain(classes).collect()
}
