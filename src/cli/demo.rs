//! `demo`: a server on loopback over data that is gone with it, and what to try on it. The secrets
//! are new at every run; no setting of the environment counts.

mod directory;
mod script;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use clap::Args;
use serde_json::json;

use super::error::CliError;
use super::{Outcome, Start, logging, runtime, secrets, signals};
use crate::admin::{clients, tenants, users};
use crate::app::App;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::base::token::OpaqueToken;
use crate::config::{Config, Log, LogFormat, Secret};
use crate::installation;
use crate::model::audit_event::Actor;
use crate::model::client_metadata::{ClientMetadata, GrantType};
use crate::model::role;
use crate::model::scope::Scope;
use crate::model::tenant::{DEFAULT_SLUG, Tenant};
use crate::model::user::{StandardClaims, UserInput};
use crate::server::Server;
use directory::Directory;

#[derive(Args)]
pub(super) struct Options {
    /// The port; 0 takes a free one
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// The addresses, all of them loopback [default: 127.0.0.1 and ::1]
    #[arg(long, value_name = "ADDRESSES", value_delimiter = ',')]
    bind: Vec<IpAddr>,
}

const USER: &str = "alice";
const APP: &str = "demo-app";
const SERVICE: &str = "demo-service";

/// What is different at every run.
pub(super) struct Demo {
    issuer: String,
    password: Secret,
    app_secret: OpaqueToken,
    service_secret: OpaqueToken,
}

pub(super) fn run(start: &Start, options: &Options) -> Result<Outcome, CliError> {
    if start.settings.is_named() {
        return Err(CliError::refused(
            "demo reads no settings: leave --config out",
        ));
    }
    let bind = addresses(options)?;
    logging::of_server(&Log {
        format: LogFormat::Text,
        level: "warn".to_owned(),
    });
    let directory = Directory::make(&Random::System).map_err(CliError::Process)?;
    let served = runtime::block_on(serve(start, bind, &directory));
    let removed = directory.remove().map_err(CliError::Process);
    served.and_then(|outcome| removed.map(|()| outcome))
}

async fn serve(
    start: &Start,
    bind: Vec<SocketAddr>,
    directory: &Directory,
) -> Result<Outcome, CliError> {
    let tokens = signals::listen()?;
    let port = bind.first().map_or(0, SocketAddr::port);
    let database = directory.path().join("demo.db");
    let config = Config {
        issuer: format!("http://localhost:{port}"),
        bind,
        database_url: Secret::new(format!("sqlite://{}", database.display())),
        ..Config::default()
    };
    let app = installation::open(config, Clock::System, Random::System).await?;
    let demo = furnish(&app).await?;
    let server = Server::bind(app).await?;
    let text = format!(
        "{}\nThe data is gone when the demo ends: Ctrl-C.",
        script::text(&demo)
    );
    start.output.say(&text, &view(&demo))?;
    server.run(tokens.stop, tokens.kill).await?;
    Ok(Outcome::Done)
}

/// The addresses to listen on, with one port for all.
fn addresses(options: &Options) -> Result<Vec<SocketAddr>, CliError> {
    let default = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    let asked = if options.bind.is_empty() {
        &default[..]
    } else {
        &options.bind
    };
    if let Some(stranger) = asked.iter().find(|ip| !ip.to_canonical().is_loopback()) {
        return Err(CliError::refused(format!(
            "demo listens on loopback alone, and {stranger} is not: run serve for anything else"
        )));
    }
    let port = if options.port == 0 {
        free_port(asked)?
    } else {
        options.port
    };
    Ok(asked.iter().map(|ip| SocketAddr::new(*ip, port)).collect())
}

/// The issuer names the port, so it must be known before the server takes it.
fn free_port(ips: &[IpAddr]) -> Result<u16, CliError> {
    const ATTEMPTS: usize = 20;
    let probe = |port| {
        let mut found = port;
        for ip in ips {
            match TcpListener::bind(SocketAddr::new(*ip, found)) {
                Ok(listener) => found = listener.local_addr()?.port(),
                // A machine without IPv6.
                Err(error) if error.kind() == std::io::ErrorKind::AddrNotAvailable => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    };
    let mut attempts = (0..ATTEMPTS).map(|_| probe(0));
    let found = attempts.find(Result::is_ok).unwrap_or_else(|| probe(0));
    found.map_err(CliError::Process)
}

/// Makes the person and the clients of the demo.
async fn furnish(app: &App) -> Result<Demo, CliError> {
    let actor = Actor::command_line();
    let tenant = tenants::get(app, DEFAULT_SLUG).await?;
    let password = secrets::new_password(&app.random);
    let alice = UserInput {
        username: USER.to_owned(),
        email: Some("alice@example.test".to_owned()),
        email_verified: true,
        claims: StandardClaims {
            name: Some("Alice Example".to_owned()),
            ..StandardClaims::default()
        },
        roles: vec![role::USER.to_owned()],
        enabled: true,
        ..UserInput::default()
    };
    users::create(app, &actor, &tenant, alice, Some(password.expose())).await?;
    let app_grants = [GrantType::Password, GrantType::RefreshToken];
    let service_grants = [GrantType::ClientCredentials];
    Ok(Demo {
        issuer: app.config.issuer.clone(),
        password,
        app_secret: client(app, &tenant, APP, &app_grants, script::APP_SCOPES).await?,
        service_secret: client(
            app,
            &tenant,
            SERVICE,
            &service_grants,
            script::SERVICE_SCOPES,
        )
        .await?,
    })
}

async fn client(
    app: &App,
    tenant: &Tenant,
    client_id: &str,
    grants: &[GrantType],
    scopes: &[&str],
) -> Result<OpaqueToken, CliError> {
    let metadata = ClientMetadata {
        grant_types: grants.to_vec(),
        scope: scopes.iter().copied().collect::<Scope>(),
        ..ClientMetadata::default()
    };
    let actor = Actor::command_line();
    let secret = clients::Secret::Generate;
    let made = clients::create(app, &actor, tenant, client_id, metadata, true, secret).await?;
    made.ok_or_else(|| CliError::refused("the client has no secret"))
}

fn view(demo: &Demo) -> serde_json::Value {
    let commands = script::steps(demo)
        .into_iter()
        .map(|step| json!({ "title": step.title, "command": step.command }));
    json!({
        "issuer": demo.issuer,
        "discovery": format!("{}/.well-known/openid-configuration", demo.issuer),
        "user": { "username": USER, "password": demo.password.expose() },
        "app": { "client_id": APP, "client_secret": demo.app_secret.expose() },
        "service": { "client_id": SERVICE, "client_secret": demo.service_secret.expose() },
        "commands": commands.collect::<Vec<_>>(),
    })
}
