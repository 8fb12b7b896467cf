//! One authorization and its code, many hands.

use users_core::model::client_metadata::ClientMetadata;

use crate::support::browser::{Answer, Asking, Browser, CALLBACK, Form};
use crate::support::people::{Person, Service};
use crate::support::race::{RACERS, ROUNDS, at_once};
use crate::support::{Reply, World, everywhere};

const SCOPE: &str = "openid offline_access sip.register";

/// A client as two nodes serve it, and somebody with a browser.
struct Scene {
    here: Service,
    there: Service,
    person: Person,
    browser: Browser,
}

impl Scene {
    async fn of(world: &World, change: impl FnOnce(&mut ClientMetadata)) -> Self {
        let here = world.client_with("app", SCOPE, change).await;
        let (_, caller) = world.second_node().await;
        Self {
            there: here.through(&caller),
            here,
            person: world.person("alice").await,
            browser: Browser::new(world.anonymous()),
        }
    }

    /// The nodes take turns.
    fn node(&self, racer: usize) -> Service {
        let app = if racer.is_multiple_of(2) {
            &self.here
        } else {
            &self.there
        };
        app.clone()
    }

    /// The same browser, as many times as there are racers, at both nodes.
    fn tabs(&self) -> impl Iterator<Item = Browser> {
        (0..RACERS).map(|racer| Browser {
            caller: self.node(racer).caller,
            ..self.browser.clone()
        })
    }

    async fn code(&mut self, asking: &Asking) -> String {
        let answer = self.browser.authorize(asking, &self.person).await;
        answer.code().to_owned()
    }
}

fn first_party(metadata: &mut ClientMetadata) {
    metadata.first_party = true;
}

/// Splits off the successes; the others are what a code that cannot be redeemed gets.
fn winners(replies: Vec<Reply>) -> Vec<Reply> {
    let (winners, losers): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| reply.status == 200);
    for loser in losers {
        loser.assert_error(400, "invalid_grant");
    }
    winners
}

async fn assert_dead(app: &Service, tokens: &Reply) {
    app.introspect(&tokens.text("access_token"))
        .await
        .assert_inactive();
    if let Some(token) = tokens.json()["refresh_token"].as_str() {
        app.refresh(token).await.assert_error(400, "invalid_grant");
    }
}

// A041
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_redemptions_one_wins_and_the_others_are_replays() {
    everywhere(async |world| {
        let mut scene = Scene::of(&world, first_party).await;
        let asking = Asking::of(&scene.here, SCOPE);
        for round in 0..ROUNDS {
            let code = scene.code(&asking).await;
            let replies = at_once((0..RACERS).map(|racer| {
                let (app, code) = (scene.node(racer), code.clone());
                let verifier = asking.verifier.clone();
                async move { app.redeem_with(&code, &verifier, CALLBACK).await }
            }))
            .await;
            let winners = winners(replies);
            assert_eq!(winners.len(), 1, "round {round}");
            world.follow().await;
            assert_dead(&scene.here, &winners[0]).await;
        }
        let mut raw = world.raw().await;
        let rounds = i64::try_from(ROUNDS).unwrap();
        for (text, expected) in [
            ("SELECT COUNT(*) FROM grants", rounds),
            ("SELECT COUNT(*) FROM grants WHERE ended_at IS NULL", 0),
            ("SELECT COUNT(*) FROM refresh_tokens", rounds),
            (
                "SELECT COUNT(*) FROM audit WHERE kind = 'code.replay'",
                rounds,
            ),
        ] {
            assert_eq!(raw.number(text).await, expected, "{text}");
        }
    })
    .await;
}

