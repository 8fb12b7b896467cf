//! How many hashes run and wait at once, and what becomes of the others.

use futures_util::future::{FutureExt as _, join_all};
use tokio::task::JoinHandle;
use users_core::admin::{AdminError, setup, users};
use users_core::model::audit_event::Actor;
use users_core::model::user::UserInput;
use users_core::passwords::Overloaded;
use zeroize::Zeroizing;

use super::{CHEAP, Gate, one_blocking_thread, passwords, threads};
use crate::support::people::{Person, Service};
use crate::support::socket::until;
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

/// Logins that may wait, in the tests here.
const QUEUE: usize = 8;

fn short_queue(config: &mut users_core::config::Config) {
    config.password_hash.queue = QUEUE;
}

fn word(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

/// A login from an address of its own, in a task of its own.
fn login(world: &World, service: &Service, person: &Person, number: usize) -> JoinHandle<Reply> {
    let service = Service {
        caller: world.from(&format!("198.51.{}.{}", number / 250, number % 250)),
        ..service.clone()
    };
    let person = person.clone();
    tokio::spawn(async move {
        let Person {
            username, password, ..
        } = person;
        service.password(&username, &password, "sip.call").await
    })
}

fn finished<T>(tasks: &[JoinHandle<T>]) -> usize {
    tasks.iter().filter(|task| task.is_finished()).count()
}

/// Logins that take every thread and every place in the queue.
async fn saturate(world: &World, service: &Service, people: &[Person]) -> Vec<JoinHandle<Reply>> {
    let room = threads() + QUEUE;
    let mut logins = Vec::new();
    for number in 0.. {
        let person = &people[number % people.len()];
        logins.push(login(world, service, person, number));
        let turned_away = (number + 1).saturating_sub(room);
        until(|| finished(&logins) == turned_away || turned_away == 0).await;
        if turned_away == 1 {
            return logins;
        }
    }
    unreachable!("there is an end of room")
}

async fn people(world: &World, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..count {
        people.push(world.person(&format!("person{number}")).await);
    }
    people
}

#[track_caller]
fn assert_turned_away(reply: &Reply) {
    reply.assert_error(503, "temporarily_unavailable");
    assert_eq!(reply.header("retry-after"), Some("1"));
}

// A257, A258
#[test]
fn two_hundred_logins_at_once_are_bounded_and_leave_everything_else_alone() {
    one_blocking_thread().block_on(everywhere_with(short_queue, async |world| {
        let service = world.client("web", "sip.call").await;
        let token = service.client_credentials("sip.call").await;
        let token = token.text("access_token");
        // Five at once for each name, as many as one name may have in flight.
        let people = people(&world, 40).await;
        let before = world.app.passwords.computed();
        let gate = Gate::close().await;
        let logins: Vec<_> = (0..200)
            .map(|number| login(&world, &service, &people[number % 40], number))
            .collect();
        let room = threads() + QUEUE;
        until(|| finished(&logins) == 200 - room).await;
        assert_eq!(world.app.passwords.computed() - before, threads());
        // No thread is left for a hash, and nobody else needs one.
        service.client_credentials("sip.call").await.assert_ok();
        assert!(Service::is_active(&service.introspect(&token).await));
        world.anonymous().get("/jwks.json").await.assert_ok();
        world.anonymous().get("/health").await.assert_ok();
        assert_eq!(finished(&logins), 200 - room);
        gate.open();
        let mut turned_away = 0;
        for reply in join_all(logins).await {
            let reply = reply.expect("no panic");
            if reply.status == 503 {
                assert_turned_away(&reply);
                turned_away += 1;
            } else {
                reply.assert_ok();
            }
        }
        assert_eq!(turned_away, 200 - room);
        assert_eq!(world.app.throttle.size(), 0, "somebody's failures grew");
    }));
}

// A257
#[test]
fn being_turned_away_is_no_failure_of_the_account() {
    one_blocking_thread().block_on(everywhere_with(short_queue, async |world| {
        let service = world.client("web", "sip.call").await;
        let people = people(&world, 40).await;
        let alice = world.person("alice").await;
        let gate = Gate::close().await;
        let logins = saturate(&world, &service, &people).await;
        for _ in 0..50 {
            let reply = service.password("alice", "a wrong guess", "sip.call").await;
            assert_turned_away(&reply);
        }
        gate.open();
        for reply in join_all(logins).await {
            reply.expect("no panic");
        }
        // Not locked, not slowed down: nobody looked at those passwords.
        service.sign_in(&alice, "sip.call").await;
    }));
}

// A257
#[test]
fn a_caller_that_goes_away_frees_its_place_but_no_thread() {
    one_blocking_thread().block_on(everywhere_with(short_queue, async |world| {
        let service = world.client("web", "sip.call").await;
        let people = people(&world, 40).await;
        let gate = Gate::close().await;
        let logins = saturate(&world, &service, &people).await;
        let computed = world.app.passwords.computed();
        for login in &logins {
            login.abort();
        }
        until(|| logins.iter().all(JoinHandle::is_finished)).await;
        // The abandoned hashes still stand before the gate. Were their threads free already, one
        // more than the queue holds would find room.
        let later: Vec<_> = (0..=QUEUE)
            .map(|number| login(&world, &service, &people[20 + number], 500 + number))
            .collect();
        until(|| finished(&later) == 1).await;
        assert_eq!(world.app.passwords.computed(), computed);
        gate.open();
        let replies = join_all(later).await;
        let replies: Vec<Reply> = replies.into_iter().map(|reply| reply.unwrap()).collect();
        let turned_away: Vec<_> = replies.iter().filter(|reply| reply.status == 503).collect();
        assert_eq!(turned_away.len(), 1);
        assert_turned_away(turned_away[0]);
        assert!(world.app.throttle.size() > 0, "who vanished was guessing");
    }));
}

// A260
#[test]
fn whatever_hashes_a_password_waits_in_the_same_queue() {
    one_blocking_thread().block_on(everywhere_with(short_queue, async |world| {
        let service = world.client("web", "sip.call").await;
        let people = people(&world, 40).await;
        let link = setup::new_link(&world.app).await.unwrap().expect("a link");
        let (_, link) = link.split_once("link=").expect("a link");
        let form = [
            ("link", link),
            ("username", "root.of.it"),
            ("password", "some unrelated words"),
        ];
        let gate = Gate::close().await;
        let logins = saturate(&world, &service, &people).await;
        let (app, tenant) = (&world.app, &world.tenant);
        let actor = Actor::command_line();
        let input = UserInput {
            username: "late".to_owned(),
            ..UserInput::default()
        };
        let made = users::create(app, &actor, tenant, input, Some("some unrelated words")).await;
        assert!(matches!(made, Err(AdminError::Overloaded(_))));
        let user = users::get(app, tenant, "person0").await.unwrap();
        let set = users::set_password(app, &actor, tenant, &user, "some unrelated words").await;
        assert!(matches!(set, Err(AdminError::Overloaded(_))));
        assert_turned_away(&world.anonymous().post("/setup", &form, &[]).await);
        gate.open();
        for reply in join_all(logins).await {
            reply.expect("no panic");
        }
        // The link was not spent on it.
        let reply = world.anonymous().post("/setup", &form, &[]).await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }));
}

#[test]
fn a_queue_of_nobody_still_serves_who_need_not_wait() {
    one_blocking_thread().block_on(async {
        let passwords = passwords(CHEAP, 1, 0);
        passwords.hash(word("one")).await.expect("nobody is before");
        let gate = Gate::close().await;
        let mut first = Box::pin(passwords.hash(word("two")));
        assert!(first.as_mut().now_or_never().is_none());
        let second = passwords.hash(word("three")).await;
        assert_eq!(second, Err(Overloaded));
        gate.open();
        first.await.expect("its turn came");
    });
}

#[test]
fn those_who_wait_are_not_overtaken() {
    one_blocking_thread().block_on(async {
        let passwords = passwords(CHEAP, 1, 1);
        let gate = Gate::close().await;
        let mut first = Box::pin(passwords.hash(word("one")));
        assert!(first.as_mut().now_or_never().is_none());
        let mut waiting = Box::pin(passwords.hash(word("two")));
        assert!(waiting.as_mut().now_or_never().is_none());
        gate.open();
        first.await.expect("its turn came");
        // The permit is free and promised: a newcomer finds the queue full.
        assert_eq!(passwords.hash(word("three")).await, Err(Overloaded));
        waiting.await.expect("its turn came");
    });
}

// A257
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_is_kept_for_as_many_hashes_as_run_at_once() {
    let passwords = passwords(CHEAP, 2, 1000);
    let hashes = (0..100).map(|_| passwords.hash(word("a password")));
    for hash in join_all(hashes).await {
        hash.expect("there is room");
    }
    let kept = passwords.kept_memory_kib();
    assert!((64..=2 * 64).contains(&kept), "{kept} KiB");
}
