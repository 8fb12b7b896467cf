//! Registration, sessions and one's own account.

use serde_json::{Value, json};
use users_core::config::Profile;

use super::{credentials, everywhere, logged_in, newcomer, on, post, registered, without};
use crate::support::bearer::Bearer;
use crate::support::forge::opened;
use crate::support::people::Service;
use crate::support::world::everywhere_with;

#[tokio::test]
async fn register_user() {
    everywhere(async |world| {
        let reply = registered(&world).await;
        let account = reply.json();
        assert_eq!(account["email"], "user@example.com");
        assert_eq!(account["username"], "username");
        assert_eq!(account["first_name"], "John");
        assert_eq!(account["last_name"], "Doe");
        assert_eq!(account["roles"], json!(["user"]));
        assert_eq!(account["tenant_id"], world.tenant.id.as_str());
        assert!(!reply.body.contains("SecurePass123"));
        // The tenant is named by its id or its slug, and has to be there.
        let nowhere = post(&world, "/auth/register", &newcomer()).await;
        nowhere
            .assert_problem(422, "invalid-fields")
            .assert_names("#/tenant_id");
        let tenant = world.new_tenant("optional-tenant-id").await;
        let there = post(&world, "/auth/register", &newcomer()).await;
        assert_eq!(
            there.assert_status(201).json()["tenant_id"],
            tenant.id.as_str()
        );
        let again = post(&world, "/auth/register", &newcomer()).await;
        again.assert_problem(409, "conflict");
    })
    .await;
}

#[tokio::test]
async fn a_registration_that_breaks_a_rule_names_its_field() {
    everywhere(async |world| {
        for (member, value) in [
            ("password", json!("short")),
            ("email", json!("nowhere")),
            ("username", json!("with spaces")),
        ] {
            let mut body = without(newcomer(), "tenant_id");
            body[member] = value;
            let reply = post(&world, "/auth/register", &body).await;
            reply
                .assert_problem(422, "invalid-fields")
                .assert_names(&format!("#/{member}"));
        }
    })
    .await;
}

