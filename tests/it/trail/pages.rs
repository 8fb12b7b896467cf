//! Finding events: by who, what and when, the newest first.

use users_core::base::clock::Timestamp;
use users_core::model::audit_event::{AuditEvent, AuditKind};
use users_core::storage::Scoped;
use users_core::storage::audit_page::AuditFilter;

use crate::support::World;
use crate::support::everywhere;
use crate::support::rows::event;
use crate::support::world::START;

/// Twelve events, ten seconds apart: three actors, four subjects, two kinds, clients and addresses.
async fn twelve(world: &World) -> Scoped {
    let tenant = world.new_tenant("searched").await;
    let rows = world.app.store.tenant(&tenant.id);
    for number in 0..12 {
        world.advance(10);
        let name = |count: usize| Some(format!("{}", number % count));
        let event = AuditEvent {
            at: world.clock.now(),
            kind: [AuditKind::Login, AuditKind::Logout][number % 2],
            actor: name(3).map(|name| format!("actor {name}")),
            subject: name(4).map(|name| format!("subject {name}")),
            client_id: name(2).map(|name| format!("client {name}")),
            address: name(6).map(|name| format!("192.0.2.{name}")),
            request_id: Some(format!("request {number}")),
            ..event(world)
        };
        let until = START.plus_seconds(6000);
        rows.revoke_token(&number.to_string(), until, event)
            .await
            .expect("revoked");
    }
    rows
}

/// The numbers of the events a filter lets through, page by page.
async fn found(rows: &Scoped, filter: &AuditFilter) -> Vec<usize> {
    let mut numbers = Vec::new();
    let mut after = None;
    loop {
        let page = rows.audit_page(filter, after.as_deref(), 2).await;
        let page = page.expect("a page");
        let Some(last) = page.last() else {
            return numbers;
        };
        after = Some(last.id.clone());
        for row in page {
            let request = row.request_id.unwrap_or_default();
            let number = request.strip_prefix("request ");
            numbers.extend(number.and_then(|number| number.parse::<usize>().ok()));
        }
    }
}

type Words = &'static [(&'static str, &'static str)];

/// A filter of these words.
fn filter(words: Words) -> AuditFilter {
    let mut filter = AuditFilter::default();
    for (name, value) in words {
        let place = match *name {
            "kind" => &mut filter.kind,
            "actor" => &mut filter.actor,
            "subject" => &mut filter.subject,
            "client_id" => &mut filter.client_id,
            "address" => &mut filter.address,
            _ => &mut filter.about,
        };
        *place = Some((*value).to_owned());
    }
    filter
}

#[tokio::test]
async fn every_filter_narrows_and_pages_meet() {
    everywhere(async |world| {
        let rows = twelve(&world).await;
        let cases: [(Words, &[usize]); 12] = [
            (&[], &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            (&[("kind", "logout")], &[11, 9, 7, 5, 3, 1]),
            (&[("actor", "actor 0")], &[9, 6, 3, 0]),
            (&[("subject", "subject 3")], &[11, 7, 3]),
            (&[("client_id", "client 0")], &[10, 8, 6, 4, 2, 0]),
            (&[("address", "192.0.2.5")], &[11, 5]),
            (&[("about", "actor 1")], &[10, 7, 4, 1]),
            (&[("about", "subject 1")], &[9, 5, 1]),
            (&[("actor", "actor 0"), ("kind", "login")], &[6, 0]),
            (&[("about", "actor 1"), ("subject", "subject 1")], &[1]),
            (&[("kind", "never")], &[]),
            (&[("actor", "o'dd\u{1f600}%")], &[]),
        ];
        for (words, expected) in cases {
            assert_eq!(found(&rows, &filter(words)).await, expected, "{words:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_span_of_time_has_its_first_instant_and_not_its_last() {
    everywhere(async |world| {
        let rows = twelve(&world).await;
        let at = |seconds: i64| Some(START.plus_seconds(seconds));
        for (from, to, expected) in [
            (at(100), None, &[11, 10, 9][..]),
            (None, at(30), &[1, 0]),
            (at(30), at(50), &[3, 2]),
            (at(50), at(30), &[]),
        ] {
            let filter = AuditFilter {
                from,
                to,
                ..AuditFilter::default()
            };
            assert_eq!(found(&rows, &filter).await, expected, "{from:?} {to:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn any_instant_is_an_answer() {
    everywhere(async |world| {
        let rows = twelve(&world).await;
        let ends = [i64::MIN, -1, 0, i64::MAX].map(Timestamp::from_millis);
        for from in ends {
            for to in ends {
                let filter = AuditFilter {
                    from: Some(from),
                    to: Some(to),
                    ..AuditFilter::default()
                };
                let count = found(&rows, &filter).await.len();
                let everything = from <= START && to > world.clock.now();
                assert_eq!(count, if everything { 12 } else { 0 }, "{filter:?}");
            }
        }
    })
    .await;
}
