//! `/groups`: what a tenant's people are counted to, and who is in them.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Created, Done, Found};
use super::authority;
use super::body::{Body, Document, Merge};
use super::call::Call;
use super::list::{List, Listed, NoFilter};
use super::operation::Operation;
use super::problem::Problem;
use super::views::When;
use crate::admin::groups;
use crate::model::group::{Group, GroupInput};
use crate::model::user::User;
use crate::storage::find_users::UserFilter;

const READ: &[&str] = &["users.read", "roles.write"];
const READ_MEMBERS: &[&str] = &["users.read"];
const WRITE: &[&str] = &["roles.write"];

/// A name as a part of an address (RFC 3986 section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/groups", "groups.list", "Lists the groups, in the order of their names", READ, list),
        Operation::post("/groups", "groups.create", "Makes a group", WRITE, create),
        Operation::get("/groups/{name}", "groups.read", "Shows a group", READ, read),
        Operation::patch("/groups/{name}", "groups.update", "Changes what is said of a group", WRITE, update),
        Operation::delete("/groups/{name}", "groups.delete", "Removes a group and takes everybody out of it", WRITE, delete),
        Operation::get("/groups/{name}/members", "groups.list_members", "Lists who is in a group, in the order of their names", READ_MEMBERS, list_members),
        Operation::put("/groups/{name}/members/{user_id}", "groups.add_member", "Puts an account into a group", WRITE, add_member),
        Operation::delete("/groups/{name}/members/{user_id}", "groups.remove_member", "Takes an account out of a group", WRITE, remove_member),
    ]
}

/// What is written of a group.
#[derive(Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Group")]
#[serde(deny_unknown_fields)]
struct GroupBody {
    /// Compared exactly, in tokens too.
    #[schemars(length(min = 1, max = 64))]
    name: String,
    /// What it is for.
    #[schemars(length(max = 255))]
    #[serde(default)]
    description: String,
}

impl Document for GroupBody {
    const CREATE_ONLY: &'static [&'static str] = &["name"];
}

/// A group as it is shown.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "GroupRead")]
struct GroupView {
    name: String,
    description: String,
    created_at: When,
    updated_at: When,
}

impl GroupView {
    fn of(group: Group) -> Self {
        Self {
            name: group.name,
            description: group.description,
            created_at: When(group.created_at),
            updated_at: When(group.updated_at),
        }
    }
}

/// An account in a group.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Member")]
struct MemberView {
    id: String,
    username: String,
    /// `person` or `service`.
    kind: &'static str,
    enabled: bool,
}

impl MemberView {
    fn of(user: User) -> Self {
        Self {
            id: user.id,
            username: user.username,
            kind: user.kind.name(),
            enabled: user.enabled,
        }
    }
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<GroupView>, Problem> {
    let rows = call.rows().groups(&page.after, page.rows()).await?;
    Ok(page.answer(&call, rows, |group| group.name.clone(), GroupView::of))
}

async fn create(
    call: Arc<Call>,
    Body(GroupBody { name, description }): Body<GroupBody>,
) -> Result<Created<GroupView>, Problem> {
    let segment = utf8_percent_encode(&name, SEGMENT).to_string();
    let input = GroupInput {
        name: name.clone(),
        description,
    };
    groups::create(&call.app, &call.actor(), call.tenant(), input).await?;
    Ok(Created {
        location: format!("/groups/{segment}"),
        body: GroupView::of(groups::get(&call.app, call.tenant(), &name).await?),
    })
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<GroupView>, Problem> {
    Ok(Found(GroupView::of(named(&call).await?)))
}

async fn update(call: Arc<Call>, changes: Merge<GroupBody>) -> Result<Found<GroupView>, Problem> {
    let before = named(&call).await?;
    call.guard(&GroupView::of(before.clone()))?;
    let present = GroupBody {
        name: before.name.clone(),
        description: before.description.clone(),
    };
    let GroupBody { description, .. } = changes.onto(&present)?;
    let (actor, tenant) = (call.actor(), call.tenant());
    groups::update(&call.app, &actor, tenant, &before, description).await?;
    Ok(Found(GroupView::of(named(&call).await?)))
}

async fn delete(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let group = named(&call).await?;
    let name = group.name.clone();
    call.guard(&GroupView::of(group))?;
    groups::delete(&call.app, &call.actor(), call.tenant(), &name).await?;
    Ok(Done)
}

async fn list_members(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<MemberView>, Problem> {
    let filter = UserFilter {
        group: Some(named(&call).await?.name),
        ..UserFilter::default()
    };
    let rows = call.rows();
    let rows = rows
        .find_users(&filter, &page.position(), page.rows())
        .await?;
    Ok(page.answer(&call, rows, User::name_key, MemberView::of))
}

async fn add_member(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let (name, user) = (call.path("name"), member(&call).await?);
    groups::add_member(&call.app, &call.actor(), call.tenant(), name, &user).await?;
    Ok(Done)
}

async fn remove_member(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let (name, user) = (call.path("name"), member(&call).await?);
    groups::remove_member(&call.app, &call.actor(), call.tenant(), name, &user).await?;
    Ok(Done)
}

/// The group that the path names.
async fn named(call: &Call) -> Result<Group, Problem> {
    Ok(groups::get(&call.app, call.tenant(), call.path("name")).await?)
}

/// The account that the path names, of a person or a service, if the caller may manage it.
async fn member(call: &Call) -> Result<User, Problem> {
    let user = call.rows().user(call.path("user_id")).await?;
    let user = user.ok_or_else(Problem::not_found)?;
    authority::may_manage(call, &user)?;
    Ok(user)
}
