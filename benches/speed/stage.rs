//! The databases the server is measured on, with the clients and the person it serves.

use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use users_core::admin::{clients, tenants, users};
use users_core::app::App;
use users_core::base::clock::Clock;
use users_core::base::random::Random;
use users_core::config::{Config, Secret};
use users_core::installation;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::{ClientMetadata, GrantType};
use users_core::model::tenant::Tenant;
use users_core::model::user::UserInput;
use users_core::storage::{Db, DbError};

use crate::Outcome;

pub const ISSUER: &str = "http://localhost:8081";
pub const SCOPE: &str = "sip.register";
pub const USERNAME: &str = "bench";
pub const PASSWORD: &str = "the passphrase of the benchmark";

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

/// A database that is set up, gone with this handle or by [`Stage::clear`].
pub struct Stage {
    pub name: &'static str,
    pub database: Secret,
    pub clients: Vec<Client>,
    place: Place,
}

enum Place {
    Directory(#[expect(dead_code, reason = "removed when dropped")] TempDir),
    Schema { server: String, name: String },
}

/// A client whose tokens are signed with one algorithm.
#[derive(Clone)]
pub struct Client {
    pub algorithm: Algorithm,
    pub id: String,
    pub secret: String,
}

impl Stage {
    /// A file beside the build's own, so that a commit costs what the disk asks.
    pub async fn sqlite() -> Outcome<Self> {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let file = directory.path().join("bench.db");
        let database = Secret::new(format!("sqlite://{}", file.display()));
        Self::set_up("SQLite", database, Place::Directory(directory)).await
    }

    /// A schema of its own, where there is a server.
    pub async fn postgres() -> Outcome<Option<Self>> {
        let Ok(server) = std::env::var(POSTGRES) else {
            return Ok(None);
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let name = format!("bench_{}_{now}", std::process::id());
        run(&server, format!("CREATE SCHEMA {name}")).await?;
        let joint = if server.contains('?') { '&' } else { '?' };
        let database = format!("{server}{joint}options=-c%20search_path%3D{name}");
        let place = Place::Schema { server, name };
        Self::set_up("PostgreSQL", Secret::new(database), place)
            .await
            .map(Some)
    }

    async fn set_up(name: &'static str, database: Secret, place: Place) -> Outcome<Self> {
        let app = installation::open(settings(&database), Clock::System, Random::System).await?;
        let tenant = tenants::get(&app, "default").await?;
        let mut clients = Vec::new();
        for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
            clients.push(client(&app, &tenant, algorithm).await?);
        }
        let person = UserInput {
            username: USERNAME.to_owned(),
            roles: vec!["user".to_owned()],
            enabled: true,
            ..UserInput::default()
        };
        users::create(&app, &Actor::system(), &tenant, person, Some(PASSWORD)).await?;
        // Else the server makes them while it is measured.
        app.key_maker.stock_up(app.signing_alg()).await?;
        app.store.db().close().await;
        Ok(Self {
            name,
            database,
            clients,
            place,
        })
    }

    pub fn client(&self, algorithm: Algorithm) -> Outcome<&Client> {
        let mut clients = self.clients.iter();
        let client = clients.find(|client| client.algorithm == algorithm);
        client.ok_or_else(|| format!("no client for {algorithm}").into())
    }

    /// Removes what was made outside the file system.
    pub async fn clear(self) -> Outcome<()> {
        if let Place::Schema { server, name } = &self.place {
            run(server, format!("DROP SCHEMA {name} CASCADE")).await?;
        }
        Ok(())
    }
}

async fn client(app: &App, tenant: &Tenant, algorithm: Algorithm) -> Outcome<Client> {
    let id = format!("bench-{algorithm}");
    let metadata = ClientMetadata {
        grant_types: vec![
            GrantType::ClientCredentials,
            GrantType::Password,
            GrantType::RefreshToken,
        ],
        scope: SCOPE.parse()?,
        access_token_signing_alg: Some(algorithm),
        refresh_without_offline_access: true,
        ..ClientMetadata::default()
    };
    let secret = clients::Secret::Generate;
    let actor = Actor::system();
    let made = clients::create(app, &actor, tenant, &id, metadata, true, secret).await?;
    let secret = made.ok_or("no secret was made")?.expose().to_owned();
    Ok(Client {
        algorithm,
        id,
        secret,
    })
}

async fn run(server: &str, script: String) -> Result<(), DbError> {
    let db = Db::open(server, 1).await?;
    let done = db.run_script(script.leak()).await;
    db.close().await;
    done
}
