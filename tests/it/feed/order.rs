//! Order and completeness under many writers.

use std::sync::{Arc, Mutex};

use users_core::app::App;
use users_core::model::audit_event::{Actor, AuditKind};
use users_core::model::resource::Resource;
use users_core::storage::feed::Change;

use crate::support::race::at_once;
use crate::support::world::follow;
use crate::support::{World, everywhere};

const WRITERS: usize = 16;
const CHANGES: usize = 25;

/// What a node is told, in its order: the revocations, by subject.
fn listen(app: &App) -> Arc<Mutex<Vec<String>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    app.store.db().feed().subscribe(move |change| {
        let mut heard = ear.lock().expect("not poisoned");
        match change {
            Change::Revocation { subject, .. } => heard.push(subject.clone()),
            Change::Everything => heard.push("everything".to_owned()),
            _ => {}
        }
    });
    heard
}

async fn write(app: App, tenant: String, writer: usize) {
    let rows = app.store.tenant(&tenant);
    for number in 0..CHANGES {
        let now = app.clock.now();
        let actor = Actor::system();
        let event = actor.did(AuditKind::TokenRevoked, "x", app.row_id(), now);
        let until = now.plus_seconds(3600);
        rows.revoke_token(&format!("{writer}-{number}"), until, event)
            .await
            .expect("written");
    }
}

async fn table(world: &World) -> Vec<String> {
    let text = "SELECT id FROM changes WHERE kind = 'revocation' ORDER BY seq";
    world.raw().await.texts(text).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_node_hears_every_change_once_and_in_order() {
    everywhere(async |world| {
        let (second, _) = world.second_node().await;
        let (third, _) = world.second_node().await;
        let heard = [&world.app, &second, &third].map(listen);
        let mut tasks: Vec<futures_util::future::BoxFuture<'static, ()>> = Vec::new();
        for writer in 0..WRITERS {
            let app = if writer % 2 == 0 { &world.app } else { &second };
            tasks.push(Box::pin(write(
                app.clone(),
                world.tenant.id.clone(),
                writer,
            )));
        }
        // The third only reads, all the while.
        let (reader, expected) = (third.clone(), Arc::clone(&heard[2]));
        tasks.push(Box::pin(async move {
            while expected.lock().expect("not poisoned").len() < WRITERS * CHANGES {
                follow(&reader).await;
                tokio::task::yield_now().await;
            }
        }));
        at_once(tasks).await;
        for node in [&world.app, &second, &third] {
            follow(node).await;
        }
        let table = table(&world).await;
        assert_eq!(table.len(), WRITERS * CHANGES);
        for heard in &heard {
            assert_eq!(*heard.lock().expect("not poisoned"), table);
        }
        // No holes: a hole is how a node knows that it missed something.
        let text = "SELECT MAX(seq) - MIN(seq) + 1 - COUNT(*) FROM changes";
        assert_eq!(world.raw().await.number(text).await, 0);
        // Each writer's own changes come in the order it made them.
        for writer in 0..WRITERS {
            let prefix = format!("token:{writer}-");
            let own: Vec<_> = table.iter().filter(|id| id.starts_with(&prefix)).collect();
            let expected: Vec<_> = (0..CHANGES)
                .map(|number| format!("{prefix}{number}"))
                .collect();
            assert_eq!(own, expected.iter().collect::<Vec<_>>());
        }
        for number in 0..CHANGES {
            let subject = [format!("token:3-{number}")];
            let rows = third.store.tenant(&world.tenant.id);
            assert!(
                rows.any_revoked(&subject, third.clock.now())
                    .await
                    .expect("an answer")
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_node_has_heard_its_own_change_when_the_call_returns() {
    everywhere(async |world| {
        let heard = listen(&world.app);
        for number in 0..10 {
            let event = Actor::system().did(
                AuditKind::TokenRevoked,
                "x",
                world.app.row_id(),
                world.clock.now(),
            );
            let until = world.clock.now().plus_seconds(60);
            let rows = world.app.store.tenant(&world.tenant.id);
            rows.revoke_token(&number.to_string(), until, event)
                .await
                .expect("written");
            assert_eq!(heard.lock().expect("not poisoned").len(), number + 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_write_that_fails_tells_nobody() {
    everywhere(async |world| {
        let heard = listen(&world.app);
        let rows = world.app.store.tenant("no such tenant");
        let now = world.clock.now();
        let event =
            || Actor::system().did(AuditKind::ResourceChanged, "x", world.app.row_id(), now);
        let resource = Resource {
            audience: "https://files.test".to_owned(),
            ..Resource::default()
        };
        let mut raw = world.raw().await;
        let count = "SELECT COUNT(*) FROM changes";
        let before = raw.number(count).await;
        assert!(rows.put_resource(&resource, now, event()).await.is_err());
        assert!(
            !rows
                .delete_resource("https://files.test", event())
                .await
                .expect("an answer")
        );
        assert_eq!(raw.number(count).await, before);
        follow(&world.app).await;
        assert!(heard.lock().expect("not poisoned").is_empty());
    })
    .await;
}
