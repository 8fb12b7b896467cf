//! What a well-signed token must say. The tenant's own key signs all of these.

use serde_json::json;

use super::Forge;
use crate::support::everywhere;
use crate::support::forge::with;

// A119
#[tokio::test]
async fn a_token_lives_from_its_beginning_to_its_end() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        let now = world.clock.now().seconds();
        for times in [
            json!({"exp": now + 1}),
            json!({"iat": now + 60}),
            json!({"nbf": now + 60}),
            json!({"nbf": now - 100_000}),
            json!({"iat": now - 100_000}),
        ] {
            let token = forge.signed(&with(&forge.claims, times.clone()));
            forge.assert_accepted(&token, &times.to_string()).await;
        }
        for times in [
            json!({"exp": now}),
            json!({"exp": now - 1}),
            json!({"exp": now - 61}),
            json!({"exp": 0}),
            json!({"exp": -1}),
            json!({"exp": null}),
            json!({"exp": (now + 300).to_string()}),
            json!({"exp": 1e99}),
            json!({"exp": 1e10}),
            json!({"exp": f64::from(u32::MAX) + 0.5}),
            json!({"exp": [now + 300]}),
            json!({"exp": true}),
            json!({"exp": u64::MAX}),
            json!({"nbf": now + 61}),
            json!({"nbf": now + 120}),
            json!({"nbf": i64::MAX}),
            json!({"nbf": "now"}),
            json!({"nbf": now + 120, "iat": now - 120}),
            json!({"iat": now + 61}),
            json!({"iat": now + 86_400}),
            json!({"iat": now + 86_400, "nbf": now}),
            json!({"iat": null}),
            json!({"iat": "now"}),
        ] {
            let token = forge.signed(&with(&forge.claims, times.clone()));
            forge.assert_refused(&token, &times.to_string()).await;
        }
        let huge = forge
            .claims
            .to_string()
            .replacen('{', r#"{"nbf":1e400,"#, 1);
        let token = forge.key.compact(&forge.header().to_string(), &huge);
        forge
            .assert_refused(&token, "a number no machine holds")
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_token_ends_to_the_second() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        let lifetime = world.app.config.tokens.access_token_lifetime;
        world.advance(u64::try_from(lifetime).unwrap() - 1);
        forge.assert_accepted(&forge.token, "its last second").await;
        world.advance(1);
        forge.assert_refused(&forge.token, "ended").await;
    })
    .await;
}

// A125
#[tokio::test]
async fn a_token_names_its_issuer_its_audience_and_its_person() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        let issuer = forge.claims["iss"].as_str().unwrap();
        world.client("other", "openid sip.register").await;
        for wrong in [
            json!({"iss": null}),
            json!({"iss": format!("{issuer}/")}),
            json!({"iss": format!("{issuer}/t/default")}),
            json!({"iss": issuer.to_uppercase()}),
            json!({"iss": [issuer]}),
            json!({"iss": "https://other.test"}),
            json!({"aud": null}),
            json!({"aud": issuer}),
            json!({"aud": [7]}),
            json!({"aud": {"0": issuer}}),
            json!({"sub": null}),
            json!({"sub": 7}),
            json!({"jti": null}),
            json!({"client_id": null}),
            json!({"client_id": ["service"]}),
            json!({"scope": ["openid"]}),
            json!({"scope": "openid  profile"}),
            json!({"scope": "openid \"x\""}),
            json!({"sid": 7}),
        ] {
            let token = forge.signed(&with(&forge.claims, wrong.clone()));
            forge.assert_refused(&token, &wrong.to_string()).await;
        }
        // These are no token for userinfo, though somebody else may take them.
        for wrong in [
            json!({"aud": []}),
            json!({"aud": ["rvoip-api"]}),
            json!({"aud": ["https://other.test", format!("{issuer}/")]}),
            json!({"sub": "c0ffee00-0000-4000-8000-000000000000"}),
            json!({"sub": "other"}),
        ] {
            let token = forge.signed(&with(&forge.claims, wrong.clone()));
            let reply = forge.userinfo(&token).await;
            assert_eq!(reply.status, 401, "{wrong}: {reply:?}");
            reply.assert_error(401, "invalid_token");
        }
        for (wrong, error) in [
            (json!({"scope": null}), "insufficient_scope"),
            (
                json!({"scope": "profile sip.register"}),
                "insufficient_scope",
            ),
            (json!({"scope": "OpenID"}), "insufficient_scope"),
            (json!({"scope": "openidx"}), "insufficient_scope"),
            // The client itself is nobody.
            (json!({"sub": "service"}), "insufficient_scope"),
        ] {
            let token = forge.signed(&with(&forge.claims, wrong.clone()));
            forge.userinfo(&token).await.assert_error(403, error);
        }
    })
    .await;
}
