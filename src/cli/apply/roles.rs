//! Roles that are missing or differ, and those nobody needs.

use serde_json::{Value, json};

use super::changes::{Work, differing};
use super::planner::Planner;
use super::wanted::{Entry, WantedRole};
use crate::admin::roles::input_of;
use crate::cli::error::CliError;
use crate::model::resource::Catalog;
use crate::model::role::{Role, RoleInput};
use crate::model::user::User;
use crate::storage::find_users::UserFilter;
use crate::storage::page::Position;

const PAGE: i64 = 500;

impl Planner<'_> {
    /// Their permissions are scopes of the resources as those will be.
    pub(super) async fn roles(&mut self, entries: &[Entry<WantedRole>]) -> Result<(), CliError> {
        for entry in entries {
            self.problems.add_own(entry);
            self.has_tenant(entry);
            let stored = match self.rows(&entry.tenant) {
                Some(rows) => rows.roles().await?,
                None => Vec::new(),
            };
            let before = stored.iter().find(|role| role.name == entry.name);
            let input = entry.wanted.input(before, &entry.name);
            let resources = self.resources.get(&entry.tenant).cloned();
            let catalog = Catalog::new(resources.unwrap_or_default(), Vec::new());
            let checked = input.clone().check(&catalog);
            self.problems
                .add(entry, checked.err().into_iter().flatten());
            self.role(entry, before, input);
        }
        Ok(())
    }

    fn role(&mut self, entry: &Entry<WantedRole>, before: Option<&Role>, input: RoleInput) {
        let Some(before) = before else {
            return self.change(entry, Vec::new(), Work::CreateRole(input));
        };
        let fields = differing(&view(&input_of(before)), &view(&input));
        if !fields.is_empty() {
            let before = Box::new(before.clone());
            self.change(entry, fields, Work::UpdateRole { before, input });
        }
    }

    /// Whether the file declares this role for the tenant.
    pub(super) fn is_declared_role(&self, slug: &str, name: &str) -> bool {
        self.changes.iter().any(|change| {
            change.tenant == slug
                && change.name == name
                && matches!(change.work, Work::CreateRole(_))
        })
    }

    /// Those that somebody will still have stay.
    pub(super) async fn absent_roles(
        &mut self,
        slug: &str,
        declared: &[Entry<WantedRole>],
    ) -> Result<(), CliError> {
        let Some(rows) = self.rows(slug) else {
            return Ok(());
        };
        let is_named = |role: &Role| {
            declared
                .iter()
                .any(|entry| entry.tenant == slug && entry.name == role.name)
        };
        let defaults = self.default_roles(slug);
        for role in rows.roles().await? {
            if is_named(&role) {
                continue;
            }
            if defaults.contains(&role.name) || self.is_needed(slug, &role.name).await? {
                tracing::warn!("role {} of {slug} stays: somebody has it", role.name);
            } else {
                self.remove(slug, role.name, Work::DeleteRole);
            }
        }
        Ok(())
    }

    /// Whether an account has the role when everything planned so far is done.
    async fn is_needed(&self, slug: &str, role: &str) -> Result<bool, CliError> {
        let planned = || self.changes.iter().filter(|change| change.tenant == slug);
        let given = planned().any(|change| match &change.work {
            Work::CreateUser { input, .. }
            | Work::UpdateUser {
                input: Some(input), ..
            } => input.roles.iter().any(|held| held == role),
            _ => false,
        });
        let changed = |user: &User| {
            planned().any(|change| match &change.work {
                Work::DeleteUser(gone) => gone.id == user.id,
                Work::UpdateUser {
                    before,
                    input: Some(_),
                    ..
                } => before.id == user.id,
                _ => false,
            })
        };
        let Some(rows) = self.rows(slug) else {
            return Ok(given);
        };
        let filter = UserFilter {
            role: Some(role.to_owned()),
            ..UserFilter::default()
        };
        let mut position = Position::first();
        loop {
            let page = rows.find_users(&filter, &position, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(given);
            };
            position = Position::After(last.name_key());
            if given || !page.iter().all(changed) {
                return Ok(true);
            }
        }
    }
}

fn view(role: &RoleInput) -> Value {
    let mut permissions = role.permissions.clone();
    permissions.sort_unstable();
    permissions.dedup();
    json!({ "description": role.description, "permissions": permissions })
}
