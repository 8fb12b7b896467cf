//! A code is good once, soon, for its own client, address and tenant (RFC 6749 section 4.1.2).

use super::scene;
use crate::support::browser::{Answer, Asking, Browser, CALLBACK};
use crate::support::people::Service;
use crate::support::{Reply, everywhere};

const SCOPE: &str = "openid offline_access sip.register";

/// A code for somebody who is signed in and has allowed everything.
async fn another(browser: &mut Browser, asking: &Asking) -> Answer {
    Answer::of(&browser.ask(asking).await)
}

async fn assert_dead(app: &Service, tokens: &Reply) {
    app.introspect(&tokens.text("access_token"))
        .await
        .assert_inactive();
    app.introspect(&tokens.text("refresh_token"))
        .await
        .assert_inactive();
    assert_eq!(app.userinfo(&tokens.text("access_token")).await.status, 401);
    let refreshed = app.refresh(&tokens.text("refresh_token")).await;
    refreshed.assert_error(400, "invalid_grant");
}

async fn assert_live(app: &Service, tokens: &Reply) {
    tokens.assert_ok();
    let seen = app.introspect(&tokens.text("access_token")).await;
    assert!(Service::is_active(&seen));
    app.refresh(&tokens.text("refresh_token")).await.assert_ok();
}

// A033
#[tokio::test]
async fn a_replay_whenever_it_comes_kills_what_the_code_gave() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let (_, caller) = world.second_node().await;
        let there = app.through(&caller);
        let asking = Asking::of(&app, SCOPE);
        browser.authorize(&asking, &person).await;
        // 900 s: after the code's own end, but not after its tokens'.
        for (round, seconds) in [0, 1, 30, 59, 60, 61, 899].into_iter().enumerate() {
            let answer = another(&mut browser, &asking).await;
            let tokens = app.redeem(&answer, &asking).await;
            // What came of the code since dies with it.
            let rotated = app.refresh(&tokens.text("refresh_token")).await;
            rotated.assert_ok();
            let bystander = another(&mut browser, &asking).await;
            let bystander = app.redeem(&bystander, &asking).await;
            world.advance(seconds);
            world.app.store.reap(world.app.clock.now()).await.unwrap();
            let replay = there.redeem(&answer, &asking).await;
            replay.assert_error(400, "invalid_grant");
            // One look at the feed, and every node knows.
            world.follow().await;
            assert_dead(&app, &rotated).await;
            assert_dead(&app, &tokens).await;
            assert_live(&app, &bystander).await;
            let events = world.audit().await;
            let replays: Vec<_> = events
                .iter()
                .filter(|row| row.kind == "code.replay")
                .collect();
            assert_eq!(replays.len(), round + 1, "{seconds} s");
            assert_eq!(replays[0].subject.as_deref(), Some(person.id.as_str()));
            assert_eq!(replays[0].client_id.as_deref(), Some("app"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_replay_proves_nothing_more_than_that_the_client_has_the_code() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, SCOPE);
        browser.authorize(&asking, &person).await;
        // However wrong the rest of the request, a copy of the code is about.
        for (verifier, uri) in [
            ("", CALLBACK),
            ("another verifier", CALLBACK),
            (asking.verifier.as_str(), ""),
            (asking.verifier.as_str(), "https://evil.test/cb"),
        ] {
            let answer = another(&mut browser, &asking).await;
            let tokens = app.redeem(&answer, &asking).await;
            tokens.assert_ok();
            let replay = app.redeem_with(answer.code(), verifier, uri).await;
            replay.assert_error(400, "invalid_grant");
            assert_dead(&app, &tokens).await;
        }
    })
    .await;
}

// A034
#[tokio::test]
async fn only_its_own_client_redeems_a_code_and_only_in_time() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let other = world.client("other", SCOPE).await;
        let asking = Asking::of(&app, SCOPE);
        browser.authorize(&asking, &person).await;
        for (client, is_own) in [(&app, true), (&other, false)] {
            for (seconds, is_fresh) in [(59, true), (60, false)] {
                let answer = another(&mut browser, &asking).await;
                world.advance(seconds);
                let reply = client.redeem(&answer, &asking).await;
                if is_own && is_fresh {
                    assert_live(client, &reply).await;
                } else {
                    reply.assert_error(400, "invalid_grant");
                }
                if is_fresh && !is_own {
                    // A stranger's attempt harms nobody, before and after.
                    let tokens = app.redeem(&answer, &asking).await;
                    let again = other.redeem(&answer, &asking).await;
                    again.assert_error(400, "invalid_grant");
                    assert_live(&app, &tokens).await;
                }
            }
        }
        world.app.refusals.flush(&world.app.store).await.unwrap();
        let counted = world.app.store.tenant(&world.tenant.id);
        assert_eq!(counted.count_refusals("code.foreign").await.unwrap(), 3);
    })
    .await;
}

