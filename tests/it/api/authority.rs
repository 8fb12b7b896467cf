//! Who may manage whom: nobody raises themselves, nobody reaches above themselves.

use serde_json::{Value, json};

use crate::support::bearer::Bearer;
use crate::support::people::Service;
use crate::support::{World, everywhere};

struct Scene {
    console: Service,
    admin: Bearer,
    moderator: Bearer,
}

async fn scene(world: &World) -> Scene {
    let console = world.console(&world.tenant).await;
    Scene {
        admin: world.operator(&console, "ada", &["admin"]).await,
        moderator: world.operator(&console, "mod", &["moderator"]).await,
        console,
    }
}

#[tokio::test]
async fn a_moderator_manages_people_and_nobody_who_manages() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        let other = world.person_of(&world.tenant, "mod2", &["moderator"]).await;
        let anna = world.person("anna").await;
        for above in [&scene.admin.id, &other.id] {
            let path = format!("/users/{above}");
            let before = scene.admin.get(&path).await.body;
            for (method, path, body) in [
                ("PATCH", path.clone(), json!({ "nickname": "x" })),
                ("PATCH", path.clone(), json!({ "enabled": false })),
                (
                    "PATCH",
                    path.clone(),
                    json!({ "email": "mine@example.test" }),
                ),
                (
                    "PUT",
                    format!("{path}/password"),
                    json!({ "password": "a long enough passphrase" }),
                ),
                (
                    "PUT",
                    format!("{path}/attributes"),
                    json!({ "attributes": {} }),
                ),
                ("PUT", format!("{path}/roles"), json!({ "roles": ["user"] })),
                ("DELETE", path.clone(), json!({})),
            ] {
                let reply = scene.moderator.call(method, &path, &[], Some(&body)).await;
                reply.assert_problem(403, "forbidden");
            }
            assert_eq!(scene.admin.get(&path).await.body, before);
        }
        let path = format!("/users/{}", anna.id);
        let patch = json!({ "nickname": "Ann", "enabled": false });
        scene.moderator.patch(&path, &patch).await.assert_ok();
        scene
            .moderator
            .put(
                &format!("{path}/password"),
                &json!({ "password": "a long enough passphrase" }),
            )
            .await
            .assert_status(204);
        scene.moderator.delete(&path).await.assert_status(204);
    })
    .await;
}

#[tokio::test]
async fn roles_and_groups_are_given_by_those_who_hold_them() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        let anna = world.person("anna").await;
        let path = format!("/users/{}", anna.id);
        for roles in [
            json!(["admin"]),
            json!(["moderator"]),
            json!(["user", "vendor"]),
            json!([]),
        ] {
            let patch = json!({ "roles": roles });
            let reply = scene.moderator.patch(&path, &patch).await;
            reply.assert_problem(403, "forbidden");
            let new = json!({ "username": "new", "roles": roles });
            let reply = scene.moderator.post("/users", &new).await;
            // Nothing asked for is what everybody gets.
            reply.assert_problem(403, "forbidden");
        }
        let groups = json!({ "groups": ["board"] });
        scene
            .moderator
            .patch(&path, &groups)
            .await
            .assert_problem(403, "forbidden");
        scene
            .moderator
            .post("/users", &json!({ "username": "new" }))
            .await
            .assert_status(201);
        let put = json!({ "roles": ["user", "vendor"] });
        let reply = scene.admin.put(&format!("{path}/roles"), &put).await;
        reply.assert_ok();
        assert_eq!(reply.json()["roles"], json!(["user", "vendor"]));
        scene.admin.patch(&path, &groups).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn nobody_changes_their_own_roles_or_shuts_themselves_out() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        for bearer in [&scene.admin, &scene.moderator] {
            let path = format!("/users/{}", bearer.id);
            for (method, path, body) in [
                (
                    "PATCH",
                    path.clone(),
                    json!({ "roles": ["admin", "moderator"] }),
                ),
                ("PATCH", path.clone(), json!({ "enabled": false })),
                ("PUT", format!("{path}/roles"), json!({ "roles": ["user"] })),
                (
                    "PUT",
                    format!("{path}/password"),
                    json!({ "password": "a long enough passphrase" }),
                ),
                ("DELETE", path.clone(), Value::Null),
            ] {
                let body = (!body.is_null()).then_some(&body);
                let reply = bearer.call(method, &path, &[], body).await;
                reply.assert_problem(403, "forbidden");
            }
        }
        // Said again as it is, nothing is changed.
        let path = format!("/users/{}", scene.admin.id);
        let same = json!({ "roles": ["admin"], "enabled": true, "nickname": "Ada" });
        scene.admin.patch(&path, &same).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_demotion_counts_at_the_next_call() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        let second = world.operator(&scene.console, "grace", &["admin"]).await;
        let (node, caller) = world.second_node().await;
        let elsewhere = second.through(&caller);
        elsewhere.get("/users").await.assert_ok();
        let path = format!("/users/{}/roles", second.id);
        let demoted = json!({ "roles": ["user"] });
        scene.admin.put(&path, &demoted).await.assert_ok();
        crate::support::world::follow(&node).await;
        for bearer in [&second, &elsewhere] {
            bearer.get("/users").await.assert_problem(403, "forbidden");
            bearer.get("/users/me").await.assert_ok();
        }
        let path = format!("/users/{}", second.id);
        scene
            .admin
            .patch(&path, &json!({ "enabled": false }))
            .await
            .assert_ok();
        crate::support::world::follow(&node).await;
        for bearer in [&second, &elsewhere] {
            bearer
                .get("/users/me")
                .await
                .assert_problem(401, "unauthenticated");
        }
    })
    .await;
}

#[tokio::test]
async fn a_service_with_a_scope_is_no_administrator() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        let scope = "users.read users.write";
        let service = world
            .client_with("importer", scope, |metadata| metadata.first_party = true)
            .await;
        let token = service.client_credentials(scope).await.text("access_token");
        let service = Bearer::new(world.anonymous(), &token, "importer");
        service.get("/users").await.assert_ok();
        let made = service.post("/users", &json!({ "username": "new" })).await;
        made.assert_status(201);
        for role in ["admin", "moderator", "vendor"] {
            let new = json!({ "username": "other", "roles": [role] });
            let reply = service.post("/users", &new).await;
            reply.assert_problem(403, "forbidden");
        }
        let path = format!("/users/{}", scene.admin.id);
        service
            .patch(&path, &json!({ "enabled": false }))
            .await
            .assert_problem(403, "forbidden");
        let reply = service.get("/users/me").await;
        reply.assert_problem(403, "forbidden");
    })
    .await;
}
