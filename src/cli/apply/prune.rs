//! What the file does not name in the tenants it names.

use std::collections::HashSet;

use super::Prunable;
use super::changes::Work;
use super::planner::Planner;
use super::users::is_admin;
use super::wanted::{Entry, Wanted};
use crate::admin::users::input_of;
use crate::cli::error::CliError;
use crate::model::door::Door;
use crate::model::login_name::LoginName;

const PAGE: i64 = 500;

impl Planner<'_> {
    /// Removes what is absent, of the kinds that are asked for.
    pub(super) async fn absent(&mut self, wanted: &Wanted) -> Result<(), CliError> {
        let mut slugs: Vec<String> = self.known.keys().cloned().collect();
        slugs.sort_unstable();
        for slug in &slugs {
            if self.prune.contains(&Prunable::Clients) {
                self.absent_clients(slug, wanted).await?;
            }
            if self.prune.contains(&Prunable::Users) {
                self.absent_users(slug, wanted).await?;
            }
            if self.prune.contains(&Prunable::Roles) {
                self.absent_roles(slug, &wanted.roles).await?;
            }
            if self.prune.contains(&Prunable::Resources) {
                self.absent_resources(slug, wanted).await?;
            }
        }
        Ok(())
    }

    async fn absent_clients(&mut self, slug: &str, wanted: &Wanted) -> Result<(), CliError> {
        let Some(rows) = self.rows(slug) else {
            return Ok(());
        };
        let named = names(&wanted.clients, slug);
        let mut after = String::new();
        loop {
            let page = rows.clients(&after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after.clone_from(&last.client_id);
            let absent = page
                .into_iter()
                .filter(|client| !named.contains(client.client_id.as_str()))
                // Those are no operator's to remove.
                .filter(|client| Door::of_client(&client.client_id).is_none());
            for client in absent {
                self.remove(slug, client.client_id, Work::DeleteClient);
            }
        }
    }

    /// Where nobody else would be one, the administrators stay.
    async fn absent_users(&mut self, slug: &str, wanted: &Wanted) -> Result<(), CliError> {
        let entries: Vec<_> = wanted
            .users
            .iter()
            .filter(|entry| entry.tenant == slug)
            .collect();
        let named: HashSet<Option<LoginName>> = entries
            .iter()
            .map(|entry| LoginName::parse(&entry.name))
            .collect();
        let everybody = self.everybody(slug).await?;
        let is_named = |name: &str| named.contains(&LoginName::parse(name));
        let admin_declared = entries.iter().any(|entry| {
            let name = LoginName::parse(&entry.name);
            let before = everybody
                .iter()
                .find(|user| LoginName::parse(&user.username) == name);
            is_admin(&entry.wanted.input(before))
        });
        for user in everybody.iter().filter(|user| !is_named(&user.username)) {
            if !admin_declared && is_admin(&input_of(user)) {
                tracing::warn!(
                    "user {} stays: the file declares no active administrator of {slug}",
                    user.username
                );
            } else {
                let name = user.username.clone();
                self.remove(slug, name, Work::DeleteUser(Box::new(user.clone())));
            }
        }
        Ok(())
    }

    async fn absent_resources(&mut self, slug: &str, wanted: &Wanted) -> Result<(), CliError> {
        let Some(rows) = self.rows(slug) else {
            return Ok(());
        };
        let named = names(&wanted.resources, slug);
        for resource in rows.resources().await? {
            if !named.contains(resource.audience.as_str()) {
                self.remove(slug, resource.audience, Work::DeleteResource);
            }
        }
        Ok(())
    }
}

/// The names a file gives the entries of a tenant.
fn names<'w, T>(entries: &'w [Entry<T>], slug: &str) -> HashSet<&'w str> {
    let mine = entries.iter().filter(|entry| entry.tenant == slug);
    mine.map(|entry| entry.name.as_str()).collect()
}
