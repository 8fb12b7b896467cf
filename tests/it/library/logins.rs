//! Coming in, staying in and going out without a route.

use users_core::Error;

use super::service;
use crate::support::everywhere;
use crate::support::forge::opened;

#[tokio::test]
async fn a_login_gives_tokens_that_rotate_and_end_with_the_password() {
    everywhere(async |world| {
        let service = service(&world).await;
        let alice = world.person("alice").await;
        let login = service.authenticate_password("alice", &alice.password);
        let login = login.await.expect("let in");
        assert_eq!(login.user.id, alice.id);
        assert_eq!(login.tokens.expires_in, 900);

        let first = login.tokens.refresh_token.expect("a refresh token");
        let next = service.refresh_token(&first).await.expect("the next pair");
        assert_ne!(next.access_token, login.tokens.access_token);
        let second = next.refresh_token.expect("another");

        let wrong = service.change_password(&alice.id, "not the password", "another passphrase");
        assert!(matches!(wrong.await, Err(Error::InvalidCredentials)));
        let weak = service
            .change_password(&alice.id, &alice.password, "short")
            .await;
        assert!(matches!(weak, Err(Error::Validation(rules)) if rules[0].contains("new_password")));
        let changed = service.change_password(&alice.id, &alice.password, "another passphrase");
        changed.await.expect("changed");

        let refused = service.refresh_token(&second).await;
        assert!(matches!(refused, Err(Error::InvalidCredentials)));
        let refused = service.sign_out(&next.access_token).await;
        assert!(matches!(refused, Err(Error::InvalidCredentials)));
        let old = service
            .authenticate_password("alice", &alice.password)
            .await;
        assert!(matches!(old, Err(Error::InvalidCredentials)));
        let new = service
            .authenticate_password("alice", "another passphrase")
            .await;
        new.expect("let in");
    })
    .await;
}

#[tokio::test]
async fn a_device_is_signed_out_alone_and_all_of_them_together() {
    everywhere(async |world| {
        let service = service(&world).await;
        let alice = world.person("alice").await;
        let mut tokens = Vec::new();
        for device in ["desk phone", "softphone", "mobile"] {
            let login = service.from_device(device);
            let login = login.authenticate_password_for("alice", &alice.password, "sip.register");
            tokens.push(login.await.expect("let in").tokens);
        }
        let claims = |at: usize| opened(&tokens[at].access_token).1;
        for other in [1, 2] {
            assert_eq!(claims(0)["sub"], claims(other)["sub"]);
            for name in ["jti", "sid"] {
                assert_ne!(claims(0)[name], claims(other)[name], "{name}");
            }
        }
        service
            .sign_out(&tokens[0].access_token)
            .await
            .expect("out");
        let first = tokens[0].refresh_token.as_deref().expect("a refresh token");
        assert!(service.refresh_token(first).await.is_err());
        let second = tokens[1].refresh_token.as_deref().expect("a refresh token");
        let second = service.refresh_token(second).await.expect("still in");

        service.revoke_tokens(&alice.id).await.expect("revoked");
        for token in [
            second.refresh_token.as_deref(),
            tokens[2].refresh_token.as_deref(),
        ] {
            let refused = service.refresh_token(token.expect("a refresh token")).await;
            assert!(matches!(refused, Err(Error::InvalidCredentials)));
        }
    })
    .await;
}

#[tokio::test]
async fn guessing_is_braked_as_it_is_at_every_door_and_by_address() {
    everywhere(async |world| {
        let service = service(&world).await;
        let alice = world.person("alice").await;
        let guesser = service.from_address("198.51.100.7".parse().unwrap());
        for _ in 0..5 {
            let refused = guesser.authenticate_password("alice", "a guess").await;
            assert!(
                matches!(refused, Err(Error::InvalidCredentials)),
                "{refused:?}"
            );
        }
        let locked = guesser
            .authenticate_password("alice", &alice.password)
            .await;
        match locked {
            Err(Error::TooManyFailures { retry_after }) => assert_eq!(retry_after, 900),
            other => panic!("{other:?}"),
        }
        // Nobody is told whether there is such an account.
        for _ in 0..5 {
            let refused = guesser.authenticate_password("nobody", "a guess").await;
            assert!(matches!(refused, Err(Error::InvalidCredentials)));
        }
        let locked = guesser.authenticate_password("nobody", "a guess").await;
        assert!(matches!(locked, Err(Error::TooManyFailures { .. })));
        // At the route of the same installation as well.
        let caller = world.from("198.51.100.7");
        let body = format!(
            r#"{{"identifier":"alice","password":"{}"}}"#,
            alice.password
        );
        let path = "/api/v1/auth/login";
        let reply = caller.post_raw(path, "application/json", body, &[]).await;
        reply.assert_status(429);
        world.advance(60);
        let elsewhere = service.from_address("203.0.113.9".parse().unwrap());
        let login = elsewhere
            .authenticate_password("alice", &alice.password)
            .await;
        login.expect("let in");
    })
    .await;
}

