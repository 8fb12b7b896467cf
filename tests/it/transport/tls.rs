//! TLS: handshakes, protocol choice, and certificates that change while the server runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use users_core::server::listen::{Limits, Transport};
use users_core::server::tls::{TlsError, TlsReloader};

use super::{Running, fetch, http2_frame, http2_get, patient, rest, soon};

const OFTEN: Duration = Duration::from_millis(20);

static VERSIONS: [[&SupportedProtocolVersion; 1]; 2] = [[&TLS12], [&TLS13]];

/// A folder with a certificate and its key.
struct Files {
    _folder: TempDir,
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn new(pair: &CertifiedKey<KeyPair>) -> Self {
        let folder = TempDir::new().unwrap();
        let files = Self {
            certificate: folder.path().join("chain.pem"),
            key: folder.path().join("key.pem"),
            _folder: folder,
        };
        files.write(pair);
        files
    }

    fn write(&self, pair: &CertifiedKey<KeyPair>) {
        fs::write(&self.certificate, pair.cert.pem()).unwrap();
        fs::write(&self.key, pair.signing_key.serialize_pem()).unwrap();
    }

    fn open(&self) -> Result<TlsReloader, TlsError> {
        TlsReloader::open(&self.certificate, &self.key, OFTEN)
    }

    /// The refusal as it is shown, which names the file and nothing of the key.
    fn refusal(&self, file: &Path) -> String {
        let error = self.open().err().expect("accepted");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(file.to_str().unwrap()), "{shown}");
        for line in fs::read_to_string(&self.key).unwrap().lines() {
            let secret = line.len() > 16 && !line.starts_with("-----");
            assert!(!secret || !shown.contains(line), "{shown}");
        }
        shown
    }
}

fn pair() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn start(files: &Files, limits: Limits) -> Running {
    Running::start(Transport::Tls(files.open().unwrap()), limits)
}

struct Client {
    trusted: Vec<CertificateDer<'static>>,
    versions: &'static [&'static SupportedProtocolVersion],
    protocols: Vec<&'static str>,
}

impl Client {
    fn trusting(pairs: &[&CertifiedKey<KeyPair>]) -> Self {
        Self {
            trusted: pairs.iter().map(|pair| pair.cert.der().clone()).collect(),
            versions: rustls::ALL_VERSIONS,
            protocols: Vec::new(),
        }
    }

    async fn connect(&self, server: &Running) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.trusted.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = self.protocols.iter().map(|name| (*name).into()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = server.connect().await;
        soon(TlsConnector::from(Arc::new(config)).connect(name, stream))
            .await
            .unwrap()
    }
}

fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

#[tokio::test]
async fn https_is_served_in_both_versions_and_the_peer_knows() {
    let pair = pair();
    let server = start(&Files::new(&pair), patient());
    for versions in &VERSIONS {
        let client = Client {
            versions,
            ..Client::trusting(&[&pair])
        };
        let mut stream = client.connect(&server).await;
        let text = fetch(&mut stream, "/peer").await;
        assert!(text.ends_with("tls=true"), "{text}");
    }
}

#[tokio::test]
async fn alpn_chooses_the_protocol() {
    let pair = pair();
    let server = start(&Files::new(&pair), patient());
    let mut client = Client::trusting(&[&pair]);

    client.protocols = vec!["http/1.1", "h2"];
    let mut stream = client.connect(&server).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    stream.write_all(&http2_get(b"")).await.unwrap();
    assert_eq!(http2_frame(&mut stream, 0x01).await[0], 0x88, "not a 200");

    client.protocols = vec!["http/1.1"];
    let mut stream = client.connect(&server).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    stream.write_all(&http2_get(b"")).await.unwrap();
    assert!(!rest(&mut stream).await.contains("200"));
    assert_eq!(server.paths(), ["/"]);
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_open_connections_stay() {
    let (old, new) = (pair(), pair());
    let files = Files::new(&old);
    let server = start(&files, patient());
    let client = Client::trusting(&[&old, &new]);
    let mut early = client.connect(&server).await;
    assert_eq!(&shown(&early), old.cert.der());
    fetch(&mut early, "/early").await;

    files.write(&new);
    soon(async { while &shown(&client.connect(&server).await) != new.cert.der() {} }).await;
    fetch(&mut early, "/early/again").await;
    assert_eq!(server.paths(), ["/early", "/early/again"]);
}

#[tokio::test]
async fn a_broken_new_certificate_leaves_the_old_one_in_place() {
    let (old, new) = (pair(), pair());
    let files = Files::new(&old);
    let server = start(&files, patient());
    let client = Client::trusting(&[&old, &new]);
    let key = fs::read(&files.key).unwrap();

    fs::write(&files.certificate, "-----BEGIN CERTIFICATE-----\nno\n").unwrap();
    tokio::time::sleep(OFTEN * 10).await;
    assert_eq!(&shown(&client.connect(&server).await), old.cert.der());

    // Whole, but not the key's: as when only one of two files has been replaced so far.
    fs::write(&files.certificate, new.cert.pem()).unwrap();
    tokio::time::sleep(OFTEN * 10).await;
    assert_eq!(&shown(&client.connect(&server).await), old.cert.der());

    fs::remove_file(&files.key).unwrap();
    tokio::time::sleep(OFTEN * 10).await;
    assert_eq!(&shown(&client.connect(&server).await), old.cert.der());

    fs::write(&files.key, key).unwrap();
    files.write(&new);
    soon(async { while &shown(&client.connect(&server).await) != new.cert.der() {} }).await;
}

#[tokio::test]
async fn plain_bytes_on_a_tls_port_are_turned_away() {
    let server = start(&Files::new(&pair()), patient());
    let mut stream = server.connect().await;
    let request = b"GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    assert!(!rest(&mut stream).await.contains("HTTP/1.1"));
    assert!(server.paths().is_empty());
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_cut() {
    let limits = Limits {
        tls_handshake_timeout: Duration::from_millis(200),
        ..patient()
    };
    let server = start(&Files::new(&pair()), limits);
    for opening in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00"] {
        let mut stream = server.connect().await;
        stream.write_all(opening).await.unwrap();
        assert_eq!(rest(&mut stream).await, "");
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_handshakes() {
    let server = start(&Files::new(&pair()), patient());
    let mut stream = server.connect().await;
    stream.write_all(b"\x16\x03\x01").await.unwrap();
    server.stop.cancel();
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(server.drained().await.cut, 0);
}

#[test]
fn unusable_files_are_named_and_the_key_is_not_shown() {
    let (pair, other) = (pair(), pair());

    let files = Files::new(&pair);
    fs::write(&files.key, other.signing_key.serialize_pem()).unwrap();
    files.refusal(&files.certificate);
    files.refusal(&files.key);

    let whole = pair.signing_key.serialize_pem();
    for broken in [
        String::new(),
        whole.replace("-----END", "-----and"),
        whole.replace("PRIVATE", "ENCRYPTED PRIVATE"),
        whole.replacen("\nM", "\n?", 1),
        whole.replace("-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY\n"),
    ] {
        assert_ne!(broken, whole);
        fs::write(&files.key, broken).unwrap();
        files.refusal(&files.key);
    }

    let files = Files::new(&pair);
    for broken in ["", "no certificate", &whole] {
        fs::write(&files.certificate, broken).unwrap();
        files.refusal(&files.certificate);
    }
    fs::remove_file(&files.certificate).unwrap();
    files.refusal(&files.certificate);
}
