//! What an event says can be erased for a person's sake: that it was there cannot.

use users_core::model::audit_event::Actor;
use users_core::trail::checkpoint;

use super::{assert_whole, broken, seal, sealed, verified};
use crate::support::everywhere;

#[tokio::test]
async fn an_erased_event_says_nothing_and_its_chain_is_whole() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        world.advance(1);
        let alice = world.person("alice").await;
        world.set_enabled(&alice, false).await;
        world.advance(1);
        world.person("bob").await;
        world.advance(1);
        let actor = Actor::command_line();
        let erased = checkpoint::erase(&world.app, &actor, &world.tenant, &alice.id).await;
        assert_eq!(erased.expect("erased"), 2);
        seal(&world.app, &world.tenant).await;
        let report = verified(&world).await;
        assert_whole(&report);
        assert_eq!((report.erased, report.events), (2, 7));
        let trail = world.audit().await;
        let newest = &trail[0];
        assert_eq!(newest.kind, "audit.erased");
        assert_eq!(newest.subject.as_deref(), Some(&alice.id[..]));
        assert_eq!(newest.detail, "{\"erased\":[4,5]}");
        let emptied: Vec<_> = trail.iter().filter(|row| row.kind == "erased").collect();
        assert_eq!(emptied.len(), 2);
        for row in emptied {
            assert_eq!(row.erased_by.as_deref(), Some(&newest.id[..]));
            assert!(row.actor.is_none() && row.subject.is_none());
            assert!(row.client_id.is_none() && row.address.is_none());
            assert!(row.request_id.is_none() && row.detail == "{}");
        }
        // Nothing more to erase, and the reason stays.
        let erased = checkpoint::erase(&world.app, &actor, &world.tenant, &alice.id).await;
        assert_eq!(erased.expect("nothing to erase"), 0);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_erased_without_an_event_that_says_so() {
    everywhere(async |world| {
        sealed(&world, 5).await;
        let mut raw = world.raw().await;
        for reason in ["'no event'", "(SELECT id FROM audit WHERE seq = 1)"] {
            let change = format!(
                "UPDATE audit SET kind = 'erased', actor = NULL, subject = NULL, detail = '{{}}', \
                 erased_by = {reason} WHERE seq = 3"
            );
            raw.run(change.leak()).await;
            let report = verified(&world).await;
            assert_eq!(broken(&report), "event 3 is empty, and no event says why");
        }
    })
    .await;
}

#[tokio::test]
async fn an_erasure_of_some_is_no_excuse_for_others() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        world.advance(1);
        let alice = world.person("alice").await;
        let actor = Actor::command_line();
        let erased = checkpoint::erase(&world.app, &actor, &world.tenant, &alice.id).await;
        assert_eq!(erased.expect("erased"), 1);
        seal(&world.app, &world.tenant).await;
        let mut raw = world.raw().await;
        raw.run(
            "UPDATE audit SET kind = 'erased', subject = NULL, detail = '{}', \
             erased_by = (SELECT id FROM audit WHERE kind = 'audit.erased') WHERE seq = 3",
        )
        .await;
        let report = verified(&world).await;
        assert_eq!(broken(&report), "event 3 is empty, and no event says why");
    })
    .await;
}
