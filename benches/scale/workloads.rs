//! What is asked of both servers, and what a right answer is.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::common::Outcome;
use crate::common::clients::SCOPE;
use crate::common::http::{self, Connection, member};
use crate::common::load::{CONNECTIONS, Dialogue};
use crate::filling::{Installation, OPERATOR, PASSWORD, Place, READ};

/// Tenants asked in turn, where there are as many.
const SPREAD: usize = 1000;

pub struct Workload {
    pub name: &'static str,
    /// One for each connection.
    pub turns: Vec<Turns>,
}

/// Requests sent one after the other, over and over, whose answers must hold a text.
pub struct Turns {
    requests: Arc<[Vec<u8>]>,
    next: usize,
    expected: &'static str,
}

impl Dialogue for Turns {
    fn request(&self) -> &[u8] {
        &self.requests[self.next]
    }

    fn hear(&mut self, body: &str) -> Outcome<bool> {
        if !body.contains(self.expected) {
            return Err(format!("no {} in {body}", self.expected).into());
        }
        self.next = (self.next + 1) % self.requests.len();
        Ok(true)
    }
}

/// What is asked of a server on this database. `address`: where it is listening now.
pub async fn all(installation: &Installation, address: SocketAddr) -> Outcome<Vec<Workload>> {
    let mut connection = Connection::open(address).await?;
    let Installation {
        home,
        crowd,
        others,
        ..
    } = installation;
    let few = others.first().ok_or("no tenant like most")?;
    let others = &others[..others.len().min(SPREAD)];
    let issued = "\"access_token\":\"";
    let active = "\"active\":true";
    let mut all = vec![
        same("client_credentials ES256", client_credentials(home), issued),
        same(
            "introspection",
            introspection(&mut connection, home).await?,
            active,
        ),
        same("JWKS", http::get("/jwks.json"), "{\"keys\":[{"),
        same(
            "discovery",
            http::get("/.well-known/openid-configuration"),
            "\"jwks_uri\":",
        ),
        workload(
            "client_credentials ES256, many tenants",
            others.iter().map(client_credentials).collect(),
            issued,
        ),
    ];
    let mut requests = Vec::new();
    for place in others {
        requests.push(introspection(&mut connection, place).await?);
    }
    all.push(workload("introspection, many tenants", requests, active));
    for (place, names) in [
        (few, ["few people, a page", "few people, by name"]),
        (crowd, ["many people, a page", "many people, by name"]),
    ] {
        let token = operator(&mut connection, place).await?;
        let header = format!("authorization: Bearer {token}");
        let [page, by_name] = ["limit=50", "limit=50&search=number00007"]
            .map(|query| http::get_with(&format!("/api/v1/users?{query}"), &header));
        let one = "\"username\":\"person-00007\"";
        all.push(same(names[0], page, one));
        all.push(same(names[1], by_name, one));
    }
    Ok(all)
}

fn same(name: &'static str, request: Vec<u8>, expected: &'static str) -> Workload {
    workload(name, vec![request], expected)
}

/// Every connection begins elsewhere.
fn workload(name: &'static str, requests: Vec<Vec<u8>>, expected: &'static str) -> Workload {
    let requests: Arc<[Vec<u8>]> = requests.into();
    let turns = (0..CONNECTIONS).map(|number| Turns {
        next: number * requests.len() / CONNECTIONS,
        requests: Arc::clone(&requests),
        expected,
    });
    Workload {
        name,
        turns: turns.collect(),
    }
}

fn client_credentials(place: &Place) -> Vec<u8> {
    let form = format!("grant_type=client_credentials&scope={SCOPE}");
    http::post(&format!("{}/token", place.prefix), &place.client, &form)
}

/// Asks about a token made now.
async fn introspection(connection: &mut Connection, place: &Place) -> Outcome<Vec<u8>> {
    let answer = connection.exchange(&client_credentials(place)).await?;
    let form = format!("token={}", member(answer, "access_token")?);
    let path = format!("{}/introspect", place.prefix);
    Ok(http::post(&path, &place.client, &form))
}

/// Signs a tenant's operator in; the token to read accounts with.
async fn operator(connection: &mut Connection, place: &Place) -> Outcome<String> {
    let password = PASSWORD.replace(' ', "+");
    let form = format!("grant_type=password&username={OPERATOR}&password={password}&scope={READ}");
    let path = format!("{}/token", place.prefix);
    let console = place.console.as_ref().ok_or("nobody signs in here")?;
    let answer = connection
        .exchange(&http::post(&path, console, &form))
        .await?;
    Ok(member(answer, "access_token")?.to_owned())
}
