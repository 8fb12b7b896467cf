//! A revocation that could not be stored is never confirmed.

use crate::support::people::Service;
use crate::support::{Reply, everywhere};

const SCOPE: &str = "openid offline_access sip.register";

#[track_caller]
fn assert_unavailable(reply: &Reply) {
    reply.assert_error(503, "temporarily_unavailable");
    let seconds: Option<u32> = reply
        .header("retry-after")
        .and_then(|text| text.parse().ok());
    assert!(seconds.is_some_and(|seconds| seconds > 0), "{reply:?}");
}

// A111
#[tokio::test]
async fn without_its_database_a_node_confirms_no_revocation() {
    everywhere(async |world| {
        let here = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let first = here.sign_in(&person, SCOPE).await;
        let tokens = [first.text("access_token"), first.text("refresh_token")];
        let (node, caller) = world.second_node().await;
        let there = here.through(&caller);
        // The failing node knows client, keys and token by heart.
        assert!(Service::is_active(&there.introspect(&tokens[0]).await));
        node.store.db().close().await;
        for token in &tokens {
            assert_unavailable(&there.revoke(token).await);
        }
        for token in &tokens {
            assert!(Service::is_active(&here.introspect(token).await));
        }
        here.userinfo(&tokens[0]).await.assert_ok();
        here.refresh(&tokens[1]).await.assert_ok();
    })
    .await;
}

// A111
#[tokio::test]
async fn a_failed_statement_leaves_nothing_half_done() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let first = app.sign_in(&person, SCOPE).await;
        let tokens = [first.text("access_token"), first.text("refresh_token")];
        // The last statement of the transaction has no table: all before it must be undone.
        let mut raw = world.raw().await;
        raw.run("ALTER TABLE audit RENAME TO hidden").await;
        let failing = app.through(&app.caller.unguarded());
        for token in &tokens {
            let reply = failing.revoke(token).await;
            reply.assert_error(500, "server_error");
            assert!(!reply.body.contains("audit"), "{reply:?}");
            assert!(Service::is_active(&app.introspect(token).await));
        }
        raw.run("ALTER TABLE hidden RENAME TO audit").await;
        app.userinfo(&tokens[0]).await.assert_ok();
        let second = app.refresh(&tokens[1]).await;
        second.assert_ok();
        app.revoke(&second.text("refresh_token")).await.assert_ok();
        app.introspect(&tokens[0]).await.assert_inactive();
    })
    .await;
}

#[tokio::test]
async fn without_its_database_a_node_serves_what_it_knows_and_says_503() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let first = app.sign_in(&person, SCOPE).await;
        let token = first.text("access_token");
        assert!(Service::is_active(&app.introspect(&token).await));
        world.app.store.db().close().await;
        let anonymous = world.anonymous();
        assert_eq!(anonymous.get("/health/live").await.status, 200);
        for path in ["/health/ready", "/health"] {
            assert_eq!(anonymous.get(path).await.status, 503);
        }
        assert_unavailable(&app.refresh(&first.text("refresh_token")).await);
        assert_unavailable(&app.userinfo(&token).await);
        assert_unavailable(&app.password("alice", "a passphrase", SCOPE).await);
        // From memory as long as that can be trusted, and never anything else.
        for reply in [
            app.introspect(&token).await,
            app.client_credentials("sip.register").await,
            anonymous.get("/jwks.json").await,
            anonymous.get("/.well-known/openid-configuration").await,
        ] {
            if reply.status != 200 {
                assert_unavailable(&reply);
            }
        }
    })
    .await;
}
