//! Tenants.

use serde_json::json;

use super::new_password::{self, Owner};
use super::{AdminError, event, updated, users};
use crate::app::App;
use crate::base::id::is_uuid;
use crate::keys::ring::RingError;
use crate::model::algorithm::Algorithm;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::password_policy::PasswordPolicy;
use crate::model::role;
use crate::model::tenant::{DEFAULT_SLUG, Tenant};
pub use crate::model::tenant_input::{DEFAULT_STAYS, SLUG_RULE, TenantInput, name_problems};
use crate::model::user::{StandardClaims, UserInput};
use crate::storage::tenants::{NewTenant, TenantWrite};
use crate::storage::{DbError, Scoped};

/// A tenant by slug.
pub async fn get(app: &App, slug: &str) -> Result<Tenant, AdminError> {
    let tenant = app.store.tenant_by_slug(&app.config.issuer, slug).await?;
    tenant.ok_or_else(|| missing(slug))
}

/// A tenant by id or slug. A slug may look like an id: then the id comes first.
pub async fn find(app: &App, name: &str) -> Result<Tenant, AdminError> {
    let by_id = if is_uuid(name) {
        app.store.tenant_by_id(&app.config.issuer, name).await?
    } else {
        None
    };
    match by_id {
        Some(tenant) => Ok(tenant),
        None => get(app, name).await,
    }
}

/// Makes a tenant of which nothing but its names is said, with its signing key.
pub async fn create(
    app: &App,
    actor: &Actor,
    slug: &str,
    name: &str,
    algorithm: Option<Algorithm>,
) -> Result<Tenant, AdminError> {
    let algorithm = algorithm.unwrap_or_else(|| app.signing_alg());
    let input = TenantInput::named(slug, name, algorithm);
    create_with(app, actor, input, None).await
}

/// The first account of a new tenant, with the role `admin`.
pub struct Administrator<'a> {
    pub username: String,
    pub email: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub password: &'a str,
}

/// Makes a tenant with its signing key and, where one is given, its administrator: all or nothing.
pub async fn create_with(
    app: &App,
    actor: &Actor,
    input: TenantInput,
    administrator: Option<Administrator<'_>>,
) -> Result<Tenant, AdminError> {
    let mut problems = Vec::new();
    if input.slug == DEFAULT_SLUG {
        problems.push(SLUG_RULE.to_owned());
    }
    if let Err(mut found) = input.clone().check(&app.config.issuer) {
        problems.append(&mut found);
    }
    problems.append(&mut default_role_problems(None, &input).await?);
    if let Some(administrator) = &administrator {
        problems.append(&mut administrator.problems(app, &input).await?);
    }
    if problems.is_empty() {
        insert(app, actor, input, administrator).await
    } else {
        Err(AdminError::Invalid(problems))
    }
}

impl Administrator<'_> {
    fn input(&self) -> UserInput {
        let names = [&self.given_name, &self.family_name].into_iter().flatten();
        let names: Vec<&str> = names.map(String::as_str).collect();
        UserInput {
            username: self.username.clone(),
            email: self.email.clone(),
            claims: StandardClaims {
                name: (!names.is_empty()).then(|| names.join(" ")),
                given_name: self.given_name.clone(),
                family_name: self.family_name.clone(),
                ..StandardClaims::default()
            },
            roles: vec![role::ADMIN.to_owned()],
            enabled: true,
            ..UserInput::default()
        }
    }

    /// Every rule that is broken, each naming its field as it stands beside the tenant's.
    async fn problems(&self, app: &App, tenant: &TenantInput) -> Result<Vec<String>, AdminError> {
        let account = self.input().check().err().unwrap_or_default();
        let owner = self.owner(app, tenant);
        let of_password = new_password::problems(app, &owner, self.password).await?;
        let all = account.into_iter().chain(of_password);
        Ok(all.map(|problem| format!("admin_{problem}")).collect())
    }

    /// The rules of the default tenant, whose administrator chooses, but for what the new one says.
    fn owner(&self, app: &App, tenant: &TenantInput) -> Owner<'static> {
        let mut owner = Owner::new(app, None, &self.input());
        owner.policy = PasswordPolicy::of_founder(&app.config, &tenant.settings.passwords);
        owner.names.around = vec![tenant.name.clone(), tenant.slug.clone()];
        owner
    }
}

/// Makes the default tenant where there is none yet. When several nodes start at once, one wins.
pub async fn ensure_default(app: &App) -> Result<Tenant, AdminError> {
    match get(app, DEFAULT_SLUG).await {
        Err(AdminError::Missing(_)) => {}
        known => return known,
    }
    let input = TenantInput::named(DEFAULT_SLUG, "Default", app.signing_alg());
    match insert(app, &Actor::system(), input, None).await {
        Err(AdminError::Conflict(_)) => get(app, DEFAULT_SLUG).await,
        made => made,
    }
}

