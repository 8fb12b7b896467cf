//! Who may call what: the table that is published, and every operation tried by everybody.

use serde_json::json;
use users_core::api::OPERATIONS;
use users_core::api::operation::Operation;
use users_core::config::Config;
use users_core::model::tenant::Tenant;

use crate::support::bearer::Bearer;
use crate::support::people::Person;
use crate::support::world::everywhere_with;
use crate::support::{World, everywhere};

/// Roles by which a person gets through. `system`: an administrator of the default tenant only.
const TABLE: &[(&str, &[&str])] = &[
    ("auth.login", EVERYBODY),
    ("auth.logout", EVERYBODY),
    ("auth.refresh", EVERYBODY),
    ("auth.register", EVERYBODY),
    ("auth.reset_password", EVERYBODY),
    ("auth.verify_email", EVERYBODY),
    ("activity.list", ADMINISTRATORS),
    ("audit.checkpoints", ADMINISTRATORS),
    ("audit.list", ADMINISTRATORS),
    ("api_keys.end_previous_secret", EVERYBODY),
    ("api_keys.read", EVERYBODY),
    ("api_keys.revoke", EVERYBODY),
    ("api_keys.rotate", EVERYBODY),
    ("api_keys.update", EVERYBODY),
    ("clients.add_secret", ADMINISTRATORS),
    ("clients.create", ADMINISTRATORS),
    ("clients.delete", ADMINISTRATORS),
    ("clients.list", ADMINISTRATORS),
    ("clients.read", ADMINISTRATORS),
    ("clients.remove_secret", ADMINISTRATORS),
    ("clients.update", ADMINISTRATORS),
    ("counters.read", &["vendor", "admin"]),
    ("decisions.list", ADMINISTRATORS),
    ("decisions.read", ADMINISTRATORS),
    ("groups.add_member", ADMINISTRATORS),
    ("groups.create", ADMINISTRATORS),
    ("groups.delete", ADMINISTRATORS),
    ("groups.list", READERS),
    ("groups.list_members", READERS),
    ("groups.read", READERS),
    ("groups.remove_member", ADMINISTRATORS),
    ("groups.update", ADMINISTRATORS),
    ("keys.list", ADMINISTRATORS),
    ("keys.rotate", ADMINISTRATORS),
    ("me.activity", EVERYBODY),
    ("users.activity", READERS),
    ("me.api_keys.create", EVERYBODY),
    ("me.api_keys.list", EVERYBODY),
    ("me.change_password", EVERYBODY),
    ("me.consents.list", EVERYBODY),
    ("me.consents.withdraw", EVERYBODY),
    ("me.devices.list", EVERYBODY),
    ("me.devices.revoke", EVERYBODY),
    ("me.factors.begin_totp", EVERYBODY),
    ("me.factors.confirm_totp", EVERYBODY),
    ("me.factors.make_recovery_codes", EVERYBODY),
    ("me.factors.read", EVERYBODY),
    ("me.factors.remove_totp", EVERYBODY),
    ("me.sip_digests.create", EVERYBODY),
    ("me.sip_digests.list", EVERYBODY),
    ("me.sip_digests.remove", EVERYBODY),
    ("users.factors.read", READERS),
    ("users.factors.remove", MANAGERS),
    ("me.put", EVERYBODY),
    ("me.read", EVERYBODY),
    ("me.sessions.end", EVERYBODY),
    ("me.sessions.end_others", EVERYBODY),
    ("me.sessions.list", EVERYBODY),
    ("me.update", EVERYBODY),
    ("resources.delete", ADMINISTRATORS),
    ("resources.list", ADMINISTRATORS),
    ("resources.put", ADMINISTRATORS),
    ("resources.read", ADMINISTRATORS),
    ("roles.create", ADMINISTRATORS),
    ("roles.delete", ADMINISTRATORS),
    ("roles.list", READERS),
    ("roles.read", READERS),
    ("roles.update", ADMINISTRATORS),
    ("service_accounts.create", MANAGERS),
    ("service_accounts.delete", MANAGERS),
    ("service_accounts.list", READERS),
    ("service_accounts.read", READERS),
    ("service_accounts.update", MANAGERS),
    ("service_accounts.api_keys.create", MANAGERS),
    ("service_accounts.api_keys.list", MANAGERS),
    ("sessions.end", MANAGERS),
    ("sessions.end_of_user", MANAGERS),
    ("sessions.list", READERS),
    ("sessions.list_of_user", READERS),
    ("sessions.read", READERS),
    ("sip_digests.read", PROGRAMS),
    ("tenants.create", SYSTEM),
    ("tenants.delete", SYSTEM),
    ("tenants.list", ADMINISTRATORS),
    ("tenants.read", ADMINISTRATORS),
    ("tenants.update", ADMINISTRATORS),
    ("users.api_keys.create", MANAGERS),
    ("users.api_keys.list", MANAGERS),
    ("users.create", MANAGERS),
    ("users.delete", MANAGERS),
    ("users.invite", MANAGERS),
    ("users.list", READERS),
    ("users.read", READERS),
    ("users.sip_digests.create", MANAGERS),
    ("users.sip_digests.list", READERS),
    ("users.sip_digests.remove", MANAGERS),
    ("users.set_attributes", MANAGERS),
    ("users.set_password", MANAGERS),
    ("users.set_roles", ADMINISTRATORS),
    ("users.update", MANAGERS),
];

