//! Phones that know HTTP Digest only (RFC 7616, RFC 8760): their passwords, and what registrars read.

mod operators;
mod own;
mod programs;
mod races;
mod registrars;

use openssl::hash::{MessageDigest, hash};
use serde_json::{Value, json};

use crate::support::bearer::Bearer;
use crate::support::people::{Person, Service};
use crate::support::{Reply, World, everywhere};

const OWN: &str = "/users/me/sip-digests";
const REALM: &str = "sip.example.org";
const EVERY: [&str; 3] = ["MD5", "SHA-256", "SHA-512-256"];

/// H, by somebody else's code.
fn h(algorithm: &str, text: &str) -> String {
    let digest = match algorithm {
        "MD5" => MessageDigest::md5(),
        "SHA-256" => MessageDigest::sha256(),
        "SHA-512-256" => MessageDigest::from_name("SHA512-256").expect("OpenSSL has it"),
        other => panic!("{other}"),
    };
    let digest = hash(digest, text.as_bytes()).expect("a digest");
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `response` to a challenge of a REGISTER (RFC 7616 section 3.4.1), from H(A1).
fn response(algorithm: &str, ha1: &str) -> String {
    let a2 = h(algorithm, &format!("REGISTER:sip:{REALM}"));
    h(
        algorithm,
        &format!("{ha1}:a nonce:00000001:its cnonce:auth:{a2}"),
    )
}

/// What was typed into a phone.
#[derive(Clone)]
struct Phone {
    sip_username: String,
    realm: String,
    password: String,
}

impl Phone {
    #[track_caller]
    fn of(reply: &Reply) -> Self {
        reply.assert_ok();
        Self {
            sip_username: reply.text("sip_username"),
            realm: reply.text("realm"),
            password: reply.text("password"),
        }
    }

    fn responds(&self, algorithm: &str) -> String {
        let Self {
            sip_username,
            realm,
            password,
        } = self;
        let ha1 = h(algorithm, &format!("{sip_username}:{realm}:{password}"));
        response(algorithm, &ha1)
    }

    /// Whether a registrar lets it in.
    async fn registers_at(&self, registrar: &Bearer, algorithm: &str) -> bool {
        let reply = read(registrar, &self.sip_username, &self.realm, algorithm).await;
        if reply.status == 404 {
            return false;
        }
        let ha1 = reply.assert_ok().text("ha1");
        response(algorithm, &ha1) == self.responds(algorithm)
    }
}

/// What a registrar reads of a name.
async fn read(registrar: &Bearer, sip_username: &str, realm: &str, algorithm: &str) -> Reply {
    let query = [
        ("sip_username", sip_username),
        ("realm", realm),
        ("algorithm", algorithm),
    ];
    let query = serde_urlencoded::to_string(query).expect("a query");
    registrar.get(&format!("/sip-digests?{query}")).await
}

/// A registrar of the default tenant.
async fn registrar(world: &World) -> Bearer {
    let client = world.client("registrar", "sip.digest").await;
    let token = client.client_credentials("sip.digest").await;
    let token = token.assert_ok().text("access_token");
    Bearer::new(world.anonymous(), &token, "registrar")
}

/// Somebody, and them at the console, and that.
async fn anna(world: &World) -> (Person, Bearer, Service) {
    let console = world.console(&world.tenant).await;
    let anna = world.person("anna").await;
    let bearer = world.bearer(&console, &anna).await;
    (anna, bearer, console)
}

/// A phone for one's own username.
async fn phone(bearer: &Bearer, algorithms: &[&str]) -> Phone {
    let body = json!({ "realm": REALM, "algorithms": algorithms });
    Phone::of(&bearer.post(OWN, &body).await)
}

fn algorithms(listed: &[Value]) -> Vec<&str> {
    let names = listed.iter().map(|entry| entry["algorithm"].as_str());
    names.map(|name| name.expect("an algorithm")).collect()
}
