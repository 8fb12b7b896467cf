//! `demo`: a server on loopback over data that is gone with it, and what to try on it. The secrets
//! are new at every run; no setting of the environment counts.

mod directory;
mod people;
mod relying_party;
mod script;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use clap::Args;
use serde_json::json;

use super::error::CliError;
use super::{Outcome, Start, logging, runtime, signals};
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::base::token::OpaqueToken;
use crate::config::{Config, Log, LogFormat, Secret};
use crate::installation;
use crate::server::Server;
use directory::Directory;
use relying_party::{Place, RelyingParty};

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
    /// Where the relying party is.
    relying_party: String,
    /// An authorization request of it, to paste into a browser.
    authorize: String,
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
        ..Log::default()
    })?;
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
    let server = Server::bind(app.clone()).await?;
    let issuer_socket = server.addresses()[0];
    // After the server, whose port must not be the free one it takes.
    let place = Place::take(issuer_socket.ip())?;
    let made = people::furnish(&app, &place).await?;
    let relying_party = RelyingParty::new(&app, &place, issuer_socket, made.web_secret);
    let demo = Demo {
        issuer: app.config.issuer.clone(),
        password: made.password,
        app_secret: made.app_secret,
        service_secret: made.service_secret,
        relying_party: place.address().to_owned(),
        authorize: relying_party.printed_address(),
    };
    let text = format!(
        "{}\nThe data is gone when the demo ends: Ctrl-C.",
        script::text(&demo)
    );
    start.output.say(&text, &view(&demo))?;
    let application = relying_party.run(place, tokens.stop.clone(), tokens.kill.clone());
    tokio::try_join!(server.run(tokens.stop, tokens.kill), application)?;
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
        "relying_party": {
            "client_id": relying_party::CLIENT,
            "address": format!("{}/", demo.relying_party),
            "authorize": demo.authorize,
        },
        "commands": commands.collect::<Vec<_>>(),
    })
}
