//! A token at the wrong issuer: RFC 9068 section 4, RFC 9700 section 4.10.

use serde_json::json;
use users_core::keys::jws::Typ;

use super::{FORMATS, SCOPE, Twins};
use crate::support::everywhere;
use crate::support::people::Service;

// A309, A103
#[tokio::test]
async fn an_access_token_is_nothing_at_another_tenant() {
    for format in FORMATS {
        everywhere(async |world| {
            let twins = Twins::with(&world, format).await;
            for (own, person, other) in twins.both() {
                let token = own
                    .sign_in(person, "openid email")
                    .await
                    .text("access_token");
                let service_token = own.client_credentials("token.introspect").await;
                let service_token = service_token.text("access_token");
                for token in [&token, &service_token] {
                    // The namesake may see every token of its own tenant.
                    other.introspect(token).await.assert_inactive();
                    other
                        .userinfo(token)
                        .await
                        .assert_error(401, "invalid_token");
                    assert!(Service::is_active(&own.introspect(token).await));
                }
                own.userinfo(&token).await.assert_ok();
                let bearer = format!("Bearer {service_token}");
                let headers = [("authorization", bearer.as_str())];
                let form = [("token", token.as_str())];
                let path = other.at("/introspect");
                let reply = other.caller.post(&path, &form, &headers).await;
                reply.assert_error(401, "invalid_token");
            }
        })
        .await;
    }
}

// A098
#[tokio::test]
async fn a_refresh_token_is_nothing_at_another_tenant() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        for (own, person, other) in twins.both() {
            let first = own.sign_in(person, SCOPE).await.text("refresh_token");
            other
                .refresh(&first)
                .await
                .assert_error(400, "invalid_grant");
            other.introspect(&first).await.assert_inactive();
            let second = own.refresh(&first).await;
            second.assert_ok();
            // Spent and presented elsewhere, it kills nobody.
            world.advance(60);
            other
                .refresh(&first)
                .await
                .assert_error(400, "invalid_grant");
            own.refresh(&second.text("refresh_token")).await.assert_ok();
        }
    })
    .await;
}

#[tokio::test]
async fn a_revocation_at_another_tenant_revokes_nothing() {
    for format in FORMATS {
        everywhere(async |world| {
            let twins = Twins::with(&world, format).await;
            for (own, person, other) in twins.both() {
                let first = own.sign_in(person, SCOPE).await;
                let tokens = [first.text("access_token"), first.text("refresh_token")];
                for token in &tokens {
                    // Unknown there, so there is nothing to do (RFC 7009 section 2.2).
                    other.revoke(token).await.assert_ok();
                    assert!(Service::is_active(&own.introspect(token).await));
                }
                own.refresh(&tokens[1]).await.assert_ok();
            }
        })
        .await;
    }
}

#[tokio::test]
async fn tenants_share_no_key_and_believe_no_other_key() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let tenants = [&world.tenant, &twins.second];
        let mut kids = Vec::new();
        for service in [&twins.here, &twins.there] {
            let set = world
                .anonymous()
                .get(&service.at("/jwks.json"))
                .await
                .json();
            let keys = set["keys"].as_array().expect("keys").clone();
            assert!(!keys.is_empty());
            kids.extend(keys.iter().map(|key| key["kid"].clone()));
        }
        let count = kids.len();
        kids.sort_by_key(ToString::to_string);
        kids.dedup();
        assert_eq!(kids.len(), count);
        // What one tenant's key says of the other's people, no one believes.
        for (signer_of, speaks_of) in [(0, 1), (1, 0)] {
            let keys = world
                .app
                .keys
                .of(tenants[signer_of])
                .await
                .expect("the keys");
            let signer = keys.signer(world.tenant.signing_alg).expect("a signer");
            let person = [&twins.alice_here, &twins.alice_there][speaks_of];
            let now = world.clock.now().seconds();
            let claims = json!({
                "iss": tenants[speaks_of].issuer, "sub": person.id, "client_id": "app",
                "aud": [tenants[speaks_of].issuer], "exp": now + 900, "iat": now, "jti": "x",
                "scope": "openid email", "tenant_id": tenants[speaks_of].id,
            });
            let forged = signer.sign(Typ::AccessToken, &claims).expect("signed");
            for service in [&twins.here, &twins.there] {
                service.introspect(&forged).await.assert_inactive();
                service
                    .userinfo(&forged)
                    .await
                    .assert_error(401, "invalid_token");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_names_its_issuer_and_a_foreign_tenant_its_id() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let here = twins.here.sign_in(&twins.alice_here, "openid").await;
        let there = twins.there.sign_in(&twins.alice_there, "openid").await;
        let here = twins
            .here
            .introspect(&here.text("access_token"))
            .await
            .json();
        let there = twins
            .there
            .introspect(&there.text("access_token"))
            .await
            .json();
        assert_eq!(here["iss"], "http://localhost:8081");
        assert_eq!(there["iss"], "http://localhost:8081/t/second");
        assert_eq!(there["aud"], json!(["http://localhost:8081/t/second"]));
        assert!(here.get("tenant_id").is_none());
        assert_eq!(there["tenant_id"], twins.second.id.as_str());
        assert_ne!(here["sub"], there["sub"]);
    })
    .await;
}
