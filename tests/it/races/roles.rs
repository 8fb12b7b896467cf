//! What is taken away is gone from every token issued afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::support::people::Service;
use crate::support::race::{RACERS, at_once};
use crate::support::{Reply, everywhere};

const SCOPE: &str = "offline_access users.read users.write";

fn claims(reply: &Reply) -> Value {
    let token = reply.text("access_token");
    let payload = token.split('.').nth(1).expect("a signed token");
    let bytes = BASE64URL_NOPAD.decode(payload.as_bytes());
    serde_json::from_slice(&bytes.expect("base64url")).expect("JSON")
}

/// Refreshes until it has asked three times after the demotion; the claims of a token that still
/// has the old role.
async fn refresh_on(
    app: Service,
    mut token: String,
    demoted: Arc<AtomicBool>,
    again: bool,
) -> Result<(), Value> {
    let mut after = 0;
    while after < 3 {
        let is_after = demoted.load(Ordering::SeqCst);
        let reply = app.refresh(&token).await;
        let claims = claims(reply.assert_ok());
        if is_after {
            after += 1;
            let scope = claims["scope"].as_str().unwrap_or_default();
            if claims["roles"] != serde_json::json!(["guest"]) || scope.contains("users.write") {
                return Err(claims);
            }
        }
        // Half of them lose their answers and repeat the request.
        if !again
            || reply
                .text("refresh_token")
                .ends_with(['A', 'E', 'I', 'M', 'Q', 'U', 'Y'])
        {
            token = reply.text("refresh_token");
        }
    }
    Ok(())
}

// A049
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_token_asked_for_after_a_demotion_has_the_old_role() {
    everywhere(async |world| {
        let here = world
            .client_with("console", SCOPE, |metadata| metadata.first_party = true)
            .await;
        // The second node never reads the feed.
        let (_node, caller) = world.second_node().await;
        let there = here.through(&caller);
        for round in 0..3 {
            let name = format!("mod{round}");
            let person = world.person_of(&world.tenant, &name, &["moderator"]).await;
            let demoted = Arc::new(AtomicBool::new(false));
            let mut families = Vec::new();
            for racer in 0..RACERS {
                let app = if racer % 2 == 0 { &here } else { &there };
                let first = app.sign_in(&person, SCOPE).await;
                assert_eq!(claims(&first)["roles"], serde_json::json!(["moderator"]));
                families.push((app.clone(), first.text("refresh_token")));
            }
            let running: Vec<_> = families
                .into_iter()
                .enumerate()
                .map(|(racer, (app, token))| {
                    let demoted = Arc::clone(&demoted);
                    tokio::spawn(refresh_on(app, token, demoted, racer % 4 < 2))
                })
                .collect();
            world
                .change_person(&world.tenant, &person, |input| {
                    input.roles = vec!["guest".to_owned()];
                })
                .await;
            demoted.store(true, Ordering::SeqCst);
            for task in running {
                let outcome = task.await.expect("a racer");
                assert_eq!(outcome, Ok(()), "round {round}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_administrators_cannot_remove_each_other() {
    everywhere(async |world| {
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let bob = world.person_of(&world.tenant, "bob", &["admin"]).await;
        let (node, _) = world.second_node().await;
        for _ in 0..20 {
            let outcomes = at_once([(world.app.clone(), &ada), (node.clone(), &bob)].map(
                |(app, person)| {
                    let (tenant, id) = (world.tenant.clone(), person.id.clone());
                    async move {
                        use users_core::admin::users;
                        let user = users::get(&app, &tenant, &id).await.expect("an account");
                        let mut input = users::input_of(&user);
                        input.roles = vec!["user".to_owned()];
                        let actor = users_core::model::audit_event::Actor::command_line();
                        users::update(&app, &actor, &tenant, &user, input)
                            .await
                            .is_ok()
                    }
                },
            ))
            .await;
            assert_eq!(outcomes.iter().filter(|done| **done).count(), 1);
            let rows = world.app.store.tenant(&world.tenant.id);
            assert!(rows.has_active_admin().await.expect("an answer"));
            for person in [&ada, &bob] {
                let again = |input: &mut users_core::model::user::UserInput| {
                    input.roles = vec!["admin".to_owned()];
                };
                world.change_person(&world.tenant, person, again).await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_role_that_is_deleted_while_it_is_given_is_gone_or_held() {
    everywhere(async |world| {
        use users_core::admin::{roles, users};
        let (node, _) = world.second_node().await;
        let (mut gone, mut held) = (0, 0);
        for round in 0..20 {
            let role = format!("role{round}");
            world.role(&role, &["sip.call"]).await;
            let person = world.person(&format!("p{round}")).await;
            let user = users::get(&world.app, &world.tenant, &person.id).await;
            let user = user.expect("an account");
            let outcomes = at_once([true, false].map(|gives| {
                let app = if gives { &node } else { &world.app };
                let (app, tenant) = (app.clone(), world.tenant.clone());
                let (user, role) = (user.clone(), role.clone());
                async move {
                    let actor = users_core::model::audit_event::Actor::command_line();
                    if !gives {
                        if role.ends_with(['1', '4', '7']) {
                            tokio::task::yield_now().await;
                        }
                        return roles::delete(&app, &actor, &tenant, &role).await.is_ok();
                    }
                    let mut input = users::input_of(&user);
                    input.roles.push(role);
                    users::update(&app, &actor, &tenant, &user, input)
                        .await
                        .is_ok()
                }
            }))
            .await;
            let (given, deleted) = (outcomes[0], outcomes[1]);
            assert_ne!(given, deleted, "round {round}");
            let user = users::get(&world.app, &world.tenant, &person.id).await;
            let names_it = user.expect("an account").roles.contains(&role);
            let there = roles::get(&world.app, &world.tenant, &role).await.is_ok();
            assert_eq!((names_it, there), (given, given), "round {round}");
            gone += usize::from(deleted);
            held += usize::from(given);
        }
        println!("{gone} gone, {held} held");
    })
    .await;
}
