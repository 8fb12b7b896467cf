//! Who may revoke what.

use users_core::keys::jws::Typ;
use users_core::model::client_metadata::{AuthMethod, GrantType};

use crate::support::people::Service;
use crate::support::{Reply, World, everywhere};

const SCOPE: &str = "openid offline_access sip.register";

async fn named(world: &World, client_id: &str, token: &str) -> Reply {
    let form = [("token", token), ("client_id", client_id)];
    world.anonymous().post("/revoke", &form, &[]).await
}

async fn make_public(world: &World, client_id: &str) {
    world
        .change_client(&world.tenant, client_id, true, |metadata| {
            metadata.token_endpoint_auth_method = AuthMethod::None;
            metadata.grant_types = vec![GrantType::RefreshToken];
        })
        .await;
}

// A112
#[tokio::test]
async fn a_confidential_client_proves_itself_a_public_one_names_itself() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let checker = world.client("checker", "token.introspect").await;
        let person = world.person("alice").await;
        let first = app.sign_in(&person, SCOPE).await;
        let (access, refresh) = (first.text("access_token"), first.text("refresh_token"));
        for token in [&access, &refresh] {
            named(&world, "app", token)
                .await
                .assert_error(401, "invalid_client");
            named(&world, "nobody", token)
                .await
                .assert_error(401, "invalid_client");
            let form = [("token", token.as_str())];
            let reply = world.anonymous().post("/revoke", &form, &[]).await;
            reply.assert_error(401, "invalid_client");
            // A token is no client authentication here.
            let bearer = format!("Bearer {access}");
            let headers = [("authorization", bearer.as_str())];
            let reply = world.anonymous().post("/revoke", &form, &headers).await;
            reply.assert_error(401, "invalid_client");
        }
        assert!(Service::is_active(&checker.introspect(&access).await));
        make_public(&world, "app").await;
        named(&world, "app", &access).await.assert_ok();
        checker.introspect(&access).await.assert_inactive();
        named(&world, "app", &refresh).await.assert_ok();
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &refresh),
            ("client_id", "app"),
        ];
        let reply = world.anonymous().post("/token", &form, &[]).await;
        reply.assert_error(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn nobody_revokes_anothers_token() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let first = app.sign_in(&person, SCOPE).await;
        let tokens = [first.text("access_token"), first.text("refresh_token")];
        // Not another client, not one that may look at everything, not a public one.
        let thief = world.client("thief", SCOPE).await;
        let trusted = world.client("trusted", "token.introspect").await;
        world.client("spa", SCOPE).await;
        make_public(&world, "spa").await;
        for token in &tokens {
            for reply in [
                thief.revoke(token).await,
                trusted.revoke(token).await,
                named(&world, "spa", token).await,
            ] {
                reply.assert_error(400, "invalid_grant");
            }
            assert!(Service::is_active(&app.introspect(token).await));
        }
        assert_eq!(app.userinfo(&tokens[0]).await.status, 200);
        app.refresh(&tokens[1]).await.assert_ok();
        world
            .app
            .refusals
            .flush(&world.app.store)
            .await
            .expect("written");
        let rows = world.app.store.tenant(&world.tenant.id);
        assert_eq!(
            rows.count_refusals("token.foreign").await.expect("a count"),
            6
        );
    })
    .await;
}

// RFC 7009 section 2.2.1
#[tokio::test]
async fn a_signed_token_of_another_kind_is_not_revoked_here() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let keys = world.app.keys.of(&world.tenant).await.expect("the keys");
        let signer = keys.signer(world.tenant.signing_alg).expect("a signer");
        let claims = serde_json::json!({"iss": world.tenant.issuer, "sub": "x", "aud": "app"});
        let id_token = signer.sign(Typ::Jwt, &claims).expect("signed");
        let reply = app.revoke(&id_token).await;
        reply.assert_error(400, "unsupported_token_type");
    })
    .await;
}

#[tokio::test]
async fn the_token_is_needed_once_and_in_the_body() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let token = app.sign_in(&person, SCOPE).await.text("access_token");
        let twice = [("token", token.as_str()), ("token", token.as_str())];
        for form in [&[][..], &[("token", "")], &twice] {
            let reply = app.post("/revoke", form).await;
            reply.assert_error(400, "invalid_request");
        }
        let reply = app.post(&format!("/revoke?token={token}"), &[]).await;
        reply.assert_error(400, "invalid_request");
        let authorization = app.authorization();
        let headers = [("authorization", authorization.as_str())];
        let path = format!("/revoke?token={token}");
        let got = world.anonymous().get_with(&path, &headers);
        assert_eq!(got.await.status, 405);
        assert!(Service::is_active(&app.introspect(&token).await));
    })
    .await;
}
