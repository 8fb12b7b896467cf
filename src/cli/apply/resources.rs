//! Resources that are missing or differ.

use serde_json::json;

use super::Prunable;
use super::changes::{Work, differing};
use super::planner::Planner;
use super::wanted::{Entry, WantedResource};
use crate::admin::resources;
use crate::cli::error::CliError;
use crate::model::resource::Resource;

impl Planner<'_> {
    /// Also finds out which resources each tenant will have, for the scopes of its clients.
    pub(super) async fn resources(
        &mut self,
        entries: &[Entry<WantedResource>],
    ) -> Result<(), CliError> {
        let slugs: Vec<String> = self.known.keys().cloned().collect();
        for slug in slugs {
            let stored = match self.rows(&slug) {
                Some(rows) => rows.resources().await?,
                None => Vec::new(),
            };
            let mine = entries.iter().filter(|entry| entry.tenant == slug);
            let mut future = stored.clone();
            if self.prune.contains(&Prunable::Resources) {
                future.clear();
            }
            for entry in mine {
                let after = self.resource(entry, &stored);
                future.retain(|known| known.audience != after.audience);
                future.push(after);
            }
            self.resources.insert(slug, future);
        }
        for entry in entries {
            if !self.has_tenant(entry) {
                self.problems.add_own(entry);
                let resource = entry.wanted.resource(&[], &entry.name);
                self.problems.add(entry, resource.problems());
            }
        }
        Ok(())
    }

    fn resource(&mut self, entry: &Entry<WantedResource>, stored: &[Resource]) -> Resource {
        let after = entry.wanted.resource(stored, &entry.name);
        self.problems.add_own(entry);
        self.problems.add(entry, after.problems());
        let known = stored.iter().any(|known| known.audience == entry.name);
        let mut before = resources::stored_or_new(stored, &entry.name);
        before.introspection_clients.sort_unstable();
        let fields = differing(&json!(before), &json!(after));
        let work = |is_new| Work::PutResource {
            resource: after.clone(),
            is_new,
        };
        if !known && !Resource::is_built_in(&entry.name) {
            self.change(entry, Vec::new(), work(true));
        } else if !fields.is_empty() {
            self.change(entry, fields, work(false));
        }
        after
    }
}
