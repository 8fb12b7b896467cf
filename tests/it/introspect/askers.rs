//! Who may ask at all (RFC 7662 section 2.1).

use users_core::model::client_metadata::{AuthMethod, GrantType};

use crate::support::people::Service;
use crate::support::{Reply, everywhere};

const SCOPE: &str = "openid offline_access sip.register";

/// Whatever else an answer is, it says nothing about a token.
#[track_caller]
fn assert_silent(reply: &Reply, status: u16, error: &str) {
    reply.assert_error(status, error);
    assert!(reply.json().get("active").is_none());
}

// A100
#[tokio::test]
async fn nobody_asks_without_proving_to_be_a_client() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        world
            .client_with("spa", SCOPE, |metadata| {
                metadata.token_endpoint_auth_method = AuthMethod::None;
                metadata.grant_types = vec![GrantType::RefreshToken];
            })
            .await;
        let person = world.person("alice").await;
        let user_token = app.sign_in(&person, SCOPE).await.text("access_token");
        let own = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        let token = ("token", user_token.as_str());
        for form in [
            vec![token],
            vec![token, ("client_id", "spa")],
            vec![token, ("client_id", "spa"), ("client_secret", "")],
            vec![token, ("client_id", "spa"), ("client_secret", "x")],
            vec![token, ("client_id", "app")],
            vec![token, ("client_id", "app"), ("client_secret", "wrong")],
            vec![token, ("client_id", "nobody")],
            // In a form a bearer token is no authentication.
            vec![token, ("access_token", &own)],
        ] {
            let reply = world.anonymous().post("/introspect", &form, &[]).await;
            assert_silent(&reply, 401, "invalid_client");
            assert!(reply.header("www-authenticate").is_some());
        }
    })
    .await;
}

// A100
#[tokio::test]
async fn a_bearer_token_opens_introspection_only_with_its_scope_and_for_a_client() {
    everywhere(async |world| {
        let scope = "openid offline_access sip.register token.introspect";
        let checker = world.client("checker", scope).await;
        let person = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let seen = checker.sign_in(&person, "openid sip.register").await;
        let seen = seen.text("access_token");
        let with_bearer = async |bearer: &str| {
            let bearer = format!("Bearer {bearer}");
            let headers = [("authorization", bearer.as_str())];
            world
                .anonymous()
                .post("/introspect", &[("token", seen.as_str())], &headers)
                .await
        };
        let good = checker.client_credentials("token.introspect").await;
        let good = good.text("access_token");
        assert!(Service::is_active(&with_bearer(&good).await));
        let weak = checker.client_credentials("sip.register").await;
        let reply = with_bearer(&weak.text("access_token")).await;
        assert_silent(&reply, 403, "insufficient_scope");
        // A person's token does not carry a client's right, not even an administrator's.
        let persons = checker.sign_in(&person, scope).await;
        assert!(persons.text("scope").contains("token.introspect"));
        let reply = with_bearer(&persons.text("access_token")).await;
        assert_silent(&reply, 401, "invalid_token");
        let reply = with_bearer(&persons.text("refresh_token")).await;
        assert_silent(&reply, 401, "invalid_token");
        assert_silent(&with_bearer("nonsense").await, 401, "invalid_token");
        // Nor does a dead one.
        checker.revoke(&good).await.assert_ok();
        assert_silent(&with_bearer(&good).await, 401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn a_disabled_client_asks_nothing_by_secret_or_token() {
    everywhere(async |world| {
        let app = world.client("app", "sip.register").await;
        let checker = world.client("checker", "token.introspect").await;
        let token = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        let bearer = checker.client_credentials("token.introspect").await;
        let bearer = format!("Bearer {}", bearer.text("access_token"));
        let headers = [("authorization", bearer.as_str())];
        let form = [("token", token.as_str())];
        assert!(Service::is_active(&checker.introspect(&token).await));
        assert!(Service::is_active(
            &world.anonymous().post("/introspect", &form, &headers).await
        ));
        world
            .change_client(&world.tenant, "checker", false, |_| {})
            .await;
        assert_silent(&checker.introspect(&token).await, 401, "invalid_client");
        let reply = world.anonymous().post("/introspect", &form, &headers).await;
        assert_silent(&reply, 401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn the_token_is_needed_once_and_in_the_body() {
    everywhere(async |world| {
        let app = world.client("app", "sip.register").await;
        let token = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        let twice = [("token", token.as_str()), ("token", token.as_str())];
        for form in [&[][..], &[("token", "")], &twice] {
            let reply = app.post("/introspect", form).await;
            assert_silent(&reply, 400, "invalid_request");
        }
        let reply = app.post(&format!("/introspect?token={token}"), &[]).await;
        assert_silent(&reply, 400, "invalid_request");
        let authorization = app.authorization();
        let headers = [("authorization", authorization.as_str())];
        let path = format!("/introspect?token={token}");
        let got = world.anonymous().get_with(&path, &headers);
        assert_eq!(got.await.status, 405);
        let json = format!("{{\"token\":\"{token}\"}}");
        let reply = world
            .anonymous()
            .post_raw("/introspect", "application/json", json, &headers);
        assert_silent(&reply.await, 400, "invalid_request");
    })
    .await;
}
