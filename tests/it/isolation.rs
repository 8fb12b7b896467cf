//! Every operation on a tenant's rows, tried from another tenant with the first one's ids.

mod proofs;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use users_core::model::audit_event::AuditEvent;
use users_core::storage::Scoped;

use crate::support::{World, everywhere, rows};
use proofs::PROOFS;

/// What a proof works with: a tenant that must not reach the owner's rows.
struct Scene<'a> {
    world: &'a World,
    rows: Scoped,
    /// Whether the tenant has rows of its own with the owner's ids.
    twin: bool,
}

impl Scene<'_> {
    fn event(&self) -> AuditEvent {
        rows::event(self.world)
    }
}

/// The operations `impl Scoped` offers, as the sources have them.
fn operations() -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a source file");
        let mut inside = false;
        for line in text.lines() {
            if line.starts_with("impl Scoped {") {
                inside = true;
            } else if line == "}" {
                inside = false;
            }
            let method = ["    pub async fn ", "    pub fn ", "    pub const fn "]
                .iter()
                .find_map(|start| line.strip_prefix(start));
            if let Some(rest) = method.filter(|_| inside) {
                let name = rest.split(['(', '<']).next().unwrap_or_default();
                found.insert(name.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_operation_on_a_tenants_rows_has_its_proof() {
    let operations = operations();
    assert!(operations.len() > 30, "the search found them");
    let proved: BTreeSet<String> = PROOFS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(proved.len(), PROOFS.len(), "one proof each");
    assert_eq!(
        proved, operations,
        "an operation without a proof, or a proof of nothing"
    );
}

#[tokio::test]
async fn no_operation_sees_or_touches_another_tenants_rows() {
    everywhere(async |world| {
        let owner = world.new_tenant("owner").await;
        let owner = rows::populated(&world, &owner, "of the owner").await;
        let mut raw = world.raw().await;
        let before = raw.rows_of(&owner.tenant.id).await;
        assert!(before.len() > 20, "{before:#?}");
        for (number, (name, proof)) in PROOFS.iter().enumerate() {
            // An empty tenant, and one that has rows with the very same ids.
            for twin in [false, true] {
                let kind = if twin { "twin" } else { "empty" };
                let tenant = world.new_tenant(&format!("{kind}{number}")).await;
                let other = if twin {
                    rows::populated(&world, &tenant, "of the twin").await
                } else {
                    rows::bare(&world, &tenant)
                };
                let scene = Scene {
                    world: &world,
                    rows: other.rows,
                    twin,
                };
                println!("{name}, {kind}");
                proof(&scene).await;
                let after = raw.rows_of(&owner.tenant.id).await;
                assert_eq!(after, before, "{name} from a tenant that is {kind}");
            }
        }
    })
    .await;
}
