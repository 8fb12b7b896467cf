//! The databases the server is measured on, with the clients and the person it serves.

use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use users_core::admin::{clients, tenants, users};
use users_core::app::App;
use users_core::base::clock::Clock;
use users_core::base::random::Random;
use users_core::base::token::{Kind, OpaqueToken};
use users_core::config::{Config, Secret};
use users_core::installation;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::{Actor, AuditKind};
use users_core::model::client_metadata::{ClientMetadata, GrantType, ResponseType};
use users_core::model::session::{Origin, Session};
use users_core::model::tenant::Tenant;
use users_core::model::user::UserInput;
use users_core::storage::devices::BrowserDevice;
use users_core::storage::sessions::SignIn;
use users_core::storage::{Db, DbError};

use crate::Outcome;

pub const ISSUER: &str = "http://localhost:8081";
pub const SCOPE: &str = "sip.register";
pub const REDIRECT_URI: &str = "https://app.example.test/callback";
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
    pub relying_party: Client,
    /// What the person's browser sends.
    pub cookie: String,
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
            clients.push(service(&app, &tenant, algorithm).await?);
        }
        let person = UserInput {
            username: USERNAME.to_owned(),
            roles: vec!["user".to_owned()],
            enabled: true,
            ..UserInput::default()
        };
        let id = users::create(&app, &Actor::system(), &tenant, person, Some(PASSWORD)).await?;
        let relying_party = relying_party(&app, &tenant).await?;
        let cookie = signed_in(&app, &tenant, &id, &relying_party).await?;
        // Else the server makes them while it is measured.
        app.key_maker.stock_up(app.signing_alg()).await?;
        app.store.db().close().await;
        Ok(Self {
            name,
            database,
            clients,
            relying_party,
            cookie,
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

/// Signs the person in in a browser and lets the client have what it asks for; the browser's cookie.
async fn signed_in(app: &App, tenant: &Tenant, user_id: &str, client: &Client) -> Outcome<String> {
    let rows = app.store.tenant(&tenant.id);
    let user = rows.user(user_id).await?.ok_or("nobody was made")?;
    let now = app.clock.now();
    let event = || Actor::system().did(AuditKind::Login, user_id, app.row_id(), now);
    let secret = OpaqueToken::generate(Kind::SessionSecret, &app.random);
    let signed_in = SignIn {
        session: Session {
            id: app.opaque_id(),
            user_id: user_id.to_owned(),
            remembered: true,
            amr: vec!["pwd".to_owned()],
            auth_time: now,
            seen_at: now,
            expires_at: now.plus_seconds(86_400),
            ended_at: None,
        },
        origin: Origin::default(),
        device: BrowserDevice {
            id: app.row_id(),
            known: None,
            digest: OpaqueToken::generate(Kind::DeviceSecret, &app.random).digest(),
        },
        digest: secret.digest(),
        renews: None,
        user_seen_at: user.updated_at,
        event: event(),
    };
    rows.sign_in(signed_in).await?.ok_or("not signed in")?;
    let scope = format!("openid {SCOPE}").parse()?;
    rows.allow(user_id, &client.id, scope, now, event()).await?;
    let name = tenant.id.get(..8).ok_or("a short id")?;
    Ok(format!("__Host-sid-{name}={}", secret.expose()))
}

async fn service(app: &App, tenant: &Tenant, algorithm: Algorithm) -> Outcome<Client> {
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
    client(
        app,
        tenant,
        format!("bench-{algorithm}"),
        algorithm,
        metadata,
    )
    .await
}

/// A client people sign in to.
async fn relying_party(app: &App, tenant: &Tenant) -> Outcome<Client> {
    let metadata = ClientMetadata {
        grant_types: vec![GrantType::AuthorizationCode],
        response_types: vec![ResponseType::Code],
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        scope: format!("openid {SCOPE}").parse()?,
        ..ClientMetadata::default()
    };
    client(
        app,
        tenant,
        "bench-code".to_owned(),
        Algorithm::Rs256,
        metadata,
    )
    .await
}

async fn client(
    app: &App,
    tenant: &Tenant,
    id: String,
    algorithm: Algorithm,
    metadata: ClientMetadata,
) -> Outcome<Client> {
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
