//! `healthcheck`: asks the server of these settings, on this machine, whether it is well. For containers
//! and their like, which have no other program to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::error::CliError;
use super::{Outcome, Start, runtime};
use crate::cli::doctor::host_of;
use crate::config::{Config, issuer};

/// Why there is no answer.
type Problem = Box<dyn std::error::Error + Send + Sync>;

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
    let status = runtime::block_on(async {
        let asked = tokio::time::timeout(patience, ask(&config, address)).await;
        Ok(asked.unwrap_or_else(|_| Err(format!("no answer within {} s", options.timeout).into())))
    })?;
    match status {
        Ok(StatusCode::OK) => {
            let answer = json!({ "healthy": true, "address": address.to_string() });
            start.output.say("healthy", &answer)?;
            Ok(Outcome::Done)
        }
        Ok(status) => Err(CliError::refused(format!("{address} answered {status}"))),
        Err(problem) => Err(CliError::refused(format!("{address}: {problem}"))),
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

async fn ask(config: &Config, address: SocketAddr) -> Result<StatusCode, Problem> {
    let stream = TcpStream::connect(address).await?;
    if config.tls.cert_file.is_none() {
        return exchange(config, stream).await;
    }
    let name = ServerName::try_from(host_of(&config.issuer).to_owned())?;
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(client));
    let stream = connector.connect(name, stream).await?;
    exchange(config, stream).await
}

async fn exchange<S>(config: &Config, stream: S) -> Result<StatusCode, Problem>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
    tokio::spawn(connection);
    let request = Request::get("/health")
        .header("host", issuer::authority(&config.issuer))
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    Ok(response.status())
}

/// Takes any certificate: nothing secret is sent, and whether the certificate is a good one is what
/// `doctor` says, not whether the server lives.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
