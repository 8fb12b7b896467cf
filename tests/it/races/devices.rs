//! Sign-ins and codes that meet the end of the device or the consent they hang on.

use users_core::admin::sessions;
use users_core::model::audit_event::Actor;
use users_core::model::place::Place;
use users_core::storage::session_ends::Ending;

use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::race::{ROUNDS, at_once};

const ORPHANS: &str = "SELECT COUNT(*) FROM sessions s WHERE s.ended_at IS NULL AND NOT EXISTS \
                       (SELECT 1 FROM devices d WHERE d.tenant = s.tenant AND d.id = s.device_id)";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_session_outlives_the_revocation_of_its_device() {
    everywhere(async |world| {
        let own = world
            .client_with("own", "openid", |metadata| metadata.first_party = true)
            .await;
        let (node, other) = world.second_node().await;
        let mut raw = world.raw().await;
        for round in 0..ROUNDS {
            let person = world.person(&format!("p{round}")).await;
            let asking = Asking::of(&own, "openid").with("prompt", "login");
            let mut browser = Browser::new(world.anonymous());
            let page = browser.ask(&asking).await;
            assert_eq!(browser.sign_in(&page, &person).await.status, 303);
            let page = browser.ask(&asking).await;
            let form = Form::of(&page, "/sign-in")
                .with("username", &person.username)
                .with("password", &person.password);
            let rows = world.app.store.tenant(&world.tenant.id);
            let now = world.clock.now();
            let start = Place::start();
            let devices = rows.devices_of_user(&person.id, &start, 10, now).await;
            let device = devices.expect("a list").remove(0).id;
            let replies = at_once((0..8).map(|racer| {
                let caller = if racer % 2 == 0 {
                    world.anonymous()
                } else {
                    &other
                };
                let (mut browser, form) = (browser.through(caller), form.clone());
                let (node, tenant) = (node.clone(), world.tenant.clone());
                let (person, device) = (person.clone(), device.clone());
                async move {
                    if racer != 3 {
                        return Some(browser.submit(&form).await);
                    }
                    let actor = Actor::command_line();
                    let revoked =
                        sessions::revoke_device(&node, &actor, &tenant, &person.id, &device);
                    revoked.await.expect("revoked");
                    None
                }
            }))
            .await;
            for reply in replies.into_iter().flatten() {
                let status = reply.status.as_u16();
                assert!([303, 400, 429, 503].contains(&status), "{reply:?}");
            }
            assert_eq!(raw.number(ORPHANS).await, 0, "round {round}");
            world.advance(3600);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_sign_in_or_use_of_a_session_gets_in_the_way_of_its_end() {
    everywhere(async |world| {
        let own = world
            .client_with("own", "openid", |metadata| metadata.first_party = true)
            .await;
        let (node, _) = world.second_node().await;
        let mut raw = world.raw().await;
        for round in 0..ROUNDS {
            let person = world.person(&format!("p{round}")).await;
            let asking = Asking::of(&own, "openid");
            let mut browser = Browser::new(world.anonymous());
            browser.authorize(&asking, &person).await;
            world.advance(61);
            let replies = at_once((0..8).map(|racer| {
                let (mut browser, asking) = (browser.clone(), asking.clone());
                let (node, tenant) = (node.clone(), world.tenant.clone());
                let (own, person) = (own.clone(), person.clone());
                async move {
                    match racer {
                        0 => {
                            let actor = Actor::command_line();
                            let ended =
                                sessions::end(&node, &actor, &tenant, &person.id, Ending::All);
                            assert!(ended.await.expect("ended"));
                            None
                        }
                        1 | 2 => {
                            let (name, password) = (&person.username, &person.password);
                            Some(own.password(name, password, "openid").await)
                        }
                        _ => Some(browser.ask(&asking).await),
                    }
                }
            }))
            .await;
            for reply in replies.into_iter().flatten() {
                let status = reply.status.as_u16();
                assert!([200, 303, 400, 503].contains(&status), "{reply:?}");
            }
            assert_eq!(raw.number(ORPHANS).await, 0, "round {round}");
            world.advance(3600);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_token_outlives_the_consent_it_was_made_with() {
    everywhere(async |world| {
        let app = world.client("app", "openid profile").await;
        let (node, other) = world.second_node().await;
        let asking = Asking::of(&app, "openid profile");
        let mut redeemed = 0;
        for round in 0..ROUNDS {
            let person = world.person(&format!("p{round}")).await;
            let mut browser = Browser::new(world.anonymous());
            let mut answers = vec![browser.authorize(&asking, &person).await];
            for _ in 0..5 {
                answers.push(Answer::of(&browser.ask(&asking).await));
            }
            let replies = at_once((0..7).map(|racer| {
                let caller = if racer % 2 == 0 {
                    world.anonymous()
                } else {
                    &other
                };
                let (app, asking) = (app.through(caller), asking.clone());
                let (node, tenant, person) = (node.clone(), world.tenant.clone(), person.clone());
                let answer = answers.get(racer).cloned();
                async move {
                    if let Some(answer) = answer {
                        return Some(app.redeem(&answer, &asking).await);
                    }
                    let actor = Actor::command_line();
                    sessions::withdraw_consent(&node, &actor, &tenant, &person.id, "app")
                        .await
                        .expect("withdrawn");
                    None
                }
            }))
            .await;
            world.follow().await;
            for reply in replies.into_iter().flatten() {
                if reply.status == 200 {
                    redeemed += 1;
                    app.introspect(&reply.text("access_token"))
                        .await
                        .assert_inactive();
                } else {
                    assert!([400, 503].contains(&reply.status.as_u16()), "{reply:?}");
                }
            }
        }
        println!("{redeemed} redeemed first");
    })
    .await;
}
