//! The real server, killed without warning while tokens rotate: nobody has to sign in again, and no
//! family ever forks.
//!
//! A killed process loses nothing the kernel already has, so this shows that rotation is atomic and
//! acknowledged only after its commit; it does not stand in for a power failure.

mod codes;
mod ledger;
mod process;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use users_core::base::clock::Clock;
use users_core::base::random::Random;
use users_core::base::token::{Kind, OpaqueToken};
use users_core::storage::{Db, Store};

use self::process::Process;
use crate::support::database::Database;
use crate::support::people::{Person, Service};
use crate::support::rows::grant_of;
use crate::support::world::START;
use crate::support::{World, databases};

const SCOPE: &str = "openid offline_access";
const ROUNDS: usize = 50;
const FAMILIES: usize = 8;

/// A person's sign-in as its application knows it.
struct Family {
    grant: String,
    /// The last refresh token that was answered in full.
    acknowledged: String,
    /// That token was presented, and no answer came.
    in_doubt: bool,
}

#[derive(Default)]
struct Tally {
    acknowledged: usize,
    retries: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_killed_while_tokens_rotate_forces_nobody_to_sign_in_again() {
    for database in databases().await {
        println!("on {}", database.name);
        survive(database).await;
    }
}

async fn survive(database: Database) {
    let world = World::at(Clock::System, database, &|_| {}).await;
    let app = world.client("app", SCOPE).await;
    let mut people = Vec::new();
    for number in 0..FAMILIES {
        people.push(world.person(&format!("person{number}")).await);
    }
    // From here on the server is alone with the database, so it must recover it by itself.
    world.app.store.db().close().await;

    let mut server = Process::start(&world.app.config).await;
    let mut families = Vec::new();
    for person in &people {
        families.push(sign_in(&server, &app, person).await);
    }
    let mut tally = Tally::default();
    for _ in 0..ROUNDS {
        load_and_kill(server, &app, &mut families, &mut tally).await;
        server = Process::start(&world.app.config).await;
        resume(&server, &world, &app, &mut families, &mut tally).await;
    }
    load_and_kill(server, &app, &mut families, &mut tally).await;

    assert!(tally.acknowledged > ROUNDS, "hardly any load");
    assert!(tally.retries > 0, "no answer was ever lost");
    assert_sound_after_reopening(&world, &app, &families, &mut tally).await;
    println!(
        "rounds {ROUNDS}, refreshes acknowledged {}, retries that got their successor {}",
        tally.acknowledged, tally.retries
    );
}

async fn sign_in(server: &Process, app: &Service, person: &Person) -> Family {
    let form = [
        ("grant_type", "password"),
        ("username", &person.username),
        ("password", &person.password),
        ("scope", SCOPE),
    ];
    let tokens = server.address.post(app, "/token", &form).await;
    let tokens = tokens.expect("an answer");
    let access = text(&tokens, "access_token");
    let form = [("token", access.as_str())];
    let seen = server.address.post(app, "/introspect", &form).await;
    Family {
        grant: grant_of(&text(&seen.expect("an answer"), "jti")),
        acknowledged: text(&tokens, "refresh_token"),
        in_doubt: false,
    }
}

/// Lets every family rotate as fast as it can, and kills the server at some moment.
async fn load_and_kill(
    mut server: Process,
    app: &Service,
    families: &mut Vec<Family>,
    tally: &mut Tally,
) {
    static DYING: AtomicBool = AtomicBool::new(false);
    DYING.store(false, Ordering::SeqCst);
    let tasks: Vec<_> = families
        .drain(..)
        .map(|mut family| {
            let (address, app) = (server.address, app.clone());
            tokio::spawn(async move {
                let mut rotations = 0;
                while let Some(next) = address.refresh(&app, &family.acknowledged).await {
                    family.acknowledged = next;
                    rotations += 1;
                }
                assert!(DYING.load(Ordering::SeqCst), "no answer from a live server");
                family.in_doubt = true;
                (family, rotations)
            })
        })
        .collect();
    tokio::time::sleep(some_while()).await;
    DYING.store(true, Ordering::SeqCst);
    server.kill();
    for task in tasks {
        let (family, rotations) = task
            .await
            .expect("a family that never had to sign in again");
        families.push(family);
        tally.acknowledged += rotations;
    }
}

/// 50 to 250 milliseconds.
fn some_while() -> Duration {
    let [low, high] = Random::System.bytes();
    Duration::from_millis(50 + u64::from(u16::from_be_bytes([high, low])) % 201)
}

/// Lets every family go on with what it was last given.
async fn resume(
    server: &Process,
    world: &World,
    app: &Service,
    families: &mut [Family],
    tally: &mut Tally,
) {
    let db = Db::open(world.database.url.expose(), 1).await;
    let store = Store::new(db.expect("the database opens"));
    let rows = store.tenant(&world.tenant.id);
    for family in families {
        let live = async || {
            rows.live_refresh_tokens(&family.grant)
                .await
                .expect("a count")
        };
        assert_eq!(live().await, 1, "after the crash");
        let presented = digest(&family.acknowledged);
        let row = rows
            .refresh_token(&presented, START)
            .await
            .expect("it reads");
        let spent = row.expect("what was acknowledged is there").used_at;
        let next = server.address.refresh(app, &family.acknowledged).await;
        let next = next.expect("an answer");
        if spent.is_some() {
            assert!(family.in_doubt, "spent by nobody");
            let again = server.address.refresh(app, &family.acknowledged).await;
            assert_eq!(again.as_ref(), Some(&next), "another successor");
            tally.retries += 1;
        }
        assert_eq!(live().await, 1, "after the next refresh");
        let row = rows
            .refresh_token(&digest(&next), START)
            .await
            .expect("it reads");
        let row = row.expect("the successor is stored");
        assert_eq!(row.token.predecessor, Some(presented));
        assert!(row.used_at.is_none());
        tally.acknowledged += 1;
        family.acknowledged = next;
        family.in_doubt = false;
    }
    store.db().close().await;
}

/// After the last kill another process opens what is left, and finds every rule still in force.
async fn assert_sound_after_reopening(
    world: &World,
    app: &Service,
    families: &[Family],
    tally: &mut Tally,
) {
    if world.database.name == "sqlite" {
        let found = world.raw().await.texts("PRAGMA integrity_check").await;
        assert_eq!(found, ["ok"]);
    }
    let (_, caller) = world.second_node().await;
    let app = app.through(&caller);
    let mut latest = Vec::new();
    for family in families {
        let reply = app.refresh(&family.acknowledged).await;
        latest.push(reply.assert_ok().text("refresh_token"));
        tally.acknowledged += 1;
    }
    // One row for each sign-in and each rotation: none was made twice, none was lost.
    let mut raw = world.raw().await;
    let stored = raw.number("SELECT COUNT(*) FROM refresh_tokens").await;
    assert_eq!(usize::try_from(stored), Ok(FAMILIES + tally.acknowledged));

    for (family, token) in families.iter().zip(latest) {
        let newest = app.refresh(&token).await.assert_ok().text("refresh_token");
        for dead in [&family.acknowledged, &newest] {
            app.refresh(dead).await.assert_error(400, "invalid_grant");
        }
    }
}

fn digest(token: &str) -> String {
    let token = OpaqueToken::parse(Kind::RefreshToken, token);
    token.expect("a refresh token").digest()
}

fn text(json: &Value, member: &str) -> String {
    let text = json[member].as_str();
    text.unwrap_or_else(|| panic!("no {member} in {json}"))
        .to_owned()
}
