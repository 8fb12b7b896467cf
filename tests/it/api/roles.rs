//! `/roles`: roles of a tenant's own, and who may make what of them.

use serde_json::json;

use crate::support::bearer::Bearer;
use crate::support::everywhere;
use crate::support::world::follow;

#[tokio::test]
async fn a_role_is_made_read_changed_and_removed() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let admin = world.operator(&console, "ada", &["admin"]).await;
        let body = json!({
            "name": "helpdesk",
            "description": "Answers the phone",
            "permissions": ["users.read", "sip.call"],
        });
        let made = admin.post("/roles", &body).await;
        made.assert_status(201);
        assert_eq!(made.header("location"), Some("/api/v1/roles/helpdesk"));
        assert_eq!(
            made.json()["permissions"],
            json!(["sip.call", "users.read"])
        );
        assert_eq!(made.json()["built_in"], false);
        let read = admin.get("/roles/helpdesk").await;
        assert_eq!(read.json(), made.json());
        let again = admin.post("/roles", &body).await;
        again.assert_problem(409, "conflict");

        let tag = read.header("etag").expect("a tag").to_owned();
        let patch = json!({ "permissions": ["users.read"] });
        let changed = admin
            .call(
                "PATCH",
                "/roles/helpdesk",
                &[("if-match", &tag)],
                Some(&patch),
            )
            .await;
        assert_eq!(
            changed.assert_ok().json()["permissions"],
            json!(["users.read"])
        );
        assert_eq!(changed.json()["description"], "Answers the phone");
        let late = admin
            .call(
                "PATCH",
                "/roles/helpdesk",
                &[("if-match", &tag)],
                Some(&patch),
            )
            .await;
        late.assert_problem(412, "changed");

        world
            .person_of(&world.tenant, "hal", &["helpdesk", "user"])
            .await;
        let held = admin.delete("/roles/helpdesk").await;
        held.assert_problem(409, "conflict");
        let found = admin.walk("/users?role=helpdesk").await;
        assert_eq!(found.len(), 1);
        let path = format!("/users/{}/roles", found[0]["id"].as_str().expect("an id"));
        admin
            .put(&path, &json!({ "roles": ["user"] }))
            .await
            .assert_ok();
        let tenant = format!("/tenants/{}", world.tenant.id);
        for defaults in [json!(["user", "helpdesk"]), json!(["user"])] {
            let patch = json!({ "settings": { "default_roles": defaults } });
            admin.patch(&tenant, &patch).await.assert_ok();
            if defaults[1] == "helpdesk" {
                let given = admin.delete("/roles/helpdesk").await;
                given.assert_problem(409, "conflict");
            }
        }
        admin.delete("/roles/helpdesk").await.assert_status(204);
        let gone = admin.get("/roles/helpdesk").await;
        gone.assert_problem(404, "not-found");
        let unknown = admin.put(&path, &json!({ "roles": ["helpdesk"] })).await;
        unknown
            .assert_problem(422, "invalid-fields")
            .assert_names("#/roles");
    })
    .await;
}

