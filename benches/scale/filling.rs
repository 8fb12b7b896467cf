//! The two installations of each database: one that serves next to nobody, and one that serves many.
//! What is in them was written by the program's own functions, sealed and signed as a server does it
//! in its first minute; the keys were made ahead, one for each tenant.

use std::time::Instant;

use futures_util::future::try_join;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use users_core::admin::tenants;
use users_core::app::App;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::{Actor, AuditKind};
use users_core::model::client_metadata::{ClientMetadata, GrantType};
use users_core::model::role;
use users_core::model::tenant::Tenant;
use users_core::model::tenant_input::TenantInput;
use users_core::model::user::{AccountKind, StandardClaims, UserInput};
use users_core::storage::tenants::NewTenant;
use users_core::storage::users::NewUser;
use users_core::trail::{checkpoint, sealer};
use zeroize::Zeroizing;

use crate::common::Outcome;
use crate::common::clients::{Client, SCOPE};
use crate::common::database::Database;
use crate::measure::Both;

/// The operator of every tenant.
pub const OPERATOR: &str = "person-00000";
pub const PASSWORD: &str = "the passphrase of the benchmark";
/// The scope operators read accounts with.
pub const READ: &str = "users.read";

/// People of a tenant like most.
const FEW: usize = 10;
/// Writes that wait for a commit at once.
const AT_ONCE: usize = 64;
/// As long as a token may live: longer than the run.
const LIFETIME: i64 = 86_400;

/// How much there is in an installation.
struct Size {
    /// Beside the default one; the first is the crowded one.
    tenants: usize,
    /// People of the crowded tenant.
    crowd: usize,
    /// Tenants with [`FEW`] people; the others have none yet.
    peopled: usize,
}

/// More people in the crowded tenant than are on a page.
const EMPTY: Size = Size {
    tenants: 2,
    crowd: 60,
    peopled: 1,
};
const FULL: Size = Size {
    tenants: 10_000,
    crowd: 10_000,
    peopled: 9_000,
};

/// Both installations of one database.
pub type Stage = Both<Installation>;

/// A filled database and whom it serves.
pub struct Installation {
    pub database: Database,
    /// The default tenant.
    pub home: Place,
    pub crowd: Place,
    /// Tenants like most.
    pub others: Vec<Place>,
}

/// A tenant as its clients see it.
#[derive(Clone)]
pub struct Place {
    /// What stands before the paths of its endpoints.
    pub prefix: String,
    /// Asks for its own tokens, and what they are.
    pub client: Client,
    /// What operators sign in with, where any do.
    pub console: Option<Client>,
}

/// Fills two installations of each database there is, both databases at the same time.
pub async fn stages() -> Outcome<Vec<Stage>> {
    let sqlite = Box::pin(fill(Database::sqlite()?, Database::sqlite()?));
    match (Database::postgres().await?, Database::postgres().await?) {
        (Some(empty), Some(full)) => {
            let (sqlite, postgres) = Box::pin(try_join(sqlite, fill(empty, full))).await?;
            Ok(vec![sqlite, postgres])
        }
        _ => Ok(vec![sqlite.await?]),
    }
}

async fn fill(empty: Database, full: Database) -> Outcome<Stage> {
    Ok(Both {
        empty: Installation::fill(empty, &EMPTY).await?,
        full: Installation::fill(full, &FULL).await?,
    })
}

/// Takes them away again.
pub async fn clear(stages: Vec<Stage>) -> Outcome<()> {
    for stage in stages {
        stage.empty.database.clear().await?;
        stage.full.database.clear().await?;
    }
    Ok(())
}

