//! Sign-ins, where they came from, and what hangs on them.

use users_core::base::clock::Timestamp;
use users_core::model::device::REMEMBERED;
use users_core::model::place::Place;
use users_core::storage::Scoped;
use users_core::storage::own_password::PasswordChange;
use users_core::storage::session_ends::Ending;
use users_core::storage::update::UpdateOutcome;

use crate::support::everywhere;
use crate::support::rows::{
    BROWSER_SESSION, CLIENT, CODE, DEVICE, SESSION, USER, checked_user, event, later, login,
    populated, redemption, sign_in,
};
use crate::support::world::START;

/// Walks through a list with pages of `limit`; the ids in their order.
async fn walk(rows: &Scoped, limit: i64) -> Vec<String> {
    let (mut found, mut place) = (Vec::new(), Place::start());
    loop {
        let page = rows.live_sessions(&place, limit, START).await;
        let page = page.expect("a page");
        let Some(last) = page.last() else {
            return found;
        };
        place = Place::parse(&last.place().to_string()).expect("a place");
        found.extend(page.into_iter().map(|entry| entry.session.id));
    }
}

#[tokio::test]
async fn a_list_goes_on_where_it_ended_also_between_sign_ins_of_one_moment() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        for number in 0..7 {
            let mut login = login(&world, &format!("later {number}"));
            login.session.auth_time = START.plus_seconds(number / 3);
            assert!(rows.start_session(login).await.expect("started"));
        }
        let all = walk(&rows, 100).await;
        let mut expected: Vec<String> = (0..7).rev().map(|at| format!("later {at}")).collect();
        // Of the same moment: by their ids.
        expected.extend([BROWSER_SESSION.to_owned(), SESSION.to_owned()]);
        expected[4..].sort_by(|one, other| other.cmp(one));
        assert_eq!(all, expected);
        for limit in 1..5 {
            assert_eq!(walk(&rows, limit).await, all, "{limit}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_over_is_in_no_list() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let end = later();
        let almost = Timestamp::from_millis(end.millis() - 1);
        for (now, count) in [(almost, 2), (end, 0)] {
            let start = Place::start();
            let of_user = rows.sessions_of_user(USER, &start, 10, now).await;
            assert_eq!(of_user.expect("a list").len(), count);
            let of_tenant = rows.live_sessions(&start, 10, now).await;
            assert_eq!(of_tenant.expect("a list").len(), count);
            let one = rows.live_session(SESSION, now).await.expect("an answer");
            assert_eq!(one.is_some(), count > 0);
        }
        let ended = rows.end_session(SESSION, START, event(&world)).await;
        assert!(ended.expect("an answer"));
        assert_eq!(walk(&rows, 10).await, [BROWSER_SESSION]);
        let one = rows.live_session(SESSION, START).await;
        assert!(one.expect("an answer").is_none());
    })
    .await;
}

#[tokio::test]
async fn a_device_is_remembered_for_half_a_year_and_at_least_as_long_as_its_session() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let mut lasting = sign_in(&world, "lasting", "another digest");
        let end = START.plus_seconds(REMEMBERED);
        lasting.session.expires_at = end.plus_seconds(100);
        rows.sign_in(lasting).await.expect("an answer").expect("in");
        let store = &world.app.store;
        let mut raw = world.raw().await;
        let count = "SELECT COUNT(*) FROM devices";
        for (now, left) in [
            (Timestamp::from_millis(end.millis() - 1), 3),
            (end, 1),
            (end.plus_seconds(99), 1),
            (end.plus_seconds(100), 0),
        ] {
            store.reap(now).await.expect("reaped");
            assert_eq!(raw.number(count).await, left, "{now}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_ended_changes_nothing() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let mut raw = world.raw().await;
        let before = raw.rows_of(&tenant.id).await;
        for (user_id, ending) in [
            (USER, Ending::One("nothing".to_owned())),
            ("nobody", Ending::One(SESSION.to_owned())),
            ("nobody", Ending::AllBut(SESSION.to_owned())),
            ("nobody", Ending::All),
        ] {
            let ended = rows.end_sessions_of_user(user_id, ending.clone(), START, event(&world));
            assert!(!ended.await.expect("an answer"), "{user_id} {ending:?}");
        }
        for (user_id, id) in [(USER, "nothing"), ("nobody", DEVICE)] {
            let revoked = rows.revoke_device(user_id, id, START, event(&world));
            assert!(!revoked.await.expect("an answer"), "{user_id} {id}");
        }
        for (user_id, id) in [(USER, "nothing"), ("nobody", CLIENT)] {
            let withdrawn = rows.withdraw_consent(user_id, id, START, event(&world));
            assert!(!withdrawn.await.expect("an answer"), "{user_id} {id}");
        }
        assert_eq!(raw.rows_of(&tenant.id).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_password_is_changed_only_as_the_account_was_found() {
    everywhere(async |world| {
        let change = |user_seen_at| PasswordChange {
            proof: None,
            user_id: USER.to_owned(),
            password: "a new hash".to_owned().into(),
            user_seen_at,
            session_id: SESSION.to_owned(),
            now: START,
            event: event(&world),
        };
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let mut raw = world.raw().await;
        // In the same millisecond as everything else.
        let user = checked_user("of-the-owner");
        let updated = rows
            .update_user(USER, user, None, START, event(&world))
            .await;
        assert_eq!(updated.expect("an answer"), UpdateOutcome::Updated);
        let before = raw.rows_of(&tenant.id).await;
        let changed = rows.change_own_password(change(START)).await;
        assert!(!changed.expect("an answer"));
        assert_eq!(raw.rows_of(&tenant.id).await, before);
        let found = rows.user(USER).await.expect("an answer").expect("a user");
        let changed = rows.change_own_password(change(found.updated_at)).await;
        assert!(changed.expect("an answer"));
        assert_eq!(walk(&rows, 10).await, [SESSION]);
        // The device of the session that goes on stays in the list; no browser is recognised.
        let start = Place::start();
        let devices = rows.devices_of_user(USER, &start, 10, START).await;
        assert_eq!(devices.expect("a list").len(), 1);
        let known = "SELECT COUNT(*) FROM devices WHERE digest IS NOT NULL";
        assert_eq!(raw.number(known).await, 0);
        // Nothing that was found before is good any more.
        let again = rows.change_own_password(change(found.updated_at)).await;
        assert!(!again.expect("an answer"));
    })
    .await;
}

#[tokio::test]
async fn a_code_is_spent_only_while_what_was_allowed_stands() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let mut raw = world.raw().await;
        let before = raw.rows_of(&tenant.id).await;
        let with = |scope: &str| {
            let mut redemption = redemption(CODE);
            redemption.consent = Some(scope.parse().expect("a scope"));
            redemption
        };
        let redeemed = rows.redeem_code(with("files.read files.write")).await;
        assert!(!redeemed.expect("an answer"));
        assert_eq!(raw.rows_of(&tenant.id).await, before);
        let row = rows.code(CODE, START).await.expect("an answer");
        let allowed = row.expect("a code").consent;
        assert_eq!(allowed.to_string(), "files.read");
        let redeemed = rows.redeem_code(with("files.read")).await;
        assert!(redeemed.expect("an answer"));
    })
    .await;
}
