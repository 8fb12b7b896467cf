//! What is asked of the servers, what a right answer is, and what it may cost.

use std::net::SocketAddr;

use data_encoding::BASE64URL_NOPAD;
use users_core::base::digest::sha256;
use users_core::model::algorithm::Algorithm;

use crate::common::Outcome;
use crate::common::clients::{Client, SCOPE};
use crate::common::http::{self, Connection, member};
use crate::common::load::{self, CONNECTIONS};
use crate::stage::{PASSWORD, REDIRECT_URI, Stage, USERNAME};

/// Beside what a workload's cost is set.
#[derive(Clone, Copy)]
pub enum Beside {
    Nothing,
    Signature(Algorithm),
    Hello,
}

/// The most a request may cost.
#[derive(Clone, Copy)]
pub enum Limit {
    None,
    /// Times what stands beside it.
    Times(f64),
    /// Microseconds of the server's CPU.
    Micros(f64),
    /// The same, and none of it for the database.
    MicrosInMemory(f64),
    /// Times what stands beside it, and microseconds on top.
    TimesAndMicros(f64, f64),
}

/// What a workload is called, and what its cost is held against.
#[derive(Clone)]
pub struct Title {
    pub name: String,
    pub beside: Beside,
    pub limit: Limit,
}

pub struct Workload {
    pub title: Title,
    /// One for each connection.
    pub dialogues: Vec<Dialogue>,
}

/// What is sent over and over on one connection.
#[derive(Clone)]
pub enum Dialogue {
    /// The same request, whose answer must hold a text.
    Same { request: Vec<u8>, expected: String },
    /// A refresh token, exchanged for the next one each time.
    Refresh { client: Client, request: Vec<u8> },
    /// A code asked for in a signed-in browser, and redeemed.
    Code {
        client: Client,
        ask: Vec<u8>,
        /// The exchange of the code, once there is one.
        redeem: Option<Vec<u8>>,
    },
}

impl load::Dialogue for Dialogue {
    fn request(&self) -> &[u8] {
        match self {
            Self::Same { request, .. } | Self::Refresh { request, .. } => request,
            Self::Code { ask, redeem, .. } => redeem.as_ref().unwrap_or(ask),
        }
    }

    fn hear(&mut self, body: &str) -> Outcome<bool> {
        match self {
            Self::Same { expected, .. } if body.contains(expected.as_str()) => Ok(true),
            Self::Same { expected, .. } => Err(format!("no {expected} in {body}").into()),
            Self::Refresh { client, request } => {
                let next = refresh(client, body)?;
                if next == *request {
                    return Err("a refresh token was not changed".into());
                }
                *request = next;
                Ok(true)
            }
            Self::Code { client, redeem, .. } => {
                if redeem.take().is_some() {
                    member(body, "access_token")?;
                    member(body, "id_token")?;
                    return Ok(true);
                }
                let code = body
                    .split_once("?code=")
                    .and_then(|(_, rest)| rest.split_once('&'));
                let (code, _) = code.ok_or_else(|| format!("no code in {body}"))?;
                let form = format!(
                    "grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}\
                     &code_verifier={VERIFIER}"
                );
                *redeem = Some(http::post("/token", client, &form));
                Ok(false)
            }
        }
    }
}

pub fn hello() -> Workload {
    Workload {
        title: Title {
            name: "hello (bare axum)".to_owned(),
            beside: Beside::Nothing,
            limit: Limit::None,
        },
        dialogues: same(http::get("/"), "hello".to_owned()),
    }
}