const EVERYBODY: &[&str] = &["guest", "user", "vendor", "moderator", "admin"];
const READERS: &[&str] = &["guest", "moderator", "admin"];
const MANAGERS: &[&str] = &["moderator", "admin"];
const ADMINISTRATORS: &[&str] = &["admin"];
const SYSTEM: &[&str] = &["system"];
/// No person at all.
const PROGRAMS: &[&str] = &[];
const ROLES: &[&str] = &["guest", "user", "vendor", "moderator", "admin"];

#[test]
fn the_table_speaks_of_every_operation() {
    let mut named: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    let mut served: Vec<&str> = OPERATIONS.iter().map(|known| known.name).collect();
    named.sort_unstable();
    served.sort_unstable();
    assert_eq!(named, served, "an operation needs a line here");
}

fn allowed(operation: &Operation) -> &'static [&'static str] {
    let row = TABLE.iter().find(|(name, _)| *name == operation.name);
    row.map_or(&[], |(_, roles)| *roles)
}

/// The operation's address, with `id` and names of nothing in the other places.
fn address(operation: &Operation, id: &str) -> String {
    let parts = operation.path.split('/').map(|part| match part {
        "{id}" | "{user_id}" => id,
        part if part.starts_with('{') => "nothing",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The id of nobody.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

fn speaks_of_somebody(operation: &Operation) -> bool {
    operation
        .path_parameters()
        .any(|name| matches!(name, "id" | "user_id"))
}

async fn try_it(bearer: &Bearer, operation: &Operation, address: &str) -> u16 {
    let body = operation.shape.body.is_some().then(|| json!({}));
    let reply = bearer
        .call(operation.method.as_str(), address, &[], body.as_ref())
        .await;
    reply.status.as_u16()
}

/// So many calls come from one address here.
fn unhurried(config: &mut Config) {
    config.limits.calls_per_minute = 1_000_000;
}

/// Somebody with each role, in this tenant.
async fn everybody(world: &World, tenant: &Tenant) -> Vec<(&'static str, Bearer)> {
    let console = world.console(tenant).await;
    let mut all = Vec::new();
    for role in ROLES {
        let person = world
            .person_of(tenant, &format!("the-{role}"), &[role])
            .await;
        all.push((*role, world.bearer(&console, &person).await));
    }
    all
}

async fn victim(world: &World, tenant: &Tenant, number: usize) -> Person {
    let name = format!("victim{number}");
    world.person_of(tenant, &name, &["user"]).await
}

#[tokio::test]
async fn every_operation_lets_through_whom_the_table_names_and_nobody_else() {
    everywhere_with(unhurried, async |world| {
        let second = world.new_tenant("second").await;
        for tenant in [&world.tenant, &second] {
            let everybody = everybody(&world, tenant).await;
            let anonymous = Bearer::new(world.anonymous(), "", "");
            let garbage = Bearer::new(world.anonymous(), "eyJhbGciOiJub25lIn0.e30.", "");
            for (number, operation) in OPERATIONS.iter().enumerate() {
                for (place, (role, bearer)) in everybody.iter().enumerate() {
                    // Somebody new each time: an operation may remove them.
                    let id = if speaks_of_somebody(operation) {
                        let number = number * ROLES.len() + place;
                        victim(&world, tenant, number).await.id
                    } else {
                        NOBODY.to_owned()
                    };
                    let address = address(operation, &id);
                    let status = try_it(bearer, operation, &address).await;
                    let through = ![401, 403].contains(&status);
                    let row = allowed(operation);
                    let expected = row.contains(role)
                        || *role == "admin" && tenant.is_default() && row.contains(&"system");
                    assert_eq!(
                        through, expected,
                        "{} by {role} of {}: {status}",
                        operation.name, tenant.slug
                    );
                    assert!(status < 500, "{}: {status}", operation.name);
                }
                let address = address(operation, NOBODY);
                // Where everybody may call, the empty body is what is wrong.
                let expected = if operation.is_public() { 400 } else { 401 };
                for nobody in [&anonymous, &garbage] {
                    assert_eq!(try_it(nobody, operation, &address).await, expected);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_reaches_into_another_tenant_but_administrators_of_the_installation() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let third = world.new_tenant("third").await;
        let everybody_of_second = everybody(&world, &second).await;
        let everybody_of_default = everybody(&world, &world.tenant).await;
        let victim = victim(&world, &third, 0).await;
        for operation in OPERATIONS.iter().filter(|known| !known.is_public()) {
            let plain = address(operation, &victim.id);
            let names = [third.slug.as_str(), third.id.as_str(), "no-such-tenant"];
            for (role, bearer) in everybody_of_second.iter().chain(&everybody_of_default) {
                let is_system = *role == "admin" && bearer.id == everybody_of_default[4].1.id;
                for name in names {
                    if is_system {
                        continue;
                    }
                    let named = format!("{plain}?tenant={name}");
                    assert_eq!(try_it(bearer, operation, &named).await, 403, "{named}");
                    let body = operation.shape.body.is_some().then(|| json!({}));
                    let method = operation.method.as_str();
                    let headers = [("x-tenant-id", name)];
                    let reply = bearer.call(method, &plain, &headers, body.as_ref()).await;
                    reply.assert_status(403);
                }
                // Without a name, the other tenant's person is nobody here.
                if operation.path == "/users/{id}" {
                    let status = try_it(bearer, operation, &plain).await;
                    let expected: &[u16] = if allowed(operation).contains(role) {
                        // A body is looked at first.
                        &[404, 400]
                    } else {
                        &[403]
                    };
                    assert!(
                        expected.contains(&status),
                        "{} {role}: {status}",
                        operation.name
                    );
                }
            }
        }
        let system = &everybody_of_default[4].1;
        for name in [&third.slug, &third.id] {
            let path = format!("/users/{}?tenant={name}", victim.id);
            system.get(&path).await.assert_ok();
        }
        system
            .get("/users?tenant=no-such-tenant")
            .await
            .assert_problem(404, "not-found");
        // Nobody is somebody elsewhere.
        let path = format!("/users/me?tenant={}", third.slug);
        system.get(&path).await.assert_problem(403, "forbidden");
        let both = [("x-tenant-id", second.slug.as_str())];
        let path = format!("/users?tenant={}", third.slug);
        system
            .call("GET", &path, &both, None)
            .await
            .assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn a_token_of_the_wrong_kind_opens_nothing() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let person = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let good = world.bearer(&console, &person).await;
        good.get("/users").await.assert_ok();
        let scope = "openid users.read offline_access sip.register";
        let broad = world
            .client_with("broad", scope, |metadata| metadata.first_party = true)
            .await;
        let reply = broad.sign_in(&person, scope).await.json();
        let sip = broad.sign_in(&person, "sip.register").await.json();
        for (token, why) in [
            (reply["id_token"].as_str(), "an ID token"),
            (reply["refresh_token"].as_str(), "a refresh token"),
            (sip["access_token"].as_str(), "a token for SIP"),
        ] {
            let token = token.expect("a token");
            let bearer = Bearer::new(world.anonymous(), token, "");
            let reply = bearer.get("/users").await;
            reply.assert_problem(401, "unauthenticated");
            let challenge = reply.header("www-authenticate").expect("a challenge");
            assert!(challenge.contains("error=\"invalid_token\""), "{why}");
        }
        let in_query = format!("/api/v1/users?access_token={}", good.token);
        let reply = world.anonymous().get(&in_query).await;
        reply.assert_problem(401, "unauthenticated");
        // The scope was the client's, and is taken away.
        let token = reply_token(&reply_json(&broad, &person).await);
        let bearer = Bearer::new(world.anonymous(), &token, "");
        bearer.get("/users").await.assert_ok();
        world
            .change_client(&world.tenant, "broad", true, |metadata| {
                metadata.scope = "openid sip.register".parse().expect("a scope");
            })
            .await;
        bearer.get("/users").await.assert_problem(403, "forbidden");
        world.advance(901);
        good.get("/users")
            .await
            .assert_problem(401, "unauthenticated");
    })
    .await;
}

async fn reply_json(
    client: &crate::support::people::Service,
    person: &Person,
) -> serde_json::Value {
    client.sign_in(person, "users.read").await.json()
}

fn reply_token(json: &serde_json::Value) -> String {
    json["access_token"].as_str().expect("a token").to_owned()
}
