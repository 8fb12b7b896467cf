//! Every event gets one place, whoever seals and whatever ends in between.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};
use users_core::model::audit_event::{AuditEvent, AuditKind};
use users_core::storage::audit_chain::Sealing;
use users_core::trail::export::event_line;
use users_core::trail::sealer;

use super::{assert_whole, seal, sealed, verified};
use crate::support::everywhere;
use crate::support::race::at_once;
use crate::support::rows::event;
use crate::support::world::START;

#[tokio::test]
async fn events_are_numbered_from_one_without_holes() {
    everywhere(async |world| {
        sealed(&world, 5).await;
        let mut raw = world.raw().await;
        let numbers = "SELECT seq FROM audit ORDER BY seq";
        assert_eq!(raw.numbers(numbers).await, [1, 2, 3, 4, 5]);
        seal(&world.app, &world.tenant).await;
        world.person("later").await;
        assert_eq!(verified(&world).await.unsealed, 1);
        seal(&world.app, &world.tenant).await;
        assert_eq!(raw.numbers(numbers).await, [1, 2, 3, 4, 5, 6]);
        let report = verified(&world).await;
        assert_whole(&report);
        assert_eq!((report.events, report.last, report.unsealed), (6, 6, 0));
    })
    .await;
}

/// The rule of the chain as documented, computed by nobody's code but the test's.
#[tokio::test]
async fn anybody_can_compute_the_chain_from_what_is_exported() {
    everywhere(async |world| {
        let tenant = &world.tenant.id;
        let rows = world.app.store.tenant(tenant);
        let odd = AuditEvent {
            actor: Some("o'dd\u{1f600}\"\\/\n\u{1}\u{7f}\u{e9}".to_owned()),
            ..event(&world)
        };
        rows.revoke_token("x", START, odd).await.expect("revoked");
        sealed(&world, 4).await;
        let first = format!("users-core audit chain\n{tenant}");
        let mut chain = Sha256::digest(first).to_vec();
        let mut count = 0;
        for row in rows.sealed_audit(0, 100).await.expect("a page") {
            let line = event_line(tenant, &row);
            let (head, payload) = line.split_once(r#""payload":"#).expect("a payload");
            let payload = payload.strip_suffix('}').expect("the end of the line");
            let digest = Sha256::digest(payload);
            let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
            assert!(head.contains(&text(&digest)), "{line}");
            chain = Sha256::digest([chain, digest.to_vec()].concat()).to_vec();
            assert!(head.contains(&text(&chain)), "{line}");
            let parsed: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            let members: Vec<_> = parsed["payload"].as_object().expect("one").keys().collect();
            let mut ordered = members.clone();
            ordered.sort();
            assert_eq!(members, ordered, "RFC 8785 section 3.2.3");
            count += 1;
        }
        assert_eq!(count, 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_that_seal_at_once_never_fork_the_chain() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        at_once((0..12).map(|worker| {
            let app = if worker % 2 == 0 { &world.app } else { &node }.clone();
            let tenant = world.tenant.clone();
            let events: Vec<_> = (0..10).map(|_| event(&world)).collect();
            async move {
                let rows = app.store.tenant(&tenant.id);
                for (number, event) in (0..).zip(events) {
                    let until = event.at.plus_seconds(60);
                    let token = format!("{worker} {number}");
                    rows.revoke_token(&token, until, event)
                        .await
                        .expect("revoked");
                    // Without the lease, in small bites.
                    for _ in 0..2 {
                        let sealed = rows.seal_audit(app.sealer.key(), 3).await;
                        assert!(matches!(sealed, Ok(Sealing::Sealed(0..=3))), "{sealed:?}");
                    }
                }
            }
        }))
        .await;
        seal(&world.app, &world.tenant).await;
        let report = verified(&world).await;
        assert_whole(&report);
        assert_eq!(report.events, 121);
        let mut raw = world.raw().await;
        let distinct = "SELECT COUNT(DISTINCT chain) FROM audit";
        assert_eq!(raw.number(distinct).await, 121);
    })
    .await;
}

#[tokio::test]
async fn a_sealer_that_dies_between_batches_loses_nothing() {
    everywhere(async |world| {
        for number in 0..7 {
            world.person(&format!("person-{number}")).await;
        }
        let rows = world.app.store.tenant(&world.tenant.id);
        let one = rows.seal_audit(world.app.sealer.key(), 3).await;
        assert_eq!(one.expect("sealed"), Sealing::Sealed(3));
        let report = verified(&world).await;
        assert_whole(&report);
        assert_eq!((report.last, report.unsealed), (3, 5));
        // Another process goes on where the first one stopped.
        let (node, _) = world.second_node().await;
        seal(&node, &world.tenant).await;
        let report = verified(&world).await;
        assert_whole(&report);
        assert_eq!((report.last, report.unsealed), (8, 0));
    })
    .await;
}

#[tokio::test]
async fn one_visit_seals_every_tenant_and_one_node_at_a_time() {
    everywhere(async |world| {
        for slug in ["one", "two", "three"] {
            world.new_tenant(slug).await;
        }
        let unsealed = "SELECT COUNT(*) FROM audit WHERE seq IS NULL";
        let mut raw = world.raw().await;
        assert_eq!(raw.number(unsealed).await, 4);
        let lease = world.app.store.take_lease(
            "audit-sealer",
            "another node",
            world.clock.now(),
            world.clock.now().plus_seconds(10),
        );
        assert!(lease.await.expect("an answer"));
        sealer::seal_all(&world.app, "this node")
            .await
            .expect("done");
        assert_eq!(raw.number(unsealed).await, 4, "the other node is at it");
        // It died.
        world.advance(10);
        sealer::seal_all(&world.app, "this node")
            .await
            .expect("done");
        assert_eq!(raw.number(unsealed).await, 0);
        let chains = "SELECT COUNT(*) FROM audit WHERE seq = 1";
        assert_eq!(raw.number(chains).await, 4, "a chain for each");
    })
    .await;
}

#[tokio::test]
async fn what_happens_waits_for_no_sealer() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        let newest = world.audit().await.remove(0);
        assert_eq!(newest.seq(), Some(3));
        world.advance(1);
        world.person("unsealed").await;
        let newest = world.audit().await.remove(0);
        assert_eq!(newest.kind, AuditKind::UserCreated.name());
        assert!(newest.sealed.is_none());
    })
    .await;
}

#[tokio::test]
async fn looking_for_unsealed_events_costs_nothing_for_sealed_ones() {
    everywhere(async |world| {
        if world.database.name != "sqlite" {
            // PostgreSQL plans by what it has counted, which says nothing on an empty table.
            return;
        }
        let looks = users_core::storage::sql::STATEMENTS.iter();
        let mut looks = looks.filter(|text| text.contains("seq IS NULL AND tenant > $1"));
        let text = *looks.next().expect("the sealer's look");
        let mut raw = world.raw().await;
        let plan = raw.plan(text).await;
        assert!(plan.contains("audit_unsealed"), "{plan}");
    })
    .await;
}
