//! The question whether to sign out, and its answer.

use super::{BYE, address, assert_asked, assert_signed_out, scene, tokens};
use crate::support::browser::{Browser, Form};
use crate::support::everywhere;

#[tokio::test]
async fn whoever_proves_nothing_is_asked_and_nothing_happens_until_the_answer() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        for params in [
            [].as_slice(),
            &[("client_id", "rp")],
            &[("client_id", "nobody")],
            &[("state", "x")],
            &[("logout_hint", "alice")],
            &[("ui_locales", "de")],
            &[("post_logout_redirect_uri", BYE), ("client_id", "rp")],
        ] {
            let page = scene.logout(params).await;
            assert_asked(&page);
            assert!(page.body.contains("alice"), "{page:?}");
            assert!(scene.is_signed_in().await, "{params:?}");
        }
        let seen = scene.rp.introspect(&scene.access_token).await;
        assert_eq!(seen.json()["active"], true);
    })
    .await;
}

#[tokio::test]
async fn the_answer_signs_everybody_out_who_stands_on_the_page_and_goes_where_it_should() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let bob = world.person("bob").await;
        let bobs = tokens(&mut scene.browser, &scene.rp, &bob).await;
        let page = scene
            .logout(&[
                ("client_id", "rp"),
                ("post_logout_redirect_uri", BYE),
                ("state", "a&b"),
            ])
            .await;
        assert!(
            page.body.contains("alice") && page.body.contains("bob"),
            "{page:?}"
        );
        let before = scene.browser.clone();
        let form = Form::of(&page, "/account/sign-out");
        let reply = scene.browser.submit(&form).await;
        assert_eq!(reply.status, 303, "{reply:?}");
        let location = format!("{BYE}?state=a%26b");
        assert_eq!(reply.header("location"), Some(location.as_str()));
        // The browser forgets its cookie, and the old value is worth nothing.
        let names: Vec<&String> = scene.browser.cookies.keys().collect();
        assert!(!names.iter().any(|name| name.contains("sid")), "{names:?}");
        for mut browser in [scene.browser.clone(), before] {
            assert_eq!(crate::sign_in::who(&mut browser, &scene.rp).await, None);
        }
        for token in [&scene.access_token, &bobs.text("access_token")] {
            scene.rp.introspect(token).await.assert_inactive();
        }
        // Once more changes nothing.
        let reply = scene.browser.submit(&form).await;
        assert_eq!(reply.header("location"), Some(location.as_str()));
    })
    .await;
}

#[tokio::test]
async fn where_nobody_is_signed_in_nobody_is_asked() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        let mut nobody = Browser::new(world.anonymous());
        let before = crate::sign_in::rows(&world).await;
        assert_signed_out(&nobody.get("/logout").await);
        let next = address(&[
            ("client_id", "rp"),
            ("post_logout_redirect_uri", BYE),
            ("state", "x"),
        ]);
        let reply = nobody.get(&next).await;
        assert_eq!(
            reply.header("location"),
            Some(format!("{BYE}?state=x").as_str())
        );
        let hinted = address(&[
            ("id_token_hint", &scene.hint),
            ("post_logout_redirect_uri", BYE),
        ]);
        let reply = nobody.get(&hinted).await;
        assert_eq!(reply.header("location"), Some(BYE));
        // The session the hint speaks of is another browser's, and goes on.
        assert_eq!(crate::sign_in::rows(&world).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_posted_request_is_taken_to_the_same_question() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let hint = scene.hint.clone();
        // A form on another site comes without cookies; the address that follows with them.
        let params = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", BYE),
            ("state", "x"),
        ];
        let from = [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://rp.example.test"),
        ];
        let reply = world.anonymous().post("/logout", &params, &from).await;
        assert_eq!(reply.status, 303, "{reply:?}");
        assert_eq!(reply.header("location"), Some(address(&params).as_str()));
        assert!(scene.is_signed_in().await);
        let location = reply.header("location").expect("a location").to_owned();
        let reply = scene.browser.get(&location).await;
        assert_eq!(
            reply.header("location"),
            Some(format!("{BYE}?state=x").as_str())
        );
        assert!(!scene.is_signed_in().await);
        let long = "x".repeat(20_000);
        let reply = scene.browser.post("/logout", &[("state", &long)]).await;
        assert_eq!(reply.status, 400, "{reply:?}");
    })
    .await;
}

#[tokio::test]
async fn signing_out_leaves_one_event_for_each_session() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let hint = scene.hint.clone();
        for _ in 0..3 {
            scene.logout(&[("id_token_hint", &hint)]).await;
        }
        let logouts = world.audit().await.into_iter();
        let logouts: Vec<_> = logouts.filter(|row| row.kind == "logout").collect();
        assert_eq!(logouts.len(), 1, "{logouts:?}");
        assert_eq!(logouts[0].subject.as_ref(), Some(&scene.alice.id));
    })
    .await;
}
