//! `serve`: the server itself.

pub(super) mod warnings;

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::net::SocketAddr;

use serde_json::json;

use super::error::CliError;
use super::{Outcome, Start, logging, runtime, signals};
use crate::admin::{setup, tenants};
use crate::app::App;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::config::Loaded;
use crate::installation;
use crate::model::tenant::DEFAULT_SLUG;
use crate::server::Server;

pub(super) fn run(start: &Start) -> Result<Outcome, CliError> {
    let Loaded { config, notes, .. } = start.settings.load()?;
    logging::of_server(&config.log)?;
    for note in &notes {
        if note.warns {
            tracing::warn!("{}", note.text);
        } else {
            tracing::info!("{}", note.text);
        }
    }
    for warning in warnings::of(&config) {
        tracing::warn!("{warning}");
    }
    runtime::block_on(async {
        let app = installation::open(config, Clock::System, Random::System).await?;
        let server = Server::bind(app.clone()).await?;
        let tokens = signals::listen()?;
        announce(start, &app, &server.addresses()).await?;
        server.run(tokens.stop, tokens.kill).await?;
        Ok(Outcome::Done)
    })
}

/// Says where the server is and what to do next.
async fn announce(start: &Start, app: &App, addresses: &[SocketAddr]) -> Result<(), CliError> {
    let scheme = if app.config.tls.cert_file.is_some() {
        "https"
    } else {
        "http"
    };
    let listening: Vec<String> = addresses
        .iter()
        .map(|address| format!("{scheme}://{address}"))
        .collect();
    let issuer = &app.config.issuer;
    let discovery = format!("{issuer}/.well-known/openid-configuration");
    let mut text = format!(
        "users-core {version}\n  issuer     {issuer}\n  listening  {listening}\n  discovery  {discovery}\n",
        version = env!("CARGO_PKG_VERSION"),
        listening = listening.join(", "),
    );
    if !start.output.is_json() {
        text.push_str(&next_steps(app).await?);
    }
    start.output.say(
        text.trim_end(),
        &json!({ "issuer": issuer, "discovery": discovery, "listening": listening }),
    )?;
    Ok(())
}

/// The link that makes the first administrator is for the eyes at a terminal, never for a log.
async fn next_steps(app: &App) -> Result<String, CliError> {
    let tenant = tenants::get(app, DEFAULT_SLUG).await?;
    let mut text = String::new();
    if !app.store.tenant(&tenant.id).has_active_admin().await? {
        let link = if std::io::stdout().is_terminal() {
            setup::new_link(app).await?
        } else {
            None
        };
        // Writing into a String cannot fail.
        let _ = match link {
            Some(link) => write!(
                text,
                "\nThere is no administrator yet. This link makes one, once, within an hour:\n  {link}\n"
            ),
            None => write!(
                text,
                "\nThere is no administrator yet. `users-core setup` prints a link that makes one.\n"
            ),
        };
    }
    text.push_str(
        "\nTo try next, from another terminal:\n  \
         users-core client create my-service --scope sip.register\n  \
         users-core user create alice --generate-password\n  \
         users-core --help\n",
    );
    Ok(text)
}