#[tokio::test]
async fn login_and_its_lifetimes() {
    everywhere(async |world| {
        registered(&world).await;
        let reply = logged_in(&world).await;
        let tokens = reply.json();
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 30 * 60);
        let claims = opened(&reply.text("access_token")).1;
        let lives = claims["exp"].as_i64().expect("exp") - claims["iat"].as_i64().expect("iat");
        assert_eq!(lives, 30 * 60);
        let bearer = Bearer::new(world.anonymous(), &reply.text("access_token"), "");
        world.advance(30 * 60 - 1);
        bearer.get("/users/me").await.assert_ok();
        world.advance(1);
        bearer
            .get("/users/me")
            .await
            .assert_problem(401, "unauthenticated");
        // The login of a tenant that is not there is a wrong one.
        let nowhere = post(&world, "/auth/login", &credentials()).await;
        nowhere.assert_problem(401, "unauthenticated");
        world.new_tenant("optional-tenant-id").await;
        post(&world, "/auth/register", &newcomer())
            .await
            .assert_status(201);
        post(&world, "/auth/login", &credentials())
            .await
            .assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_lives_for_seven_days() {
    everywhere(async |world| {
        registered(&world).await;
        let refresh = async |token: &str| {
            let body = json!({ "refresh_token": token });
            post(&world, "/auth/refresh", &body).await
        };
        let first = logged_in(&world).await.text("refresh_token");
        world.advance(7 * 86_400 - 60);
        let next = refresh(&first).await;
        next.assert_ok();
        assert_eq!(next.json()["expires_in"], 30 * 60);
        world.advance(60);
        refresh(&next.text("refresh_token"))
            .await
            .assert_problem(401, "unauthenticated");
        let refused = refresh("your-refresh-token").await;
        refused.assert_problem(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn remember_me_lengthens_the_session_and_not_the_access_token() {
    everywhere(async |world| {
        registered(&world).await;
        let mut body = without(credentials(), "tenant_id");
        body["remember_me"] = json!(true);
        let remembered = post(&world, "/auth/login", &body).await;
        assert_eq!(remembered.assert_ok().json()["expires_in"], 30 * 60);
        world.advance(8 * 86_400);
        let body = json!({ "refresh_token": remembered.text("refresh_token") });
        let next = post(&world, "/auth/refresh", &body).await;
        assert_eq!(next.assert_ok().json()["expires_in"], 30 * 60);
    })
    .await;
}

#[tokio::test]
async fn refresh_token_and_logout() {
    everywhere(async |world| {
        registered(&world).await;
        let reply = logged_in(&world).await;
        let body = json!({ "refresh_token": reply.text("refresh_token") });
        let next = post(&world, "/auth/refresh", &body).await;
        next.assert_ok();
        let bearer = Bearer::new(world.anonymous(), &next.text("access_token"), "");
        let rs = world.client("rs", "token.introspect").await;
        assert!(Service::is_active(&rs.introspect(&bearer.token).await));
        // The document's request has no body.
        let out = bearer.call("POST", "/auth/logout", &[], None).await;
        out.assert_status(204);
        rs.introspect(&bearer.token).await.assert_inactive();
        bearer
            .get("/users/me")
            .await
            .assert_problem(401, "unauthenticated");
        let body = json!({ "refresh_token": next.text("refresh_token") });
        post(&world, "/auth/refresh", &body)
            .await
            .assert_problem(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn get_and_update_current_user() {
    everywhere(async |world| {
        registered(&world).await;
        let token = logged_in(&world).await.text("access_token");
        let bearer = Bearer::new(world.anonymous(), &token, "");
        let own = bearer.get("/users/me").await.assert_ok().json();
        assert_eq!(own["email"], "user@example.com");
        let body = json!({ "first_name": "Updated Name", "preferences": { "theme": "dark" } });
        let changed = bearer.put("/users/me", &body).await.assert_ok().json();
        assert_eq!(changed["first_name"], "Updated Name");
        assert_eq!(changed["preferences"], json!({ "theme": "dark" }));
        assert_eq!(changed["last_name"], "Doe", "what is not named stays");
        assert_eq!(bearer.get("/users/me").await.json(), changed);
    })
    .await;
}

#[tokio::test]
async fn change_password() {
    everywhere(async |world| {
        let mut body = without(newcomer(), "tenant_id");
        body["password"] = json!("OldPass123");
        post(&world, "/auth/register", &body)
            .await
            .assert_status(201);
        let login = async |password: &str| {
            let body = json!({ "email": "user@example.com", "password": password });
            post(&world, "/auth/login", &body).await
        };
        let token = login("OldPass123").await.assert_ok().text("access_token");
        let bearer = Bearer::new(world.anonymous(), &token, "");
        let body = json!({ "current_password": "OldPass123", "new_password": "NewPass123" });
        let changed = bearer.post("/users/me/change-password", &body).await;
        changed.assert_status(204);
        login("OldPass123").await.assert_status(401);
        login("NewPass123").await.assert_ok();
        let reply = bearer.post("/users/me/change-password", &body).await;
        reply.assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn service_health_has_the_documents_names() {
    everywhere(async |world| {
        let reply = world.anonymous().get("/health").await;
        let health = reply.assert_ok().json();
        assert_eq!(health["status"], "healthy");
        assert_eq!(health["service"], "user-management");
        assert_eq!(health["version"], "2.0.0");
        assert_eq!(health["timestamp"], "2026-01-01T00:00:00.000Z");
        assert_eq!(
            health["dependencies"],
            json!({ "database": "connected", "cache": "disabled" })
        );
        let members: Vec<&String> = health.as_object().expect("an object").keys().collect();
        assert_eq!(members.len(), 5, "{members:?}");
    })
    .await;
}

#[tokio::test]
async fn the_lifetimes_are_settings() {
    everywhere_with(
        |config| {
            on(config);
            config.user_management_service.access_token_lifetime = 60;
            config.user_management_service.refresh_token_lifetime = 120;
        },
        async |world| {
            registered(&world).await;
            let reply = logged_in(&world).await;
            assert_eq!(reply.json()["expires_in"], 60);
            world.advance(120);
            let body = json!({ "refresh_token": reply.text("refresh_token") });
            post(&world, "/auth/refresh", &body)
                .await
                .assert_status(401);
        },
    )
    .await;
}

#[tokio::test]
async fn other_profiles_beside_it_keep_their_own_lifetimes() {
    everywhere_with(
        |config| {
            on(config);
            config.compat.push(Profile::UsersCore);
        },
        async |world| {
            let alice = world.person("alice").await;
            let body = json!({ "username": "alice", "password": alice.password });
            let reply = world
                .anonymous()
                .post_raw("/auth/login", "application/json", body.to_string(), &[])
                .await;
            assert_eq!(reply.assert_ok().json()["expires_in"], 900);
            let reply = post(&world, "/auth/login", &body).await;
            assert_eq!(reply.assert_ok().json()["expires_in"], 1800);
        },
    )
    .await;
}

#[tokio::test]
async fn malformed_requests_are_problems_that_say_so() {
    everywhere(async |world| {
        for path in ["/auth/register", "/auth/login", "/auth/refresh"] {
            for body in [
                json!({}),
                json!([]),
                json!({ "email": 1, "password": [] }),
                json!({ "refresh_token": null }),
                json!({ "email": "a\u{0}@example.com", "password": "x\u{0}" }),
            ] {
                let reply = post(&world, path, &body).await;
                reply.assert_problem(400, "malformed");
            }
        }
        let anonymous = Bearer::new(world.anonymous(), "", "");
        for (method, path) in [
            ("GET", "/users/me"),
            ("PUT", "/users/me"),
            ("POST", "/users/me/change-password"),
            ("POST", "/auth/logout"),
            ("POST", "/tenants"),
        ] {
            let reply = anonymous.call(method, path, &[], Some(&Value::Null)).await;
            reply.assert_problem(401, "unauthenticated");
        }
    })
    .await;
}
