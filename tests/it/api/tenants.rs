//! `/tenants`: made, seen and changed by those who may.

use serde_json::{Value, json};
use users_core::model::tenant::Tenant;

use crate::support::bearer::Bearer;
use crate::support::world::follow;
use crate::support::{Reply, World, everywhere};

/// An administrator of the installation.
async fn system(world: &World) -> Bearer {
    let console = world.console(&world.tenant).await;
    world.operator(&console, "root-of-all", &["admin"]).await
}

/// An administrator of one tenant.
async fn admin_of(world: &World, tenant: &Tenant) -> Bearer {
    let console = world.console(tenant).await;
    let person = world.person_of(tenant, "boss", &["admin"]).await;
    world.bearer(&console, &person).await
}

fn acme() -> Value {
    json!({
        "name": "Acme & Sons",
        "description": "Makers of everything",
        "domain": "ACME.test",
        "admin_email": "root@acme.test",
        "admin_username": "root",
        "admin_password": "AdminPass123",
        "admin_first_name": "Ada",
        "admin_last_name": "Smith",
    })
}

#[tokio::test]
async fn a_tenant_is_made_with_its_administrator_changed_and_deleted() {
    everywhere(async |world| {
        let system = system(&world).await;
        let (node, elsewhere) = world.second_node().await;
        let made = system.post("/tenants", &acme()).await;
        made.assert_status(201);
        assert!(!made.body.contains("AdminPass123"));
        let tenant = made.json();
        let path = format!("/tenants/{}", tenant["id"].as_str().expect("an id"));
        assert_eq!(
            made.header("location"),
            Some(format!("/api/v1{path}").as_str())
        );
        assert_eq!(tenant["slug"], "acme-sons");
        assert_eq!(tenant["domain"], "acme.test");
        assert_eq!(tenant["issuer"], "http://localhost:8081/t/acme-sons");
        for name in [path.as_str(), "/tenants/acme-sons"] {
            let read = system.get(name).await;
            assert_eq!(read.assert_ok().json(), tenant);
            assert_eq!(read.header("etag"), made.header("etag"));
        }
        let people = system.get("/users?tenant=acme-sons").await.json();
        assert_eq!(people["items"][0]["username"], "root");
        assert_eq!(people["items"][0]["roles"], json!(["admin"]));
        assert_eq!(people["items"][0]["email_verified"], false);

        let change = json!({
            "description": null,
            "display": { "primary_color": "#00ff00" },
            "settings": { "access_token_lifetime": 60, "default_roles": ["guest"] },
        });
        let changed = system.patch(&path, &change).await;
        let changed = changed.assert_ok().json();
        assert_eq!(changed["description"], Value::Null);
        assert_eq!(changed["settings"]["access_token_lifetime"], 60);
        let change = json!({ "settings": { "access_token_lifetime": null } });
        let changed = system.patch(&path, &change).await.assert_ok().json();
        assert_eq!(changed["settings"], json!({ "default_roles": ["guest"] }));
        assert_eq!(changed["display"], json!({ "primary_color": "#00ff00" }));
        let body = json!({ "username": "carla" });
        let carla = system.post("/users?tenant=acme-sons", &body).await;
        assert_eq!(carla.assert_status(201).json()["roles"], json!(["guest"]));

        system.delete(&path).await.assert_status(204);
        system.get(&path).await.assert_problem(404, "not-found");
        system.delete(&path).await.assert_problem(404, "not-found");
        follow(&node).await;
        let reply = system
            .through(&elsewhere)
            .get("/users?tenant=acme-sons")
            .await;
        reply.assert_problem(404, "not-found");
        system.post("/tenants", &acme()).await.assert_status(201);
    })
    .await;
}