// A035
#[tokio::test]
async fn a_code_is_over_after_a_minute_and_an_expired_one_harms_nobody() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, SCOPE);
        let first = browser.authorize(&asking, &person).await;
        let tokens = app.redeem(&first, &asking).await;
        let late = another(&mut browser, &asking).await;
        for seconds in [60, 1, 3600] {
            world.advance(seconds);
            let reply = app.redeem(&late, &asking).await;
            reply.assert_error(400, "invalid_grant");
        }
        let refreshed = app.refresh(&tokens.text("refresh_token")).await;
        refreshed.assert_ok();
        // And once it is gone altogether.
        world.advance(7 * 86_400);
        world.app.store.reap(world.app.clock.now()).await.unwrap();
        let reply = app.redeem(&late, &asking).await;
        reply.assert_error(400, "invalid_grant");
    })
    .await;
}

// A038
#[tokio::test]
async fn a_namesake_in_another_tenant_cannot_redeem_a_code() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let acme = world.new_tenant("acme").await;
        let there = world.client_of(&acme, "app", SCOPE, |_| {}).await;
        world.person_of(&acme, "alice", &["user"]).await;
        let asking = Asking::of(&app, SCOPE);
        let answer = browser.authorize(&asking, &person).await;
        // With its own secret, with the namesake's, and with ours at its endpoint.
        there
            .redeem(&answer, &asking)
            .await
            .assert_error(400, "invalid_grant");
        let mixed = Service {
            secret: app.secret.clone(),
            ..there.clone()
        };
        mixed
            .redeem(&answer, &asking)
            .await
            .assert_error(401, "invalid_client");
        let tokens = app.redeem(&answer, &asking).await;
        assert_live(&app, &tokens).await;
        // Spent, it is as unknown there as before, and dies of nothing that happens there.
        there
            .redeem(&answer, &asking)
            .await
            .assert_error(400, "invalid_grant");
        world.follow().await;
        let seen = app.introspect(&tokens.text("access_token")).await;
        assert!(Service::is_active(&seen));
    })
    .await;
}

// RFC 6749 section 4.1.3
#[tokio::test]
async fn a_code_is_redeemed_at_the_address_it_was_sent_to() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let other = "https://app.example.test/other";
        world
            .change_client(&world.tenant, "app", true, |metadata| {
                metadata.redirect_uris.push(other.to_owned());
            })
            .await;
        let asking = Asking::of(&app, SCOPE);
        let answer = browser.authorize(&asking, &person).await;
        for uri in [
            "",
            other,
            "https://evil.test/cb",
            "https://app.example.test/callback/",
        ] {
            let reply = app.redeem_with(answer.code(), &asking.verifier, uri).await;
            reply.assert_error(400, "invalid_grant");
        }
        let form = [
            ("grant_type", "authorization_code"),
            ("code", answer.code()),
            ("code_verifier", asking.verifier.as_str()),
        ];
        let reply = app.post("/token", &form).await;
        reply.assert_error(400, "invalid_grant");
        app.redeem(&answer, &asking).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_code_is_nothing_but_a_code() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, SCOPE);
        let tokens = app
            .redeem(&browser.authorize(&asking, &person).await, &asking)
            .await;
        let answer = another(&mut browser, &asking).await;
        let code = answer.code();
        app.introspect(code).await.assert_inactive();
        assert_eq!(app.userinfo(code).await.status, 401);
        app.refresh(code).await.assert_error(400, "invalid_grant");
        app.revoke(code).await.assert_ok();
        let [first, rest] = [&code[..code.len() - 1], &code[1..]];
        let last = if code.ends_with('A') { "B" } else { "A" };
        for text in [
            tokens.text("access_token"),
            tokens.text("refresh_token"),
            tokens.text("id_token"),
            first.to_owned(),
            rest.to_owned(),
            format!("{first}{last}"),
            format!("{code}A"),
            format!("{code} "),
            code.to_uppercase(),
            "' OR 1=1 --".to_owned(),
            "a".repeat(10_000),
        ] {
            let reply = app.redeem_with(&text, &asking.verifier, CALLBACK).await;
            reply.assert_error(400, "invalid_grant");
        }
        let reply = app.redeem_with("", &asking.verifier, CALLBACK).await;
        reply.assert_error(400, "invalid_request");
        // In the address of the form it is not looked at.
        let path = format!("/token?code={code}");
        let form = [
            ("grant_type", "authorization_code"),
            ("redirect_uri", CALLBACK),
            ("code_verifier", asking.verifier.as_str()),
        ];
        app.post(&path, &form)
            .await
            .assert_error(400, "invalid_request");
        let tokens = app.redeem(&answer, &asking).await;
        assert_live(&app, &tokens).await;
    })
    .await;
}
