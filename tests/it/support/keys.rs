//! Programs with API keys.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use users_core::admin::{api_keys, users};
use users_core::model::api_key::ApiKeyInput;
use users_core::model::audit_event::Actor;
use users_core::model::tenant::Tenant;

use super::World;
use super::http::{Caller, Reply};
use super::people::{Person, Service};

/// A key with its secret.
#[derive(Clone)]
pub struct Key {
    pub caller: Caller,
    /// Where the tenant's issuer is: empty, or `/t/{slug}`.
    pub prefix: String,
    pub id: String,
    pub secret: String,
}

impl Key {
    /// The same key in front of another node, or from another address.
    pub fn through(&self, caller: &Caller) -> Self {
        Self {
            caller: caller.clone(),
            ..self.clone()
        }
    }

    /// The same key with another secret.
    pub fn with_secret(&self, secret: &str) -> Self {
        Self {
            secret: secret.to_owned(),
            ..self.clone()
        }
    }

    /// The key as a client of the token endpoint.
    pub fn client(&self) -> Service {
        Service {
            caller: self.caller.clone(),
            prefix: self.prefix.clone(),
            client_id: self.id.clone(),
            secret: self.secret.clone(),
        }
    }

    /// A token it gets.
    pub async fn token(&self, scope: &str) -> String {
        let reply = self.client().client_credentials(scope).await;
        reply.assert_ok();
        reply.text("access_token")
    }

    /// Calls `/api/v1` + `path` with `X-API-Key`.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("x-api-key", &self.secret);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(body).expect("a request");
        self.caller.send(request).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, &[], Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.call("PATCH", path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, &[], None).await
    }
}

impl World {
    /// A key of a person of the default tenant.
    pub async fn key(&self, owner: &Person, name: &str, permissions: &[&str]) -> Key {
        self.key_of(&self.tenant, owner, name, permissions, |_| {})
            .await
    }

    pub async fn key_of(
        &self,
        tenant: &Tenant,
        owner: &Person,
        name: &str,
        permissions: &[&str],
        change: impl FnOnce(&mut ApiKeyInput),
    ) -> Key {
        let mut input = ApiKeyInput {
            name: name.to_owned(),
            permissions: permissions.iter().map(|word| (*word).to_owned()).collect(),
            networks: Vec::new(),
            enabled: true,
            expires_at: None,
        };
        change(&mut input);
        let owner = users::get(&self.app, tenant, &owner.id).await;
        let owner = owner.expect("the owner");
        let actor = Actor::command_line();
        let made = api_keys::create(&self.app, &actor, tenant, &owner, input).await;
        let (id, secret) = made.unwrap_or_else(|error| panic!("key {name}: {error}"));
        Key {
            caller: self.anonymous().clone(),
            prefix: if tenant.is_default() {
                String::new()
            } else {
                format!("/t/{}", tenant.slug)
            },
            id,
            secret: secret.expose().to_owned(),
        }
    }

    /// Changes a key, as an operator would.
    pub async fn change_key(&self, key: &Key, change: impl FnOnce(&mut ApiKeyInput)) {
        let (app, tenant) = (&self.app, &self.tenant);
        let before = api_keys::get(app, tenant, &key.id).await.expect("the key");
        let owner = api_keys::owner(app, tenant, &before).await;
        let mut input = ApiKeyInput::of(&before);
        change(&mut input);
        let (actor, owner) = (Actor::command_line(), owner.expect("its owner"));
        api_keys::update(app, &actor, tenant, &owner, &before, input)
            .await
            .expect("a changed key");
    }

    /// Removes a key of the default tenant.
    pub async fn revoke_key(&self, key: &Key) {
        let actor = Actor::command_line();
        api_keys::revoke(&self.app, &actor, &self.tenant, &key.id)
            .await
            .expect("a revoked key");
    }
}
