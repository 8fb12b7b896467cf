//! The throttle by itself: what it remembers, and how much.

use std::net::{IpAddr, Ipv4Addr};

use users_core::base::clock::Timestamp;
use users_core::config::Limits;
use users_core::login::throttle::{Throttle, Throttled};

use crate::support::world::START;

const TENANT: &str = "t";

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + number).into()
}

/// One attempt that fails; whether it was let in.
async fn fail(throttle: &Throttle, name: &str, from: IpAddr, now: Timestamp) -> bool {
    throttle.admit(TENANT, name, from, now).await.is_ok()
}

#[tokio::test]
async fn an_attempt_that_vanished_counts_and_one_that_was_withdrawn_does_not() {
    let throttle = Throttle::new(&Limits::default());
    let here = address(1);
    for _ in 0..100 {
        let attempt = throttle.admit(TENANT, "alice", here, START).await;
        attempt.unwrap_or_else(|_| panic!("let in")).withdraw();
    }
    for _ in 0..100 {
        let attempt = throttle.admit(TENANT, "alice", here, START).await;
        attempt.unwrap_or_else(|_| panic!("let in")).succeed();
    }
    assert_eq!(throttle.size(), 0);
    for _ in 0..5 {
        // Dropped: the caller went away, and may have been guessing.
        drop(throttle.admit(TENANT, "alice", here, START).await);
    }
    let locked = throttle.admit(TENANT, "alice", here, START).await.err();
    assert_eq!(locked, Some(Throttled { retry_after: 900 }));
}

#[tokio::test]
async fn the_pause_of_a_name_grows_to_a_minute_and_no_further() {
    let throttle = Throttle::new(&Limits::default());
    let mut now = START;
    let mut pauses = Vec::new();
    let mut tries = 0;
    while pauses.len() < 12 {
        tries += 1;
        // A new address each time: only the name is counted.
        match throttle.admit(TENANT, "alice", address(tries), now).await {
            Ok(attempt) => drop(attempt),
            Err(Throttled { retry_after }) => {
                pauses.push(retry_after);
                now = now.plus_seconds(retry_after);
            }
        }
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
}

// A344
#[tokio::test]
async fn a_million_keys_take_bounded_room_and_unlock_nobody() {
    let throttle = Throttle::new(&Limits::default());
    let victim = address(0);
    for _ in 0..5 {
        assert!(fail(&throttle, "alice", victim, START).await);
    }
    let mut largest = 0;
    // Each attempt is three keys: the name, the address, and both together.
    for number in 1..=340_000 {
        let name = number.to_string();
        assert!(fail(&throttle, &name, address(number), START).await);
        if number % 10_000 == 0 {
            largest = largest.max(throttle.size());
        }
    }
    assert!((100_000..=300_000).contains(&largest), "{largest} entries");
    let locked = throttle.admit(TENANT, "alice", victim, START).await;
    assert!(locked.is_err(), "the flood unlocked a locked name");
}

#[tokio::test]
async fn a_name_that_is_tried_without_end_takes_no_more_room_than_once() {
    let throttle = Throttle::new(&Limits::default());
    let mut now = START;
    for _ in 0..1000 {
        fail(&throttle, "alice", address(1), now).await;
        now = now.plus_seconds(61);
    }
    assert_eq!(throttle.size(), 3);
}
