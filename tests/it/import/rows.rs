//! What becomes of single accounts: all of one or nothing, and none harms another.

use serde_json::{Value, json};
use users_core::admin::import::Plan;
use users_core::admin::import::source::Format;
use users_core::storage::import::OnConflict;

use super::{BCRYPT, PLAN, WORDS, counts, everybody, import_text, named};
use crate::support::race::at_once;
use crate::support::{World, everywhere};

fn key(name: &str, secret: &str) -> Value {
    let digest = users_core::base::digest::sha256(&[secret.as_bytes()]);
    json!({ "name": name, "sha256": data_encoding::HEXLOWER.encode(&digest), "permissions": ["read"] })
}

#[tokio::test]
async fn what_is_wrong_is_named_by_line_and_never_shows_a_secret() {
    everywhere(async |world| {
        let secret = "a secret nobody may see";
        let text = [
            json!({ "username": "ada", "password_hash": format!("$5$rounds=1${secret}") }),
            json!({ "username": "bad name", "email": "no address", "password_hash": BCRYPT }),
            json!({ "username": "bob", "pasword": secret }),
            json!({ "username": "cyd", "password": { "value": secret } }),
            json!({ "username": "dan", "password": secret, "password_hash": BCRYPT }),
            json!({ "username": "eve", "api_keys": [{ "name": "k", "sha256": secret }] }),
            json!({ "username": "fay", "sip_digests": [
                { "sip_username": "fay", "realm": "r", "algorithm": "MD5", "ha1": secret }] }),
            json!({ "username": "good" }),
        ];
        let text: String = text.iter().map(|account| format!("{account}\n")).collect();
        let (summary, refused) = import_text(&world, Format::Json, &text, PLAN).await;
        assert_eq!(summary, counts(1, 0, 0, 7));
        let places: Vec<u64> = refused.iter().map(|refusal| refusal.place).collect();
        // Those that cannot be read are known before those that are checked.
        let mut sorted = places.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [1, 2, 3, 4, 5, 6, 7]);
        assert!(!format!("{refused:?}").contains(secret), "{refused:?}");
        let of = |place| {
            refused
                .iter()
                .find(|refusal| refusal.place == place)
                .expect("refused")
        };
        assert!(of(1).reasons[0].starts_with("password_hash: of no form"));
        assert_eq!(of(2).reasons.len(), 2, "{refused:?}");
        assert!(
            of(3).reasons[0].contains("unknown field `pasword`"),
            "{refused:?}"
        );
        assert_eq!(of(4).reasons, ["password: is of another type"]);
        assert_eq!(everybody(&world).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_account_that_is_there_stays_is_replaced_or_is_refused() {
    everywhere(async |world| {
        let service = world.client("web", "sip.register offline_access").await;
        let alice = world.person("alice").await;
        let text = json!([
            { "username": "ALICE", "email": "alice@example.test", "name": "Alice", "password_hash": BCRYPT },
            { "username": "other", "email": "Alice@Example.test" },
            { "username": "fresh" },
        ])
        .to_string();
        let with = |on_conflict| Plan { on_conflict, ..PLAN };
        let (summary, refused) = import_text(&world, Format::Json, &text, PLAN).await;
        assert_eq!(summary, counts(1, 0, 0, 2));
        assert_eq!(refused[0].reasons, ["the account is there already"]);
        assert_eq!(refused[1].reasons, ["its name or its address is another account's"]);
        let (summary, _) =
            import_text(&world, Format::Json, &text, with(OnConflict::Skip)).await;
        assert_eq!(summary, counts(0, 0, 2, 1));
        service.sign_in(&alice, "sip.register").await;
        let session = service.sign_in(&alice, "sip.register offline_access").await;
        let (summary, _) =
            import_text(&world, Format::Json, &text, with(OnConflict::Update)).await;
        assert_eq!(summary, counts(0, 2, 0, 1));
        let user = named(&world, "ALICE").await;
        assert_eq!(user.id, alice.id, "the account stays the same");
        service.password("alice", WORDS, "sip.register").await.assert_ok();
        service
            .introspect(&session.text("access_token"))
            .await
            .assert_inactive();
    })
    .await;
}

#[tokio::test]
async fn a_trial_finds_what_is_wrong_and_keeps_nothing() {
    everywhere(async |world| {
        let text = json!([
            { "username": "ada", "email": "same@example.test" },
            { "username": "Ada" },
            { "username": "bob", "email": "SAME@example.test" },
            { "username": "cyd", "groups": ["fresh"] },
        ])
        .to_string();
        let mut raw = world.raw().await;
        let before = raw.rows_of(&world.tenant.id).await;
        let trial = Plan {
            trial: true,
            ..PLAN
        };
        let (summary, refused) = import_text(&world, Format::Json, &text, trial).await;
        assert_eq!(summary, counts(2, 0, 0, 2));
        assert!(
            refused
                .iter()
                .all(|refusal| refusal.reasons[0].contains("twice"))
        );
        assert_eq!(raw.rows_of(&world.tenant.id).await, before);
        let (summary, _) = import_text(&world, Format::Json, &text, PLAN).await;
        assert_eq!(summary, counts(2, 0, 0, 2));
    })
    .await;
}

#[tokio::test]
async fn a_refused_account_leaves_nothing_and_its_neighbours_are_whole() {
    everywhere(async |world| {
        let text = json!([
            { "username": "ada", "api_keys": [key("one", "secret one")], "groups": ["staff"] },
            { "username": "bob", "api_keys": [key("two", "secret two"), key("one", "secret one")],
              "sip_digests": [{ "sip_username": "bob", "realm": "r", "algorithm": "MD5",
                                "ha1": "0".repeat(32) }] },
            { "username": "cyd", "api_keys": [key("two", "secret two")] },
        ])
        .to_string();
        let (summary, refused) = import_text(&world, Format::Json, &text, PLAN).await;
        assert_eq!(summary, counts(2, 0, 0, 1));
        assert_eq!(refused[0].username.as_deref(), Some("bob"));
        let mut raw = world.raw().await;
        assert_eq!(raw.number("SELECT COUNT(*) FROM api_keys").await, 2);
        assert_eq!(
            raw.number("SELECT COUNT(*) FROM sip_digest_credentials")
                .await,
            0
        );
        let again = Plan {
            on_conflict: OnConflict::Skip,
            ..PLAN
        };
        let (summary, _) = import_text(&world, Format::Json, &text, again).await;
        assert_eq!(summary, counts(0, 0, 2, 1));
    })
    .await;
}

#[tokio::test]
async fn two_imports_at_once_make_each_account_once() {
    everywhere(async |world: World| {
        let accounts: Vec<Value> = (0..450)
            .map(|number| json!({ "username": format!("person{number}"), "email": format!("{number}@example.test") }))
            .collect();
        let text = Value::from(accounts).to_string();
        let (_directory, path) = super::file("accounts", &text);
        let runs = (0..2).map(|_| {
            let (app, tenant, path) = (world.app.clone(), world.tenant.clone(), path.clone());
            async move {
                let source = users_core::admin::import::source::open(&path, Format::Json).await;
                let actor = users_core::model::audit_event::Actor::command_line();
                let items = source.expect("a source").items;
                let done = users_core::admin::import::run(&app, &actor, &tenant, items, PLAN, |_| {});
                done.await.expect("an import")
            }
        });
        let done = at_once(runs).await;
        let created: u64 = done.iter().map(|summary| summary.created).sum();
        let refused: u64 = done.iter().map(|summary| summary.refused).sum();
        assert_eq!((created, refused), (450, 450));
        assert_eq!(everybody(&world).await.len(), 450);
    })
    .await;
}

#[tokio::test]
async fn the_last_administrator_is_not_imported_away() {
    everywhere(async |world| {
        world.person_of(&world.tenant, "root", &["admin"]).await;
        let text = json!([{ "username": "root", "enabled": false }]).to_string();
        let update = Plan {
            on_conflict: OnConflict::Update,
            ..PLAN
        };
        let (summary, refused) = import_text(&world, Format::Json, &text, update).await;
        assert_eq!(summary, counts(0, 0, 0, 1));
        assert!(
            refused[0].reasons[0].contains("last active administrator"),
            "{refused:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn unknown_roles_are_a_reason_to_refuse_unless_they_are_to_be_left_out() {
    everywhere(async |world| {
        let text = json!([{ "username": "ada", "roles": ["sip", "moderator"] }]).to_string();
        let (summary, _) = import_text(&world, Format::Json, &text, PLAN).await;
        assert_eq!(summary, counts(0, 0, 0, 1));
        let plan = Plan {
            drop_unknown_roles: true,
            ..PLAN
        };
        let (summary, _) = import_text(&world, Format::Json, &text, plan).await;
        assert_eq!(summary, counts(1, 0, 0, 0));
        assert_eq!(named(&world, "ada").await.roles, ["moderator"]);
    })
    .await;
}

#[tokio::test]
async fn whether_an_account_is_there_is_asked_of_indexes_alone() {
    everywhere(async |world| {
        if world.database.name != "sqlite" {
            // PostgreSQL plans by what it has counted, which says nothing on an empty table.
            return;
        }
        let looks = users_core::storage::sql::STATEMENTS.iter();
        let mut looks = looks.filter(|text| text.contains("email_key IN ($3, $4)"));
        let text = *looks.next().expect("the import's look");
        let plan = world.raw().await.plan(text).await;
        for index in [
            "(tenant=? AND id=?)",
            "(tenant=? AND username_key=?)",
            "(tenant=? AND email_key=?)",
        ] {
            assert!(plan.contains(index), "{plan}");
        }
    })
    .await;
}
