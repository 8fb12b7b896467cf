//! Tenants: the issuers of an installation.

use super::page::containing;
use super::signing_keys::{self, KeyState, SealedKey};
use super::sql::{Row, Sql, sql};
use super::tx::Tx;
use super::update::UpdateOutcome;
use super::users::{self, NewUser};
use super::{DbError, Store, audit, revocations, spare_keys};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::revocation::Revoked;
use crate::model::search::SearchTerm;
use crate::model::tenant::{self, Tenant, derived_issuer};
use crate::model::tenant_input::CheckedTenant;
use crate::model::tenant_settings::TenantSettings;

/// The columns [`tenant_of`] reads, of every tenant that was not deleted and is what follows.
macro_rules! tenants_that_are {
    () => {
        "SELECT id, slug, name, description, domain, issuer, host, signing_alg, enabled, display, \
         settings, created_at, updated_at FROM tenants WHERE deleted_at IS NULL AND "
    };
}
pub(super) use tenants_that_are;

/// A tenant to be made.
#[derive(Clone)]
pub struct NewTenant {
    pub id: String,
    pub tenant: CheckedTenant,
    /// Its first signing key; `None`: one of the stock.
    pub key: Option<SealedKey>,
    pub administrator: Option<(NewUser, AuditEvent)>,
    pub now: Timestamp,
    pub event: AuditEvent,
}

/// A change to a tenant.
pub struct TenantWrite {
    pub id: String,
    pub tenant: CheckedTenant,
    /// The change is made only to the row of that time.
    pub if_unchanged: Option<Timestamp>,
    pub now: Timestamp,
    pub event: AuditEvent,
}

impl Store {
    /// A tenant by slug. `base` is the configured issuer, from which those without an address of
    /// their own derive theirs.
    pub async fn tenant_by_slug(&self, base: &str, slug: &str) -> Result<Option<Tenant>, DbError> {
        self.one_tenant(base, sql!(tenants_that_are!(), "slug = $1").bind(slug))
            .await
    }

    /// A tenant by id.
    pub async fn tenant_by_id(&self, base: &str, id: &str) -> Result<Option<Tenant>, DbError> {
        self.one_tenant(base, sql!(tenants_that_are!(), "id = $1").bind(id))
            .await
    }

    /// The tenant with an issuer of its own at this host and port.
    pub async fn tenant_by_host(&self, base: &str, host: &str) -> Result<Option<Tenant>, DbError> {
        self.one_tenant(base, sql!(tenants_that_are!(), "host = $1").bind(host))
            .await
    }

    /// The tenant whose people have addresses of this domain, in canonical form.
    pub async fn tenant_by_domain(
        &self,
        base: &str,
        domain: &str,
    ) -> Result<Option<Tenant>, DbError> {
        self.one_tenant(base, sql!(tenants_that_are!(), "domain = $1").bind(domain))
            .await
    }

