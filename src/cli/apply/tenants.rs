//! Tenants that are missing or differ.

use super::changes::{Work, differing};
use super::planner::Planner;
use super::wanted::Entry;
use crate::config::DeclaredTenant;
use crate::model::algorithm::Algorithm;
use crate::model::tenant_input::TenantInput;

use serde_json::{Value, json};

impl Planner<'_> {
    pub(super) fn tenants(&mut self, entries: &[Entry<DeclaredTenant>]) {
        for entry in entries {
            self.problems.add_own(entry);
            let wanted = &entry.wanted;
            // Its form is checked where the file is read.
            let algorithm: Option<Algorithm> = wanted
                .signing_alg
                .as_deref()
                .and_then(|name| name.parse().ok());
            if let Some(Some(before)) = self.known.get(&entry.name) {
                let now = TenantInput::of(before);
                let input = TenantInput {
                    name: wanted.name.clone().unwrap_or_else(|| before.name.clone()),
                    signing_alg: algorithm.unwrap_or(before.signing_alg),
                    enabled: wanted.enabled,
                    ..now.clone()
                };
                let fields = differing(&view(&now), &view(&input));
                if !fields.is_empty() {
                    let work = Work::UpdateTenant {
                        before: Box::new(before.clone()),
                        input: Box::new(input),
                    };
                    self.change(entry, fields, work);
                }
            } else {
                self.known.insert(entry.name.clone(), None);
                let work = Work::CreateTenant {
                    name: wanted.name.clone().unwrap_or_else(|| entry.name.clone()),
                    algorithm,
                    enabled: wanted.enabled,
                };
                self.change(entry, Vec::new(), work);
            }
        }
    }
}

fn view(tenant: &TenantInput) -> Value {
    json!({
        "name": tenant.name,
        "signing_alg": tenant.signing_alg,
        "enabled": tenant.enabled,
    })
}
