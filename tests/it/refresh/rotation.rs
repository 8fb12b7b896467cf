//! One use each: what an exchange gives, what it needs, and what it leaves in the database.

use users_core::model::client_metadata::GrantType;

use super::{access_of, assert_refused, family_of, leaves, refresh_of, rotate, sid_of, signed_in};
use crate::support::everywhere;
use crate::support::people::Service;

#[tokio::test]
async fn an_exchange_gives_new_tokens_and_ends_the_old_one() {
    everywhere(async |world| {
        let (app, person, first) = signed_in(&world).await;
        let sid = sid_of(&app, &first).await;
        let second = rotate(&app, &refresh_of(&first)).await;
        assert_ne!(refresh_of(&first), refresh_of(&second));
        assert_ne!(access_of(&first), access_of(&second));
        assert_eq!(second.text("scope"), first.text("scope"));
        assert_eq!(second.header("cache-control"), Some("no-store"));
        assert!(Service::is_active(
            &app.introspect(&refresh_of(&second)).await
        ));
        app.introspect(&refresh_of(&first)).await.assert_inactive();
        let claims = app.introspect(&access_of(&second)).await.json();
        assert_eq!(claims["sub"], person.id.as_str());
        assert_eq!(claims["sid"], sid.as_str(), "one sign-in, one sid");
        assert_eq!(leaves(&world, &family_of(&app, &first).await).await, 1);
    })
    .await;
}

// A099
#[tokio::test]
async fn no_refresh_token_without_offline_access_or_the_grant() {
    everywhere(async |world| {
        let person = world.person("alice").await;
        let scope = "openid offline_access sip.register";
        let app = world.client("app", scope).await;
        for asked in ["openid", "sip.register", "openid sip.register"] {
            let reply = app.sign_in(&person, asked).await;
            assert!(reply.json().get("refresh_token").is_none(), "{asked}");
        }
        // Without a scope parameter offline_access is not among what is given.
        let form = [
            ("grant_type", "password"),
            ("username", &person.username),
            ("password", &person.password),
        ];
        let reply = app.post("/token", &form).await;
        reply.assert_ok();
        assert!(reply.json().get("refresh_token").is_none());
        let never = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata
                .grant_types
                .retain(|grant| *grant != GrantType::RefreshToken);
        };
        let without_grant = world.client_with("without-grant", scope, never).await;
        let reply = without_grant.sign_in(&person, scope).await;
        assert!(reply.json().get("refresh_token").is_none());
        let always = world
            .client_with("always", scope, |metadata| {
                metadata.refresh_without_offline_access = true;
            })
            .await;
        refresh_of(&always.sign_in(&person, "sip.register").await);
        let own = always.client_credentials("sip.register").await;
        own.assert_ok();
        assert!(own.json().get("refresh_token").is_none());
    })
    .await;
}

#[tokio::test]
async fn a_token_that_never_was_one_is_refused() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let good = refresh_of(&first);
        let cut = &good[..good.len() - 1];
        let flipped = format!("{cut}{}", if good.ends_with('A') { 'B' } else { 'A' });
        let other_kind = good.replacen("uc_rt_", "uc_at_", 1);
        let upper = good.to_uppercase();
        let spaced = format!(" {good}");
        let long = "a".repeat(4000);
        for token in [
            cut,
            &flipped,
            &other_kind,
            &upper,
            &spaced,
            &format!("{good}{good}"),
            "null",
            "uc_rt_",
            "' OR 1=1 --",
            "\u{fc}c_rt_",
            &long,
            &access_of(&first),
        ] {
            assert_refused(&app, token).await;
        }
        rotate(&app, &good).await;
    })
    .await;
}

#[tokio::test]
async fn the_parameter_is_needed_once_and_in_the_body() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let good = refresh_of(&first);
        let grant = ("grant_type", "refresh_token");
        for form in [
            vec![grant],
            vec![grant, ("refresh_token", "")],
            vec![grant, ("refresh_token", &good), ("refresh_token", &good)],
            vec![
                grant,
                ("refresh_token", &good),
                ("scope", "openid"),
                ("scope", "email"),
            ],
        ] {
            let reply = app.post("/token", &form).await;
            reply.assert_error(400, "invalid_request");
        }
        let in_query = format!("/token?refresh_token={good}");
        let reply = app.post(&in_query, &[grant]).await;
        reply.assert_error(400, "invalid_request");
        rotate(&app, &good).await;
    })
    .await;
}

#[tokio::test]
async fn the_database_holds_no_token_and_no_way_to_one() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let first = refresh_of(&first);
        let second = refresh_of(&rotate(&app, &first).await);
        let mut raw = world.raw().await;
        let columns = raw
            .texts(
                "SELECT digest || ' ' || COALESCE(predecessor, '') || ' ' || COALESCE(successor, '') \
                 || ' ' || COALESCE(successor_sealed, '') || ' ' || COALESCE(request, '') \
                 FROM refresh_tokens",
            )
            .await;
        assert_eq!(columns.len(), 2);
        for token in [&first, &second] {
            let body = &token["uc_rt_".len()..];
            assert!(columns.iter().all(|text| !text.contains(body)));
        }
        // What is stored does not open with what is stored: a digest is no refresh token.
        for digest in raw.texts("SELECT digest FROM refresh_tokens").await {
            assert_refused(&app, &digest).await;
            assert_refused(&app, &format!("uc_rt_{digest}")).await;
        }
        rotate(&app, &second).await;
    })
    .await;
}
