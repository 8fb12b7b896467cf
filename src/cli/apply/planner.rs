//! Compares what is wanted with what is there. Writes nothing.

use std::collections::HashMap;

use super::Prunable;
use super::changes::{Change, Work};
use super::wanted::{Entry, Problems, Wanted};
use crate::admin::{AdminError, tenants};
use crate::app::App;
use crate::cli::error::CliError;
use crate::model::resource::Resource;
use crate::model::tenant::Tenant;
use crate::storage::Scoped;

/// A comparison under way.
pub(super) struct Planner<'a> {
    pub(super) app: &'a App,
    pub(super) prune: &'a [Prunable],
    /// The tenants the file names; `None` for one that is to be made.
    pub(super) known: HashMap<String, Option<Tenant>>,
    /// Each tenant's own resources as they will be.
    pub(super) resources: HashMap<String, Vec<Resource>>,
    pub(super) changes: Vec<Change>,
    pub(super) problems: Problems,
}

/// What must change, in the order in which it can.
///
/// # Errors
/// Everything that is wrong with any entry.
pub(super) async fn plan(
    app: &App,
    wanted: &Wanted,
    prune: &[Prunable],
) -> Result<Vec<Change>, CliError> {
    let mut planner = Planner {
        app,
        prune,
        known: HashMap::new(),
        resources: HashMap::new(),
        changes: Vec::new(),
        problems: Problems::default(),
    };
    for slug in wanted.tenants_named() {
        match tenants::get(app, &slug).await {
            Ok(tenant) => {
                planner.known.insert(slug, Some(tenant));
            }
            Err(AdminError::Missing(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    planner.tenants(&wanted.tenants);
    planner.resources(&wanted.resources).await?;
    planner.roles(&wanted.roles).await?;
    planner.clients(&wanted.clients).await?;
    planner.users(&wanted.users).await?;
    planner.absent(wanted).await?;
    let problems = planner.problems.into_sorted();
    if problems.is_empty() {
        Ok(planner.changes)
    } else {
        Err(CliError::Config(problems))
    }
}

impl Planner<'_> {
    /// Whether the entry's tenant is there or will be; noted where not.
    pub(super) fn has_tenant<T>(&mut self, entry: &Entry<T>) -> bool {
        let known = self.known.contains_key(&entry.tenant);
        if !known {
            let message = format!("tenant: there is no {:?}", entry.tenant);
            self.problems.add(entry, [message]);
        }
        known
    }

    /// The rows of a tenant, if it exists.
    pub(super) fn rows(&self, slug: &str) -> Option<Scoped> {
        let tenant = self.known.get(slug)?.as_ref()?;
        Some(self.app.store.tenant(&tenant.id))
    }

    pub(super) fn change<T>(&mut self, entry: &Entry<T>, fields: Vec<String>, work: Work) {
        self.changes.push(Change {
            tenant: entry.tenant.clone(),
            name: entry.name.clone(),
            fields,
            work,
        });
    }

    pub(super) fn remove(&mut self, slug: &str, name: String, work: Work) {
        self.changes.push(Change {
            tenant: slug.to_owned(),
            name,
            fields: Vec::new(),
            work,
        });
    }
}