    /// Tenants in the order of their slugs, after `after`.
    pub async fn tenants(
        &self,
        base: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Tenant>, DbError> {
        let query = sql!(tenants_that_are!(), "slug > $1 ORDER BY slug LIMIT $2");
        self.some_tenants(base, query.bind(after).bind(limit)).await
    }

    /// The same of those whose slug, name or domain has `term` in it.
    pub async fn find_tenants(
        &self,
        base: &str,
        term: &SearchTerm,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Tenant>, DbError> {
        let query = sql!(
            tenants_that_are!(),
            "slug > $1 AND search_key LIKE $3 ESCAPE '\\' ORDER BY slug LIMIT $2"
        );
        let query = query.bind(after).bind(limit).bind(containing(term));
        self.some_tenants(base, query).await
    }

    async fn one_tenant(&self, base: &str, query: Sql) -> Result<Option<Tenant>, DbError> {
        let row = self.db.one(query).await?;
        row.map(|row| tenant_of(&row, base)).transpose()
    }

    async fn some_tenants(&self, base: &str, query: Sql) -> Result<Vec<Tenant>, DbError> {
        let rows = self.db.all(query).await?;
        rows.iter().map(|row| tenant_of(row, base)).collect()
    }

    /// Makes a tenant with its signing key and its administrator, all or nothing. `false`: there is
    /// no key in stock, and nothing was made. [`DbError::Conflict`]: the slug, the domain or the host
    /// is taken.
    pub async fn create_tenant(&self, tenant: NewTenant) -> Result<bool, DbError> {
        self.db
            .write(tenant, |tx, tenant| {
                Box::pin(async move {
                    insert(tx, tenant).await?;
                    let algorithm = tenant.tenant.input().signing_alg;
                    let key = match &tenant.key {
                        Some(key) => Some(key.clone()),
                        None => spare_keys::take(tx, algorithm).await?,
                    };
                    let Some(key) = key else {
                        return Ok(tx.undo(false));
                    };
                    let (id, now) = (&tenant.id, tenant.now);
                    signing_keys::insert(tx, id, &key, KeyState::Active, now, now).await?;
                    audit::append(tx, id, &tenant.event).await?;
                    if let Some((user, event)) = &tenant.administrator {
                        users::insert(tx, id, user).await?;
                        audit::append(tx, id, event).await?;
                    }
                    Ok(true)
                })
            })
            .await
    }

    /// Replaces a tenant's description. A disabled tenant's tokens are dead until it is enabled
    /// again; what was given under an issuer it no longer has is over. [`DbError::Conflict`]: the
    /// slug, the domain or the host is taken.
    pub async fn update_tenant(&self, write: TenantWrite) -> Result<UpdateOutcome, DbError> {
        self.db
            .write(write, |tx, write| {
                Box::pin(async move {
                    let id = &write.id;
                    let before = tx
                        .one(
                            sql!(
                                "UPDATE tenants SET rev = rev + 1 WHERE id = $1 AND deleted_at IS NULL \
                                 RETURNING slug, host, updated_at"
                            )
                            .bind(id),
                        )
                        .await?;
                    let Some(before) = before else {
                        return Ok(UpdateOutcome::Missing);
                    };
                    let seen = before.time("updated_at")?;
                    if write.if_unchanged.is_some_and(|read| read != seen) {
                        return Ok(tx.undo(UpdateOutcome::Changed));
                    }
                    replace(tx, write).await?;
                    follow_enabled(tx, write).await?;
                    follow_issuer(tx, write, &before).await?;
                    audit::append(tx, id, &write.event).await?;
                    Ok(UpdateOutcome::Updated)
                })
            })
            .await
    }
}

async fn insert(tx: &mut Tx, new: &NewTenant) -> Result<(), DbError> {
    let input = new.tenant.input();
    tx.run(
        sql!(
            "INSERT INTO tenants (id, slug, name, description, domain, issuer, host, signing_alg, enabled, \
             display, settings, search_key, rev, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $13)"
        )
        .bind(&new.id)
        .bind(&input.slug)
        .bind(&input.name)
        .bind(&input.description)
        .bind(&input.domain)
        .bind(&input.issuer)
        .bind(new.tenant.host().cloned())
        .bind(input.signing_alg.name())
        .bind(input.enabled)
        .bind(json(&input.display)?)
        .bind(json(&input.settings)?)
        .bind(search_key(&new.tenant))
        .bind(new.now),
    )
    .await?;
    if !input.enabled {
        let revoked = Revoked::Tenant(&new.id);
        revocations::enter(tx, &new.id, revoked, revocations::UNTIL_TAKEN_BACK).await?;
    }
    tx.changed(&new.id, "tenant", &input.slug);
    if let Some(host) = new.tenant.host() {
        tx.changed(&new.id, "tenant_host", host);
    }
    Ok(())
}

async fn replace(tx: &mut Tx, write: &TenantWrite) -> Result<(), DbError> {
    let input = write.tenant.input();
    tx.run(
        sql!(
            "UPDATE tenants SET slug = $1, name = $2, description = $3, domain = $4, issuer = $5, host = $6, \
             signing_alg = $7, enabled = $8, display = $9, settings = $10, search_key = $11, \
             updated_at = CASE WHEN updated_at < $12 THEN $12 ELSE updated_at + 1 END WHERE id = $13"
        )
        .bind(&input.slug)
        .bind(&input.name)
        .bind(&input.description)
        .bind(&input.domain)
        .bind(&input.issuer)
        .bind(write.tenant.host().cloned())
        .bind(input.signing_alg.name())
        .bind(input.enabled)
        .bind(json(&input.display)?)
        .bind(json(&input.settings)?)
        .bind(search_key(&write.tenant))
        .bind(write.now)
        .bind(&write.id),
    )
    .await
    .map(drop)
}

async fn follow_enabled(tx: &mut Tx, write: &TenantWrite) -> Result<(), DbError> {
    let (id, revoked) = (&write.id, Revoked::Tenant(&write.id));
    if write.tenant.input().enabled {
        revocations::take_back(tx, id, revoked).await.map(drop)
    } else {
        revocations::enter(tx, id, revoked, revocations::UNTIL_TAKEN_BACK).await
    }
}

/// Tells the nodes what the tenant is called now and was called before. What was given under
/// another issuer is over: refresh tokens, whose answers would name a new one (OpenID Connect Core
/// 1.0 section 12.2), by the count of issuers, and the rest by the `iss` in it.
async fn follow_issuer(tx: &mut Tx, write: &TenantWrite, before: &Row) -> Result<(), DbError> {
    let (id, input) = (&write.id, write.tenant.input());
    let (slug, host) = (before.text("slug")?, before.optional_text("host")?);
    tx.changed(id, "tenant", &input.slug);
    if slug != input.slug {
        tx.changed(id, "tenant", &slug);
    }
    let moved = host.as_ref() != write.tenant.host();
    if moved {
        for host in host.iter().chain(write.tenant.host()) {
            tx.changed(id, "tenant_host", host);
        }
    }
    // A tenant with an issuer of its own keeps it, whatever it is called.
    let stayed = !moved && (host.is_some() || slug == input.slug);
    if stayed {
        return Ok(());
    }
    tx.run(sql!("UPDATE tenants SET issuer_rev = issuer_rev + 1 WHERE id = $1").bind(id))
        .await
        .map(drop)
}

fn search_key(checked: &CheckedTenant) -> String {
    let input = checked.input();
    tenant::search_key(&input.slug, &input.name, input.domain.as_deref())
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|_| DbError::Corrupt("tenants"))
}

/// Lets no other transaction decide across rows of this tenant until this one has ended.
pub(super) async fn hold(tx: &mut Tx, tenant: &str) -> Result<(), DbError> {
    tx.run(sql!("UPDATE tenants SET rev = rev + 1 WHERE id = $1").bind(tenant))
        .await
        .map(drop)
}

/// What was decided for the tenant, as this transaction sees it.
pub(super) async fn settings(tx: &mut Tx, tenant: &str) -> Result<TenantSettings, DbError> {
    let row = tx
        .one(sql!("SELECT settings FROM tenants WHERE id = $1").bind(tenant))
        .await?;
    row.map_or_else(|| Ok(TenantSettings::default()), |row| row.json("settings"))
}

pub(super) fn tenant_of(row: &Row, base: &str) -> Result<Tenant, DbError> {
    let slug = row.text("slug")?;
    Ok(Tenant {
        id: row.text("id")?,
        issuer: row
            .optional_text("issuer")?
            .unwrap_or_else(|| derived_issuer(base, &slug)),
        slug,
        name: row.text("name")?,
        description: row.optional_text("description")?,
        domain: row.optional_text("domain")?,
        host: row.optional_text("host")?,
        signing_alg: row.word("signing_alg")?,
        enabled: row.flag("enabled")?,
        display: row.json("display")?,
        settings: row.json("settings")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
