//! `/tenants`: the issuers of the installation. Administrators of the installation see and do
//! everything; those of a tenant see their own, and decide how it looks and what it sets.

mod body;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::{Created, Done, Found};
use super::authority;
use super::body::{Body, Merge};
use super::call::Call;
use super::list::{List, Listed};
use super::operation::Operation;
use super::problem::Problem;
use super::users::searched;
use crate::admin::tenants::{self, TenantInput};
use crate::model::search::SearchTerm;
use crate::model::tenant::{Tenant, search_key};
use crate::model::tenant_input::derived_slug;
use body::{TenantBody, TenantView};

const READ: &[&str] = &["tenants.read"];
const WRITE: &[&str] = &["tenants.write"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/tenants", "tenants.list", "Lists tenants, in the order of their slugs", READ, list),
        Operation::post("/tenants", "tenants.create", "Makes a tenant, with its administrator if one is given", WRITE, create),
        Operation::get("/tenants/{id}", "tenants.read", "Shows a tenant, by id or slug", READ, read),
        Operation::patch("/tenants/{id}", "tenants.update", "Changes what is named of a tenant", WRITE, update),
        Operation::delete("/tenants/{id}", "tenants.delete", "Deletes a tenant; everything of it is dead at once", WRITE, delete),
    ]
}

/// Which tenants are listed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Part of a slug, a name or a domain, in any case.
    search: Option<String>,
}

async fn list(
    call: Arc<Call>,
    List { filter, page }: List<Filter>,
) -> Result<Listed<TenantView>, Problem> {
    let search = filter.search.as_deref().map(searched).transpose()?;
    let (store, base) = (&call.app.store, &call.app.config.issuer);
    let rows = match &search {
        _ if !call.caller.is_system_administrator() => {
            let own = Tenant::clone(call.caller.home());
            let found = search.as_ref().is_none_or(|term| is_found(&own, term));
            let is_ahead = own.slug > page.after;
            Some(own)
                .filter(|_| found && is_ahead)
                .into_iter()
                .collect()
        }
        Some(term) => {
            let found = store.find_tenants(base, term, &page.after, page.rows());
            found.await?
        }
        None => store.tenants(base, &page.after, page.rows()).await?,
    };
    let key = |tenant: &Tenant| tenant.slug.clone();
    Ok(page.answer(&call, rows, key, |tenant| TenantView::of(&tenant)))
}

fn is_found(tenant: &Tenant, term: &SearchTerm) -> bool {
    search_key(&tenant.slug, &tenant.name, tenant.domain.as_deref()).contains(term.as_str())
}

async fn create(
    call: Arc<Call>,
    Body(mut body): Body<TenantBody>,
) -> Result<Created<TenantView>, Problem> {
    authority::is_system(&call)?;
    let password = body.admin_password.take();
    let administrator = body.administrator(password.as_ref())?;
    let slug = match body.slug.take() {
        Some(slug) => slug,
        None => derived_slug(&body.name, body.domain.as_deref())
            .ok_or_else(|| Problem::field("slug", "none follows from the name; give one"))?,
    };
    let algorithm = call.app.signing_alg();
    let input = body.into_input(TenantInput::named(&slug, "", algorithm));
    let actor = call.actor();
    let tenant = tenants::create_with(&call.app, &actor, input, administrator).await?;
    Ok(Created {
        location: format!("/tenants/{}", tenant.id),
        body: TenantView::of(&tenant),
    })
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<TenantView>, Problem> {
    Ok(Found(TenantView::of(&named(&call).await?)))
}

async fn update(call: Arc<Call>, changes: Merge<TenantBody>) -> Result<Found<TenantView>, Problem> {
    let tenant = named(&call).await?;
    call.guard(&TenantView::of(&tenant))?;
    let before = TenantInput::of(&tenant);
    let wanted = changes.onto(&TenantBody::of(before.clone()))?;
    let after = wanted.into_input(before.clone());
    if !is_own_decision(&before, &after) {
        authority::is_system(&call)?;
    }
    tenants::update(&call.app, &call.actor(), &tenant, after).await?;
    let tenant = tenants::find(&call.app, &tenant.id).await?;
    Ok(Found(TenantView::of(&tenant)))
}

async fn delete(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    authority::is_system(&call)?;
    let tenant = named(&call).await?;
    call.guard(&TenantView::of(&tenant))?;
    tenants::delete(&call.app, &call.actor(), &tenant).await?;
    Ok(Done)
}

/// Whether a change is one that a tenant's own administrators make: where it is, who finds it by an
/// address, and whether it serves is the installation's.
fn is_own_decision(before: &TenantInput, after: &TenantInput) -> bool {
    before.slug == after.slug
        && before.domain == after.domain
        && before.issuer == after.issuer
        && before.enabled == after.enabled
}

/// The tenant that the path names, if the caller may see it.
async fn named(call: &Call) -> Result<Tenant, Problem> {
    let tenant = tenants::find(&call.app, call.path("id")).await?;
    let sees = call.caller.is_system_administrator() || tenant.id == call.caller.home().id;
    Some(tenant).filter(|_| sees).ok_or_else(Problem::not_found)
}