#[tokio::test]
async fn the_roles_every_tenant_has_are_shown_and_stay_as_they_are() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let admin = world.operator(&console, "ada", &["admin"]).await;
        world.role("dialler", &["sip.call"]).await;
        let listed = admin.walk("/roles?limit=2").await;
        let names: Vec<_> = listed.iter().map(|role| role["name"].as_str()).collect();
        let expected = ["admin", "dialler", "guest", "moderator", "user", "vendor"];
        assert_eq!(names, expected.map(Some));
        assert_eq!(listed[2]["permissions"], json!(["account", "users.read"]));
        for role in ["admin", "moderator", "user", "guest", "vendor"] {
            let path = format!("/roles/{role}");
            let before = admin.get(&path).await;
            assert_eq!(before.assert_ok().json()["built_in"], true);
            let patch = json!({ "permissions": [] });
            admin
                .patch(&path, &patch)
                .await
                .assert_problem(403, "forbidden");
            admin.delete(&path).await.assert_problem(403, "forbidden");
            let made = admin.post("/roles", &json!({ "name": role })).await;
            made.assert_problem(422, "invalid-fields")
                .assert_names("#/name");
            assert_eq!(admin.get(&path).await.body, before.body);
        }
        for (body, pointer) in [
            (json!({ "name": "Big" }), "#/name"),
            (json!({ "name": "root" }), "#/name"),
            (
                json!({ "name": "a", "permissions": ["sip.dance"] }),
                "#/permissions",
            ),
            (
                json!({ "name": "a", "permissions": ["openid"] }),
                "#/permissions",
            ),
            (
                json!({ "name": "a", "description": "a\nb" }),
                "#/description",
            ),
        ] {
            let reply = admin.post("/roles", &body).await;
            reply
                .assert_problem(422, "invalid-fields")
                .assert_names(pointer);
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_gives_by_a_role_what_they_do_not_hold() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let admin = world.operator(&console, "ada", &["admin"]).await;
        let holds = ["account", "roles.write", "users.read", "users.write"];
        world.role("warden", &holds).await;
        world.role("caller", &["sip.call"]).await;
        world.role("auditor", &["audit.read"]).await;
        let warden = world.operator(&console, "wanda", &["warden"]).await;
        let bob = world.person("bob").await;
        let roles_of = |id: &str| format!("/users/{id}/roles");
        let may = async |bearer: &Bearer, method, path: &str, body| {
            let reply = bearer.call(method, path, &[], Some(&body)).await;
            reply.status.as_u16()
        };
        // A role that holds more, made, widened, narrowed or removed.
        for (method, path, body) in [
            (
                "POST",
                "/roles",
                json!({ "name": "x", "permissions": ["audit.read"] }),
            ),
            (
                "POST",
                "/roles",
                json!({ "name": "x", "permissions": ["sip.call"] }),
            ),
            (
                "PATCH",
                "/roles/warden",
                json!({ "permissions": ["roles.write", "keys.write"] }),
            ),
            ("PATCH", "/roles/auditor", json!({ "permissions": [] })),
            ("DELETE", "/roles/auditor", json!({})),
        ] {
            assert_eq!(
                may(&warden, method, path, body).await,
                403,
                "{method} {path}"
            );
        }
        // Given or taken.
        for roles in [
            json!(["admin"]),
            json!(["user", "auditor"]),
            json!(["user", "caller"]),
        ] {
            let body = json!({ "roles": roles });
            assert_eq!(may(&warden, "PUT", &roles_of(&bob.id), body).await, 403);
        }
        let own = json!({ "roles": ["warden", "guest"] });
        assert_eq!(may(&warden, "PUT", &roles_of(&warden.id), own).await, 403);
        // Whoever holds more is out of reach.
        let abe = world.person_of(&world.tenant, "abe", &["auditor"]).await;
        let password = json!({ "password": "a long enough passphrase" });
        let path = format!("/users/{}/password", abe.id);
        assert_eq!(may(&warden, "PUT", &path, password).await, 403);
        // What they hold they may give.
        let made = json!({ "name": "reader", "permissions": ["users.read"] });
        assert_eq!(may(&warden, "POST", "/roles", made).await, 201);
        let body = json!({ "roles": ["user", "reader"] });
        assert_eq!(may(&warden, "PUT", &roles_of(&bob.id), body).await, 200);
        // An administrator gives whatever there is.
        let body = json!({ "roles": ["auditor", "caller"] });
        assert_eq!(may(&admin, "PUT", &roles_of(&bob.id), body).await, 200);
    })
    .await;
}

#[tokio::test]
async fn what_a_role_permits_no_more_is_refused_to_tokens_that_are_out_on_every_node() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        world.role("reader", &["account", "users.read"]).await;
        let bearer = world.operator(&console, "rita", &["reader"]).await;
        let (node, there) = world.second_node().await;
        let (_, deaf) = world.deaf_node().await;
        let bearers = [
            bearer.clone(),
            bearer.through(&there),
            bearer.through(&deaf),
        ];
        for bearer in &bearers {
            bearer.get("/users").await.assert_ok();
        }
        world.role("reader", &["account"]).await;
        follow(&node).await;
        for bearer in &bearers {
            let reply = bearer.get("/users").await;
            reply.assert_problem(403, "forbidden");
        }
    })
    .await;
}