impl Installation {
    async fn fill(database: Database, size: &Size) -> Outcome<Self> {
        let started = Instant::now();
        let app = database.open().await?;
        let home = tenants::get(&app, "default").await?;
        let password = Zeroizing::new(PASSWORD.to_owned());
        let hash = app.passwords.hash(password).await?;
        let made = stream::iter(0..size.tenants).map(|number| make_tenant(&app, number));
        let made: Vec<Tenant> = made.buffered(AT_ONCE).try_collect().await?;
        let people = made.iter().enumerate().flat_map(|(number, tenant)| {
            let count = match number {
                0 => size.crowd,
                _ if number <= size.peopled => FEW,
                _ => 0,
            };
            (0..count).map(move |person| (tenant, person))
        });
        stream::iter(people)
            .map(|(tenant, person)| make_person(&app, tenant, person, &hash))
            .buffer_unordered(AT_ONCE)
            .try_for_each(|()| async { Ok(()) })
            .await?;
        let all = std::iter::once(&home).chain(&made).enumerate();
        // Operators of the crowded tenant sign in, and those of the next one.
        let places =
            stream::iter(all).map(|(at, tenant)| furnish(&app, tenant, (1..=2).contains(&at)));
        let mut places: Vec<Place> = places.buffered(AT_ONCE).try_collect().await?;
        let others = places.split_off(2);
        let crowd = places.pop().ok_or("no crowded tenant")?;
        let home = places.pop().ok_or("no default tenant")?;
        // Else the server makes them while it is measured.
        app.key_maker.stock_up(app.signing_alg()).await?;
        if !app.store.db().is_sqlite() {
            // What PostgreSQL does by itself some time after so many rows have come.
            app.store.db().run_script(ANALYZE).await?;
        }
        app.store.db().close().await;
        eprintln!(
            "{}: {} tenants in {:.0} s",
            database.name,
            size.tenants,
            started.elapsed().as_secs_f64()
        );
        Ok(Self {
            database,
            home,
            crowd,
            others,
        })
    }
}

const ANALYZE: &str = "ANALYZE tenants; ANALYZE signing_keys; ANALYZE users; ANALYZE credentials; \
                       ANALYZE memberships; ANALYZE clients; ANALYZE client_secrets; \
                       ANALYZE audit; ANALYZE audit_heads; ANALYZE changes";

async fn make_tenant(app: &App, number: usize) -> Outcome<Tenant> {
    let slug = format!("tenant-{number:05}");
    let input = TenantInput::named(&slug, &format!("Tenant {number}"), Algorithm::Es256);
    let checked = input.check(&app.config.issuer);
    let now = app.clock.now();
    let new = NewTenant {
        id: app.opaque_id(),
        tenant: checked.map_err(|problems| problems.join("; "))?,
        key: Some(app.key_maker.generate(Algorithm::Es256).await?),
        administrator: None,
        now,
        event: Actor::system().did(AuditKind::TenantCreated, &slug, app.row_id(), now),
    };
    app.store.create_tenant(new).await?;
    Ok(tenants::get(app, &slug).await?)
}

/// Makes an account with a password whose hash is at hand; the first of a tenant is its operator.
async fn make_person(app: &App, tenant: &Tenant, number: usize, hash: &str) -> Outcome<()> {
    let role = if number == 0 { role::ADMIN } else { role::USER };
    let input = UserInput {
        username: format!("person-{number:05}"),
        email: Some(format!("person-{number:05}@{}.example.test", tenant.slug)),
        claims: StandardClaims {
            name: Some(format!("Person Number{number:05}")),
            ..StandardClaims::default()
        },
        roles: vec![role.to_owned()],
        enabled: true,
        ..UserInput::default()
    };
    let now = app.clock.now();
    let new = NewUser {
        id: app.opaque_id(),
        kind: AccountKind::Person,
        user: input.check().map_err(|problems| problems.join("; "))?,
        password_hash: Some(hash.to_owned()),
        now,
    };
    let event = Actor::system().did(AuditKind::UserCreated, &new.id, app.row_id(), now);
    Ok(app.store.tenant(&tenant.id).create_user(new, event).await?)
}

/// Registers a tenant's clients, then seals and signs what has happened in it.
async fn furnish(app: &App, tenant: &Tenant, has_console: bool) -> Outcome<Place> {
    let service = ClientMetadata {
        grant_types: vec![GrantType::ClientCredentials],
        scope: SCOPE.parse()?,
        access_token_signing_alg: Some(Algorithm::Es256),
        access_token_lifetime: Some(LIFETIME),
        ..ClientMetadata::default()
    };
    let client = Client::register(app, tenant, "service".to_owned(), service).await?;
    let console = if has_console {
        Some(console(app, tenant).await?)
    } else {
        None
    };
    sealer::seal(app, &tenant.id).await?;
    checkpoint::sign(app, tenant).await?;
    Ok(Place {
        prefix: if tenant.is_default() {
            String::new()
        } else {
            format!("/t/{}", tenant.slug)
        },
        client,
        console,
    })
}

async fn console(app: &App, tenant: &Tenant) -> Outcome<Client> {
    let metadata = ClientMetadata {
        grant_types: vec![GrantType::Password],
        scope: READ.parse()?,
        access_token_signing_alg: Some(Algorithm::Es256),
        access_token_lifetime: Some(LIFETIME),
        first_party: true,
        ..ClientMetadata::default()
    };
    Client::register(app, tenant, "console".to_owned(), metadata).await
}
