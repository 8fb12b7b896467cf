//! Access tokens as presented: RFC 9068 section 4 and RFC 8725. Every forgery begins as a copy of a
//! token that works, so that one difference is the reason it does not.

mod claims;
mod form;
mod keys;

use serde_json::{Value, json};
use users_core::keys::jws::Parsed;
use users_core::model::tenant::Tenant;

use crate::support::World;
use crate::support::forge::{HandKey, opened};
use crate::support::http::{Caller, Reply};
use crate::support::people::Service;

/// A person's token that works, and the key of the tenant's in the hands of the test.
struct Forge {
    key: HandKey,
    /// May look into every token.
    service: Service,
    token: String,
    claims: Value,
}

impl Forge {
    async fn new(world: &World) -> Self {
        let key = HandKey::new();
        key.install(world, &world.tenant).await;
        let scope = "openid profile sip.register token.introspect";
        let service = world.client("service", scope).await;
        let person = world.person("joan").await;
        let token = service.sign_in(&person, "openid profile").await;
        let token = token.text("access_token");
        let (_, claims) = opened(&token);
        let forge = Self {
            key,
            service,
            token,
            claims,
        };
        forge.assert_accepted(&forge.token, "the original").await;
        let copy = forge.signed(&forge.claims);
        forge.assert_accepted(&copy, "an honest copy").await;
        forge
    }

    /// The header of the tenant's own key.
    fn header(&self) -> Value {
        self.key.header("at+jwt")
    }

    /// A token the tenant's key has signed.
    fn signed(&self, claims: &Value) -> String {
        self.key.sign(&self.header(), claims)
    }

    async fn userinfo(&self, token: &str) -> Reply {
        userinfo(&self.service.caller, "", token).await
    }

    async fn assert_accepted(&self, token: &str, why: &str) {
        let reply = self.userinfo(token).await;
        assert_eq!(reply.status, 200, "{why}: {reply:?}");
        let reply = self.service.introspect(token).await;
        assert!(Service::is_active(&reply), "{why}");
    }

    /// Neither a resource nor introspection believes it, and nobody stumbles over it.
    async fn assert_refused(&self, token: &str, why: &str) {
        let reply = self.userinfo(token).await;
        assert_eq!(reply.status, 401, "{why}: {reply:?}");
        reply.assert_error(401, "invalid_token");
        let challenge = reply.header("www-authenticate").expect("a challenge");
        assert!(
            challenge.starts_with("Bearer ") && challenge.contains(r#"error="invalid_token""#),
            "{challenge}"
        );
        let reply = self.service.introspect(token).await;
        assert_eq!(reply.body, r#"{"active":false}"#, "{why}");
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let form = [("token", self.token.as_str())];
        let caller = &self.service.caller;
        let reply = caller.post("/introspect", &form, &headers).await;
        assert_eq!(reply.status, 401, "{why}: {reply:?}");
    }
}

async fn userinfo(caller: &Caller, prefix: &str, token: &str) -> Reply {
    let bearer = format!("Bearer {token}");
    let path = format!("{prefix}/userinfo");
    let headers = [("authorization", bearer.as_str())];
    caller.get_with(&path, &headers).await
}

/// The published key a token is signed with.
async fn published_key(world: &World, tenant: &Tenant, token: &str) -> Value {
    let path = tenant
        .issuer
        .strip_prefix(crate::support::world::ISSUER)
        .unwrap();
    let set = world.anonymous().get(&format!("{path}/jwks.json")).await;
    let kid = Parsed::parse(token).unwrap().kid().map(str::to_owned);
    let keys = set.json()["keys"].clone();
    let found = keys.as_array().unwrap().iter();
    found
        .cloned()
        .find(|key| key["kid"] == json!(kid))
        .expect("the key is published")
}
