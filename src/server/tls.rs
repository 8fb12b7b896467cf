//! TLS by rustls: the certificate and key files, and their renewal while the server runs.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::time::MissedTickBehavior;
use zeroize::Zeroizing;

/// The longest certificate chain or key file that is read, in bytes.
const MAX_FILE_BYTES: usize = 256 * 1024;

/// ALPN: HTTP/2 first (RFC 9113 section 3.3), then HTTP/1.1.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why a certificate and its key cannot be used. Names the files, never what the key file holds.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file is missing, not readable, or too long to be a certificate chain or a key.
    #[error("{} cannot be read: {reason}", .file.display())]
    Unreadable {
        /// The file as configured.
        file: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The file holds no certificate in PEM, or a damaged one.
    #[error("{} holds no certificate chain in PEM", .file.display())]
    NoCertificate {
        /// The file as configured.
        file: PathBuf,
    },
    /// The file holds no private key in PEM (PKCS#8, PKCS#1 or SEC1, not encrypted).
    #[error("{} holds no unencrypted private key in PEM (PKCS#8, PKCS#1 or SEC1)", .file.display())]
    NoKey {
        /// The file as configured.
        file: PathBuf,
    },
    /// Both files are well formed, but do not belong together or cannot be used by rustls.
    #[error("certificate {} with key {}: {reason}", .certificate.display(), .key.display())]
    Unusable {
        /// The certificate file as configured.
        certificate: PathBuf,
        /// The key file as configured.
        key: PathBuf,
        /// What rustls says; it knows nothing secret about the key.
        reason: rustls::Error,
    },
}

/// When a file was last written and how long it is; `None` while it cannot be asked.
type Stamp = Option<(SystemTime, u64)>;

#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// The TLS settings of a listener, read again whenever the certificate or key file changes.
///
/// Connections keep the settings they began with; only new handshakes see new ones. Files that
/// cannot be used leave the settings as they are.
pub struct TlsReloader {
    files: Files,
    check_every: Duration,
    at_start: [Stamp; 2],
    current: ArcSwap<ServerConfig>,
}

impl TlsReloader {
    /// Reads both files, which must be usable now. Blocks for two short reads.
    ///
    /// `check_every` is the pause between two looks at the files.
    pub fn open(
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
        check_every: Duration,
    ) -> Result<Self, TlsError> {
        let files = Files {
            certificate: certificate.into(),
            key: key.into(),
        };
        // Before reading: a write in between then counts as a change.
        let at_start = files.stamps();
        let current = ArcSwap::new(files.load()?);
        Ok(Self {
            files,
            check_every,
            at_start,
            current,
        })
    }

    /// The settings for the next handshake.
    pub fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Looks at the files for as long as it is polled.
    pub(super) async fn watch(&self) {
        // `interval` refuses zero.
        let mut ticks = tokio::time::interval(self.check_every.max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = self.at_start;
        loop {
            ticks.tick().await;
            let files = self.files.clone();
            let look = move || {
                let stamps = files.stamps();
                (stamps, (stamps != seen).then(|| files.load()))
            };
            let Ok((stamps, loaded)) = tokio::task::spawn_blocking(look).await else {
                continue;
            };
            seen = stamps;
            match loaded {
                Some(Ok(config)) => {
                    self.current.store(config);
                    tracing::info!(
                        certificate = %self.files.certificate.display(),
                        "TLS certificate read again"
                    );
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "TLS certificate not replaced, the old one stays");
                }
                None => {}
            }
        }
    }
}

impl Files {
    fn stamps(&self) -> [Stamp; 2] {
        [stamp(&self.certificate), stamp(&self.key)]
    }

    fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let no_certificate = || TlsError::NoCertificate {
            file: self.certificate.clone(),
        };
        // The parser's own words may quote the file, so they are not passed on.
        let chain = CertificateDer::pem_slice_iter(&read(&self.certificate)?)
            .collect::<Result<Vec<_>, pem::Error>>()
            .map_err(|_| no_certificate())?;
        if chain.is_empty() {
            return Err(no_certificate());
        }
        let key =
            PrivateKeyDer::from_pem_slice(&read(&self.key)?).map_err(|_| TlsError::NoKey {
                file: self.key.clone(),
            })?;
        let unusable = |reason| TlsError::Unusable {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            reason,
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(unusable)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        // Sealed tickets resume a session without a signature and without a table of sessions.
        config.ticketer = ring::Ticketer::new().map_err(unusable)?;
        Ok(Arc::new(config))
    }
}

fn stamp(file: &Path) -> Stamp {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Reads a file whole, into memory that is wiped: it may hold the key.
fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let unreadable = |reason| TlsError::Unreadable {
        file: file.to_owned(),
        reason,
    };
    // The room is taken at once: a buffer that grows leaves copies behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES + 1));
    File::open(file)
        .and_then(|file| file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() > MAX_FILE_BYTES {
        let limit = format!("it is longer than {MAX_FILE_BYTES} bytes");
        return Err(unreadable(io::Error::other(limit)));
    }
    Ok(bytes)
}
