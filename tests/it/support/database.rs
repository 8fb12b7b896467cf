//! Fresh databases: SQLite in a temporary file, and a schema of its own on PostgreSQL where
//! `USERS_CORE_TEST_POSTGRES` names a server.

use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use users_core::base::random::Random;
use users_core::config::Secret;
use users_core::storage::{Db, Store};

/// A place for one world's rows, gone with it.
pub struct Database {
    pub name: &'static str,
    pub url: Secret,
    _directory: Option<TempDir>,
}

pub const POSTGRES: &str = "USERS_CORE_TEST_POSTGRES";

/// One fresh database of every kind.
pub async fn databases() -> Vec<Database> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite://{}", directory.path().join("test.db").display());
    let mut all = vec![Database {
        name: "sqlite",
        url: Secret::new(url),
        _directory: Some(directory),
    }];
    if let Ok(server) = std::env::var(POSTGRES) {
        all.push(Database {
            name: "postgres",
            url: schema(&server).await,
            _directory: None,
        });
    }
    all
}

/// An address at which every table is made in a schema nobody else uses.
async fn schema(server: &str) -> Secret {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let unique: [u8; 6] = Random::System.bytes();
    let name = format!(
        "t{}_{}",
        NEXT.fetch_add(1, Ordering::SeqCst),
        unique
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    );
    let db = Db::open(server, 1).await.expect("the test server answers");
    Store::new(db.clone()).create_schema(&name).await;
    db.close().await;
    let joint = if server.contains('?') { '&' } else { '?' };
    Secret::new(format!("{server}{joint}options=-c%20search_path%3D{name}"))
}

trait CreateSchema {
    async fn create_schema(&self, name: &str);
}

impl CreateSchema for Store {
    async fn create_schema(&self, name: &str) {
        let text: &'static str = format!("CREATE SCHEMA {name}").leak();
        self.db()
            .run_script(text)
            .await
            .expect("a schema can be made");
    }
}
