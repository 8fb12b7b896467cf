//! `/roles`: what a tenant's people may be given.

use std::sync::Arc;

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
use crate::admin::roles;
use crate::model::resource::Catalog;
use crate::model::role::{self, Role, RoleInput};

const READ: &[&str] = &["users.read", "roles.write"];
const WRITE: &[&str] = &["roles.write"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/roles", "roles.list", "Lists the roles, those every tenant has too, in the order of their names", READ, list),
        Operation::post("/roles", "roles.create", "Makes a role", WRITE, create),
        Operation::get("/roles/{name}", "roles.read", "Shows a role", READ, read),
        Operation::patch("/roles/{name}", "roles.update", "Changes what a role permits; issued access tokens live out", WRITE, update),
        Operation::delete("/roles/{name}", "roles.delete", "Removes a role that nobody has", WRITE, delete),
    ]
}

/// What is written of a role.
#[derive(Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Role")]
#[serde(deny_unknown_fields)]
struct RoleBody {
    /// `a-z`, `0-9` and `_.-`, a letter first.
    #[schemars(length(min = 1, max = 64))]
    name: String,
    /// What it is for.
    #[schemars(length(max = 255))]
    #[serde(default)]
    description: String,
    /// The scopes whoever has it may be given. Those that speak of the person are everybody's.
    #[serde(default)]
    permissions: Vec<String>,
}

impl Document for RoleBody {
    const CREATE_ONLY: &'static [&'static str] = &["name"];
}

impl RoleBody {
    fn of(input: RoleInput) -> Self {
        Self {
            name: input.name,
            description: input.description,
            permissions: input.permissions,
        }
    }

    fn into_input(self) -> RoleInput {
        RoleInput {
            name: self.name,
            description: self.description,
            permissions: self.permissions,
        }
    }
}

/// A role as it is shown.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "RoleRead")]
struct RoleView {
    name: String,
    description: String,
    permissions: Vec<String>,
    /// Whether every tenant has it, as it is.
    built_in: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<When>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<When>,
}

impl RoleView {
    fn of(role: &Role) -> Self {
        Self {
            name: role.name.clone(),
            description: role.description.clone(),
            permissions: role.permissions.words().map(str::to_owned).collect(),
            built_in: false,
            created_at: Some(When(role.created_at)),
            updated_at: Some(When(role.updated_at)),
        }
    }

    fn of_built_in(name: &str, catalog: &Catalog) -> Self {
        Self {
            name: name.to_owned(),
            description: role::built_in_description(name).to_owned(),
            permissions: catalog.given_by(name).words().map(str::to_owned).collect(),
            built_in: true,
            created_at: None,
            updated_at: None,
        }
    }
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<RoleView>, Problem> {
    // A tenant has a hundred at most.
    let catalog = call.rows().catalog().await?;
    let built_in = role::BUILT_IN.iter();
    let mut all: Vec<RoleView> = built_in
        .map(|name| RoleView::of_built_in(name, &catalog))
        .chain(catalog.roles().iter().map(RoleView::of))
        .filter(|role| role.name > page.after)
        .collect();
    all.sort_by(|left, right| left.name.cmp(&right.name));
    all.truncate(usize::try_from(page.rows()).unwrap_or(usize::MAX));
    Ok(page.answer(&call, all, |role| role.name.clone(), |role| role))
}

async fn create(call: Arc<Call>, Body(body): Body<RoleBody>) -> Result<Created<RoleView>, Problem> {
    let input = body.into_input();
    let name = input.name.clone();
    let permissions = input.permissions.iter().map(String::as_str);
    authority::may_change_permissions(&call, permissions)?;
    roles::create(&call.app, &call.actor(), call.tenant(), input).await?;
    let role = roles::get(&call.app, call.tenant(), &name).await?;
    Ok(Created {
        location: format!("/roles/{name}"),
        body: RoleView::of(&role),
    })
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<RoleView>, Problem> {
    let name = call.path("name");
    if role::is_built_in(name) {
        let catalog = call.rows().catalog().await?;
        return Ok(Found(RoleView::of_built_in(name, &catalog)));
    }
    let role = roles::get(&call.app, call.tenant(), name).await?;
    Ok(Found(RoleView::of(&role)))
}

async fn update(call: Arc<Call>, changes: Merge<RoleBody>) -> Result<Found<RoleView>, Problem> {
    let before = changeable(&call).await?;
    call.guard(&RoleView::of(&before))?;
    let was = roles::input_of(&before);
    let input = changes.onto(&RoleBody::of(was.clone()))?.into_input();
    let lost = was.permissions.iter();
    let lost = lost.filter(|word| !input.permissions.contains(word));
    let won = input.permissions.iter();
    let won = won.filter(|word| !was.permissions.contains(word));
    authority::may_change_permissions(&call, lost.chain(won).map(String::as_str))?;
    roles::update(&call.app, &call.actor(), call.tenant(), &before, input).await?;
    let role = roles::get(&call.app, call.tenant(), &before.name).await?;
    Ok(Found(RoleView::of(&role)))
}

async fn delete(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let role = changeable(&call).await?;
    call.guard(&RoleView::of(&role))?;
    authority::may_change_permissions(&call, role.permissions.words())?;
    roles::delete(&call.app, &call.actor(), call.tenant(), &role.name).await?;
    Ok(Done)
}

/// The role that the path names, if it is the tenant's own.
async fn changeable(call: &Call) -> Result<Role, Problem> {
    let name = call.path("name");
    if role::is_built_in(name) {
        return Err(Problem::forbidden("every tenant has this role as it is"));
    }
    Ok(roles::get(&call.app, call.tenant(), name).await?)
}
