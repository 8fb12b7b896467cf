//! A whole application on a fresh database.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use users_core::admin::tenants::TenantInput;
use users_core::admin::{AdminError, clients, resources, roles, tenants, users};
use users_core::app::App;
use users_core::base::clock::{Clock, Timestamp};
use users_core::base::random::Random;
use users_core::config::{Config, Secret};
use users_core::installation;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::{ClientMetadata, GrantType, ResponseType};
use users_core::model::resource::Resource;
use users_core::model::role::RoleInput;
use users_core::model::tenant::Tenant;
use users_core::model::user::UserInput;
use users_core::server;
use users_core::storage::audit::AuditRow;

use super::database::{Database, databases};
use super::http::Caller;
use super::people::{Person, Service};
use super::raw::Raw;

/// The instant every world begins at: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);
pub const ISSUER: &str = "http://localhost:8081";

/// A 256-bit key of no meaning, for databases that need one given.
pub const MASTER_KEY: &str = "9f1c3f0e7ab24d6689d4c1b05e73a2f86b1d0c94e5a7387f21c6d8be40937a5e";

pub struct World {
    pub app: App,
    pub clock: Clock,
    pub tenant: Tenant,
    pub database: Database,
    anonymous: Caller,
}

/// Runs a test on every database.
pub async fn everywhere(test: impl AsyncFn(World)) {
    everywhere_with(|_| {}, test).await;
}

/// The same, with other settings.
pub async fn everywhere_with(configure: impl Fn(&mut Config), test: impl AsyncFn(World)) {
    for database in databases().await {
        println!("on {}", database.name);
        // Opening an installation is a large future, and this one stands in every test.
        let world = Box::pin(World::on(database, &configure)).await;
        Box::pin(test(world)).await;
    }
}

/// The settings of a world: cheap passwords and signatures, everything else as shipped.
pub fn settings(url: &Secret) -> Config {
    let mut config = Config {
        issuer: ISSUER.to_owned(),
        database_url: url.clone(),
        master_key: Some(Secret::new(MASTER_KEY)),
        ..Config::default()
    };
    // Whatever port is free, for those who run the server.
    config.bind = vec![([127, 0, 0, 1], 0).into()];
    "ES256".clone_into(&mut config.tokens.signing_alg);
    config.password_hash.memory_kib = 64;
    config.password_hash.iterations = 1;
    config
}

impl World {
    pub async fn on(database: Database, configure: &impl Fn(&mut Config)) -> Self {
        Self::at(Clock::manual(START), database, configure).await
    }

    /// The same by another clock: other processes know only the system's.
    pub async fn at(clock: Clock, database: Database, configure: &impl Fn(&mut Config)) -> Self {
        let mut config = settings(&database.url);
        configure(&mut config);
        let app = node(config, &clock).await;
        let tenant = tenants::get(&app, "default")
            .await
            .expect("the default tenant");
        let anonymous = caller(&app, "127.0.0.1:40000");
        Self {
            app,
            clock,
            tenant,
            database,
            anonymous,
        }
    }

    /// A second process on the same database, following the change feed only when it is told to.
    pub async fn second_node(&self) -> (App, Caller) {
        let app = node(self.app.config.clone(), &self.clock).await;
        let caller = caller(&app, "127.0.0.1:40001");
        (app, caller)
    }

    /// A process on the same database with settings of its own.
    pub async fn node_with(&self, config: Config) -> Caller {
        let app = node(config, &self.clock).await;
        caller(&app, "127.0.0.1:40003")
    }

    /// A process on the same database that does not follow the change feed, like a command.
    pub async fn deaf_node(&self) -> (App, Caller) {
        let app = unfollowing(self.app.config.clone(), &self.clock).await;
        let caller = caller(&app, "127.0.0.1:40002");
        (app, caller)
    }

    /// Somebody without credentials.
    pub fn anonymous(&self) -> &Caller {
        &self.anonymous
    }

