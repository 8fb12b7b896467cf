//! `healthcheck`: asks the server of these settings, on this machine, whether it is well. For containers
//! and their like, which have no other program to ask with.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use reqwest::StatusCode;
use reqwest::header::HOST;
use serde_json::json;

use super::error::CliError;
use super::{Outcome, Start, runtime};
use crate::config::{Config, issuer};
use crate::web::client;

#[derive(Args)]
pub(super) struct Options {
    /// Seconds the answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

pub(super) fn run(start: &Start, options: &Options) -> Result<Outcome, CliError> {
    let config = start.settings.load()?.config;
    let Some(address) = config.bind.first().copied().map(reachable) else {
        return Err(CliError::refused("no address to ask at"));
    };
    let patience = Duration::from_secs(options.timeout);
    let asked = runtime::block_on(async { Ok(ask(&config, address, patience).await) })?;
    match asked {
        Ok(StatusCode::OK) => {
            let answer = json!({ "healthy": true, "address": address.to_string() });
            start.output.say("healthy", &answer)?;
            Ok(Outcome::Done)
        }
        Ok(status) => Err(CliError::refused(format!("{address} answered {status}"))),
        Err(error) if error.is_timeout() => {
            let text = format!("{address}: no answer within {} s", options.timeout);
            Err(CliError::refused(text))
        }
        Err(error) => Err(CliError::refused(format!(
            "{address}: {}",
            root_cause(&error)
        ))),
    }
}

/// Where a server that listens on `address` is found from here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Takes any certificate: nothing secret is sent, and whether the certificate is a good one is what
/// `doctor` says, not whether the server lives.
async fn ask(
    config: &Config,
    address: SocketAddr,
    patience: Duration,
) -> Result<StatusCode, reqwest::Error> {
    let scheme = if config.tls.cert_file.is_some() {
        "https"
    } else {
        "http"
    };
    let client = client::builder(patience)
        .tls_danger_accept_invalid_certs(true)
        .build()?;
    let request = client
        .get(format!("{scheme}://{address}/health"))
        .header(HOST, issuer::authority(&config.issuer));
    Ok(request.send().await?.status())
}

/// What the last of a chain of errors says: the others name the address once more.
fn root_cause(error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
