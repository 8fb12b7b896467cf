//! Logins without a page.

use serde_json::json;
use users_core::config::Profile;

use super::{Guarded, JSON, guarded};
use crate::support::everywhere;
use crate::support::world::everywhere_with;

#[tokio::test]
async fn the_password_grant_takes_a_code_beside_the_password() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            console,
            ..
        } = guarded(&world).await;
        let grant = async |otp: Option<&str>| {
            let mut form = vec![
                ("grant_type", "password"),
                ("username", "anna"),
                ("password", anna.password.as_str()),
                ("scope", "openid"),
            ];
            form.extend(otp.map(|otp| ("otp", otp)));
            console.post("/token", &form).await
        };
        grant(None).await.assert_error(400, "invalid_grant");
        grant(Some("000000"))
            .await
            .assert_error(400, "invalid_grant");
        let code = authenticator.next_code(&world);
        let tokens = grant(Some(&code)).await;
        tokens.assert_ok();
        let claims = crate::support::forge::opened(&tokens.text("id_token")).1;
        assert_eq!(claims["acr"], "2");
        grant(Some(&code)).await.assert_error(400, "invalid_grant");
        // Without a second factor a code is nothing.
        let bert = world.person("bert").await;
        let form = [
            ("grant_type", "password"),
            ("username", "bert"),
            ("password", bert.password.as_str()),
            ("scope", "openid"),
            ("otp", "123456"),
        ];
        console.post("/token", &form).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn every_door_says_who_knows_the_password_where_to_go_and_takes_a_code() {
    let on = |config: &mut users_core::config::Config| {
        config.compat = vec![
            Profile::UsersCore,
            Profile::UserManagementApi,
            Profile::UserService,
        ];
    };
    everywhere_with(on, async |world| {
        let Guarded {
            anna,
            authenticator,
            ..
        } = guarded(&world).await;
        for (path, name, identifier) in [
            ("/api/v1/auth/login", "identifier", "anna"),
            ("/auth/login", "username", "anna"),
            ("/api/users/login", "email", "anna@example.test"),
            ("/api/login", "email", "anna@example.test"),
        ] {
            let send = async |password: &str, otp: Option<&str>| {
                let mut body = json!({ name: identifier, "password": password });
                if let Some(otp) = otp {
                    body["otp"] = otp.into();
                }
                let anonymous = world.anonymous();
                anonymous.post_raw(path, JSON, body.to_string(), &[]).await
            };
            let missing = send(&anna.password, None).await;
            assert_eq!(missing.status, 403, "{path}: {missing:?}");
            let code = authenticator.next_code(&world);
            let wrong = send(&anna.password, Some("000000")).await;
            assert_eq!(wrong.status, 401, "{path}: {wrong:?}");
            let unknown = send("a wrong passphrase", Some(&code)).await;
            assert_eq!(unknown.status, 401, "{path}: {unknown:?}");
            let right = send(&anna.password, Some(&code)).await;
            assert!(right.status.is_success(), "{path}: {right:?}");
            world.advance(901);
        }
    })
    .await;
}

#[tokio::test]
async fn a_tenant_that_wants_a_second_factor_gives_nothing_at_a_door_without_one() {
    everywhere(async |mut world| {
        let console = world.console(&world.tenant).await;
        let anna = world.person("anna").await;
        crate::passwords::settle(&mut world, json!({ "require_second_factor": true })).await;
        let refused = console.password("anna", &anna.password, "openid").await;
        refused.assert_error(400, "invalid_grant");
        // Programs have no second factor, and need none.
        console.client_credentials("sip.register").await;
    })
    .await;
}
