//! `Idempotency-Key`: a call that creates is done once, however often it is sent.

use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::bearer::Bearer;
use crate::support::{Reply, World, everywhere};

async fn create(bearer: &Bearer, key: &str, body: &Value) -> Reply {
    let headers = [("idempotency-key", key)];
    bearer.call("POST", "/users", &headers, Some(body)).await
}

async fn administrators(world: &World) -> (Bearer, Bearer) {
    let console = world.console(&world.tenant).await;
    (
        world.operator(&console, "ada", &["admin"]).await,
        world.operator(&console, "grace", &["admin"]).await,
    )
}

#[tokio::test]
async fn the_same_call_with_the_same_key_gets_the_same_answer() {
    everywhere(async |world| {
        let (ada, grace) = administrators(&world).await;
        let body = json!({ "username": "anna", "password": "a long enough passphrase" });
        let first = create(&ada, "one", &body).await;
        first.assert_status(201);
        world.advance(600);
        let again = create(&ada, "one", &body).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        for name in ["location", "etag", "content-type"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_eq!(first.header("idempotency-replayed"), None);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        // The key is the caller's and this call's.
        let other = json!({ "username": "berta" });
        create(&ada, "one", &other)
            .await
            .assert_problem(422, "reused-key");
        create(&grace, "one", &other).await.assert_status(201);
        create(&grace, "two", &body)
            .await
            .assert_problem(409, "conflict");
    })
    .await;
}

#[tokio::test]
async fn a_refused_call_gives_its_key_back() {
    everywhere(async |world| {
        let (ada, _) = administrators(&world).await;
        let bad = json!({ "username": "anna", "email": "nowhere" });
        for _ in 0..2 {
            create(&ada, "one", &bad)
                .await
                .assert_problem(422, "invalid-fields");
        }
        let good = json!({ "username": "anna" });
        create(&ada, "one", &good).await.assert_status(201);
        for key in ["", "with space", "ü", &"k".repeat(256)] {
            let reply = create(&ada, key, &json!({ "username": "berta" })).await;
            reply.assert_problem(400, "malformed");
        }
    })
    .await;
}

#[tokio::test]
async fn of_twenty_equal_calls_at_once_one_is_done_and_none_differs() {
    everywhere(async |world| {
        let (ada, _) = administrators(&world).await;
        let (_node, second) = world.second_node().await;
        let elsewhere = ada.through(&second);
        for round in 0..10 {
            let body = json!({ "username": format!("anna{round}") });
            let key = format!("round-{round}");
            let calls = (0..20).map(|number| {
                let bearer = if number % 2 == 0 { &ada } else { &elsewhere };
                create(bearer, &key, &body)
            });
            let replies = join_all(calls).await;
            let made: Vec<&Reply> = replies
                .iter()
                .filter(|reply| reply.status == StatusCode::CREATED)
                .collect();
            assert!(!made.is_empty(), "{replies:?}");
            assert!(made.iter().all(|reply| reply.body == made[0].body));
            for reply in &replies {
                if reply.status != StatusCode::CREATED {
                    reply.assert_problem(409, "repeated");
                }
            }
        }
        assert_eq!(ada.walk("/users").await.len(), 12);
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_of_an_answer_is_sealed() {
    everywhere(async |world| {
        let (ada, _) = administrators(&world).await;
        let body = json!({ "username": "anna", "email": "anna@canary.test" });
        create(&ada, "canary-key", &body).await.assert_status(201);
        let mut raw = world.raw().await;
        let rows = raw.rows_of(&world.tenant.id).await;
        let kept: Vec<&String> = rows
            .iter()
            .filter(|row| row.starts_with("idempotency"))
            .collect();
        assert_eq!(kept.len(), 1, "{rows:#?}");
        assert!(!kept[0].contains("canary"), "{}", kept[0]);
    })
    .await;
}
