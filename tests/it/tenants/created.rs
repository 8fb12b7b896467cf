//! A tenant with its key and its administrator: all of it or nothing.

use users_core::admin::tenants::{self, Administrator, TenantInput};
use users_core::admin::{AdminError, users};
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;
use users_core::model::tenant::Tenant;

use crate::support::race::{RACERS, at_once};
use crate::support::{World, everywhere};

const PASSWORD: &str = "a passphrase for the administrator";

fn acme() -> TenantInput {
    TenantInput {
        description: Some("Makers of everything".to_owned()),
        domain: Some("ACME.test".to_owned()),
        ..TenantInput::named("acme", "Acme", Algorithm::Es256)
    }
}

fn administrator() -> Administrator<'static> {
    Administrator {
        username: "root".to_owned(),
        email: Some("root@acme.test".to_owned()),
        given_name: Some("Ada".to_owned()),
        family_name: Some("Smith".to_owned()),
        password: PASSWORD,
    }
}

async fn create(
    world: &World,
    input: TenantInput,
    administrator: Option<Administrator<'_>>,
) -> Result<Tenant, AdminError> {
    tenants::create_with(&world.app, &Actor::command_line(), input, administrator).await
}

/// How many rows there are of what a tenant is made of, in the whole database.
async fn counts(world: &World) -> Vec<i64> {
    let mut raw = world.raw().await;
    let mut counts = Vec::new();
    for table in [
        "SELECT COUNT(*) FROM tenants",
        "SELECT COUNT(*) FROM signing_keys",
        "SELECT COUNT(*) FROM spare_keys",
        "SELECT COUNT(*) FROM users",
        "SELECT COUNT(*) FROM credentials",
        "SELECT COUNT(*) FROM audit",
        "SELECT COUNT(*) FROM changes",
    ] {
        counts.push(raw.number(table).await);
    }
    counts
}

