//! The trail grows with what happened, and by nothing else; refusals are counted.

use users_core::model::audit_event::{AuditEvent, AuditKind};
use users_core::storage::audit::Refusal;

use crate::support::everywhere;
use crate::support::race::at_once;
use crate::support::rows::{SESSION, event, populated, refusal};
use crate::support::world::START;

#[tokio::test]
async fn events_stand_newest_first_and_as_many_as_asked() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        for number in 0..5 {
            world.advance(1);
            let event = AuditEvent {
                kind: AuditKind::TokenRevoked,
                subject: Some(number.to_string()),
                ..event(&world)
            };
            let until = START.plus_seconds(60);
            rows.revoke_token(&number.to_string(), until, event)
                .await
                .expect("revoked");
        }
        let trail = rows.recent_audit(3).await.expect("a trail");
        let subjects: Vec<_> = trail
            .iter()
            .filter_map(|row| row.subject.as_deref())
            .collect();
        assert_eq!(subjects, ["4", "3", "2"]);
        assert!(rows.recent_audit(0).await.expect("a trail").is_empty());
        let all = rows.recent_audit(1000).await.expect("a trail");
        assert_eq!(all.len(), 6);
        assert_eq!(all[5].kind, "tenant.created");
    })
    .await;
}

#[tokio::test]
async fn what_did_not_happen_leaves_no_event() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let count = async || rows.recent_audit(1000).await.expect("a trail").len();
        let before = count().await;
        assert!(
            !rows
                .end_session("never", START, event(&world))
                .await
                .expect("an answer")
        );
        assert!(
            !rows
                .delete_client("never", START, event(&world))
                .await
                .expect("an answer")
        );
        assert!(
            !rows
                .delete_resource("never", event(&world))
                .await
                .expect("an answer")
        );
        assert!(
            !rows
                .delete_user("never", START, event(&world))
                .await
                .expect("an answer")
        );
        assert_eq!(count().await, before);
        assert!(
            rows.end_session(SESSION, START, event(&world))
                .await
                .expect("ended")
        );
        assert!(
            !rows
                .end_session(SESSION, START, event(&world))
                .await
                .expect("an answer")
        );
        assert_eq!(count().await, before + 1);
    })
    .await;
}

#[tokio::test]
async fn equal_refusals_share_a_row() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        let odd = Refusal {
            account: "o'dd\u{1f600}".to_owned(),
            ..refusal()
        };
        let elsewhere = Refusal {
            address: "2001:db8::".to_owned(),
            ..refusal()
        };
        let later = Refusal {
            minute: 2,
            ..refusal()
        };
        let other = Refusal {
            kind: "other",
            ..refusal()
        };
        let batch = vec![
            (refusal(), 2),
            (odd, 3),
            (elsewhere, 5),
            (later, 7),
            (other, 11),
        ];
        rows.add_refusals(batch.clone()).await.expect("added");
        rows.add_refusals(batch).await.expect("added");
        rows.add_refusals(Vec::new()).await.expect("nothing to add");
        assert_eq!(rows.count_refusals("login").await.expect("a count"), 34);
        assert_eq!(rows.count_refusals("other").await.expect("a count"), 22);
        assert_eq!(rows.count_refusals("never").await.expect("a count"), 0);
        let mut raw = world.raw().await;
        assert_eq!(raw.number("SELECT COUNT(*) FROM refusals").await, 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_refusal_is_lost_between_nodes() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        at_once((0..16).map(|writer| {
            let app = if writer % 2 == 0 { &world.app } else { &node };
            let rows = app.store.tenant(&world.tenant.id);
            async move {
                for _ in 0..10 {
                    // The same rows, each node in another order.
                    let mut batch: Vec<_> = (0..8)
                        .map(|minute| {
                            (
                                Refusal {
                                    minute,
                                    ..refusal()
                                },
                                1,
                            )
                        })
                        .collect();
                    batch.rotate_left(writer % 8);
                    rows.add_refusals(batch).await.expect("added");
                }
            }
        }))
        .await;
        let rows = world.app.store.tenant(&world.tenant.id);
        assert_eq!(
            rows.count_refusals("login").await.expect("a count"),
            16 * 10 * 8
        );
    })
    .await;
}