async fn insert(
    app: &App,
    actor: &Actor,
    input: TenantInput,
    administrator: Option<Administrator<'_>>,
) -> Result<Tenant, AdminError> {
    let checked = input.check(&app.config.issuer);
    let checked = checked.map_err(AdminError::Invalid)?;
    let administrator = match administrator {
        Some(given) => {
            let password = Some((given.password, given.owner(app, checked.input())));
            let user = users::new_user(app, None, given.input(), password).await?;
            let event = event(app, actor, AuditKind::UserCreated, &user.id);
            Some((user, event))
        }
        None => None,
    };
    let input = checked.input().clone();
    let mut new = NewTenant {
        id: app.opaque_id(),
        tenant: checked,
        key: None,
        administrator,
        now: app.clock.now(),
        event: event(app, actor, AuditKind::TenantCreated, &input.slug),
    };
    // A key costs time: one is made only when all else is in order and the stock is empty.
    let mut made = app.store.create_tenant(new.clone()).await;
    if let Ok(false) = made {
        new.key = Some(app.key_maker.generate(input.signing_alg).await?);
        made = app.store.create_tenant(new).await;
    }
    match made {
        Ok(true) => get(app, &input.slug).await,
        Ok(false) => Err(RingError::Missing(input.signing_alg).into()),
        Err(error) => Err(taken(app, error, &input, None).await),
    }
}

/// Replaces a tenant's description, where it is still the one of `before`.
pub async fn update(
    app: &App,
    actor: &Actor,
    before: &Tenant,
    input: TenantInput,
) -> Result<(), AdminError> {
    let is_default = |slug: &str| slug == DEFAULT_SLUG;
    if is_default(&before.slug) != is_default(&input.slug) {
        let problem = format!("slug: {DEFAULT_SLUG:?} is the default tenant's, and stays");
        return Err(AdminError::Invalid(vec![problem]));
    }
    let rows = app.store.tenant(&before.id);
    let mut problems = default_role_problems(Some(&rows), &input).await?;
    let checked = match input.check(&app.config.issuer) {
        Ok(checked) if problems.is_empty() => checked,
        outcome => {
            problems.extend(outcome.err().into_iter().flatten());
            return Err(AdminError::Invalid(problems));
        }
    };
    let input = checked.input().clone();
    app.key_maker
        .ensure(&before.id, input.signing_alg, actor)
        .await?;
    let mut event = event(app, actor, AuditKind::TenantChanged, &input.slug);
    event.detail = json!({ "fields": changed(&TenantInput::of(before), &input) });
    let written = app.store.update_tenant(TenantWrite {
        id: before.id.clone(),
        tenant: checked,
        if_unchanged: Some(before.updated_at),
        now: app.clock.now(),
        event,
    });
    match written.await {
        Ok(outcome) => updated(outcome, || format!("tenant {:?}", before.slug)),
        Err(error) => Err(taken(app, error, &input, Some(&before.id)).await),
    }
}

/// Names the default roles a tenant does not have; `None` is one that is to be made.
async fn default_role_problems(
    rows: Option<&Scoped>,
    input: &TenantInput,
) -> Result<Vec<String>, AdminError> {
    let roles = input.settings.default_roles.as_deref().unwrap_or_default();
    let unknown = users::role_problems(rows, roles).await?;
    let said = |problem: String| problem.replacen("roles:", "settings.default_roles:", 1);
    Ok(unknown.into_iter().map(said).collect())
}

/// The names of the fields in which two descriptions differ.
fn changed(before: &TenantInput, after: &TenantInput) -> Vec<&'static str> {
    let fields = [
        ("slug", before.slug != after.slug),
        ("name", before.name != after.name),
        ("description", before.description != after.description),
        ("domain", before.domain != after.domain),
        ("issuer", before.issuer != after.issuer),
        ("signing_alg", before.signing_alg != after.signing_alg),
        ("enabled", before.enabled != after.enabled),
        ("display", before.display != after.display),
        ("settings", before.settings != after.settings),
    ];
    let differing = fields.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(field, _)| field).collect()
}

/// Deletes a tenant: at once for everybody, bit by bit in the database.
pub async fn delete(app: &App, actor: &Actor, tenant: &Tenant) -> Result<(), AdminError> {
    let deleted = || {
        let mut event = event(app, actor, AuditKind::TenantDeleted, &tenant.slug);
        event.detail = json!({ "id": tenant.id });
        event
    };
    let events = [deleted(), deleted()];
    let now = app.clock.now();
    if app.store.delete_tenant(&tenant.id, now, events).await? {
        Ok(())
    } else {
        Err(missing(&tenant.slug))
    }
}

fn missing(name: &str) -> AdminError {
    AdminError::Missing(format!("tenant {name:?}"))
}

/// Names what another tenant than `own` has already.
async fn taken(app: &App, error: DbError, input: &TenantInput, own: Option<&str>) -> AdminError {
    if !matches!(error, DbError::Conflict) {
        return error.into();
    }
    let (store, base) = (&app.store, &app.config.issuer);
    let foreign = |tenant: &Option<Tenant>| {
        let tenant = tenant.as_ref();
        tenant.is_some_and(|tenant| Some(tenant.id.as_str()) != own)
    };
    match store.tenant_by_slug(base, &input.slug).await {
        Ok(tenant) if !foreign(&tenant) => {}
        Ok(_) => return AdminError::Conflict(format!("tenant {:?}", input.slug)),
        Err(error) => return error.into(),
    }
    let what = match &input.domain {
        Some(domain) => match store.tenant_by_domain(base, domain).await {
            Ok(tenant) if foreign(&tenant) => format!("a tenant with the domain {domain:?}"),
            Ok(_) => "a tenant with this issuer".to_owned(),
            Err(error) => return error.into(),
        },
        None => "a tenant with this issuer".to_owned(),
    };
    AdminError::Conflict(what)
}