#[tokio::test]
async fn a_clash_or_a_broken_rule_makes_nothing() {
    everywhere(async |world| {
        let system = system(&world).await;
        system.post("/tenants", &acme()).await.assert_status(201);
        let with = |member: &str, value: Value| {
            let mut body = acme();
            body[member] = value;
            body
        };
        system
            .post("/tenants", &acme())
            .await
            .assert_problem(409, "conflict");
        let other = with("name", json!("Other"));
        system
            .post("/tenants", &other)
            .await
            .assert_problem(409, "conflict");
        let fresh = |member: &str, value: Value| {
            let mut body = with(member, value);
            body["slug"] = json!("fresh");
            body["domain"] = json!("fresh.test");
            body[member] = with(member, body[member].clone())[member].clone();
            body
        };
        for (body, status, pointer) in [
            (fresh("name", json!("")), 422, "#/name"),
            (with("domain", json!("nowhere")), 422, "#/domain"),
            (
                fresh("admin_password", json!("short")),
                422,
                "#/admin_password",
            ),
            (
                fresh("admin_password", Value::Null),
                422,
                "#/admin_password",
            ),
            (fresh("admin_email", json!("nowhere")), 422, "#/admin_email"),
            (fresh("issuer", json!("http://fresh.test")), 422, "#/issuer"),
            (
                fresh("settings", json!({ "session_lifetime": 0 })),
                422,
                "#/settings/session_lifetime",
            ),
            (
                fresh("settings", json!({ "default_roles": ["admin"] })),
                422,
                "#/settings/default_roles",
            ),
            (
                fresh("settings", json!({ "colour": 1 })),
                400,
                "#/settings/colour",
            ),
            (fresh("id", json!("x")), 400, "#/id"),
            (fresh("rev", json!(7)), 400, "#/rev"),
        ] {
            let reply = system.post("/tenants", &body).await;
            reply.assert_status(status).assert_names(pointer);
        }
        let nameless = json!({ "name": "株式会社" });
        let reply = system.post("/tenants", &nameless).await;
        reply
            .assert_problem(422, "invalid-fields")
            .assert_names("#/slug");
        let mut raw = world.raw().await;
        assert_eq!(raw.number("SELECT COUNT(*) FROM tenants").await, 2);
        assert_eq!(raw.number("SELECT COUNT(*) FROM users").await, 2);
        let default = format!("/tenants/{}", world.tenant.id);
        system
            .delete(&default)
            .await
            .assert_problem(409, "conflict");
        let reply = system.patch(&default, &json!({ "enabled": false })).await;
        reply
            .assert_problem(422, "invalid-fields")
            .assert_names("#/enabled");
    })
    .await;
}

