//! The reaper removes what is over and nothing that lives.

use std::collections::BTreeSet;

use users_core::base::clock::Timestamp;
use users_core::config::Retention;
use users_core::model::grant::GrantId;
use users_core::storage::LONGEST_ACCESS_TOKEN;
use users_core::storage::idempotency::Claimed;
use users_core::storage::reaper;
use users_core::storage::sessions::Login;

use crate::support::everywhere;
use crate::support::people::Service;
use crate::support::rows::{access_token, event, later, login, populated, refresh_token, rotation};
use crate::support::world::START;

/// The end of everything in these tests.
const END: Timestamp = START.plus_seconds(1000);

const TABLES: [&str; 6] = [
    "SELECT COUNT(*) FROM access_tokens",
    "SELECT COUNT(*) FROM used_ids",
    "SELECT COUNT(*) FROM refresh_tokens",
    "SELECT COUNT(*) FROM revocations",
    "SELECT COUNT(*) FROM setup_links",
    "SELECT COUNT(*) FROM idempotency",
];

#[tokio::test]
async fn each_row_goes_at_its_end_and_not_before() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let mut raw = world.raw().await;
        raw.run("DELETE FROM access_tokens; DELETE FROM used_ids; DELETE FROM refresh_tokens; DELETE FROM revocations; DELETE FROM idempotency")
            .await;
        let mut claims = crate::support::rows::claims("x");
        claims.exp = END.seconds();
        let token = users_core::storage::access_tokens::StoredAccessToken::new("a".to_owned(), &claims);
        let mut refresh = refresh_token("b");
        refresh.grant_id = GrantId::stored("short".to_owned());
        refresh.expires_at = START.plus_seconds(1);
        refresh.family_expires_at = END;
        let mut short = login(&world, "short");
        short.session.expires_at = END;
        short.grant.expires_at = END;
        let short = Login {
            access_token: Some(token.expect("JSON")),
            refresh_token: Some(refresh),
            ..short
        };
        assert!(rows.start_session(short).await.expect("started"));
        assert!(rows.burn("c".to_owned(), END).await.expect("burnt"));
        rows.revoke_token("d", END, event(&world)).await.expect("revoked");
        let claimed = rows.claim_key("f".to_owned(), "f".to_owned(), START, END);
        assert_eq!(claimed.await.expect("claimed"), Claimed::New);
        let store = &world.app.store;
        store.replace_setup_link("e".to_owned(), END).await.expect("stored");
        let before_the_end = Timestamp::from_millis(END.millis() - 1);
        assert_eq!(store.reap(before_the_end).await.expect("reaped"), 0);
        for table in TABLES {
            assert_eq!(raw.number(table).await, 1, "{table}");
        }
        assert_eq!(store.reap(END).await.expect("reaped"), 6);
        for table in TABLES {
            assert_eq!(raw.number(table).await, 0, "{table}");
        }
        // A session outlives all that may still name it.
        let gone = END.plus_seconds(LONGEST_ACCESS_TOKEN);
        let almost = Timestamp::from_millis(gone.millis() - 1);
        assert_eq!(store.reap(almost).await.expect("reaped"), 0);
        assert!(rows.session("short").await.expect("an answer").is_some());
        store.reap(gone).await.expect("reaped");
        assert!(rows.session("short").await.expect("an answer").is_none());
    })
    .await;
}

