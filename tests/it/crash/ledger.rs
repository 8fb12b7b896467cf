//! What the server said it did before it was killed, it did: sign-ins and revocations.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::process::{Address, Process};
use super::{SCOPE, some_while, text};
use crate::support::database::Database;
use crate::support::people::{Person, Service};
use crate::support::{World, databases};
use users_core::base::clock::Clock;
use users_core::model::client_metadata::TokenFormat;

const KILLS: usize = 10;
const PEOPLE: usize = 6;

/// A sign-in that was answered in full.
struct Entry {
    access: String,
    refresh: String,
    /// `None`: its revocation was asked for, and no answer came.
    revoked: Option<bool>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_confirmed_sign_in_or_revocation_outlives_a_kill() {
    for database in databases().await {
        println!("on {}", database.name);
        confirm(database).await;
    }
}

async fn confirm(database: Database) {
    let world = World::at(Clock::System, database, &|_| {}).await;
    // Opaque tokens are rows too, so losing one would show.
    let opaque = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
        metadata.access_token_format = Some(TokenFormat::Opaque);
    };
    let app = world.client_with("app", SCOPE, opaque).await;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(world.person(&format!("person{number}")).await);
    }
    world.app.store.db().close().await;
    let mut entries = Vec::new();
    for _ in 0..KILLS {
        let mut server = Process::start(&world.app.config).await;
        let confirmed = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = people
            .iter()
            .map(|person| {
                let (address, app, person) = (server.address, app.clone(), person.clone());
                let confirmed = Arc::clone(&confirmed);
                tokio::spawn(async move { keep_a_ledger(address, &app, &person, &confirmed).await })
            })
            .collect();
        // However slow the machine: something was confirmed, and more is under way.
        while confirmed.load(Ordering::Relaxed) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(some_while()).await;
        server.kill();
        for task in tasks {
            entries.extend(task.await.expect("a ledger"));
        }
    }
    let (_, caller) = world.second_node().await;
    let app = app.through(&caller);
    let (mut kept, mut revoked) = (0, 0);
    for entry in &entries {
        let active = Service::is_active(&app.introspect(&entry.access).await);
        let refreshed = app.refresh(&entry.refresh).await;
        // Both or neither, whatever became of a revocation nobody heard of.
        assert_eq!(refreshed.status == 200, active, "{refreshed:?}");
        match entry.revoked {
            Some(true) => {
                assert!(!active, "a confirmed revocation does not hold");
                revoked += 1;
            }
            Some(false) => {
                assert!(active, "a confirmed sign-in is lost");
                kept += 1;
            }
            None => {}
        }
    }
    let in_doubt = entries.len() - kept - revoked;
    println!(
        "kills {KILLS}, sign-ins kept {kept}, revocations held {revoked}, in doubt {in_doubt}"
    );
    assert!(kept > KILLS && revoked > KILLS, "hardly any load");
}

/// Signs in again and again, and revokes every other sign-in, until no answer comes.
async fn keep_a_ledger(
    address: Address,
    app: &Service,
    person: &Person,
    confirmed: &AtomicUsize,
) -> Vec<Entry> {
    let sign_in = [
        ("grant_type", "password"),
        ("username", &person.username),
        ("password", &person.password),
        ("scope", SCOPE),
    ];
    let mut entries = Vec::new();
    while let Some(tokens) = address.post(app, "/token", &sign_in).await {
        let mut entry = Entry {
            access: text(&tokens, "access_token"),
            refresh: text(&tokens, "refresh_token"),
            revoked: Some(false),
        };
        if entries.len() % 2 == 1 {
            let form = [("token", entry.refresh.as_str())];
            entry.revoked = address.confirm(app, "/revoke", &form).await.then_some(true);
            confirmed.fetch_add(usize::from(entry.revoked.is_some()), Ordering::Relaxed);
        }
        let heard = entry.revoked.is_some();
        entries.push(entry);
        if !heard {
            break;
        }
    }
    entries
}
