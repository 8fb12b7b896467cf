//! The certificate: whether it is one, whose it is, and how long it lasts.

use std::path::Path;
use std::time::Duration;

use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::machine::others_may_read;
use super::{Findings, span};
use crate::base::clock::Clock;
use crate::config::{Config, issuer};
use crate::server::tls::TlsReloader;

/// Renewed by then, or nobody renews it. Seconds.
const SOON: i64 = 21 * 86_400;

pub(super) fn check(config: &Config, findings: &mut Findings) {
    let (Some(certificate), Some(key)) = (&config.tls.cert_file, &config.tls.key_file) else {
        return;
    };
    if let Err(error) = TlsReloader::open(certificate, key, Duration::from_secs(1)) {
        return findings.fail("certificate", error.to_string());
    }
    if others_may_read(key) {
        let text = format!("others may read {}: chmod 600", key.display());
        findings.warn("certificate key", text);
    }
    let host = host_of(&config.issuer);
    match read(certificate, host) {
        Ok(found) => judge(&found, host, findings),
        Err(text) => findings.fail("certificate", text),
    }
}

/// What a certificate says. Seconds since the epoch.
struct Certificate {
    from: i64,
    until: i64,
    names_host: bool,
}

fn read(file: &Path, host: &str) -> Result<Certificate, String> {
    let unreadable = |problem: &dyn std::fmt::Display| format!("{}: {problem}", file.display());
    let der = CertificateDer::from_pem_file(file).map_err(|error| unreadable(&error))?;
    let (_, parsed) = X509Certificate::from_der(&der).map_err(|error| unreadable(&error))?;
    let validity = parsed.validity();
    let name = ServerName::try_from(host).map_err(|error| unreadable(&error))?;
    let certificate = ParsedCertificate::try_from(&der).map_err(|error| unreadable(&error))?;
    Ok(Certificate {
        from: validity.not_before.timestamp(),
        until: validity.not_after.timestamp(),
        names_host: verify_server_name(&certificate, &name).is_ok(),
    })
}

fn judge(found: &Certificate, host: &str, findings: &mut Findings) {
    let now = Clock::System.now().seconds();
    let left = found.until - now;
    if now < found.from {
        let text = format!("begins only in {}", span(found.from - now));
        findings.fail("certificate", text);
    } else if left <= 0 {
        findings.fail("certificate", format!("ended {} ago", span(-left)));
    } else if left < SOON {
        findings.warn("certificate", format!("ends in {}", span(left)));
    } else {
        findings.ok("certificate", format!("ends in {}", span(left)));
    }
    if !found.names_host {
        let text = format!("does not name {host}, the issuer's host");
        findings.fail("certificate names", text);
    }
}

/// The host of an issuer without its port, an IPv6 address without its brackets.
fn host_of(address: &str) -> &str {
    let authority = issuer::authority(address);
    match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or(inside),
        None => authority.split(':').next().unwrap_or(authority),
    }
}