// A307, A308
#[tokio::test]
async fn a_tenants_administrator_sees_and_decides_its_own_and_no_more() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let third = world.new_tenant("third").await;
        let boss = admin_of(&world, &second).await;
        let before = world.raw().await.rows_of(&third.id).await;
        for path in ["/tenants", "/tenants?search=d", "/tenants?search=SECOND"] {
            let list = boss.walk(path).await;
            let slugs: Vec<&Value> = list.iter().map(|tenant| &tenant["slug"]).collect();
            assert_eq!(slugs, ["second"], "{path}");
        }
        assert!(boss.walk("/tenants?search=third").await.is_empty());
        let missing = boss.get("/tenants/no-such-tenant").await;
        missing.assert_problem(404, "not-found");
        let same = |reply: &Reply| {
            let strip = |reply: &Reply| {
                let mut json = reply.json();
                json.as_object_mut().expect("an object").remove("instance");
                json
            };
            assert_eq!(strip(reply), strip(&missing));
        };
        for name in [
            "third",
            third.id.as_str(),
            "default",
            world.tenant.id.as_str(),
        ] {
            let path = format!("/tenants/{name}");
            same(&boss.get(&path).await);
            same(&boss.patch(&path, &json!({ "name": "mine" })).await);
            boss.delete(&path).await.assert_problem(403, "forbidden");
        }
        let own = format!("/tenants/{}", second.id);
        for change in [
            json!({ "slug": "better" }),
            json!({ "enabled": false }),
            json!({ "issuer": "https://login.second.test" }),
            json!({ "domain": "second.test" }),
        ] {
            let reply = boss.patch(&own, &change).await;
            reply.assert_problem(403, "forbidden");
        }
        boss.delete(&own).await.assert_problem(403, "forbidden");
        boss.post("/tenants", &acme())
            .await
            .assert_problem(403, "forbidden");
        let change = json!({
            "name": "Second & Sons",
            "display": { "logo_uri": "https://second.test/logo.png" },
            "settings": { "require_verified_email": false },
            // Said again, it is no change.
            "slug": "second",
            "enabled": true,
        });
        let changed = boss.patch("/tenants/second", &change).await;
        assert_eq!(changed.assert_ok().json()["name"], "Second & Sons");
        assert_eq!(world.raw().await.rows_of(&third.id).await, before);
        // Another tenant's objects under one's own tenant's path are not there.
        world
            .client_of(&third, "theirs", "sip.register", |_| {})
            .await;
        for path in ["/clients/theirs", "/resources/https%3A%2F%2Fthird.test"] {
            boss.get(path).await.assert_problem(404, "not-found");
            boss.delete(path).await.assert_problem(404, "not-found");
        }
        let reply = boss
            .patch("/clients/theirs", &json!({ "enabled": false }))
            .await;
        reply.assert_problem(404, "not-found");
        let reply = boss.post("/clients/theirs/secrets", &json!({})).await;
        reply.assert_problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn a_system_administrators_list_is_whole_and_in_pages() {
    everywhere(async |world| {
        let system = system(&world).await;
        for number in 0..7 {
            world.new_tenant(&format!("t{number}")).await;
        }
        let all = system.walk("/tenants?limit=3").await;
        let slugs: Vec<&str> = all
            .iter()
            .filter_map(|tenant| tenant["slug"].as_str())
            .collect();
        assert_eq!(slugs, ["default", "t0", "t1", "t2", "t3", "t4", "t5", "t6"]);
        let found = system.walk("/tenants?limit=2&search=T").await;
        assert_eq!(found.len(), 8, "default has one too");
        assert_eq!(system.walk("/tenants?search=t3").await.len(), 1);
        let reply = system
            .get(&format!("/tenants?search={}", "x".repeat(101)))
            .await;
        reply.assert_problem(400, "malformed");
    })
    .await;
}

#[tokio::test]
async fn whoever_insists_on_what_they_read_is_told_of_changes() {
    everywhere(async |world| {
        let system = system(&world).await;
        world.new_tenant("second").await;
        let read = system.get("/tenants/second").await;
        let tag = read.header("etag").expect("a tag").to_owned();
        let headers = [("if-match", tag.as_str())];
        let (first, second) = (json!({ "name": "First" }), json!({ "name": "Second" }));
        let reply = system
            .call("PATCH", "/tenants/second", &headers, Some(&first))
            .await;
        reply.assert_ok();
        let reply = system
            .call("PATCH", "/tenants/second", &headers, Some(&second))
            .await;
        reply.assert_problem(412, "changed");
        let reply = system
            .call("DELETE", "/tenants/second", &headers, None)
            .await;
        reply.assert_problem(412, "changed");
        assert_eq!(system.get("/tenants/second").await.json()["name"], "First");
    })
    .await;
}

#[tokio::test]
async fn the_api_is_at_the_installations_host_only() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let housed = world.change_tenant(&second, |input| {
            input.issuer = Some("https://login.acme.test".to_owned());
        });
        let housed = housed.await.expect("changed");
        let console = world
            .console(&housed)
            .await
            .through(&world.anonymous().at_host("login.acme.test"));
        let boss = world.person_of(&housed, "boss", &["admin"]).await;
        let boss = world.bearer(&console, &boss).await;
        // The token's issuer says whose it is, wherever the call arrives.
        let own = boss.get("/tenants/second").await.assert_ok().json();
        assert_eq!(own["issuer"], "https://login.acme.test");
        let there = boss.through(&console.caller);
        for path in ["/tenants", "/users", "/users/me", "/nothing"] {
            there.get(path).await.assert_problem(404, "not-found");
        }
        let reply = there.post("/users", &json!({ "username": "x" })).await;
        reply.assert_problem(404, "not-found");
    })
    .await;
}
