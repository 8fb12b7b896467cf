//! `/service-accounts`: programs that have roles and groups, and cannot sign in.

use serde_json::json;

use crate::support::everywhere;

#[tokio::test]
async fn a_service_account_is_made_read_changed_and_removed() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let admin = world.operator(&console, "ada", &["admin"]).await;
        let body = json!({
            "username": "backup",
            "name": "Nightly backup",
            "roles": ["vendor"],
            "groups": ["jobs"],
        });
        let made = admin.post("/service-accounts", &body).await;
        made.assert_status(201);
        let account = made.json();
        assert_eq!(account["name"], "Nightly backup");
        assert_eq!(account["enabled"], true);
        let id = account["id"].as_str().expect("an id").to_owned();
        let path = format!("/service-accounts/{id}");
        assert_eq!(
            made.header("location"),
            Some(format!("/api/v1{path}").as_str())
        );
        assert_eq!(admin.get(&path).await.assert_ok().json(), account);
        let changed = admin.patch(&path, &json!({ "name": null })).await;
        assert_eq!(changed.assert_ok().json()["name"], json!(null));
        assert_eq!(changed.json()["roles"], json!(["vendor"]));
        // Its name is taken for people and services alike.
        for path in ["/service-accounts", "/users"] {
            let again = admin.post(path, &json!({ "username": "BACKUP" })).await;
            again.assert_problem(409, "conflict");
        }
        let listed = admin
            .walk("/service-accounts?search=back&role=vendor")
            .await;
        assert_eq!(listed.len(), 1);
        let members = admin.walk("/groups/jobs/members").await;
        assert_eq!(members[0]["kind"], "service");
        admin.delete(&path).await.assert_status(204);
        admin.get(&path).await.assert_problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn a_service_account_is_nobody_among_people() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let admin = world.operator(&console, "ada", &["admin"]).await;
        let body = json!({ "username": "backup", "email": "backup@example.test" });
        let made = admin.post("/service-accounts", &body).await;
        let id = made.assert_status(201).json()["id"].clone();
        let id = id.as_str().expect("an id");
        let people = admin.walk("/users").await;
        assert!(people.iter().all(|user| user["username"] != "backup"));
        let path = format!("/users/{id}");
        let secret = json!({ "password": "a long enough passphrase" });
        for (method, path, body) in [
            ("GET", path.clone(), None),
            ("PATCH", path.clone(), Some(json!({ "nickname": "x" }))),
            ("PUT", format!("{path}/password"), Some(secret.clone())),
            ("DELETE", path.clone(), None),
        ] {
            let reply = admin.call(method, &path, &[], body.as_ref()).await;
            reply.assert_problem(404, "not-found");
        }
        // A person is no service account.
        let path = format!("/service-accounts/{}", admin.id);
        admin.get(&path).await.assert_problem(404, "not-found");
        admin.delete(&path).await.assert_problem(404, "not-found");
        let path = format!("/service-accounts/{id}");
        let patch = admin.patch(&path, &secret).await;
        patch
            .assert_problem(400, "malformed")
            .assert_names("#/password");
        // Not even a password that is somehow there lets anybody in.
        let rows = world.app.store.tenant(&world.tenant.id);
        let hash = world
            .app
            .passwords
            .hash("a long enough passphrase".to_owned().into())
            .await
            .expect("a hash");
        let event = crate::support::rows::event(&world);
        let now = world.app.clock.now();
        let set = rows.set_password(id, hash, now, event).await;
        assert!(!set.expect("an answer"), "there is no such person");
        for name in ["backup", "backup@example.test"] {
            let reply = console
                .password(name, "a long enough passphrase", "users.read")
                .await;
            reply.assert_error(400, "invalid_grant");
        }
    })
    .await;
}

#[tokio::test]
async fn a_service_accounts_roles_are_given_by_those_who_may_give_them() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let admin = world.operator(&console, "ada", &["admin"]).await;
        let moderator = world.operator(&console, "mod", &["moderator"]).await;
        for body in [
            json!({ "username": "job", "roles": ["user"] }),
            json!({ "username": "job", "roles": ["admin"] }),
            json!({ "username": "job", "groups": ["staff"] }),
        ] {
            let reply = moderator.post("/service-accounts", &body).await;
            reply.assert_problem(403, "forbidden");
        }
        let plain = json!({ "username": "job" });
        let made = moderator.post("/service-accounts", &plain).await;
        let id = made.assert_status(201).json()["id"].clone();
        let path = format!("/service-accounts/{}", id.as_str().expect("an id"));
        let raise = json!({ "roles": ["admin"] });
        moderator
            .patch(&path, &raise)
            .await
            .assert_problem(403, "forbidden");
        admin.patch(&path, &raise).await.assert_ok();
        for (method, body) in [("PATCH", json!({ "name": "x" })), ("DELETE", json!({}))] {
            let reply = moderator.call(method, &path, &[], Some(&body)).await;
            reply.assert_problem(403, "forbidden");
        }
        // A program with the role is no administrator who can sign in.
        let own = format!("/users/{}", admin.id);
        let rows = world.app.store.tenant(&world.tenant.id);
        let last = rows
            .delete_user(
                &admin.id,
                world.app.clock.now(),
                crate::support::rows::event(&world),
            )
            .await;
        assert!(last.is_err(), "the last administrator stays");
        admin.get(&own).await.assert_ok();
    })
    .await;
}
