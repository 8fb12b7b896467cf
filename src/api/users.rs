//! `/users`: the people of a tenant.

mod account;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub use account::{AccountBody, AccountView};

use super::answer::{Created, Done, Found};
use super::authority;
use super::body::{Body, Document, Merge};
use super::call::Call;
use super::list::{List, Listed};
use super::operation::Operation;
use super::problem::Problem;
use super::views::Password;
use crate::admin::{links, users};
use crate::model::letter::Purpose;
use crate::model::login_name::LoginName;
use crate::model::search::{MAX_TERM_CHARS, SearchTerm};
use crate::model::user::{AccountKind, User, UserInput};
use crate::storage::find_users::UserFilter;

pub(super) const READ: &[&str] = &["users.read"];
pub(super) const WRITE: &[&str] = &["users.write"];
const ROLES: &[&str] = &["roles.write"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users", "users.list", "Lists people, in the order of their names", READ, list),
        Operation::post("/users", "users.create", "Makes an account", WRITE, create),
        Operation::get("/users/{id}", "users.read", "Shows an account", READ, read),
        Operation::patch("/users/{id}", "users.update", "Changes what is named of an account", WRITE, update),
        Operation::delete("/users/{id}", "users.delete", "Removes an account; its tokens are dead", WRITE, delete),
        Operation::put("/users/{id}/roles", "users.set_roles", "Sets an account's roles", ROLES, set_roles),
        Operation::put("/users/{id}/attributes", "users.set_attributes", "Replaces an account's attributes", WRITE, set_attributes),
        Operation::put("/users/{id}/password", "users.set_password", "Sets a password; every session of the account is over", WRITE, set_password),
        Operation::post("/users/{id}/invitation", "users.invite", "Sends a link that sets the account's first password", WRITE, invite),
    ]
}

/// Which people are listed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Part of a username, an address or a name, in any case.
    search: Option<String>,
    /// Those with this role.
    role: Option<String>,
    /// Those of this group.
    group: Option<String>,
    /// Those who may sign in, or those who may not.
    enabled: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    roles: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Attributes {
    attributes: BTreeMap<String, Value>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    password: Password,
    /// Whether it is good for one sign-in only, at which another is asked for.
    #[serde(default)]
    temporary: bool,
}

impl Document for Roles {}
impl Document for Attributes {}
impl Document for NewPassword {}

async fn list(
    call: Arc<Call>,
    List { filter, page }: List<Filter>,
) -> Result<Listed<AccountView>, Problem> {
    let search = filter.search.as_deref().map(searched).transpose()?;
    let filter = UserFilter {
        search,
        role: filter.role,
        group: filter.group,
        enabled: filter.enabled,
        ..UserFilter::people()
    };
    let rows = call.rows();
    let rows = rows
        .find_users(&filter, &page.position(), page.rows())
        .await?;
    let key = |user: &User| {
        LoginName::parse(&user.username).map_or_else(String::new, |name| name.as_str().to_owned())
    };
    Ok(page.answer(&call, rows, key, |user| AccountView::of(&user, &call)))
}

pub async fn create(
    call: Arc<Call>,
    Body(mut body): Body<AccountBody>,
) -> Result<Created<AccountView>, Problem> {
    let password = body.password.take();
    let defaults = account::default_roles(&call);
    let input = body.into_input(&defaults, UserInput::default());
    authority::may_change_roles(&call, &defaults, &input.roles)?;
    authority::may_change_groups(&call, &[], &input.groups)?;
    let password = password.as_ref().map(Password::expose);
    let (actor, tenant) = (call.actor(), call.tenant());
    let id = users::create(&call.app, &actor, tenant, input, password).await?;
    let user = found(&call, &id).await?;
    Ok(Created {
        location: format!("/users/{id}"),
        body: AccountView::of(&user, &call),
    })
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<AccountView>, Problem> {
    let user = found(&call, call.path("id")).await?;
    Ok(Found(AccountView::of(&user, &call)))
}

pub async fn update(
    call: Arc<Call>,
    changes: Merge<AccountBody>,
) -> Result<Found<AccountView>, Problem> {
    edit(&call, |input| {
        let wanted = changes.onto(&AccountBody::of(input.clone()))?;
        Ok(wanted.into_input(&[], input))
    })
    .await
}

pub async fn set_roles(
    call: Arc<Call>,
    Body(Roles { roles }): Body<Roles>,
) -> Result<Found<AccountView>, Problem> {
    edit(&call, |input| {
        Ok(UserInput {
            roles: roles.clone(),
            ..input
        })
    })
    .await
}

async fn set_attributes(
    call: Arc<Call>,
    Body(Attributes { attributes }): Body<Attributes>,
) -> Result<Found<AccountView>, Problem> {
    edit(&call, |input| {
        Ok(UserInput {
            attributes: attributes.clone(),
            ..input
        })
    })
    .await
}

async fn set_password(call: Arc<Call>, Body(body): Body<NewPassword>) -> Result<Done, Problem> {
    let user = managed(&call).await?;
    // One's own is changed with the old one.
    authority::not_oneself(&call, &user)?;
    users::put_password(
        &call.app,
        &call.actor(),
        call.tenant(),
        &user,
        body.password.expose(),
        body.temporary,
    )
    .await?;
    Ok(Done)
}

async fn invite(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let user = managed(&call).await?;
    links::send(&call.app, call.tenant(), &user, Purpose::Invitation).await?;
    Ok(Done)
}

pub async fn delete(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let user = managed(&call).await?;
    authority::not_oneself(&call, &user)?;
    call.guard(&AccountView::of(&user, &call))?;
    users::delete(&call.app, &call.actor(), call.tenant(), &user).await?;
    Ok(Done)
}

/// What is looked for.
pub fn searched(text: &str) -> Result<SearchTerm, Problem> {
    SearchTerm::parse(text)
        .ok_or_else(|| Problem::parameter("search", format!("1 to {MAX_TERM_CHARS} characters")))
}

/// Changes the account that the path names, if the caller may change that of it.
pub async fn edit(
    call: &Arc<Call>,
    change: impl Fn(UserInput) -> Result<UserInput, Problem>,
) -> Result<Found<AccountView>, Problem> {
    let user = managed(call).await?;
    call.guard(&AccountView::of(&user, call))?;
    let before = users::input_of(&user);
    let after = change(before.clone())?;
    if before.roles != after.roles || before.enabled != after.enabled {
        authority::not_oneself(call, &user)?;
    }
    authority::may_change_roles(call, &before.roles, &after.roles)?;
    authority::may_change_groups(call, &before.groups, &after.groups)?;
    users::update(&call.app, &call.actor(), call.tenant(), &user, after).await?;
    let user = found(call, &user.id).await?;
    Ok(Found(AccountView::of(&user, call)))
}

/// The account that the path names, if the caller may manage it.
pub(super) async fn managed(call: &Call) -> Result<User, Problem> {
    let user = found(call, call.path("id")).await?;
    authority::may_manage(call, &user)?;
    Ok(user)
}

/// An account of the tenant, by id.
pub async fn found(call: &Call, id: &str) -> Result<User, Problem> {
    let user = call.rows().user(id).await?;
    user.filter(|user| user.kind == AccountKind::Person)
        .ok_or_else(Problem::not_found)
}
