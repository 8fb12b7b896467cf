//! Settings that are allowed and probably not meant.

use crate::config::Config;

/// What to say at the start, loudly.
pub(in crate::cli) fn of(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    let strangers: Vec<String> = config
        .bind
        .iter()
        .filter(|address| !address.ip().to_canonical().is_loopback())
        .map(ToString::to_string)
        .collect();
    let behind_proxy = !config.proxies.trusted.is_empty();
    let issuer = &config.issuer;
    if config.issuer_is_loopback() {
        if !strangers.is_empty() {
            warnings.push(format!(
                "the issuer is {issuer}, which only this machine can reach, but other machines are \
                 served on {}: set issuer to the address they use",
                strangers.join(", ")
            ));
        }
        let port = port_of(issuer);
        if !behind_proxy && !config.bind.iter().any(|address| address.port() == port) {
            warnings.push(format!(
                "the issuer is {issuer}, but nothing here listens on port {port}: clients that \
                 follow discovery will not arrive"
            ));
        }
    }
    if issuer.starts_with("https:") && config.tls.cert_file.is_none() && !behind_proxy {
        warnings.push(
            "the issuer is https, but neither tls.cert_file nor proxies.trusted is set: name the \
             proxy in front of us in proxies.trusted, or every caller counts as this machine, for \
             the throttles and for /metrics"
                .to_owned(),
        );
    }
    warnings
}

/// The port an issuer's address means.
fn port_of(issuer: &str) -> u16 {
    let (scheme, rest) = issuer.split_once("://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let after_host = authority.rsplit(']').next().unwrap_or_default();
    let port = after_host
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok());
    port.unwrap_or(if scheme == "https" { 443 } else { 80 })
}
