//! Accounts, for administrators.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::only;
use super::shapes::Account;
use crate::api::activity::{self, ActivityView};
use crate::api::answer::Answer;
use crate::api::body::{Body, Document};
use crate::api::call::Call;
use crate::api::list::{List, Listed, NoFilter, Query};
use crate::api::problem::Problem;
use crate::api::users::{self, found, searched};
use crate::compat::bounds::within;
use crate::model::role::ADMIN;
use crate::model::user::{UserInput, joined_name};
use crate::storage::find_users::UserFilter;
use crate::storage::page::Position;

const DEFAULT_PER_PAGE: i64 = 20;
const MAX_PER_PAGE: i64 = 100;
const MAX_PAGE: i64 = 1000;

/// Which people are listed, and which of them.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Which {
    /// Part of a username, an address or a name, in any case.
    search: Option<String>,
    role: Option<String>,
    is_active: Option<bool>,
    /// The first is 1.
    page: Option<i64>,
    per_page: Option<i64>,
}

/// A page of people.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "UserServiceAccounts")]
pub(super) struct Accounts {
    users: Vec<Account>,
    page: i64,
    per_page: i64,
    has_next: bool,
}

/// Changes to an account; what is absent stays. What else is sent is not read.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[schemars(rename = "UserServiceChanges")]
#[serde(default)]
pub(super) struct Changes {
    username: Option<String>,
    email: Option<String>,
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    roles: Option<Vec<String>>,
    is_active: Option<bool>,
}

impl Document for Changes {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("active", "is_active")];
}

impl Changes {
    fn onto(self, before: UserInput) -> UserInput {
        let renames = self.first_name.is_some() || self.last_name.is_some();
        let email = self.email.or_else(|| before.email.clone());
        let mut claims = before.claims.clone();
        claims.given_name = self.first_name.or(claims.given_name);
        claims.family_name = self.last_name.or(claims.family_name);
        let (given, family) = (claims.given_name.as_deref(), claims.family_name.as_deref());
        let whole = joined_name(given, family).filter(|_| renames);
        claims.name = self.name.or(whole).or(claims.name);
        // Who signs in with the address goes on doing so.
        let own = before.email.as_ref() == Some(&before.username);
        let username = self.username.or_else(|| email.clone().filter(|_| own));
        UserInput {
            username: username.unwrap_or_else(|| before.username.clone()),
            // Nobody vouches for an address but who checked it.
            email_verified: before.email_verified && email == before.email,
            email,
            claims,
            roles: self.roles.unwrap_or_else(|| before.roles.clone()),
            enabled: self.is_active.unwrap_or(before.enabled),
            ..before
        }
    }
}

pub(super) async fn list(
    call: Arc<Call>,
    Query(which): Query<Which>,
) -> Result<Answer<Accounts>, Problem> {
    only(&call, ADMIN)?;
    let page = within("page", which.page.unwrap_or(1), 1, MAX_PAGE)?;
    let per_page = which.per_page.unwrap_or(DEFAULT_PER_PAGE);
    let per_page = within("per_page", per_page, 1, MAX_PER_PAGE)?;
    let filter = UserFilter {
        search: which.search.as_deref().map(searched).transpose()?,
        role: which.role,
        enabled: which.is_active,
        ..UserFilter::people()
    };
    let position = Position::Offset((page - 1) * per_page);
    // One more than the page has, to see whether there is a next one.
    let rows = call.rows();
    let people = rows.find_users(&filter, &position, per_page + 1).await?;
    let whole = usize::try_from(per_page).unwrap_or(usize::MAX);
    let shown = people.iter().take(whole);
    Ok(Answer(Accounts {
        users: shown.map(|user| Account::of(user, call.tenant())).collect(),
        page,
        per_page,
        has_next: people.len() > whole,
    }))
}

pub(super) async fn update(
    call: Arc<Call>,
    Body(changes): Body<Changes>,
) -> Result<Answer<Account>, Problem> {
    only(&call, ADMIN)?;
    users::edit(&call, |input| Ok(changes.clone().onto(input))).await?;
    let user = found(&call, call.path("id")).await?;
    Ok(Answer(Account::of(&user, call.tenant())))
}

pub(super) async fn activity(
    call: Arc<Call>,
    list: List<NoFilter>,
) -> Result<Listed<ActivityView>, Problem> {
    only(&call, ADMIN)?;
    activity::of_account(call, list).await
}