#[tokio::test]
async fn a_tenant_comes_with_a_key_and_an_administrator_who_can_sign_in() {
    everywhere(async |world| {
        let tenant = create(&world, acme(), Some(administrator()))
            .await
            .expect("made");
        assert_eq!(tenant.domain.as_deref(), Some("acme.test"));
        assert_eq!(tenant.description.as_deref(), Some("Makers of everything"));
        let root = users::get(&world.app, &tenant, "root")
            .await
            .expect("the account");
        assert_eq!(root.roles, ["admin"]);
        assert_eq!(root.claims.name.as_deref(), Some("Ada Smith"));
        assert!(!root.email_verified, "nobody has seen the address");
        let app = world.client_of(&tenant, "app", "openid clients.write", |metadata| {
            metadata.first_party = true;
        });
        let app = app.await;
        let reply = app
            .password("root@acme.test", PASSWORD, "clients.write")
            .await;
        assert_eq!(reply.assert_ok().text("scope"), "clients.write");
        let rows = world.app.store.tenant(&tenant.id);
        let trail = rows.recent_audit(10).await.expect("a trail");
        let mut kinds: Vec<&str> = trail.iter().map(|row| row.kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(
            kinds,
            ["client.created", "login", "tenant.created", "user.created"]
        );
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_made_whole_leaves_nothing_behind_and_costs_no_key() {
    everywhere(async |world| {
        create(&world, acme(), None).await.expect("made");
        world
            .app
            .key_maker
            .stock_up(Algorithm::Rs256)
            .await
            .expect("spares");
        let before = counts(&world).await;
        let rsa = |slug: &str| TenantInput::named(slug, "Other", Algorithm::Rs256);
        let taken = [
            (rsa("acme"), "tenant \"acme\""),
            (
                TenantInput {
                    domain: Some("acme.TEST".to_owned()),
                    ..rsa("other")
                },
                "a tenant with the domain \"acme.test\"",
            ),
        ];
        for (input, what) in taken {
            match create(&world, input, Some(administrator())).await {
                Err(AdminError::Conflict(named)) => assert_eq!(named, what),
                other => panic!("{other:?}"),
            }
            assert_eq!(counts(&world).await, before, "{what}");
        }
        let weak = Administrator {
            username: "no name".to_owned(),
            email: Some("nowhere".to_owned()),
            password: "short",
            ..administrator()
        };
        let Err(AdminError::Invalid(problems)) = create(&world, rsa("other"), Some(weak)).await
        else {
            panic!("made");
        };
        for field in ["admin_username: ", "admin_email: ", "admin_password: "] {
            assert!(
                problems.iter().any(|problem| problem.starts_with(field)),
                "{problems:?}"
            );
        }
        assert_eq!(counts(&world).await, before);
    })
    .await;
}

#[tokio::test]
async fn the_key_is_one_of_the_stock() {
    everywhere(async |world| {
        world
            .app
            .key_maker
            .stock_up(Algorithm::Rs256)
            .await
            .expect("spares");
        let spares = world.raw().await.texts("SELECT kid FROM spare_keys").await;
        let input = TenantInput::named("acme", "Acme", Algorithm::Rs256);
        let tenant = create(&world, input, None).await.expect("made");
        let rows = world.app.store.tenant(&tenant.id);
        let keys = rows.signing_keys().await.expect("keys");
        assert_eq!(keys.len(), 1);
        assert!(spares.contains(&keys[0].kid));
        let left = world
            .raw()
            .await
            .number("SELECT COUNT(*) FROM spare_keys")
            .await;
        assert_eq!(left, i64::try_from(spares.len()).expect("a few") - 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_want_one_name_one_gets_it_with_its_administrator() {
    everywhere(async |world| {
        let made = at_once((0..RACERS).map(|_| {
            let app = world.app.clone();
            async move {
                let (actor, input) = (Actor::command_line(), acme());
                tenants::create_with(&app, &actor, input, Some(administrator())).await
            }
        }))
        .await;
        let (made, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 1);
        for refusal in refused {
            assert!(
                matches!(refusal, Err(AdminError::Conflict(_))),
                "{refusal:?}"
            );
        }
        let mut raw = world.raw().await;
        assert_eq!(raw.number("SELECT COUNT(*) FROM tenants").await, 2);
        assert_eq!(raw.number("SELECT COUNT(*) FROM signing_keys").await, 2);
        assert_eq!(raw.number("SELECT COUNT(*) FROM users").await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_named_by_its_field() {
    everywhere(async |world| {
        let input = || TenantInput::named("acme", "Acme", Algorithm::Es256);
        let long = "a".repeat(1001);
        let cases: [(&str, TenantInput); 9] = [
            (
                "slug",
                TenantInput {
                    slug: "Acme".to_owned(),
                    ..input()
                },
            ),
            (
                "slug",
                TenantInput {
                    slug: "default".to_owned(),
                    ..input()
                },
            ),
            (
                "name",
                TenantInput {
                    name: "  ".to_owned(),
                    ..input()
                },
            ),
            (
                "description",
                TenantInput {
                    description: Some(long),
                    ..input()
                },
            ),
            (
                "description",
                TenantInput {
                    description: Some("a\0b".to_owned()),
                    ..input()
                },
            ),
            (
                "domain",
                TenantInput {
                    domain: Some("localhost".to_owned()),
                    ..input()
                },
            ),
            (
                "issuer",
                TenantInput {
                    issuer: Some("https://acme.test/x".to_owned()),
                    ..input()
                },
            ),
            ("display.primary_color", {
                let mut input = input();
                input.display.primary_color = Some("red".to_owned());
                input
            }),
            ("display.logo_uri", {
                let mut input = input();
                input.display.logo_uri = Some("javascript:alert(1)".to_owned());
                input
            }),
        ];
        for (field, input) in cases {
            let Err(AdminError::Invalid(problems)) = create(&world, input, None).await else {
                panic!("made: {field}");
            };
            assert!(
                problems.iter().all(|problem| problem.starts_with(field)),
                "{problems:?}"
            );
        }
        assert_eq!(
            world
                .raw()
                .await
                .number("SELECT COUNT(*) FROM tenants")
                .await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn two_who_change_a_tenant_do_not_undo_each_other() {
    everywhere(async |world| {
        let read = create(&world, acme(), None).await.expect("made");
        let changed = world.change_tenant(&read, |input| input.name = "First".to_owned());
        changed.await.expect("changed");
        let stale = TenantInput {
            description: None,
            ..TenantInput::of(&read)
        };
        let actor = Actor::command_line();
        let outcome = tenants::update(&world.app, &actor, &read, stale).await;
        assert!(
            matches!(outcome, Err(AdminError::Changed(_))),
            "{outcome:?}"
        );
        let now = tenants::get(&world.app, "acme").await.expect("the tenant");
        assert_eq!(now.name, "First");
        assert!(now.description.is_some());
        assert!(
            now.updated_at > read.updated_at,
            "within one millisecond too"
        );
    })
    .await;
}

#[tokio::test]
async fn a_search_finds_its_text_and_nothing_else() {
    everywhere(async |world| {
        for (slug, name, domain) in [
            ("one", "100% Acme", Some("one.test")),
            ("two", "Über_Acme", None),
            ("three", "Nobody", Some("acme.test")),
        ] {
            let input = TenantInput {
                domain: domain.map(str::to_owned),
                ..TenantInput::named(slug, name, Algorithm::Es256)
            };
            create(&world, input, None).await.expect("made");
        }
        let found = async |text: &str| {
            let term = users_core::model::search::SearchTerm::parse(text).expect("a term");
            let (store, base) = (&world.app.store, &world.app.config.issuer);
            let found = store
                .find_tenants(base, &term, "", 10)
                .await
                .expect("a list");
            found
                .into_iter()
                .map(|tenant| tenant.slug)
                .collect::<Vec<_>>()
        };
        assert_eq!(found("ACME").await, ["one", "three", "two"]);
        assert_eq!(found("%").await, ["one"]);
        assert_eq!(found("_").await, ["two"]);
        assert_eq!(found("über").await, ["two"]);
        assert_eq!(found("three").await, ["three"]);
        assert_eq!(found("\\").await, Vec::<String>::new());
        assert_eq!(found("default").await, ["default"]);
    })
    .await;
}
