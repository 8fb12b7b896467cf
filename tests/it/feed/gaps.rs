//! What a node does when it cannot know what it missed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;
use users_core::storage::cache::Cache;

use crate::support::everywhere;
use crate::support::people::Service;
use crate::support::world::follow;

const SCOPE: &str = "openid offline_access sip.register token.introspect";

#[tokio::test]
async fn a_node_that_missed_changes_forgets_everything() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let back = world.person("bob").await;
        world.set_enabled(&back, false).await;
        let (node, caller) = world.second_node().await;
        let there = app.through(&caller);
        let dead = app.sign_in(&person, SCOPE).await.text("access_token");
        let alive = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        assert!(Service::is_active(&there.introspect(&dead).await));
        // Many changes, and the feed is cut before the node has read them.
        app.revoke(&dead).await.assert_ok();
        world.set_enabled(&back, true).await;
        let narrower = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata.scope = "sip.call token.introspect".parse().expect("a scope");
        };
        world
            .change_client(&world.tenant, "app", true, narrower)
            .await;
        world.raw().await.run("DELETE FROM changes").await;
        world.client("unrelated", "sip.register").await;
        follow(&node).await;
        assert!(node.directory.needs_load(), "the gap is noticed");
        let check = async || {
            there.introspect(&dead).await.assert_inactive();
            assert!(Service::is_active(&there.introspect(&alive).await));
            there.client_credentials("sip.call").await.assert_ok();
            let reply = there.client_credentials("sip.register").await;
            reply.assert_error(400, "invalid_scope");
        };
        // Before the set is loaded rows are read, after it memory says the same.
        check().await;
        node.directory
            .load(world.clock.now())
            .await
            .expect("loaded");
        assert!(!node.directory.needs_load());
        check().await;
        world
            .change_client(&world.tenant, "app", true, |metadata| {
                metadata.scope = SCOPE.parse().expect("a scope");
            })
            .await;
        follow(&node).await;
        let bobs = there.sign_in(&back, "openid").await.text("access_token");
        assert!(Service::is_active(&there.introspect(&bobs).await));
    })
    .await;
}

#[tokio::test]
async fn a_change_of_a_kind_it_does_not_know_makes_a_node_forget_everything() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        assert!(!node.directory.needs_load());
        let mut raw = world.raw().await;
        raw.run("UPDATE counters SET value = value + 1 WHERE name = 'changes'")
            .await;
        raw.run(
            "INSERT INTO changes (seq, tenant, kind, id) \
             SELECT value, 't', 'novelty', 'x' FROM counters WHERE name = 'changes'",
        )
        .await;
        follow(&node).await;
        assert!(node.directory.needs_load());
        node.directory
            .load(world.clock.now())
            .await
            .expect("loaded");
        follow(&node).await;
        assert!(!node.directory.needs_load(), "once is enough");
    })
    .await;
}

#[tokio::test]
async fn reading_the_feed_twice_changes_nothing() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let (node, caller) = world.second_node().await;
        let token = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        app.revoke(&token).await.assert_ok();
        for _ in 0..3 {
            follow(&node).await;
            app.through(&caller)
                .introspect(&token)
                .await
                .assert_inactive();
        }
        assert!(!node.directory.needs_load());
    })
    .await;
}

#[tokio::test]
async fn a_load_that_was_overtaken_by_a_change_is_not_kept() {
    everywhere(async |world| {
        type Forget = fn(&Cache<&'static str, usize>);
        let ways: [Forget; 2] = [|cache| cache.forget(&"key"), Cache::forget_all];
        for forget in ways {
            let cache = Arc::new(Cache::new(world.app.store.db().clone(), 10));
            let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let loads = Arc::new(AtomicUsize::new(0));
            let slow = {
                let (cache, loads) = (Arc::clone(&cache), Arc::clone(&loads));
                let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
                tokio::spawn(async move {
                    let load = async {
                        begun.notify_one();
                        go.notified().await;
                        Ok::<_, ()>(loads.fetch_add(1, Ordering::SeqCst))
                    };
                    cache.get("key", load).await
                })
            };
            begun.notified().await;
            // The row changes while it is being read.
            forget(&cache);
            go.notify_one();
            assert_eq!(slow.await.expect("a task"), Ok(0));
            let load = async { Ok::<_, ()>(loads.fetch_add(1, Ordering::SeqCst)) };
            assert_eq!(cache.get("key", load).await, Ok(1), "loaded anew");
            let load = async { Ok::<_, ()>(loads.fetch_add(1, Ordering::SeqCst)) };
            assert_eq!(cache.get("key", load).await, Ok(1), "and kept");
        }
    })
    .await;
}

#[tokio::test]
async fn a_failed_load_is_not_kept() {
    everywhere(async |world| {
        let cache = Cache::new(world.app.store.db().clone(), 10);
        assert_eq!(cache.get("key", async { Err("away") }).await, Err("away"));
        assert_eq!(cache.get("key", async { Ok::<_, &str>(1) }).await, Ok(1));
    })
    .await;
}

#[tokio::test]
async fn a_node_that_does_not_follow_keeps_nothing() {
    everywhere(async |world| {
        let (deaf, _) = world.deaf_node().await;
        let cache = Cache::new(deaf.store.db().clone(), 10);
        for number in 0..3 {
            let loaded = cache.get("key", async { Ok::<_, ()>(number) }).await;
            assert_eq!(loaded, Ok(number));
        }
    })
    .await;
}
