//! What a bug may cost: one request, and a line for the operator.

use std::panic::resume_unwind;

use axum::extract::State;
use axum::routing::get;
use tokio_util::sync::CancellationToken;
use users_core::app::App;
use users_core::server;
use users_core::storage::DbError;

use crate::support::everywhere;
use crate::support::http::Caller;

/// Panics in the middle of a transaction, without the noise of a panic's report.
async fn in_a_transaction(State(app): State<App>) -> &'static str {
    let lost = app.store.db().write((), |tx, ()| {
        tx.changed("t", "client", "x");
        Box::pin(async { resume_unwind(Box::new("on purpose")) })
    });
    let lost: Result<(), DbError> = lost.await;
    assert!(matches!(lost, Err(DbError::Panicked)), "{lost:?}");
    "the handler lives"
}

async fn in_a_handler() -> &'static str {
    resume_unwind(Box::new("on purpose: secret-of-a-panic"))
}

// A358
#[tokio::test]
async fn a_thousand_panics_cost_nobody_else_anything() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let app = &world.app;
        let bugs = axum::Router::new()
            .route("/handler", get(in_a_handler))
            .route("/transaction", get(in_a_transaction))
            .with_state(app.clone());
        let routes = server::routes::router(app, &CancellationToken::new()).merge(bugs);
        let caller = Caller {
            router: server::behind_layers(routes, app),
            ..world.anonymous().unguarded()
        };
        let mut raw = world.raw().await;
        let count = "SELECT COUNT(*) FROM changes";
        let before = raw.number(count).await;
        for round in 0..1000 {
            let reply = caller.get("/handler").await;
            assert_eq!(reply.status, 500);
            assert!(!reply.body.contains("secret-of-a-panic"), "{}", reply.body);
            if round % 20 == 0 {
                assert_eq!(caller.get("/transaction").await.status, 200);
                let form = [("grant_type", "client_credentials")];
                let authorization = service.authorization();
                let headers = [("authorization", authorization.as_str())];
                let token = caller.post("/token", &form, &headers).await;
                assert_eq!(token.status, 200, "{}", token.body);
            }
        }
        assert_eq!(app.metrics.panics.get(), 1000);
        assert_eq!(raw.number(count).await, before, "what was undone is undone");
        // A write goes through, so no lock and no connection was lost.
        world.client("another", "sip.register").await;
        assert!(raw.number(count).await > before);
    })
    .await;
}
