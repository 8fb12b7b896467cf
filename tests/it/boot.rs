//! The first start, and every later one: who is there, which keys, and when it stops instead.

mod keys;
mod messages;

use std::path::Path;

use futures_util::future::join_all;
use tempfile::TempDir;
use users_core::admin::tenants;
use users_core::app::App;
use users_core::base::clock::Clock;
use users_core::base::random::Random;
use users_core::config::{Config, Secret};
use users_core::installation::{self, OpenError};
use users_core::server::Server;

use crate::support::raw::Raw;
use crate::support::world::{START, settings};
use crate::support::{databases, everywhere};

async fn open(config: Config) -> Result<App, OpenError> {
    installation::open(config, Clock::manual(START), Random::System).await
}

/// The error that must come.
async fn failure(config: Config) -> OpenError {
    match open(config).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

/// Settings of a SQLite installation in a folder, which makes its own master key.
fn in_folder(folder: &Path) -> Config {
    let url = format!("sqlite://{}", folder.join("data/users.db").display());
    Config {
        master_key: None,
        ..settings(&Secret::new(url))
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

// A363
#[tokio::test]
async fn a_fresh_installation_has_nobody_in_it_and_no_door() {
    everywhere(async |world| {
        let mut raw = Raw::open(&world.database.url).await;
        for count in [
            "SELECT CAST(COUNT(*) AS BIGINT) FROM users",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM credentials",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM clients",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM client_secrets",
            // A link is made when somebody asks for one, not by itself.
            "SELECT CAST(COUNT(*) AS BIGINT) FROM setup_links",
        ] {
            assert_eq!(raw.number(count).await, 0, "{count}");
        }
        let anonymous = world.anonymous();
        let form = [
            ("username", "root"),
            ("password", "some unrelated words"),
            ("grant_type", "password"),
        ];
        assert_eq!(anonymous.get("/setup").await.status, 404);
        assert_eq!(anonymous.post("/setup", &form, &[]).await.status, 404);
        anonymous
            .post("/token", &form, &[])
            .await
            .assert_error(401, "invalid_client");
        for path in [
            "/register",
            "/sign-up",
            "/admin",
            "/admin/",
            "/install",
            "/auth/register",
            "/auth/login",
            "/users",
            "/api-keys",
            "/clients",
        ] {
            let reply = anonymous.get(path).await;
            assert_eq!(reply.status, 404, "{path}: {reply:?}");
            let reply = anonymous.post(path, &form, &[]).await;
            assert_eq!(reply.status, 404, "{path}: {reply:?}");
        }
        for path in ["/api/v1/users", "/api/v1/tenants", "/api/v1/clients"] {
            let reply = anonymous.get(path).await;
            reply.assert_problem(401, "unauthenticated");
            let reply = anonymous
                .post_raw(path, "application/json", "{}", &[])
                .await;
            reply.assert_problem(401, "unauthenticated");
        }
        let account = r#"{"email":"root@example.test","password":"some unrelated words"}"#;
        for (path, status, code) in [
            ("/api/v1/auth/register", 403, "forbidden"),
            ("/api/v1/auth/login", 401, "unauthenticated"),
        ] {
            let reply = anonymous
                .post_raw(path, "application/json", account, &[])
                .await;
            reply.assert_problem(status, code);
        }
        let service = world.client("web", "sip.call").await;
        for name in [
            "admin",
            "root",
            "administrator",
            "user",
            "test",
            "users-core",
            "",
        ] {
            for password in [
                "admin",
                "password",
                "changeme",
                "root",
                "123456",
                "users-core",
                name,
            ] {
                world.advance(3600);
                let reply = service.password(name, password, "sip.call").await;
                assert_eq!(reply.status, 400, "{name}: {reply:?}");
            }
        }
        assert_eq!(
            raw.number("SELECT CAST(COUNT(*) AS BIGINT) FROM users")
                .await,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn a_later_start_makes_nothing_new() {
    for database in databases().await {
        let config = settings(&database.url);
        let first = open(config.clone()).await.expect("opened");
        let mut raw = Raw::open(&database.url).await;
        let tenant = tenants::get(&first, "default").await.expect("a tenant");
        let before = raw.rows_of(&tenant.id).await;
        for _ in 0..3 {
            let again = open(config.clone()).await.expect("opened again");
            let same = tenants::get(&again, "default").await.expect("a tenant");
            assert_eq!(same, tenant);
        }
        assert_eq!(raw.rows_of(&tenant.id).await, before);
        let links = "SELECT CAST(COUNT(*) AS BIGINT) FROM setup_links";
        assert_eq!(raw.number(links).await, 0);
    }
}

// A365
// A365
// A365
#[cfg(unix)]
// A129
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn starts_at_once_on_nothing_end_in_one_installation() {
    for round in 0..5 {
        for database in databases().await {
            let configs = (0..6).map(|_| settings(&database.url));
            let apps = join_all(configs.map(|config| tokio::spawn(open(config)))).await;
            let mut raw = Raw::open(&database.url).await;
            for app in apps {
                app.expect("no panic").expect("opened");
            }
            let tenants = "SELECT CAST(COUNT(*) AS BIGINT) FROM tenants";
            assert_eq!(raw.number(tenants).await, 1, "{} {round}", database.name);
            let keys = "SELECT CAST(COUNT(*) AS BIGINT) FROM signing_keys";
            assert_eq!(raw.number(keys).await, 1, "{} {round}", database.name);
        }
        let folder = folder();
        let configs = (0..6).map(|_| in_folder(folder.path()));
        let apps = join_all(configs.map(|config| tokio::spawn(open(config)))).await;
        for app in apps {
            app.expect("no panic").expect("opened");
        }
        open(in_folder(folder.path())).await.expect("one key won");
    }
}

#[tokio::test]
async fn a_schema_of_a_newer_program_or_another_text_is_left_alone() {
    for text in [
        "INSERT INTO schema_migrations (version, name, digest) VALUES (9999, 'later', 'x')",
        "UPDATE schema_migrations SET digest = 'x'",
    ] {
        for database in databases().await {
            let config = settings(&database.url);
            let app = open(config.clone()).await.expect("opened");
            let tenant = tenants::get(&app, "default").await.expect("a tenant");
            let mut raw = Raw::open(&database.url).await;
            raw.run(text).await;
            let before = raw.rows_of(&tenant.id).await;
            let error = failure(config).await;
            assert!(matches!(error, OpenError::Database(..)), "{error}");
            assert_eq!(raw.rows_of(&tenant.id).await, before);
        }
    }
}

#[tokio::test]
async fn a_server_that_cannot_have_all_its_addresses_has_none() {
    everywhere(async |world| {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let taken = taken.local_addr().map(|address| (taken, address));
        let (_taken, taken) = taken.expect("an address");
        let config = Config {
            bind: vec!["127.0.0.1:0".parse().expect("an address"), taken],
            ..world.app.config.clone()
        };
        let app = open(config).await.expect("opened");
        let error = Server::bind(app).await.err().expect("one is taken");
        assert!(format!("{error}").contains(&taken.to_string()), "{error}");
    })
    .await;
}