#[tokio::test]
async fn what_lives_stays_as_it_is() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        assert!(
            rows.rotate_refresh_token(rotation())
                .await
                .expect("rotated")
        );
        let (app, person) = (
            world
                .client("app", "openid offline_access sip.register")
                .await,
            world.person("alice").await,
        );
        let first = app.sign_in(&person, "openid offline_access").await;
        let bob = world.person("bob").await;
        world.set_enabled(&bob, false).await;
        world
            .app
            .key_maker
            .rotate_now(
                &world.tenant.id,
                world.tenant.signing_alg,
                &users_core::model::audit_event::Actor::system(),
            )
            .await
            .expect("rotated");
        let mut raw = world.raw().await;
        let mut found = Vec::new();
        for id in [&tenant.id, &world.tenant.id] {
            found.push(raw.rows_of(id).await);
        }
        let now = Timestamp::from_millis(later().millis() - 1);
        assert_eq!(world.app.store.reap(now).await.expect("reaped"), 0);
        for (id, found) in [&tenant.id, &world.tenant.id].into_iter().zip(found) {
            assert_eq!(raw.rows_of(id).await, found);
        }
        // Long afterwards: people, clients, keys, the trail and what is revoked until taken back.
        let now = START.plus_seconds(400 * 86_400);
        world.app.store.reap(now).await.expect("reaped");
        world.advance(400 * 86_400);
        world.app.directory.load(now).await.expect("loaded");
        app.refresh(&first.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        app.password("bob", &bob.password, "openid")
            .await
            .assert_error(400, "invalid_grant");
        let again = app.sign_in(&person, "openid").await.text("access_token");
        assert!(Service::is_active(&app.introspect(&again).await));
        let count = "SELECT COUNT(*) FROM revocations WHERE subject LIKE 'user:%'";
        assert_eq!(raw.number(count).await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_end_of_a_deleted_account_is_remembered_as_long_as_its_tokens_live() {
    everywhere(async |world| {
        let app = world
            .client_with("app", "openid offline_access", |metadata| {
                metadata.access_token_lifetime = Some(LONGEST_ACCESS_TOKEN);
            })
            .await;
        let checker = world.client("checker", "token.introspect").await;
        let mut raw = world.raw().await;
        for (name, disabled_first) in [("alice", false), ("bob", true)] {
            let person = world.person(name).await;
            let token = app.sign_in(&person, "openid").await.text("access_token");
            if disabled_first {
                world.set_enabled(&person, false).await;
            }
            world.delete_person(&person).await;
            let day = u64::try_from(LONGEST_ACCESS_TOKEN).expect("positive");
            world.advance(day - 1);
            let now = world.clock.now();
            world.app.store.reap(now).await.expect("reaped");
            world.app.directory.load(now).await.expect("loaded");
            checker.introspect(&token).await.assert_inactive();
            world.advance(1);
            world
                .app
                .store
                .reap(world.clock.now())
                .await
                .expect("reaped");
            // Ids are never used again, so nothing is left to remember.
            let count = "SELECT COUNT(*) FROM revocations WHERE subject LIKE 'user:%'";
            assert_eq!(raw.number(count).await, 0, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn more_than_one_batch_goes_in_one_run() {
    everywhere(async |world| {
        let mut raw = world.raw().await;
        raw.run(
            "INSERT INTO used_ids (tenant, digest, expires_at) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1201) \
             SELECT 't', CAST(i AS TEXT), i FROM n",
        )
        .await;
        let now = Timestamp::from_millis(1200);
        assert_eq!(world.app.store.reap(now).await.expect("reaped"), 1200);
        assert_eq!(raw.numbers("SELECT expires_at FROM used_ids").await, [1201]);
    })
    .await;
}

#[tokio::test]
async fn the_feed_keeps_its_newest_and_a_late_node_notices() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        let mut raw = world.raw().await;
        raw.run("UPDATE counters SET value = value + 100000 WHERE name = 'changes'")
            .await;
        raw.run(
            "INSERT INTO changes (seq, tenant, kind, id) \
             SELECT value, 't', 'client', 'x' FROM counters WHERE name = 'changes'",
        )
        .await;
        let kept = "SELECT COUNT(*) FROM changes";
        assert!(raw.number(kept).await > 1);
        world.app.store.reap(START).await.expect("reaped");
        assert_eq!(raw.number(kept).await, 1, "the newest stays");
        crate::support::world::follow(&node).await;
        assert!(node.directory.needs_load());
    })
    .await;
}

#[tokio::test]
async fn nodes_that_reap_at_once_do_not_disturb_each_other() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        for number in 0..50 {
            let digest = number.to_string();
            rows.add_access_token(access_token(&digest, "x"))
                .await
                .expect("stored");
        }
        let (node, _) = world.second_node().await;
        let removed = crate::support::race::at_once([&world.app, &node].map(|app| {
            let store = app.store.clone();
            async move { store.reap(later()).await.expect("reaped") }
        }))
        .await;
        // Fifty and the one of the scene, its refresh token, its assertion, its two revocations, its two keys.
        assert_eq!(removed.iter().sum::<u64>(), 57);
    })
    .await;
}

#[tokio::test]
async fn every_table_has_a_rule_that_bounds_it() {
    everywhere(async |world| {
        let text = match world.database.name {
            "sqlite" => "SELECT name FROM sqlite_master WHERE type = 'table'",
            _ => {
                "SELECT table_name::text FROM information_schema.tables \
                 WHERE table_schema = current_schema()"
            }
        };
        let found: BTreeSet<String> = world.raw().await.texts(text).await.into_iter().collect();
        let others = reaper::OTHERWISE.iter().chain(reaper::BOUNDED);
        let names = reaper::TABLES.iter().map(|table| table.name);
        let names: Vec<&str> = names.chain(others.map(|(name, _)| *name)).collect();
        let known: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(known.len(), names.len(), "a table with two rules");
        assert_eq!(
            found, known,
            "a table without a rule in storage/reaper.rs, or a rule without a table"
        );
        // Operators read of each of them.
        let told = crate::support::tables::rows("docs/operations.md", "`");
        let told: BTreeSet<String> = told
            .iter()
            .flat_map(|row| row[0].split(", "))
            .map(|name| name.trim_matches(['`', ' ']).to_owned())
            .collect();
        let silent: Vec<_> = known.difference(&told).collect();
        assert!(silent.is_empty(), "not in docs/operations.md: {silent:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_is_a_setting() {
    everywhere(async |world| {
        let store = &world.app.store;
        let tenant = world.tenant.id.clone();
        let counts = vec![(tenant.clone(), crate::support::rows::count())];
        store.add_counts(counts).await.expect("added");
        let mut decision = crate::support::rows::decision("r", "x");
        decision.at = START;
        let decisions = vec![(tenant, decision)];
        store.add_decisions(decisions).await.expect("added");
        let kept = Retention {
            counters_days: 2,
            decisions_days: 3,
            ..Retention::default()
        };
        let mut raw = world.raw().await;
        for (day, counters, decisions) in [(1, 1, 1), (2, 0, 1), (3, 0, 0)] {
            let now = START.plus_seconds(day * 86_400);
            store.reap_keeping(now, &kept).await.expect("reaped");
            let count = raw.number("SELECT COUNT(*) FROM hourly_counters").await;
            assert_eq!(count, counters, "on day {day}");
            let count = raw.number("SELECT COUNT(*) FROM decisions").await;
            assert_eq!(count, decisions, "on day {day}");
        }
    })
    .await;
}

#[tokio::test]
async fn changes_go_in_batches_down_to_those_that_are_kept() {
    everywhere(async |world| {
        let mut raw = world.raw().await;
        raw.run("UPDATE counters SET value = 2600 WHERE name = 'changes'; DELETE FROM changes")
            .await;
        raw.run(
            "INSERT INTO changes (seq, tenant, kind, id) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2600) \
             SELECT i, 't', 'client', 'x' FROM n",
        )
        .await;
        let kept = Retention {
            changes: 1000,
            ..Retention::default()
        };
        let removed = world.app.store.reap_keeping(START, &kept).await;
        assert_eq!(removed.expect("reaped"), 1600);
        assert_eq!(raw.number("SELECT MIN(seq) FROM changes").await, 1601);
    })
    .await;
}
