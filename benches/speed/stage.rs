//! What is in the databases: the clients and the person the server serves.

use users_core::admin::{tenants, users};
use users_core::app::App;
use users_core::base::token::{Kind, OpaqueToken};
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::{Actor, AuditKind};
use users_core::model::client_metadata::{ClientMetadata, GrantType, ResponseType};
use users_core::model::session::{Origin, Session};
use users_core::model::tenant::Tenant;
use users_core::model::user::UserInput;
use users_core::storage::browser_sessions::SignIn;
use users_core::storage::devices::BrowserDevice;

use crate::common::Outcome;
use crate::common::clients::{Client, SCOPE};
use crate::common::database::Database;

pub const REDIRECT_URI: &str = "https://app.example.test/callback";
pub const USERNAME: &str = "bench";
pub const PASSWORD: &str = "the passphrase of the benchmark";

/// A database that is set up.
pub struct Stage {
    pub database: Database,
    pub clients: Vec<(Algorithm, Client)>,
    pub relying_party: Client,
    /// What the person's browser sends.
    pub cookie: String,
}

impl Stage {
    /// Makes whom the server is to serve.
    pub async fn set_up(database: Database) -> Outcome<Self> {
        let app = database.open().await?;
        let tenant = tenants::get(&app, "default").await?;
        let mut clients = Vec::new();
        for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
            clients.push((algorithm, service(&app, &tenant, algorithm).await?));
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
            database,
            clients,
            relying_party,
            cookie,
        })
    }

    pub fn client(&self, algorithm: Algorithm) -> Outcome<&Client> {
        let mut clients = self.clients.iter();
        let found = clients.find(|(signs_with, _)| *signs_with == algorithm);
        let (_, client) = found.ok_or_else(|| format!("no client for {algorithm}"))?;
        Ok(client)
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
        proof: None,
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
        only_renews: false,
        device: Some(BrowserDevice {
            id: app.row_id(),
            known: None,
            digest: OpaqueToken::generate(Kind::DeviceSecret, &app.random).digest(),
        }),
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
    Client::register(app, tenant, format!("bench-{algorithm}"), metadata).await
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
    Client::register(app, tenant, "bench-code".to_owned(), metadata).await
}