/// What is asked of a server on the first database. `address`: where one is listening now.
pub async fn in_memory(stage: &Stage, address: SocketAddr) -> Outcome<Vec<Workload>> {
    let mut all = Vec::new();
    for (algorithm, limit) in [
        (Algorithm::Rs256, Limit::Times(1.15)),
        (Algorithm::Es256, Limit::Micros(100.0)),
        (Algorithm::EdDsa, Limit::Micros(100.0)),
    ] {
        all.push(Workload {
            title: Title {
                name: format!("client_credentials {algorithm}"),
                beside: Beside::Signature(algorithm),
                limit,
            },
            dialogues: same(
                client_credentials(stage.client(algorithm)?),
                start_of_token(algorithm),
            ),
        });
    }
    let client = stage.client(Algorithm::Rs256)?;
    let mut connection = Connection::open(address).await?;
    let token = member(
        connection.exchange(&client_credentials(client)).await?,
        "access_token",
    )?;
    all.push(Workload {
        title: Title {
            name: "introspection of an RS256 JWT".to_owned(),
            beside: Beside::Hello,
            limit: Limit::MicrosInMemory(80.0),
        },
        dialogues: same(
            http::post("/introspect", client, &format!("token={token}")),
            "\"active\":true".to_owned(),
        ),
    });
    for (name, path, expected) in [
        ("JWKS", "/jwks.json", "{\"keys\":[{"),
        (
            "discovery",
            "/.well-known/openid-configuration",
            "\"jwks_uri\":",
        ),
    ] {
        all.push(Workload {
            title: Title {
                name: name.to_owned(),
                beside: Beside::Hello,
                limit: Limit::Times(2.0),
            },
            dialogues: same(http::get(path), expected.to_owned()),
        });
    }
    Ok(all)
}

/// Families of refresh tokens on one database, each rotated on a connection of its own.
pub async fn refreshing(stage: &Stage, address: SocketAddr) -> Outcome<Workload> {
    let client = stage.client(Algorithm::Rs256)?;
    let password: String = PASSWORD.replace(' ', "+");
    let form = format!("grant_type=password&username={USERNAME}&password={password}");
    let mut connection = Connection::open(address).await?;
    let mut dialogues = Vec::new();
    for _ in 0..CONNECTIONS {
        let body = connection
            .exchange(&http::post("/token", client, &form))
            .await?;
        dialogues.push(Dialogue::Refresh {
            request: refresh(client, body)?,
            client: client.clone(),
        });
    }
    Ok(Workload {
        title: Title {
            name: format!("refresh RS256, {}", stage.database.name),
            beside: Beside::Signature(Algorithm::Rs256),
            limit: Limit::None,
        },
        dialogues,
    })
}

/// The code flow of somebody who is signed in and has allowed it before: the code alone, then all of it.
pub fn codes(stage: &Stage) -> [Workload; 2] {
    let client = &stage.relying_party;
    let challenge = BASE64URL_NOPAD.encode(&sha256(&[VERIFIER.as_bytes()]));
    let path = format!(
        "/authorize?response_type=code&client_id={}&redirect_uri={REDIRECT_URI}&scope=openid+{SCOPE}\
         &state=state&nonce=nonce&code_challenge={challenge}&code_challenge_method=S256",
        client.id
    );
    let ask = http::get_with(&path, &format!("cookie: {}", stage.cookie));
    let flow = Dialogue::Code {
        client: client.clone(),
        ask: ask.clone(),
        redeem: None,
    };
    let title = |name: &str, limit| Title {
        name: format!("{name}, {}", stage.database.name),
        beside: Beside::Signature(Algorithm::Rs256),
        limit,
    };
    [
        Workload {
            title: title("code for a session", Limit::None),
            dialogues: same(ask, "?code=".to_owned()),
        },
        Workload {
            // Two signatures: the access token's and the ID token's.
            title: title(
                "session, code, tokens",
                Limit::TimesAndMicros(2.0 * 1.3, 400.0),
            ),
            dialogues: vec![flow; CONNECTIONS],
        },
    ]
}

const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";

fn same(request: Vec<u8>, expected: String) -> Vec<Dialogue> {
    vec![Dialogue::Same { request, expected }; CONNECTIONS]
}

fn client_credentials(client: &Client) -> Vec<u8> {
    let form = format!("grant_type=client_credentials&scope={SCOPE}");
    http::post("/token", client, &form)
}

/// Exchanges the refresh token of an answer.
fn refresh(client: &Client, body: &str) -> Outcome<Vec<u8>> {
    let token = member(body, "refresh_token")?;
    member(body, "access_token")?;
    let form = format!("grant_type=refresh_token&refresh_token={token}");
    Ok(http::post("/token", client, &form))
}

/// What an answer with a token of this algorithm holds: the start of its header.
fn start_of_token(algorithm: Algorithm) -> String {
    let header = format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","#);
    // Whole groups of three bytes: what follows cannot change their encoding.
    let whole = header.len() / 3 * 3;
    let start = BASE64URL_NOPAD.encode(&header.as_bytes()[..whole]);
    format!("\"access_token\":\"{start}")
}
