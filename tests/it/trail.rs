//! What is remembered of what happened: the chain of the audit trail, hours, refused decisions.

mod chain;
mod checkpoints;
mod decisions;
mod erasure;
mod hours;
mod pages;
mod retention;
mod tampering;

use users_core::app::App;
use users_core::model::tenant::Tenant;
use users_core::trail::sealer;
use users_core::trail::verify::{self, Report};

use crate::support::World;

/// Lets so much happen in the default tenant that its trail has `count` events, and seals them.
async fn sealed(world: &World, count: usize) {
    let before = world.audit().await.len();
    for number in before..count {
        world.advance(1);
        world.person(&format!("person-{number}")).await;
    }
    seal(&world.app, &world.tenant).await;
}

async fn seal(app: &App, tenant: &Tenant) {
    let sealed = sealer::seal(app, &tenant.id).await;
    assert!(sealed.expect("an answer"), "the chain is not broken");
}

async fn verified(world: &World) -> Report {
    verified_with(world, &[]).await
}

async fn verified_with(world: &World, given: &[String]) -> Report {
    let report = verify::verify(&world.app, &world.tenant, given).await;
    report.expect("a report")
}

#[track_caller]
fn assert_whole(report: &Report) {
    assert_eq!(report.broken, None, "{report:?}");
}

/// Where and how a chain is found to break.
#[track_caller]
fn broken(report: &Report) -> String {
    let broken = report.broken.as_ref();
    broken
        .unwrap_or_else(|| panic!("found whole: {report:?}"))
        .to_string()
}
