//! Groups: made by name or by who is in them, and gone with nobody left behind.

use users_core::model::user::UserInput;
use users_core::storage::find_users::UserFilter;
use users_core::storage::groups::MemberOutcome;
use users_core::storage::page::Position;
use users_core::storage::users::NewUser;
use users_core::storage::{DbError, Scoped};

use crate::support::race::at_once;
use crate::support::rows::{checked_group, event, everybody, later, new_user};
use crate::support::world::START;
use crate::support::{World, everywhere};

async fn make(world: &World, username: &str, groups: &[&str]) -> String {
    let input = UserInput {
        username: username.to_owned(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        enabled: true,
        ..UserInput::default()
    };
    let id = world.app.opaque_id();
    let user = NewUser {
        user: input.check().expect("a good account"),
        password_hash: None,
        ..new_user(&id, "unused")
    };
    let rows = world.app.store.tenant(&world.tenant.id);
    rows.create_user(user, event(world)).await.expect("stored");
    id
}

async fn names(rows: &Scoped) -> Vec<String> {
    let groups = rows.groups("", 1000).await.expect("a list");
    groups.into_iter().map(|group| group.name).collect()
}

async fn members(rows: &Scoped, group: &str) -> Vec<String> {
    let filter = UserFilter {
        group: Some(group.to_owned()),
        ..UserFilter::default()
    };
    let found = rows.find_users(&filter, &Position::first(), 10_000).await;
    let found = found.expect("a list");
    found.into_iter().map(|user| user.username).collect()
}

#[tokio::test]
async fn a_group_comes_into_being_with_whoever_is_in_it_and_stays_when_they_go() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        let ann = make(&world, "ann", &["staff", "Staff", "50% / day\\night"]).await;
        make(&world, "bob", &["staff"]).await;
        let mut all = names(&rows).await;
        all.sort();
        assert_eq!(all, ["50% / day\\night", "Staff", "staff"]);
        assert_eq!(members(&rows, "staff").await, ["ann", "bob"]);
        assert_eq!(members(&rows, "50% / day\\night").await, ["ann"]);
        assert_eq!(members(&rows, "5%").await, [""; 0]);
        // Two pages of one order.
        let first = rows.groups("", 2).await.expect("a page");
        let rest = rows.groups(&first[1].name, 2).await.expect("a page");
        assert_eq!((first.len(), rest.len()), (2, 1));
        rows.delete_user(&ann, START, event(&world))
            .await
            .expect("deleted");
        assert_eq!(names(&rows).await.len(), 3);
        assert_eq!(members(&rows, "Staff").await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn members_come_and_go_and_the_account_says_so() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        let ann = make(&world, "ann", &["staff"]).await;
        let group = checked_group("night shift", "");
        rows.create_group(group, START, event(&world))
            .await
            .expect("a group");
        let nobody = "00000000-0000-4000-8000-00000000000f";
        for (group, user, comes, expected) in [
            ("night shift", &ann[..], true, MemberOutcome::Done),
            ("night shift", &ann, true, MemberOutcome::Already),
            ("staff", &ann, false, MemberOutcome::Done),
            ("staff", &ann, false, MemberOutcome::Already),
            ("nothing", &ann, true, MemberOutcome::NoGroup),
            ("nothing", &ann, false, MemberOutcome::NoGroup),
            ("staff", nobody, true, MemberOutcome::NoUser),
            ("staff", nobody, false, MemberOutcome::NoUser),
        ] {
            let before = rows.user(&ann).await.expect("an answer").expect("ann");
            let outcome = if comes {
                rows.add_member(group, user, START, event(&world)).await
            } else {
                rows.remove_member(group, user, START, event(&world)).await
            };
            assert_eq!(outcome.expect("an answer"), expected, "{group} {user}");
            // What was decided from the account before meets another one; nothing else changes it.
            let after = rows.user(&ann).await.expect("an answer").expect("ann");
            let changed = after.updated_at > before.updated_at;
            assert_eq!(changed, expected == MemberOutcome::Done);
        }
        let user = rows.user(&ann).await.expect("an answer").expect("ann");
        assert_eq!(user.groups, ["night shift"]);
        assert_eq!(members(&rows, "night shift").await, ["ann"]);
        assert_eq!(members(&rows, "staff").await, [""; 0]);
        let many: Vec<String> = (0..99).map(|number| format!("g{number}")).collect();
        for group in &many {
            let group = checked_group(group, "");
            let made = rows.create_group(group, START, event(&world)).await;
            made.expect("a group");
        }
        for group in &many {
            let added = rows.add_member(group, &ann, later(), event(&world)).await;
            assert_eq!(added.expect("an answer"), MemberOutcome::Done);
        }
        let refused = rows.add_member("staff", &ann, later(), event(&world)).await;
        assert!(matches!(refused, Err(DbError::Refused(_))), "{refused:?}");
        assert_eq!(members(&rows, "staff").await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_large_group_goes_and_nobody_is_left_in_it() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        for number in 0..450 {
            make(&world, &format!("p{number}"), &["everybody", "others"]).await;
        }
        let deleted = rows.delete_group("everybody", later(), event(&world)).await;
        assert!(deleted.expect("an answer"));
        assert_eq!(names(&rows).await, ["others"]);
        assert_eq!(members(&rows, "everybody").await, [""; 0]);
        assert_eq!(members(&rows, "others").await.len(), 450);
        for user in everybody(&rows).await {
            assert_eq!(user.groups, ["others"]);
        }
        let deleted = rows.delete_group("everybody", later(), event(&world)).await;
        assert!(!deleted.expect("an answer"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_in_a_group_that_is_not_there() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        let (node, _) = world.second_node().await;
        let theirs = node.store.tenant(&world.tenant.id);
        for round in 0..10 {
            let group = format!("group{round}");
            let mut ids = Vec::new();
            for number in 0..3 {
                ids.push(make(&world, &format!("p{round}-{number}"), &[]).await);
            }
            make(&world, &format!("first{round}"), &[&group]).await;
            at_once((0..4).map(|racer| {
                let rows = if racer % 2 == 0 { &rows } else { &theirs };
                let (rows, event, group) = (rows.clone(), event(&world), group.clone());
                let id = ids.get(racer).cloned();
                async move {
                    match id {
                        Some(id) => drop(rows.add_member(&group, &id, START, event).await),
                        None => drop(rows.delete_group(&group, START, event).await),
                    }
                }
            }))
            .await;
            assert!(!names(&rows).await.contains(&group), "round {round}");
            assert_eq!(members(&rows, &group).await, [""; 0], "round {round}");
            let left = everybody(&rows).await;
            assert!(left.iter().all(|user| !user.groups.contains(&group)));
        }
    })
    .await;
}
