//! What a measured process does. It listens on a free port, says so on its standard output, and
//! ends when its standard input does.

use std::io::Write as _;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use users_core::keys::jws::{Signer, Typ};
use users_core::keys::key_pair::KeyPair;
use users_core::model::algorithm::Algorithm;

use crate::common::clients::SCOPE;
use crate::common::serve::{end_of_input, serve};
use crate::common::{Outcome, database};

/// How long a signing process signs at a time.
const SIGNING: Duration = Duration::from_millis(150);

/// The role of that name.
pub fn role(name: &str) -> Option<fn() -> Outcome<()>> {
    match name {
        "serve" => Some(serve),
        "hello" => Some(hello),
        "sign" => Some(sign),
        _ => None,
    }
}

/// What no HTTP server of this kind does better.
fn hello() -> Outcome<()> {
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let router = Router::new().route("/", get(|| async { "hello" }));
        tokio::select! {
            served = async { axum::serve(listener, router).await } => Ok(served?),
            () = end_of_input().cancelled_owned() => Ok(()),
        }
    })
}

/// Signs with the algorithm of each line it reads, and answers with how often it did.
fn sign() -> Outcome<()> {
    let claims = Claims::default();
    let mut signers = Vec::new();
    for algorithm in Algorithm::ALL {
        signers.push((
            algorithm.name(),
            Signer::new(&KeyPair::generate(algorithm)?)?,
        ));
    }
    println!("ready");
    for line in std::io::stdin().lines() {
        let line = line?;
        let (_, signer) = signers
            .iter()
            .find(|(name, _)| *name == line)
            .ok_or("an unknown algorithm")?;
        let end = Instant::now() + SIGNING;
        let mut count = 0_u64;
        while Instant::now() < end {
            for _ in 0..10 {
                std::hint::black_box(signer.sign(Typ::AccessToken, &claims)?);
            }
            count += 10;
        }
        println!("{count}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// Claims as long as those of a token for SIP.
#[derive(Serialize)]
struct Claims {
    iss: &'static str,
    sub: &'static str,
    aud: [&'static str; 1],
    exp: i64,
    iat: i64,
    jti: &'static str,
    client_id: &'static str,
    scope: &'static str,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            iss: database::ISSUER,
            sub: "bench-RS256",
            aud: ["rvoip-sip"],
            exp: 1_767_226_500,
            iat: 1_767_225_600,
            jti: "00000000-0000-4000-8000-000000000000",
            client_id: "bench-RS256",
            scope: SCOPE,
        }
    }
}
