//! The databases servers are measured on.

use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use users_core::app::App;
use users_core::base::clock::Clock;
use users_core::base::random::Random;
use users_core::config::{Config, Secret};
use users_core::installation;
use users_core::storage::{Db, DbError};

use super::Outcome;

pub const ISSUER: &str = "http://localhost:8081";

/// Protects nothing: the databases last as long as the run.
const MASTER_KEY: &str = "4a1f0c6be2d7935880b3f6142c9ae75d0e8b71f3562dc49a17e0b58f6c23d94e";
const POSTGRES: &str = "USERS_CORE_TEST_POSTGRES";

/// The settings of a measured server: as shipped, on a free port.
pub fn settings(database: &Secret) -> Config {
    Config {
        bind: vec![([127, 0, 0, 1], 0).into()],
        issuer: ISSUER.to_owned(),
        database_url: database.clone(),
        master_key: Some(Secret::new(MASTER_KEY)),
        ..Config::default()
    }
}

/// A database, gone with this handle or by [`Database::clear`].
pub struct Database {
    pub name: &'static str,
    pub url: Secret,
    place: Place,
}

enum Place {
    Directory(#[expect(dead_code, reason = "removed when dropped")] TempDir),
    Schema { server: String, name: String },
}

impl Database {
    /// A file beside the build's own, so that a commit costs what the disk asks.
    pub fn sqlite() -> Outcome<Self> {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let file = directory.path().join("bench.db");
        Ok(Self {
            name: "SQLite",
            url: Secret::new(format!("sqlite://{}", file.display())),
            place: Place::Directory(directory),
        })
    }

    /// A schema of its own, where there is a server.
    pub async fn postgres() -> Outcome<Option<Self>> {
        let Ok(server) = std::env::var(POSTGRES) else {
            return Ok(None);
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        let name = format!("bench_{}_{now}", std::process::id());
        run(&server, format!("CREATE SCHEMA {name}")).await?;
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{joint}options=-c%20search_path%3D{name}");
        Ok(Some(Self {
            name: "PostgreSQL",
            url: Secret::new(url),
            place: Place::Schema { server, name },
        }))
    }

    /// Opens it the way a server does; the schema and the default tenant are made.
    pub async fn open(&self) -> Outcome<App> {
        let opened = installation::open(settings(&self.url), Clock::System, Random::System);
        Ok(opened.await?)
    }

    /// Removes what was made outside the file system.
    pub async fn clear(self) -> Outcome<()> {
        if let Place::Schema { server, name } = &self.place {
            run(server, format!("DROP SCHEMA {name} CASCADE")).await?;
        }
        Ok(())
    }
}

async fn run(server: &str, script: String) -> Result<(), DbError> {
    let db = Db::open(server, 1).await?;
    let done = db.run_script(script.leak()).await;
    db.close().await;
    done
}
