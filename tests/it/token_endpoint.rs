//! RFC 6749 sections 3.2, 4.4 and 5: the token endpoint, and the form it shares with the endpoints of
//! RFC 7009 and RFC 7662.

mod answer;
mod form;

use users_core::model::client_metadata::GrantType;

use crate::client_auth::{ENDPOINTS, public};
use crate::support::everywhere;

#[tokio::test]
async fn client_credentials_give_a_small_signed_token() {
    everywhere(async |world| {
        let service = world.client("pbx", "sip.register sip.call").await;
        let reply = service.client_credentials("sip.register").await;
        reply.assert_ok();
        let body = reply.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 900);
        assert_eq!(body["scope"], "sip.register");
        assert!(body.get("refresh_token").is_none());
        let seen = service.introspect(&reply.text("access_token")).await.json();
        assert_eq!(seen["active"], true);
        assert_eq!(seen["aud"], serde_json::json!(["rvoip-sip"]));
        assert_eq!(seen["sub"], "pbx");
        assert_eq!(seen["client_id"], "pbx");
        assert_eq!(seen["scope"], "sip.register");
    })
    .await;
}

// A081
#[tokio::test]
async fn a_grant_is_refused_by_whoever_may_not_use_it() {
    everywhere(async |world| {
        let scope = "openid sip.register offline_access";
        let person = world.person("joan").await;
        let all = world.client("all", scope).await;
        let refresh = all.sign_in(&person, "offline_access").await;
        let refresh = refresh.text("refresh_token");
        for grant in GrantType::ALL {
            let others = GrantType::ALL
                .iter()
                .copied()
                .filter(|other| other != grant);
            let limited = world
                .client_with(&format!("all-but-{}", grant.name()), scope, |metadata| {
                    metadata.grant_types = others.collect();
                })
                .await;
            let form = [
                ("grant_type", grant.name()),
                ("username", "joan"),
                ("password", &person.password),
                ("refresh_token", &refresh),
            ];
            let reply = limited.post("/token", &form).await;
            reply.assert_error(400, "unauthorized_client");
        }
        // Nothing was spent by the refusals.
        all.refresh(&refresh).await.assert_ok();
    })
    .await;
}

// A081
#[tokio::test]
async fn a_grant_this_server_does_not_have_is_unsupported() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        world.client_with("spa", "sip.register", public).await;
        for grant in [
            "implicit",
            "",
            "unknown",
            "Client_Credentials",
            "client_credentials ",
            "client-credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:saml2-bearer",
            "urn:openid:params:grant-type:ciba",
            "client_credentials password",
        ] {
            let form = [("grant_type", grant), ("code", "x"), ("assertion", "x")];
            let reply = service.post("/token", &form).await;
            reply.assert_error(400, "unsupported_grant_type");
            let named = [&form[..], &[("client_id", "spa")]].concat();
            let reply = world.anonymous().post("/token", &named, &[]).await;
            reply.assert_error(400, "unsupported_grant_type");
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_grant_needs_is_asked_for() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        for form in [
            &[][..],
            &[("scope", "sip.register")],
            &[("grant_type", "refresh_token")],
            &[("grant_type", "refresh_token"), ("refresh_token", "")],
            &[("grant_type", "password")],
            &[("grant_type", "password"), ("username", "joan")],
            &[("grant_type", "password"), ("password", "x")],
            &[
                ("grant_type", "password"),
                ("username", ""),
                ("password", "x"),
            ],
            &[
                ("grant_type", "password"),
                ("username", "joan"),
                ("password", ""),
            ],
        ] {
            let reply = service.post("/token", form).await;
            reply.assert_error(400, "invalid_request");
        }
        for path in ["/introspect", "/revoke"] {
            for form in [&[][..], &[("token", "")], &[("Token", "x")]] {
                let reply = service.post(path, form).await;
                reply.assert_error(400, "invalid_request");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_client_is_asked_for_before_anything_it_wants() {
    everywhere(async |world| {
        world.client("service", "sip.register").await;
        for (path, _) in ENDPOINTS {
            for form in [
                &[][..],
                &[("grant_type", "unknown")],
                &[("grant_type", "password")],
                &[("grant_type", "client_credentials"), ("scope", "unknown")],
                &[("grant_type", "refresh_token"), ("refresh_token", "x")],
            ] {
                let wrong = [form, &[("client_id", "service"), ("client_secret", "x")]].concat();
                for form in [form, &wrong] {
                    let reply = world.anonymous().post(path, form, &[]).await;
                    reply.assert_error(401, "invalid_client");
                }
            }
        }
    })
    .await;
}

// RFC 7009 section 2.1 and RFC 7662 section 2.1: a hint, and no more.
#[tokio::test]
async fn a_wrong_hint_changes_nothing() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        for hint in ["access_token", "refresh_token", "id_token", "?", ""] {
            let token = service.client_credentials("sip.register").await;
            let token = token.text("access_token");
            let form = [("token", token.as_str()), ("token_type_hint", hint)];
            let reply = service.post("/introspect", &form).await;
            assert_eq!(reply.json()["active"], true, "{hint}");
            let reply = service.post("/revoke", &form).await;
            assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, ""));
            service.introspect(&token).await.assert_inactive();
        }
    })
    .await;
}
