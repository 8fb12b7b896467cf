//! An issuer of the tests' own: keys it publishes and answers it gives, and how often it was asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use users_core::base::clock::Clock;
use users_core::keys::jws::{Signer, Typ};
use users_core::keys::key_pair::KeyPair;
use users_core::{Algorithm, TokenValidator, TrustedIssuer, ValidatorSettings};

use crate::support::world::START;

pub const ISSUER: &str = "https://issuer.example.test";
pub const AUDIENCE: &str = "rvoip-sip";

/// A signing key with its published half.
pub struct Key {
    pub pair: KeyPair,
    signer: Signer,
}

impl Key {
    pub fn new(algorithm: Algorithm) -> Self {
        let pair = KeyPair::generate(algorithm).expect("a key");
        let signer = Signer::new(&pair).expect("a signer");
        Self { pair, signer }
    }

    pub fn jwk(&self) -> Value {
        serde_json::to_value(self.pair.public()).expect("a JWK")
    }

    pub fn kid(&self) -> &str {
        self.pair.public().kid()
    }

    pub fn pem(&self) -> String {
        self.pair.public().to_pem().expect("PEM")
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(Typ::AccessToken, claims)
    }

    pub fn sign_as(&self, typ: Typ, claims: &Value) -> String {
        self.signer.sign(typ, claims).expect("a token")
    }
}

/// Claims of a good token for an hour from [`START`] on.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "the-account", "aud": [AUDIENCE], "iat": START.seconds(),
        "exp": START.seconds() + 3600, "jti": "the-token", "client_id": "phone",
        "username": "alice", "scope": "sip.call sip.register", "roles": ["user"],
    })
}

/// A validator with the clock of the world.
pub fn validator() -> (TokenValidator, Clock) {
    validator_with(ValidatorSettings::default())
}

pub fn validator_with(settings: ValidatorSettings) -> (TokenValidator, Clock) {
    let clock = Clock::manual(START);
    let made = TokenValidator::with(settings, clock.clone());
    (made.expect("a validator"), clock)
}

/// One that trusts a key.
pub fn trusting(key: &Key) -> (TokenValidator, Clock) {
    let (validator, clock) = validator();
    let issuer = TrustedIssuer::with_public_key_pem(ISSUER, key.pem(), [AUDIENCE]);
    validator.add_trusted_issuer(issuer).expect("trusted");
    (validator, clock)
}

#[derive(Default)]
pub struct Said {
    pub jwks: Mutex<Value>,
    /// Whole bodies in place of the set.
    pub raw: Mutex<Option<String>>,
    pub reads: AtomicUsize,
    pub failing: AtomicBool,
    pub answers: Mutex<HashMap<String, Value>>,
    /// The `Authorization` and the token of every question.
    pub asked: Mutex<Vec<(String, String)>>,
}

pub struct StandIn {
    pub address: String,
    pub said: Arc<Said>,
    serving: JoinHandle<()>,
}

impl StandIn {
    pub async fn publishing(keys: &[&Key]) -> Self {
        let said = Arc::new(Said::default());
        let router = Router::new()
            .route("/jwks.json", get(jwks))
            .route("/introspect", post(introspect))
            .route("/moved", get(|| async { moved() }))
            .with_state(Arc::clone(&said));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serves");
        });
        let stand_in = Self {
            address,
            said,
            serving,
        };
        stand_in.publish(keys);
        stand_in
    }

    pub fn publish(&self, keys: &[&Key]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        *self.said.jwks.lock().unwrap() = json!({ "keys": keys });
    }

    pub fn fail(&self, failing: bool) {
        self.said.failing.store(failing, Ordering::SeqCst);
    }

    pub fn reads(&self) -> usize {
        self.said.reads.load(Ordering::SeqCst)
    }

    pub fn asked(&self) -> Vec<(String, String)> {
        self.said.asked.lock().unwrap().clone()
    }

    pub fn answers(&self, token: &str, answer: Value) {
        let mut answers = self.said.answers.lock().unwrap();
        answers.insert(token.to_owned(), answer);
    }

    pub fn issuer(&self) -> TrustedIssuer {
        TrustedIssuer::with_jwks_uri(ISSUER, format!("{}/jwks.json", self.address), [AUDIENCE])
    }

    pub fn introspected(&self) -> TrustedIssuer {
        let endpoint = format!("{}/introspect", self.address);
        self.issuer()
            .introspected_at(endpoint, "registrar", "a b:c")
    }

    /// A validator that trusts it.
    pub fn trusted(&self) -> (TokenValidator, Clock) {
        let (validator, clock) = validator();
        validator
            .add_trusted_issuer(self.issuer())
            .expect("trusted");
        (validator, clock)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn json_of(value: &Value) -> Response<Body> {
    Response::builder()
        .header("content-type", "application/json")
        .body(Body::from(value.to_string()))
        .expect("a response")
}

fn failed() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

fn moved() -> Response<Body> {
    let response = Response::builder().status(302);
    let response = response.header("location", "/jwks.json");
    response.body(Body::empty()).expect("a response")
}

async fn jwks(State(said): State<Arc<Said>>) -> Response<Body> {
    said.reads.fetch_add(1, Ordering::SeqCst);
    if said.failing.load(Ordering::SeqCst) {
        return failed();
    }
    if let Some(raw) = said.raw.lock().unwrap().clone() {
        return Response::new(Body::from(raw));
    }
    json_of(&said.jwks.lock().unwrap())
}

async fn introspect(
    State(said): State<Arc<Said>>,
    headers: HeaderMap,
    body: String,
) -> Response<Body> {
    let form: HashMap<String, String> = serde_urlencoded::from_str(&body).expect("a form");
    let authorization = headers["authorization"].to_str().unwrap().to_owned();
    let token = form["token"].clone();
    said.asked
        .lock()
        .unwrap()
        .push((authorization, token.clone()));
    if said.failing.load(Ordering::SeqCst) {
        return failed();
    }
    let answer = said.answers.lock().unwrap().get(&token).cloned();
    json_of(&answer.unwrap_or_else(|| json!({ "active": false })))
}
