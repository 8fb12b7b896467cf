//! The passwords an account had.

use serde_json::json;
use users_core::admin::{AdminError, users};
use users_core::model::audit_event::Actor;

use super::settle;
use crate::support::people::Person;
use crate::support::{World, everywhere};

async fn set(world: &World, person: &Person, password: &str) -> Result<(), AdminError> {
    let user = users::get(&world.app, &world.tenant, &person.id).await?;
    let actor = Actor::command_line();
    users::set_password(&world.app, &actor, &world.tenant, &user, password).await
}

async fn kept(world: &World) -> i64 {
    let mut raw = world.raw().await;
    raw.number("SELECT COUNT(*) FROM password_history").await
}

fn word(number: u32) -> String {
    format!("passphrase number {number} of many")
}

#[tokio::test]
async fn none_of_the_last_passwords_comes_back_and_older_ones_do() {
    everywhere(async |mut world| {
        settle(&mut world, json!({ "passwords": { "history": 3 } })).await;
        let alice = world.person("alice").await;
        let bob = world.person("bob").await;
        for number in 1..=4 {
            set(&world, &alice, &word(number)).await.expect("set");
        }
        for number in 2..=4 {
            let Err(AdminError::Invalid(problems)) = set(&world, &alice, &word(number)).await
            else {
                panic!("{number} came back");
            };
            assert_eq!(problems, ["password: none of the last 3 of this account"]);
        }
        assert_eq!(kept(&world).await, 2, "beside the present one");
        // What one account had is nothing to another.
        set(&world, &bob, &word(4)).await.expect("set");
        set(&world, &alice, &word(1)).await.expect("set");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_remembered_where_nobody_asks_for_it() {
    everywhere(async |mut world| {
        let alice = world.person("alice").await;
        for number in 1..=3 {
            set(&world, &alice, &word(number)).await.expect("set");
        }
        assert_eq!(kept(&world).await, 0);
        settle(&mut world, json!({ "passwords": { "history": 5 } })).await;
        for number in 4..=6 {
            set(&world, &alice, &word(number)).await.expect("set");
        }
        assert_eq!(kept(&world).await, 3);
        settle(&mut world, json!({})).await;
        set(&world, &alice, &word(7)).await.expect("set");
        assert_eq!(kept(&world).await, 0);
    })
    .await;
}

#[tokio::test]
async fn whoever_does_not_know_the_present_password_learns_nothing_of_those_before() {
    everywhere(async |mut world| {
        settle(&mut world, json!({ "passwords": { "history": 3 } })).await;
        let console = world.console(&world.tenant).await;
        let alice = world.person("alice").await;
        let bearer = world.bearer(&console, &alice).await;
        let change = async |current: &str, new: &str| {
            let body = json!({ "current_password": current, "new_password": new });
            bearer.post("/users/me/change-password", &body).await
        };
        change(&alice.password, &word(1)).await.assert_status(204);
        for guess in [alice.password.as_str(), "no passphrase of hers"] {
            change("a wrong passphrase", guess)
                .await
                .assert_problem(403, "forbidden");
        }
        let reply = change(&word(1), &alice.password).await;
        reply.assert_problem(422, "invalid-fields");
        reply.assert_names("#/new_password");
        change(&word(1), &word(1))
            .await
            .assert_names("#/new_password");
        change(&word(1), &word(2)).await.assert_status(204);
    })
    .await;
}