#[tokio::test]
async fn a_scope_narrows_a_login_and_never_widens_it() {
    everywhere(async |world| {
        let service = service(&world).await;
        let alice = world.person("alice").await;
        let login = |scope: &'static str| {
            let (service, password) = (service.clone(), alice.password.clone());
            async move {
                service
                    .authenticate_password_for("alice", &password, scope)
                    .await
            }
        };
        let small = login("sip.register").await.expect("let in").tokens;
        assert_eq!(small.scope, "sip.register");
        let (_, claims) = opened(&small.access_token);
        assert_eq!(claims["aud"], serde_json::json!(["rvoip-sip"]));
        assert!(claims.get("email").is_none() && claims.get("roles").is_none());
        // Known, but not hers: quietly left out. Unknown or no scope at all: an error.
        let dropped = login("sip.register users.write").await.expect("let in");
        assert_eq!(dropped.tokens.scope, "sip.register");
        for scope in [
            "sip.everything",
            "sip.register  sip.call",
            "\"",
            "SIP.REGISTER",
        ] {
            let refused = login(scope).await;
            assert!(
                matches!(refused, Err(Error::InvalidScope)),
                "{scope}: {refused:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_is_let_in_who_is_disabled_or_another_tenants() {
    everywhere(async |world| {
        let service = service(&world).await;
        let branch = world.new_tenant("branch").await;
        let bob = world.person_of(&branch, "bob", &["user"]).await;
        let elsewhere = service.in_tenant("branch");
        let login = elsewhere.authenticate_password("bob", &bob.password).await;
        let login = login.expect("let in");
        let (_, claims) = opened(&login.tokens.access_token);
        assert_eq!(claims["iss"], branch.issuer.as_str());
        assert_eq!(claims["tenant_id"], branch.id.as_str());

        let refused = service.authenticate_password("bob", &bob.password).await;
        assert!(matches!(refused, Err(Error::InvalidCredentials)));
        assert!(service.sign_out(&login.tokens.access_token).await.is_err());
        assert!(matches!(
            service.user_store().get_user(&bob.id).await,
            Err(Error::NotFound(_))
        ));
        let nowhere = service.in_tenant("nowhere");
        let refused = nowhere.authenticate_password("bob", &bob.password).await;
        assert!(matches!(refused, Err(Error::NotFound(_))));

        world
            .change_person(&branch, &bob, |input| input.enabled = false)
            .await;
        let refused = elsewhere.authenticate_password("bob", &bob.password).await;
        assert!(matches!(refused, Err(Error::InvalidCredentials)));
    })
    .await;
}

#[tokio::test]
async fn nothing_that_is_printed_holds_a_token_or_a_password() {
    everywhere(async |world| {
        let service = service(&world).await;
        let alice = world.person("alice").await;
        let login = service
            .authenticate_password("alice", &alice.password)
            .await;
        let login = login.expect("let in");
        let request = users_core::CreateUserRequest {
            username: "bob".into(),
            password: Some("the word that nobody sees".into()),
            ..Default::default()
        };
        let shown = format!("{login:?} {request:?}");
        let refresh = login.tokens.refresh_token.expect("a refresh token");
        for secret in [&*login.tokens.access_token, &refresh, "that nobody sees"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("alice") && shown.contains("bob"));
    })
    .await;
}

#[tokio::test]
async fn an_account_with_a_second_factor_shows_a_code_of_it() {
    everywhere(async |world| {
        let service = service(&world).await;
        let console = world.console(&world.tenant).await;
        let anna = world.person("anna").await;
        let bearer = world.bearer(&console, &anna).await;
        let authenticator = world.enrol(&bearer, &anna).await;
        let alone = service.authenticate_password("anna", &anna.password).await;
        assert!(
            matches!(alone, Err(Error::InteractionRequired { .. })),
            "{alone:?}"
        );
        let wrong = service.authenticate_with_otp("anna", &anna.password, "1", None);
        assert!(matches!(wrong.await, Err(Error::InvalidCredentials)));
        let code = authenticator.next_code(&world);
        let scope = Some("sip.register");
        let login = service.authenticate_with_otp("anna", &anna.password, &code, scope);
        assert_eq!(login.await.expect("let in").tokens.scope, "sip.register");
        let new = "another passphrase altogether";
        let alone = service.change_password(&anna.id, &anna.password, new).await;
        assert!(matches!(alone, Err(Error::CodeNeeded)), "{alone:?}");
        let code = authenticator.next_code(&world);
        service
            .change_password_with_otp(&anna.id, &anna.password, &code, new)
            .await
            .expect("changed");
    })
    .await;
}
