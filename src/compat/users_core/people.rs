//! Accounts: one's own, and those of others for whoever manages them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::shapes::{Changed, Person};
use crate::admin::users as accounts;
use crate::api::answer::{Answer, Done};
use crate::api::body::{Body, Document};
use crate::api::call::Call;
use crate::api::list::Query;
use crate::api::me::acting_session;
use crate::api::problem::Problem;
use crate::api::users::{self, AccountBody, Roles, found, searched};
use crate::api::views::{Otp, Password};
use crate::compat::answer::Made;
use crate::compat::bounds::within;
use crate::login::direct::LoginError;
use crate::login::factors::proof::{ProofError, Shown};
use crate::login::own_password::{self, ChangeError};
use crate::model::user::{User, UserInput};
use crate::storage::find_users::UserFilter;
use crate::storage::page::Position;

const DEFAULT_LIMIT: i64 = 100;
const MAX_LIMIT: i64 = 1000;
const MAX_OFFSET: i64 = 100_000;

/// A new account. What else is sent is not read.
#[derive(Deserialize, JsonSchema)]
pub(super) struct NewPerson {
    username: String,
    password: Password,
    email: Option<String>,
    display_name: Option<String>,
    roles: Option<Vec<String>>,
}

/// Changes to an account; what is absent stays.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Changes {
    email: Option<String>,
    display_name: Option<String>,
    roles: Option<Vec<String>>,
    active: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct PasswordChange {
    old_password: Password,
    new_password: Password,
    /// A code of the account's second factor; not of the original.
    otp: Option<Otp>,
}

impl Document for NewPerson {}
impl Document for Changes {}
impl Document for PasswordChange {
    const ALIASES: &'static [(&'static str, &'static str)] =
        &[("current_password", "old_password")];
}

/// Which people are listed, and which of them.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Which {
    search: Option<String>,
    role: Option<String>,
    active: Option<bool>,
    limit: Option<i64>,
    offset: Option<i64>,
}

impl Changes {
    fn onto(self, before: UserInput) -> UserInput {
        let email = self.email.or_else(|| before.email.clone());
        let mut claims = before.claims.clone();
        claims.name = self.display_name.or(claims.name);
        UserInput {
            // Nobody vouches for an address but who checked it.
            email_verified: before.email_verified && email == before.email,
            email,
            claims,
            roles: self.roles.unwrap_or_else(|| before.roles.clone()),
            enabled: self.active.unwrap_or(before.enabled),
            ..before
        }
    }
}

pub(super) async fn create(
    call: Arc<Call>,
    Body(body): Body<NewPerson>,
) -> Result<Made<Person>, Problem> {
    let account = AccountBody {
        username: Some(body.username),
        email: body.email,
        name: body.display_name,
        roles: body.roles,
        password: Some(body.password),
        ..AccountBody::default()
    };
    let made = users::create(Arc::clone(&call), Body(account)).await?;
    let user = found(&call, &made.body.id).await?;
    Ok(Made(Person::of(&user)))
}

pub(super) async fn list(
    call: Arc<Call>,
    Query(which): Query<Which>,
) -> Result<Answer<Vec<Person>>, Problem> {
    let limit = within("limit", which.limit.unwrap_or(DEFAULT_LIMIT), 1, MAX_LIMIT)?;
    let offset = within("offset", which.offset.unwrap_or(0), 0, MAX_OFFSET)?;
    let filter = UserFilter {
        search: which.search.as_deref().map(searched).transpose()?,
        role: which.role,
        enabled: which.active,
        ..UserFilter::people()
    };
    let rows = call.rows();
    let people = rows
        .find_users(&filter, &Position::Offset(offset), limit)
        .await?;
    Ok(Answer(people.iter().map(Person::of).collect()))
}

pub(super) async fn read(call: Arc<Call>, (): ()) -> Result<Answer<Person>, Problem> {
    let user = match own(&call) {
        Some(user) => user.clone(),
        None => reached(&call, "users.read").await?,
    };
    Ok(Answer(Person::of(&user)))
}

pub(super) async fn update(
    call: Arc<Call>,
    Body(changes): Body<Changes>,
) -> Result<Answer<Person>, Problem> {
    let id = if let Some(user) = own(&call) {
        if changes.roles.is_some() || changes.active.is_some() {
            return Err(Problem::forbidden(
                "ask an administrator to change your roles or to switch you off",
            ));
        }
        let input = changes.onto(accounts::input_of(user));
        accounts::update(&call.app, &call.actor(), call.tenant(), user, input).await?;
        user.id.clone()
    } else {
        let user = reached(&call, "users.write").await?;
        users::edit(&call, |input| Ok(changes.clone().onto(input))).await?;
        user.id
    };
    Ok(Answer(Person::of(&found(&call, &id).await?)))
}

pub(super) async fn set_roles(call: Arc<Call>, roles: Body<Roles>) -> Result<Done, Problem> {
    users::set_roles(call, roles).await?;
    Ok(Done)
}

pub(super) async fn change_password(
    call: Arc<Call>,
    Body(body): Body<PasswordChange>,
) -> Result<Changed, Problem> {
    let user = own(&call).ok_or_else(|| Problem::forbidden("this is for one's own password"))?;
    let shown = Shown {
        password: body.old_password.expose(),
        otp: body.otp.as_ref().map(Otp::expose),
    };
    let changed = own_password::change(
        &call.app,
        &call.ctx,
        user,
        acting_session(&call)?,
        &shown,
        body.new_password.expose(),
    );
    match changed.await {
        Ok(()) => Ok(Changed::Done),
        Err(ChangeError::Proof(ProofError::Login(LoginError::Refused))) => {
            Ok(Changed::WrongPassword)
        }
        Err(error) => Err(error.into()),
    }
}

/// The caller's own account, if the path names it.
fn own(call: &Call) -> Option<&User> {
    call.me().ok().filter(|user| user.id == call.path("id"))
}

/// Somebody else's account, for whoever has `scope`.
async fn reached(call: &Call, scope: &'static str) -> Result<User, Problem> {
    if call.caller.has(scope) {
        found(call, call.path("id")).await
    } else {
        Err(Problem::insufficient_scope(&[scope]))
    }
}
