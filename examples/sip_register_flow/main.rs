//! REGISTER with a token, over UDP: `cargo run --example sip_register_flow`.
//!
//! A registrar listens on a socket; phones send it what phones send. It challenges, checks tokens by
//! the issuer's public key, and registers contacts for as long as their tokens live.

mod registrar;
mod sip;

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use registrar::{DOMAIN, Registrar};
use sip::Message;
use tokio::net::UdpSocket;
use users_core::{
    AuthenticationService, CreateUserRequest, Secret, TokenValidator, TrustedIssuer, UsersConfig,
};

/// RFC 3261 section 18.1.1: longer requests go over TCP.
const LONGEST_DATAGRAM: usize = 1300;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("users.db");
    let service = users_core::init(UsersConfig {
        database_url: Secret::new(format!("sqlite://{}", database.display())),
        ..UsersConfig::default()
    })
    .await?;
    for name in ["alice", "bob"] {
        let request = CreateUserRequest {
            username: name.into(),
            password: Some(format!("a passphrase of {name}")),
            roles: vec!["user".into()],
            ..CreateUserRequest::default()
        };
        service.create_user(request).await?;
    }

    let (issuer, validator) = (service.jwt_issuer(), TokenValidator::new()?);
    validator.add_trusted_issuer(TrustedIssuer::with_public_key_pem(
        issuer.issuer().await?,
        issuer.public_key_pem().await?,
        ["rvoip-sip"],
    ))?;
    let registrar = Registrar::bind(validator, issuer.issuer().await?).await?;
    let address = registrar.address()?;
    let serving = tokio::spawn(registrar.run());

    let mut desk = Phone::new("alice", "desk", address).await?;
    println!("== Without a token");
    desk.register(None, 3600).await?;

    println!("\n== With one");
    let token = token(&service, "alice", "sip.register").await?;
    desk.register(Some(&token), 600).await?;

    println!("\n== A second device");
    let mut mobile = Phone::new("alice", "mobile", address).await?;
    let other = self::token(&service, "alice", "sip.register").await?;
    mobile.register(Some(&other), 600).await?;

    println!("\n== What is refused");
    let call = self::token(&service, "alice", "sip.call").await?;
    println!("-- a token for another scope");
    desk.register(Some(&call), 600).await?;
    let bob = self::token(&service, "bob", "sip.register").await?;
    println!("-- somebody else's token");
    desk.register(Some(&bob), 600).await?;
    println!("-- a changed token");
    let changed = format!("{}AAAA", &token[..token.len() - 4]);
    desk.register(Some(&changed), 600).await?;
    println!("-- no token at all");
    desk.register(Some("no.token.here"), 600).await?;

    println!("\n== Going away");
    desk.register(Some(&token), 0).await?;
    serving.abort();
    service.shutdown().await;
    Ok(())
}

/// A token for one scope alone: it names no audience but `rvoip-sip` and fits into a datagram.
async fn token(
    service: &AuthenticationService,
    name: &str,
    scope: &str,
) -> Result<String, users_core::Error> {
    let password = format!("a passphrase of {name}");
    let login = service.authenticate_password_for(name, &password, scope);
    Ok(login.await?.tokens.access_token)
}

struct Phone {
    user: &'static str,
    device: &'static str,
    socket: UdpSocket,
    sequence: u32,
}

impl Phone {
    async fn new(
        user: &'static str,
        device: &'static str,
        registrar: SocketAddr,
    ) -> std::io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        socket.connect(registrar).await?;
        Ok(Self {
            user,
            device,
            socket,
            sequence: 0,
        })
    }

    /// Sends a REGISTER and shows what comes back.
    async fn register(&mut self, token: Option<&str>, expires: u32) -> Result<(), Box<dyn Error>> {
        self.sequence += 1;
        let (user, device) = (self.user, self.device);
        let (port, sequence) = (self.socket.local_addr()?.port(), self.sequence);
        let via = format!("SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-{device}-{sequence}");
        let from = format!("<sip:{user}@{DOMAIN}>;tag={device}");
        let to = format!("<sip:{user}@{DOMAIN}>");
        let contact = format!("<sip:{user}@{device}.example.org>");
        let (call, cseq) = (
            format!("{device}@127.0.0.1"),
            format!("{sequence} REGISTER"),
        );
        let (expires, authorization) = (expires.to_string(), token.map(|t| format!("Bearer {t}")));
        let mut headers = vec![
            ("Via", &*via),
            ("Max-Forwards", "70"),
            ("From", &from),
            ("To", &to),
            ("Call-ID", &call),
            ("CSeq", &cseq),
            ("Contact", &contact),
            ("Expires", &expires),
        ];
        if let Some(authorization) = &authorization {
            headers.push(("Authorization", authorization));
        }
        let request = Message::new(&format!("REGISTER sip:{DOMAIN} SIP/2.0"), &headers).to_bytes();
        let fits = request.len() < LONGEST_DATAGRAM;
        let held = if token.is_some() {
            "with a token"
        } else {
            "without a token"
        };
        println!("REGISTER {user} from {device}, {held}, fits into a datagram: {fits}");
        self.socket.send(&request).await?;

        let mut datagram = vec![0; 65_535];
        let received = self.socket.recv(&mut datagram);
        let length = tokio::time::timeout(Duration::from_secs(10), received).await??;
        let answer = Message::parse(&datagram[..length]).ok_or("no SIP message")?;
        println!("  {}", answer.start);
        for name in ["WWW-Authenticate", "Contact"] {
            for value in answer.all(name) {
                println!("  {name}: {value}");
            }
        }
        Ok(())
    }
}
