//! Accounts found by a piece of their names, by role, group, kind and state; page by page.

use users_core::model::search::SearchTerm;
use users_core::model::user::{AccountKind, StandardClaims, UserInput};
use users_core::storage::Scoped;
use users_core::storage::find_users::UserFilter;
use users_core::storage::page::Position;
use users_core::storage::update::UpdateOutcome;
use users_core::storage::users::NewUser;

use crate::support::rows::{event, new_user};
use crate::support::world::START;
use crate::support::{World, everywhere};

/// Makes an account that is called `name` for people; its id.
async fn make(
    world: &World,
    username: &str,
    name: &str,
    roles: &[&str],
    groups: &[&str],
) -> String {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let input = UserInput {
        username: username.to_owned(),
        email: Some(format!("{username}@mail.example")),
        claims: StandardClaims {
            name: Some(name.to_owned()),
            ..StandardClaims::default()
        },
        roles: words(roles),
        groups: words(groups),
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

async fn names(rows: &Scoped, filter: &UserFilter, position: &Position, limit: i64) -> Vec<String> {
    let found = rows.find_users(filter, position, limit).await;
    let found = found.expect("a list");
    found.into_iter().map(|user| user.username).collect()
}

async fn searched(rows: &Scoped, term: &str) -> Vec<String> {
    let filter = UserFilter {
        search: Some(SearchTerm::parse(term).expect("a term")),
        ..UserFilter::default()
    };
    names(rows, &filter, &Position::first(), 100).await
}

#[tokio::test]
async fn a_piece_of_a_name_finds_whoever_has_it_and_is_taken_literally() {
    everywhere(async |world| {
        make(&world, "ada", "Ada_Love%lace", &[], &[]).await;
        make(
            &world,
            "bob",
            "Zo\u{eb} \u{39f}\u{394}\u{39f}\u{3a3} Stra\u{df}e",
            &[],
            &[],
        )
        .await;
        make(
            &world,
            "cyd",
            "a\\b 'quoted' -- \u{1f600}\r\nline\u{0} end",
            &[],
            &[],
        )
        .await;
        let rows = world.app.store.tenant(&world.tenant.id);
        for (term, found) in [
            // Username, address, name; nothing of their case.
            ("DA", &["ada"][..]),
            ("Bob@MAIL", &["bob"]),
            ("mail.example", &["ada", "bob", "cyd"]),
            ("love", &["ada"]),
            // Composed or not, and letters with two small forms.
            ("zoe\u{308}", &["bob"]),
            ("\u{3bf}\u{3b4}\u{3bf}\u{3c3}", &["bob"]),
            ("\u{3bf}\u{3b4}\u{3bf}\u{3c2}", &["bob"]),
            ("strasse", &["bob"]),
            // What a pattern would read otherwise.
            ("%", &["ada"]),
            ("_", &["ada"]),
            ("e%l", &["ada"]),
            ("e_l", &[]),
            ("a%b", &[]),
            ("a\\b", &["cyd"]),
            ("\\", &["cyd"]),
            ("'quoted' --", &["cyd"]),
            ("\u{1f600}", &["cyd"]),
            // Lines and what controls a terminal are spaces.
            ("line  end", &["cyd"]),
            // Nothing is found across two fields.
            ("adaada", &[]),
            ("ada ada", &[]),
            ("' OR '1'='1", &[]),
        ] {
            assert_eq!(searched(&rows, term).await, found, "{term:?}");
        }
    })
    .await;
}

#[test]
fn a_term_has_1_to_100_characters_and_no_control_characters() {
    for good in ["x", " ", &"\u{1f600}".repeat(100)] {
        assert!(SearchTerm::parse(good).is_some(), "{good:?}");
    }
    for bad in ["", "a\0b", "a\nb", "\u{7f}", &"x".repeat(101)] {
        assert!(SearchTerm::parse(bad).is_none(), "{bad:?}");
    }
}

#[tokio::test]
async fn every_filter_narrows_and_all_work_together() {
    everywhere(async |world| {
        make(&world, "ada", "A", &["admin"], &["staff"]).await;
        make(
            &world,
            "bob",
            "B",
            &["user", "moderator"],
            &["staff", "Staff"],
        )
        .await;
        let cyd = make(&world, "cyd", "C", &["user"], &[]).await;
        let dan = make(&world, "dan", "D", &["user"], &["staff"]).await;
        let rows = world.app.store.tenant(&world.tenant.id);
        let (all, first) = (UserFilter::default(), Position::first());
        let some = |text: &str| Some(text.to_owned());
        let role = |role: &str| UserFilter {
            role: some(role),
            ..UserFilter::default()
        };
        let group = |group: &str| UserFilter {
            group: some(group),
            ..UserFilter::default()
        };
        let found = async |filter: &UserFilter| names(&rows, filter, &first, 100).await;
        assert_eq!(found(&all).await, ["ada", "bob", "cyd", "dan"]);
        assert_eq!(found(&role("user")).await, ["bob", "cyd", "dan"]);
        assert_eq!(found(&role("guest")).await, [""; 0]);
        assert_eq!(found(&role("use")).await, [""; 0]);
        assert_eq!(found(&group("staff")).await, ["ada", "bob", "dan"]);
        assert_eq!(found(&group("Staff")).await, ["bob"]);
        let both = UserFilter {
            role: some("user"),
            ..group("staff")
        };
        assert_eq!(found(&both).await, ["bob", "dan"]);
        let person = users_core::admin::users::get(&world.app, &world.tenant, &dan).await;
        let mut input = users_core::admin::users::input_of(&person.expect("dan"));
        input.enabled = false;
        let user = input.check().expect("a good account");
        let updated = rows
            .update_user(&dan, user, None, START, event(&world))
            .await;
        assert_eq!(updated.expect("an answer"), UpdateOutcome::Updated);
        let enabled = |enabled| UserFilter {
            enabled: Some(enabled),
            ..both.clone()
        };
        assert_eq!(found(&enabled(true)).await, ["bob"]);
        assert_eq!(found(&enabled(false)).await, ["dan"]);
        let searched = UserFilter {
            search: SearchTerm::parse("dan@"),
            kind: Some(AccountKind::Person),
            ..enabled(false)
        };
        assert_eq!(found(&searched).await, ["dan"]);
        let service = UserFilter {
            kind: Some(AccountKind::Service),
            ..all
        };
        assert_eq!(found(&service).await, [""; 0]);
        // Whoever is renamed stands where the new name does, and is found by it alone.
        let person = users_core::admin::users::get(&world.app, &world.tenant, &cyd).await;
        let mut input = users_core::admin::users::input_of(&person.expect("cyd"));
        input.username = "aaron".to_owned();
        input.roles.push("guest".to_owned());
        let user = input.check().expect("a good account");
        let updated = rows
            .update_user(&cyd, user, None, START, event(&world))
            .await;
        assert_eq!(updated.expect("an answer"), UpdateOutcome::Updated);
        assert_eq!(found(&role("user")).await, ["aaron", "bob", "dan"]);
        assert_eq!(found(&role("guest")).await, ["aaron"]);
        let deleted = rows.delete_user(&cyd, START, event(&world)).await;
        assert!(deleted.expect("an answer"));
        assert_eq!(found(&role("guest")).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn pages_give_everybody_once_by_name_and_by_number() {
    everywhere(async |world| {
        let mut expected = Vec::new();
        for number in 10..35 {
            let username = format!("p{number}");
            let roles: &[&str] = if number % 2 == 0 {
                &["user"]
            } else {
                &["guest"]
            };
            make(&world, &username, "P", roles, &["all"]).await;
            expected.push(username);
        }
        let rows = world.app.store.tenant(&world.tenant.id);
        let of_group = UserFilter {
            group: Some("all".to_owned()),
            ..UserFilter::default()
        };
        for filter in [UserFilter::default(), of_group] {
            let (mut seen, mut position) = (Vec::new(), Position::first());
            loop {
                let page = rows.find_users(&filter, &position, 7).await;
                let page = page.expect("a page");
                let Some(last) = page.last() else { break };
                position = Position::After(last.name_key());
                seen.extend(page.into_iter().map(|user| user.username));
            }
            assert_eq!(seen, expected);
            for (start, length) in [(0, 7), (7, 7), (21, 4), (25, 0), (1000, 0)] {
                let page = names(&rows, &filter, &Position::Offset(start), 7).await;
                let start = usize::try_from(start).unwrap_or(0).min(25);
                assert_eq!(page, expected[start..start + length]);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn rows_from_before_there_were_searches_are_filled_in() {
    everywhere(async |world| {
        let ada = make(&world, "Ada", "Lovelace", &["admin"], &["staff", "z"]).await;
        make(&world, "bob", "B", &["user"], &[]).await;
        let mut raw = world.raw().await;
        let before = raw.rows_of(&world.tenant.id).await;
        for undo in [
            "DROP TABLE memberships",
            "DROP TABLE groups",
            "DROP TABLE roles",
            "ALTER TABLE users DROP COLUMN search_key",
            "ALTER TABLE users DROP COLUMN preferences",
            "ALTER TABLE users DROP COLUMN kind",
            "DELETE FROM schema_migrations WHERE version = 5",
        ] {
            raw.run(undo).await;
        }
        let migrated = users_core::storage::migrate::migrate(world.app.store.db()).await;
        migrated.expect("migrated");
        let mut after = raw.rows_of(&world.tenant.id).await;
        // The columns stand in another order now.
        let of_users = |rows: &mut Vec<String>| rows.retain(|row| !row.starts_with("users: "));
        let mut before = before;
        of_users(&mut before);
        of_users(&mut after);
        assert_eq!(after, before);
        let rows = world.app.store.tenant(&world.tenant.id);
        assert_eq!(searched(&rows, "lovel").await, ["Ada"]);
        assert_eq!(searched(&rows, "mail.example").await, ["Ada", "bob"]);
        assert!(rows.has_active_admin().await.expect("an answer"));
        let last = rows.delete_user(&ada, START, event(&world)).await;
        assert!(last.is_err(), "the last administrator stays");
    })
    .await;
}
