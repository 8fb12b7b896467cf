//! Where somebody is taken after signing out.

use super::{BYE, address, assert_signed_out, scene};
use crate::sign_in::assert_refused;
use crate::support::browser::{Browser, Form};
use crate::support::everywhere;

// A171
#[tokio::test]
async fn an_address_that_is_not_registered_signs_nobody_out() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        world
            .client_with("other", "openid", |metadata| {
                metadata.post_logout_redirect_uris = vec!["https://other.example.test/".to_owned()];
            })
            .await;
        let hint = scene.hint.clone();
        for next in [
            "https://other.example.test/",
            "https://rp.example.test/",
            "https://rp.example.test/bye/",
            "https://rp.example.test/bye?",
            "https://rp.example.test/bye?a=c",
            "https://rp.example.test/bye?a=b&c=d",
            "https://rp.example.test/bye#x",
            "https://rp.example.test/Bye",
            "https://RP.example.test/bye",
            "https://rp.example.test:443/bye",
            "http://rp.example.test/bye",
            "https://rp.example.test/x/../bye",
            "https://rp.example.test/bye%00",
            "https://rp.example.test/bye ",
            " https://rp.example.test/bye",
            "https://user@rp.example.test/bye",
            "https://rp.example.test.evil.test/bye",
            "//rp.example.test/bye",
            "/bye",
            "javascript:alert(1)",
            "data:text/html,x",
            // Where codes go is not where people go.
            crate::support::browser::CALLBACK,
        ] {
            for proof in [
                ("id_token_hint", hint.as_str()),
                ("client_id", "rp"),
                ("client_id", "nobody"),
                ("client_id", ""),
            ] {
                let reply = scene
                    .logout(&[proof, ("post_logout_redirect_uri", next)])
                    .await;
                assert_refused(&reply, 400);
                assert!(!reply.body.contains("evil"), "{reply:?}");
            }
            // Also where nobody is signed in.
            let logout = address(&[("client_id", "rp"), ("post_logout_redirect_uri", next)]);
            assert_refused(&Browser::new(world.anonymous()).get(&logout).await, 400);
        }
        assert!(scene.is_signed_in().await);
        let seen = scene.rp.introspect(&scene.access_token).await;
        assert_eq!(seen.json()["active"], true);
    })
    .await;
}

#[tokio::test]
async fn a_registered_address_is_gone_to_with_the_state_and_nothing_else() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let state = "é%&=+#?/\\<>\"' 🔑".repeat(20);
        let hint = scene.hint.clone();
        let with_query = format!("{BYE}?a=b");
        for (next, state) in [
            (BYE, Some(state.as_str())),
            (&with_query, Some("x")),
            (BYE, None),
        ] {
            let mut params = vec![
                ("id_token_hint", hint.as_str()),
                ("post_logout_redirect_uri", next),
            ];
            params.extend(state.map(|state| ("state", state)));
            let reply = scene.logout(&params).await;
            assert_eq!(reply.status, 303, "{reply:?}");
            let location = reply.header("location").expect("a location");
            let rest = location
                .strip_prefix(next)
                .expect("the address as registered");
            assert_eq!(rest.is_empty(), state.is_none(), "{location}");
            let joint = if next.contains('?') { '&' } else { '?' };
            let query = rest.strip_prefix(joint).unwrap_or_default();
            let sent: Vec<(String, String)> = serde_urlencoded::from_str(query).expect("params");
            let expected = state.map(|state| ("state".to_owned(), state.to_owned()));
            assert_eq!(sent, expected.into_iter().collect::<Vec<_>>());
            assert!(!location.contains("token"), "{location}");
        }
        // Without an address the state is nobody's.
        let reply = scene
            .logout(&[("state", "x"), ("id_token_hint", &hint)])
            .await;
        assert_signed_out(&reply);
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_taken_back_meanwhile_is_not_gone_to() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        for deed in ["address", "client"] {
            let page = scene
                .logout(&[
                    ("client_id", "rp"),
                    ("post_logout_redirect_uri", BYE),
                    ("state", "x"),
                ])
                .await;
            let form = Form::of(&page, "/account/sign-out");
            match deed {
                "address" => {
                    world
                        .change_client(&world.tenant, "rp", true, |metadata| {
                            metadata.post_logout_redirect_uris.remove(0);
                        })
                        .await;
                }
                _ => {
                    world
                        .change_client(&world.tenant, "rp", false, |_| {})
                        .await;
                }
            }
            assert_signed_out(&scene.browser.submit(&form).await);
            if deed == "address" {
                world
                    .change_client(&world.tenant, "rp", true, |metadata| {
                        metadata.post_logout_redirect_uris = vec![BYE.to_owned()];
                    })
                    .await;
                super::tokens(&mut scene.browser, &scene.rp, &scene.alice).await;
            }
        }
    })
    .await;
}
