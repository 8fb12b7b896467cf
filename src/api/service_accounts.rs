//! `/service-accounts`: programs with roles and groups of their own. Nobody signs in as one.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Created, Done, Found};
use super::authority;
use super::body::{Body, Document, Merge};
use super::call::Call;
use super::list::{List, Listed};
use super::operation::Operation;
use super::problem::Problem;
use super::users::searched;
use super::views::When;
use crate::admin::{service_accounts, users};
use crate::model::user::{AccountKind, User, UserInput};
use crate::storage::find_users::UserFilter;

const READ: &[&str] = &["users.read"];
const WRITE: &[&str] = &["users.write"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/service-accounts", "service_accounts.list", "Lists service accounts, in the order of their names", READ, list),
        Operation::post("/service-accounts", "service_accounts.create", "Makes a service account", WRITE, create),
        Operation::get("/service-accounts/{id}", "service_accounts.read", "Shows a service account", READ, read),
        Operation::patch("/service-accounts/{id}", "service_accounts.update", "Changes what is named of a service account", WRITE, update),
        Operation::delete("/service-accounts/{id}", "service_accounts.delete", "Removes a service account", WRITE, delete),
    ]
}

/// Which service accounts are listed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Part of a username, an address or a name, in any case.
    search: Option<String>,
    /// Those with this role.
    role: Option<String>,
    /// Those of this group.
    group: Option<String>,
    enabled: Option<bool>,
}

/// What is written of a service account.
#[derive(Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "ServiceAccount")]
#[serde(deny_unknown_fields)]
struct ServiceBody {
    /// Unique among people and services.
    #[schemars(length(min = 1, max = 64))]
    username: String,
    /// Where whoever runs it is reached.
    #[schemars(length(max = 254))]
    #[serde(default)]
    email: Option<String>,
    /// What it is called for people.
    #[serde(default)]
    name: Option<String>,
    /// What its keys may do at most.
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
    /// What else is known of it, for claims of clients' own.
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
    #[serde(default = "yes")]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

impl Document for ServiceBody {}

impl ServiceBody {
    fn of(input: UserInput) -> Self {
        Self {
            username: input.username,
            email: input.email,
            name: input.claims.name,
            roles: input.roles,
            groups: input.groups,
            attributes: input.attributes,
            enabled: input.enabled,
        }
    }

    /// The account this describes; what it does not speak of is as in `rest`.
    fn into_input(self, mut rest: UserInput) -> UserInput {
        rest.claims.name = self.name;
        UserInput {
            username: self.username,
            email: self.email,
            roles: self.roles,
            groups: self.groups,
            attributes: self.attributes,
            enabled: self.enabled,
            ..rest
        }
    }
}

/// A service account as it is shown.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ServiceAccountRead")]
struct ServiceView {
    id: String,
    tenant_id: String,
    #[serde(flatten)]
    account: ServiceBody,
    created_at: When,
    updated_at: When,
}

impl ServiceView {
    fn of(user: &User, call: &Call) -> Self {
        Self {
            id: user.id.clone(),
            tenant_id: call.tenant().id.clone(),
            account: ServiceBody::of(users::input_of(user)),
            created_at: When(user.created_at),
            updated_at: When(user.updated_at),
        }
    }
}

async fn list(
    call: Arc<Call>,
    List { filter, page }: List<Filter>,
) -> Result<Listed<ServiceView>, Problem> {
    let filter = UserFilter {
        search: filter.search.as_deref().map(searched).transpose()?,
        role: filter.role,
        group: filter.group,
        enabled: filter.enabled,
        kind: Some(AccountKind::Service),
    };
    let rows = call.rows();
    let rows = rows
        .find_users(&filter, &page.position(), page.rows())
        .await?;
    let view = |user| ServiceView::of(&user, &call);
    Ok(page.answer(&call, rows, User::name_key, view))
}

async fn create(
    call: Arc<Call>,
    Body(body): Body<ServiceBody>,
) -> Result<Created<ServiceView>, Problem> {
    let input = body.into_input(UserInput::default());
    authority::may_change_roles(&call, &[], &input.roles)?;
    authority::may_change_groups(&call, &[], &input.groups)?;
    let (actor, tenant) = (call.actor(), call.tenant());
    let id = service_accounts::create(&call.app, &actor, tenant, input).await?;
    let user = found(&call, &id).await?;
    Ok(Created {
        location: format!("/service-accounts/{id}"),
        body: ServiceView::of(&user, &call),
    })
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<ServiceView>, Problem> {
    let user = found(&call, call.path("id")).await?;
    Ok(Found(ServiceView::of(&user, &call)))
}

async fn update(
    call: Arc<Call>,
    changes: Merge<ServiceBody>,
) -> Result<Found<ServiceView>, Problem> {
    let user = managed(&call).await?;
    let before = users::input_of(&user);
    let after = changes.onto(&ServiceBody::of(before.clone()))?;
    let after = after.into_input(before.clone());
    authority::may_change_roles(&call, &before.roles, &after.roles)?;
    authority::may_change_groups(&call, &before.groups, &after.groups)?;
    users::update(&call.app, &call.actor(), call.tenant(), &user, after).await?;
    let user = found(&call, &user.id).await?;
    Ok(Found(ServiceView::of(&user, &call)))
}

async fn delete(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let user = managed(&call).await?;
    users::delete(&call.app, &call.actor(), call.tenant(), &user).await?;
    Ok(Done)
}

/// The account that the path names as the caller knows it, if they may manage it.
async fn managed(call: &Call) -> Result<User, Problem> {
    let user = found(call, call.path("id")).await?;
    authority::may_manage(call, &user)?;
    call.guard(&ServiceView::of(&user, call))?;
    Ok(user)
}

/// A service account of the tenant, by id.
async fn found(call: &Call, id: &str) -> Result<User, Problem> {
    let user = call.rows().user(id).await?;
    user.filter(|user| user.kind == AccountKind::Service)
        .ok_or_else(Problem::not_found)
}
