//! Who knows the password and guesses at the code.

use serde_json::json;

use super::{Guarded, JSON, coded, everywhere, guarded};
use crate::support::browser::{Answer, Asking, Browser};
use crate::support::race::at_once;
use crate::support::smtp::{Mood, Peer};
use crate::support::world::everywhere_with;

// A272
#[tokio::test]
async fn guesses_are_counted_by_account_over_sessions_and_nodes() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            console,
            ..
        } = guarded(&world).await;
        let (_node, other) = world.second_node().await;
        let asking = Asking::of(&console, "openid");
        world.advance(60);
        let wrong = format!(
            "{:06}",
            (authenticator
                .code_in(&world, 0)
                .parse::<u32>()
                .expect("digits")
                + 1)
                % 1_000_000
        );
        let mut browsers = Vec::new();
        for number in 0..12 {
            let caller = if number % 2 == 0 {
                world.anonymous()
            } else {
                &other
            };
            let mut browser = Browser::new(caller);
            let page = browser.ask(&asking).await;
            let page = browser.sign_in(&page, &anna).await;
            browsers.push((browser, coded(&page, &wrong)));
        }
        let tries = browsers
            .iter()
            .cloned()
            .map(|(mut browser, form)| async move { browser.submit(&form).await.status.as_u16() });
        let statuses = at_once(tries).await;
        let looked_at = statuses.iter().filter(|status| **status == 400).count();
        let refused = statuses.iter().filter(|status| **status == 429).count();
        assert_eq!((looked_at, refused), (5, 7), "{statuses:?}");
        // The right one too, until it is over; then it lets in as ever.
        let (mut browser, form) = browsers.remove(0);
        let right = form.clone().with("otp", &authenticator.code_in(&world, 0));
        let page = browser.submit(&right).await;
        assert_eq!(page.status, 429);
        let wait = page
            .header("retry-after")
            .expect("a time to come back")
            .to_owned();
        assert!(
            (1..=900).contains(&wait.parse::<i64>().expect("seconds")),
            "{wait}"
        );
        world.advance(901);
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &anna).await;
        let form = coded(&page, &authenticator.code_in(&world, 0));
        Answer::of(&browser.submit(&form).await).code();
    })
    .await;
}

// A272
#[tokio::test]
async fn good_codes_in_between_give_a_guesser_no_more_tries() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            ..
        } = guarded(&world).await;
        let login = async |otp: &str| {
            let body = json!({ "identifier": "anna", "password": anna.password, "otp": otp });
            let anonymous = world.anonymous();
            anonymous
                .post_raw("/api/v1/auth/login", JSON, body.to_string(), &[])
                .await
                .status
                .as_u16()
        };
        for _ in 0..4 {
            assert_eq!(login("1").await, 401);
            assert_eq!(login(&authenticator.next_code(&world)).await, 200);
        }
        assert_eq!(login("1").await, 401);
        assert_eq!(login(&authenticator.next_code(&world)).await, 429);
    })
    .await;
}

// A272
#[tokio::test]
async fn the_owner_is_told_once_that_somebody_guesses() {
    let peer = Peer::start().await;
    everywhere_with(
        |config| peer.configure(config),
        async |world| {
            peer.take();
            peer.is(Mood::Takes);
            let Guarded { anna, .. } = guarded(&world).await;
            let added = Peer::one(peer.deliver(&world).await);
            assert!(
                added
                    .header("subject")
                    .contains("a way to sign in was added")
            );
            for _ in 0..9 {
                let body = json!({ "identifier": "anna", "password": anna.password, "otp": "1" });
                world
                    .anonymous()
                    .post_raw("/api/v1/auth/login", JSON, body.to_string(), &[])
                    .await;
            }
            let told = Peer::one(peer.deliver(&world).await);
            assert!(
                told.header("subject").contains("somebody tries to sign in"),
                "{told:?}"
            );
            let trail = world.audit().await;
            let guessed = trail.iter().filter(|row| row.kind == "user.factor_guessed");
            assert_eq!(guessed.count(), 1);
        },
    )
    .await;
}

// A272
#[tokio::test]
async fn who_has_patience_is_stopped_for_the_day() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            ..
        } = guarded(&world).await;
        let login = async |otp: &str| {
            let body = json!({ "identifier": "anna", "password": anna.password, "otp": otp });
            let anonymous = world.anonymous();
            let reply = anonymous
                .post_raw("/api/v1/auth/login", JSON, body.to_string(), &[])
                .await;
            let wait = reply.header("retry-after").map(str::parse::<i64>);
            (
                reply.status.as_u16(),
                wait.map(|wait| wait.expect("seconds")),
            )
        };
        for _ in 0..4 {
            for _ in 0..5 {
                assert_eq!(login("1").await.0, 401);
            }
            world.advance(901);
        }
        let (status, wait) = login(&authenticator.code_in(&world, 0)).await;
        assert_eq!(status, 429);
        assert!(wait.is_some_and(|wait| wait > 70_000), "{wait:?}");
        let trail = world.audit().await;
        let guessed = trail.iter().filter(|row| row.kind == "user.factor_guessed");
        assert_eq!(guessed.count(), 4);
        world.advance(86_400);
        assert_eq!(login(&authenticator.code_in(&world, 0)).await.0, 200);
    })
    .await;
}