// A041
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_and_a_wrong_verifier_at_once_leave_nothing_alive() {
    everywhere(async |world| {
        let mut scene = Scene::of(&world, first_party).await;
        let asking = Asking::of(&scene.here, SCOPE);
        for racers in [2, 10] {
            for round in 0..ROUNDS {
                let code = scene.code(&asking).await;
                let replies = at_once((0..racers).map(|racer| {
                    // Two nodes have one of each, whichever number they are.
                    let (app, code) = (scene.node(racer / 2 + round), code.clone());
                    let verifier = match racer % 2 {
                        0 => asking.verifier.clone(),
                        _ => "b".repeat(43),
                    };
                    async move { app.redeem_with(&code, &verifier, CALLBACK).await }
                }))
                .await;
                let winners = winners(replies);
                assert!(winners.len() <= 1, "round {round}");
                world.follow().await;
                for winner in winners {
                    assert_dead(&scene.here, &winner).await;
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_consents_to_one_question_one_brings_a_code() {
    everywhere(async |world| {
        let mut scene = Scene::of(&world, |_| {}).await;
        let asking = Asking::of(&scene.here, SCOPE).with("prompt", "consent");
        for round in 0..ROUNDS {
            let mut page = scene.browser.ask(&asking).await;
            if Form::find(&page, "/sign-in").is_some() {
                page = scene.browser.sign_in(&page, &scene.person).await;
            }
            let form = Form::of(&page, "/consent").with("decision", "allow");
            let replies = at_once(scene.tabs().map(|mut tab| {
                let form = form.clone();
                async move { tab.submit(&form).await }
            }))
            .await;
            assert_one_code(&world, &replies, round).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_sign_ins_on_one_page_one_brings_a_code() {
    everywhere(async |world| {
        let mut scene = Scene::of(&world, first_party).await;
        let asking = Asking::of(&scene.here, SCOPE);
        for round in 0..5 {
            scene.browser.cookies.clear();
            let page = scene.browser.ask(&asking).await;
            let form = Form::of(&page, "/sign-in")
                .with("username", &scene.person.username)
                .with("password", &scene.person.password);
            let replies = at_once(scene.tabs().map(|mut tab| {
                let form = form.clone();
                async move { tab.submit(&form).await }
            }))
            .await;
            // Hashing has a bound; those beyond it are asked to come again.
            let replies: Vec<Reply> = replies
                .into_iter()
                .filter(|reply| reply.status != 503)
                .collect();
            assert_one_code(&world, &replies, round).await;
        }
    })
    .await;
}

/// One answer has a code, the others say that the page was used, and no row says otherwise.
async fn assert_one_code(world: &World, replies: &[Reply], round: usize) {
    let (answers, pages): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 303);
    assert_eq!(answers.len(), 1, "round {round}");
    Answer::of(answers[0]).code();
    for page in pages {
        assert_eq!(page.status, 400, "round {round}: {page:?}");
        assert!(
            page.body.contains("id=\"error\""),
            "round {round}: {page:?}"
        );
        assert_eq!(page.header("location"), None);
    }
    let mut raw = world.raw().await;
    let codes = raw.number("SELECT COUNT(*) FROM codes").await;
    assert_eq!(usize::try_from(codes), Ok(round + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_a_code_gave_outlives_a_sign_out_that_met_it() {
    everywhere(async |world| {
        let mut scene = Scene::of(&world, first_party).await;
        let asking = Asking::of(&scene.here, "openid sip.register");
        let mut given = 0;
        for round in 0..ROUNDS {
            let mut codes = Vec::new();
            for _ in 0..12 {
                codes.push(scene.code(&asking).await);
            }
            let page = scene.browser.get("/logout").await;
            let form = Form::of(&page, "/account/sign-out");
            let last = codes.pop().expect("a code");
            let mut browser = scene.browser.clone();
            let out = tokio::spawn(async move { browser.submit(&form).await });
            let replies = at_once(codes.into_iter().enumerate().map(|(racer, code)| {
                let (app, verifier) = (scene.node(racer), asking.verifier.clone());
                async move { app.redeem_with(&code, &verifier, CALLBACK).await }
            }))
            .await;
            assert_eq!(out.await.expect("an answer").status, 200, "round {round}");
            world.follow().await;
            let winners = winners(replies);
            given += winners.len();
            for tokens in winners {
                assert_dead(&scene.here, &tokens).await;
            }
            let late = scene
                .there
                .redeem_with(&last, &asking.verifier, CALLBACK)
                .await;
            late.assert_error(400, "invalid_grant");
            scene.browser.cookies.clear();
        }
        println!("{given} of {} came before", ROUNDS * 11);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_code_is_redeemed_for_an_account_once_it_is_disabled() {
    everywhere(async |world| {
        let mut scene = Scene::of(&world, first_party).await;
        let asking = Asking::of(&scene.here, SCOPE);
        for round in 0..10 {
            scene.person = world.person(&format!("person{round}")).await;
            scene.browser.cookies.clear();
            let mut codes = Vec::new();
            for _ in 0..8 {
                codes.push(scene.code(&asking).await);
            }
            let last = codes.pop().expect("a code");
            let tasks: Vec<_> = codes
                .into_iter()
                .enumerate()
                .map(|(racer, code)| {
                    let (app, verifier) = (scene.node(racer), asking.verifier.clone());
                    tokio::spawn(async move { app.redeem_with(&code, &verifier, CALLBACK).await })
                })
                .collect();
            world.set_enabled(&scene.person, false).await;
            let late = scene
                .there
                .redeem_with(&last, &asking.verifier, CALLBACK)
                .await;
            late.assert_error(400, "invalid_grant");
            let mut replies = Vec::new();
            for task in tasks {
                replies.push(task.await.expect("an answer"));
            }
            world.follow().await;
            for tokens in winners(replies) {
                assert_dead(&scene.here, &tokens).await;
            }
        }
    })
    .await;
}