    /// The same from another address.
    pub fn from(&self, address: &str) -> Caller {
        Caller {
            peer: format!("{address}:40000").parse().expect("an address"),
            ..self.anonymous.clone()
        }
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Lets the node read what other processes changed.
    pub async fn follow(&self) {
        follow(&self.app).await;
    }

    pub async fn new_tenant(&self, slug: &str) -> Tenant {
        let made = tenants::create(&self.app, &Actor::command_line(), slug, slug, None).await;
        made.expect("a new tenant")
    }

    /// Changes a tenant, as an operator would; the tenant it has become.
    pub async fn change_tenant(
        &self,
        tenant: &Tenant,
        change: impl FnOnce(&mut TenantInput),
    ) -> Result<Tenant, AdminError> {
        change_tenant(&self.app, tenant, change).await
    }

    pub async fn delete_tenant(&self, tenant: &Tenant) {
        let deleted = tenants::delete(&self.app, &Actor::command_line(), tenant).await;
        deleted.expect("a deleted tenant");
    }

    /// A confidential client of the default tenant with every grant.
    pub async fn client(&self, client_id: &str, scope: &str) -> Service {
        self.client_with(client_id, scope, |_| {}).await
    }

    pub async fn client_with(
        &self,
        client_id: &str,
        scope: &str,
        change: impl FnOnce(&mut ClientMetadata),
    ) -> Service {
        self.client_of(&self.tenant, client_id, scope, change).await
    }

    pub async fn client_of(
        &self,
        tenant: &Tenant,
        client_id: &str,
        scope: &str,
        change: impl FnOnce(&mut ClientMetadata),
    ) -> Service {
        let mut metadata = every_grant(scope);
        change(&mut metadata);
        metadata.response_types = metadata.served_response_types();
        let secret = if metadata.uses_secret() {
            clients::Secret::Generate
        } else {
            clients::Secret::Keep
        };
        let actor = Actor::command_line();
        let made =
            clients::create(&self.app, &actor, tenant, client_id, metadata, true, secret).await;
        let secret = made.unwrap_or_else(|error| panic!("client {client_id}: {error}"));
        Service {
            caller: self.anonymous.clone(),
            prefix: tenant.path(),
            client_id: client_id.to_owned(),
            secret: secret
                .map(|secret| secret.expose().to_owned())
                .unwrap_or_default(),
        }
    }

    /// A person of the default tenant with the role `user`.
    pub async fn person(&self, username: &str) -> Person {
        self.person_of(&self.tenant, username, &["user"]).await
    }

    pub async fn person_of(&self, tenant: &Tenant, username: &str, roles: &[&str]) -> Person {
        let input = UserInput {
            username: username.to_owned(),
            email: Some(format!("{username}@example.test")),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            enabled: true,
            ..UserInput::default()
        };
        let password = format!("the passphrase of {username}");
        let actor = Actor::command_line();
        let made = users::create(&self.app, &actor, tenant, input, Some(&password)).await;
        Person {
            id: made.unwrap_or_else(|error| panic!("user {username}: {error}")),
            username: username.to_owned(),
            password,
        }
    }

    /// Changes a client's registration, as an operator would.
    pub async fn change_client(
        &self,
        tenant: &Tenant,
        client_id: &str,
        enabled: bool,
        change: impl FnOnce(&mut ClientMetadata),
    ) {
        let before = clients::get(&self.app, tenant, client_id).await;
        let before = before.expect("the client");
        let mut metadata = before.metadata.clone();
        change(&mut metadata);
        metadata.response_types = metadata.served_response_types();
        let (actor, keep) = (Actor::command_line(), clients::Secret::Keep);
        clients::update(&self.app, &actor, tenant, &before, metadata, enabled, keep)
            .await
            .expect("a changed client");
    }

    pub async fn delete_client(&self, client_id: &str) {
        let actor = Actor::command_line();
        clients::delete(&self.app, &actor, &self.tenant, client_id)
            .await
            .expect("a deleted client");
    }

    pub async fn resource(&self, resource: Resource) {
        let actor = Actor::command_line();
        resources::put(&self.app, &actor, &self.tenant, &resource)
            .await
            .expect("a resource");
    }

    /// Makes a role of the default tenant's own, or changes what it permits.
    pub async fn role(&self, name: &str, permissions: &[&str]) {
        let (app, tenant, actor) = (&self.app, &self.tenant, Actor::command_line());
        let input = RoleInput {
            name: name.to_owned(),
            description: String::new(),
            permissions: permissions.iter().map(|word| (*word).to_owned()).collect(),
        };
        let stored = match roles::get(app, tenant, name).await {
            Ok(before) => roles::update(app, &actor, tenant, &before, input).await,
            Err(_) => roles::create(app, &actor, tenant, input).await,
        };
        stored.unwrap_or_else(|error| panic!("role {name}: {error}"));
    }

    /// Enables or disables an account, as an operator would.
    pub async fn set_enabled(&self, person: &Person, enabled: bool) {
        self.change_person(&self.tenant, person, |input| input.enabled = enabled)
            .await;
    }

    /// Changes an account, as an operator would.
    pub async fn change_person(
        &self,
        tenant: &Tenant,
        person: &Person,
        change: impl FnOnce(&mut UserInput),
    ) {
        let user = users::get(&self.app, tenant, &person.id).await;
        let user = user.expect("the user");
        let mut input = users::input_of(&user);
        change(&mut input);
        let actor = Actor::command_line();
        users::update(&self.app, &actor, tenant, &user, input)
            .await
            .expect("updated");
    }

    pub async fn delete_person(&self, person: &Person) {
        let user = users::get(&self.app, &self.tenant, &person.id).await;
        let actor = Actor::command_line();
        users::delete(&self.app, &actor, &self.tenant, &user.expect("the user"))
            .await
            .expect("a deleted user");
    }

    /// A connection past the store.
    pub async fn raw(&self) -> Raw {
        Raw::open(&self.database.url).await
    }

    /// The newest events of the default tenant's trail, newest first.
    pub async fn audit(&self) -> Vec<AuditRow> {
        let rows = self.app.store.tenant(&self.tenant.id);
        rows.recent_audit(100).await.expect("the trail")
    }
}

/// Where the answers of a client with every grant go.
pub const REDIRECT: &str = "https://app.example.test/callback";

/// A registration with every grant.
pub fn every_grant(scope: &str) -> ClientMetadata {
    ClientMetadata {
        grant_types: GrantType::ALL.to_vec(),
        response_types: ResponseType::ALL.to_vec(),
        redirect_uris: vec![REDIRECT.to_owned()],
        scope: scope.parse().expect("a scope"),
        ..ClientMetadata::default()
    }
}

/// Changes a tenant on a node, as an operator would; the tenant it has become.
pub async fn change_tenant(
    app: &App,
    tenant: &Tenant,
    change: impl FnOnce(&mut TenantInput),
) -> Result<Tenant, AdminError> {
    let before = tenants::find(app, &tenant.id).await?;
    let mut input = TenantInput::of(&before);
    change(&mut input);
    tenants::update(app, &Actor::command_line(), &before, input).await?;
    tenants::find(app, &tenant.id).await
}

pub async fn follow(app: &App) {
    app.store
        .db()
        .feed()
        .catch_up(app.store.db())
        .await
        .expect("the feed can be read");
}

async fn unfollowing(config: Config, clock: &Clock) -> App {
    let app = installation::open(config, clock.clone(), Random::System).await;
    app.unwrap_or_else(|error| panic!("the installation opens: {error}"))
}

async fn node(config: Config, clock: &Clock) -> App {
    let app = unfollowing(config, clock).await;
    app.store
        .db()
        .feed()
        .start(app.store.db())
        .await
        .expect("the feed starts");
    app.directory
        .load(app.clock.now())
        .await
        .expect("the revocations load");
    app
}

fn caller(app: &App, peer: &str) -> Caller {
    Caller {
        router: server::router(app, &CancellationToken::new()),
        peer: peer.parse().expect("an address"),
        guarded: true,
        host: None,
    }
}
