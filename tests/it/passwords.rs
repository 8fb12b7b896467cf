//! What a password must be, what other systems' hashes are worth, and when another one is asked for.

mod actions;
mod foreign;
mod policy;
mod remembered;

use serde_json::Value;
use users_core::admin::{AdminError, users};
use users_core::model::audit_event::{Actor, AuditKind};
use users_core::model::login_name::LoginName;
use users_core::model::tenant::Tenant;
use users_core::model::tenant_settings::TenantSettings;
use users_core::model::user::UserInput;

use crate::support::World;
use crate::support::people::Person;

pub const WORDS: &str = "some unrelated words";

/// What is wrong with a password for a new account of a tenant; nothing is made of it.
pub async fn problems(world: &World, tenant: &Tenant, password: &str) -> Vec<String> {
    let input = UserInput {
        username: "alice.liddell".to_owned(),
        email: Some("alice@wonderland.test".to_owned()),
        // No role is called so: never made.
        roles: vec!["no-such-role".to_owned()],
        enabled: true,
        ..UserInput::default()
    };
    let actor = Actor::command_line();
    let made = users::create(&world.app, &actor, tenant, input, Some(password)).await;
    let Err(AdminError::Invalid(mut problems)) = made else {
        panic!("{made:?}");
    };
    problems.retain(|problem| problem.starts_with("password: "));
    problems
}

/// Gives the default tenant settings of its own.
pub async fn settle(world: &mut World, settings: Value) {
    let settings: TenantSettings = serde_json::from_value(settings).expect("settings");
    let tenant = world.tenant.clone();
    let changed = world.change_tenant(&tenant, |input| input.settings = settings);
    let changed = changed.await;
    world.tenant = changed.expect("settled");
}

/// Puts a hash where an account's password stands.
pub async fn store_hash(world: &World, person: &Person, hash: &str) {
    let (app, now) = (&world.app, world.app.clock.now());
    let kind = AuditKind::PasswordChanged;
    let event = Actor::command_line().did(kind, &person.id, app.row_id(), now);
    let rows = app.store.tenant(&world.tenant.id);
    let stored = rows.set_password(&person.id, hash.to_owned(), now, event);
    assert!(stored.await.expect("stored"));
}

pub async fn stored_hash(world: &World, person: &Person) -> String {
    let name = LoginName::parse(&person.username).expect("a name");
    let rows = world.app.store.tenant(&world.tenant.id);
    let row = rows.login_row(&name).await.expect("read").expect("a row");
    row.password_hash.expect("a password")
}
