//! The two sides together, over a real socket.

use users_core::{TokenValidator, TrustedIssuer, ValidationError, ValidatorSettings};

use crate::support::everywhere;
use crate::support::running::Running;

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_this_provider_are_accepted_by_its_published_keys_and_by_introspection() {
    everywhere(async |world| {
        let running = Running::of(&world).await;
        let service = world.client("phone", "openid sip.register").await;
        let judge = world.client("judge", "token.introspect").await;
        let alice = world.person("alice").await;
        let login = service.sign_in(&alice, "sip.register").await;
        let token = login.text("access_token");
        let issuer = &world.tenant.issuer;
        let place = format!("http://{}", running.address);
        let by_keys =
            || TrustedIssuer::with_jwks_uri(issuer, format!("{place}/jwks.json"), ["rvoip-sip"]);
        let settings = ValidatorSettings {
            accepted_for: 0,
            ..ValidatorSettings::default()
        };
        let validator =
            || TokenValidator::with(settings.clone(), world.clock.clone()).expect("a validator");

        let keys = validator();
        keys.add_trusted_issuer(by_keys()).expect("trusted");
        let asking = validator();
        let endpoint = format!("{place}/introspect");
        let asked = by_keys().introspected_at(endpoint, &judge.client_id, &judge.secret);
        asking.add_trusted_issuer(asked).expect("trusted");
        for validator in [&keys, &asking] {
            let context = validator.validate_token(&token).await.expect("good");
            assert_eq!(context.user_id, alice.id);
            assert_eq!(context.username.as_deref(), Some("alice"));
            assert!(context.has_scope("sip.register"));
        }

        service.revoke(&token).await.assert_ok();
        let revoked = asking.validate_token(&token).await.expect_err("revoked");
        assert_eq!(revoked, ValidationError::Inactive);
        // Keys alone do not tell, until it ends.
        keys.validate_token(&token).await.expect("not known");
        world.advance(900);
        let over = keys.validate_token(&token).await.expect_err("over");
        assert_eq!(over, ValidationError::Expired);
        running.stop().await;
    })
    .await;
}
