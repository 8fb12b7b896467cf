//! Callers of the REST API.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::Value;
use users_core::model::resource::API_SCOPES;
use users_core::model::tenant::Tenant;

use super::World;
use super::http::{Caller, Reply};
use super::people::{Person, Service};

/// Somebody with an access token.
#[derive(Clone)]
pub struct Bearer {
    pub caller: Caller,
    pub token: String,
    /// The account's id, or the client's.
    pub id: String,
}

impl Bearer {
    pub fn new(caller: &Caller, token: &str, id: &str) -> Self {
        Self {
            caller: caller.clone(),
            token: token.to_owned(),
            id: id.to_owned(),
        }
    }

    /// The same, calling another node.
    pub fn through(&self, caller: &Caller) -> Self {
        Self::new(caller, &self.token, &self.id)
    }

    /// Calls `/api/v1` + `path`.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Reply {
        let method: Method = method.parse().expect("a method");
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                if !headers.iter().any(|(name, _)| *name == "content-type") {
                    request = request.header("content-type", "application/json");
                }
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.caller
            .send(request.body(body).expect("a request"))
            .await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, &[], Some(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.call("PUT", path, &[], Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.call("PATCH", path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, &[], None).await
    }

    /// Every entry of a list, page by page.
    pub async fn walk(&self, path: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(page) = next {
            let reply = self.get(&page).await;
            reply.assert_ok();
            let json = reply.json();
            found.extend(json["items"].as_array().expect("items").iter().cloned());
            next = json["next"].as_str().map(|cursor| {
                let joint = if path.contains('?') { '&' } else { '?' };
                format!("{path}{joint}cursor={cursor}")
            });
        }
        found
    }
}

impl Reply {
    /// Asserts problem details (RFC 9457) of this kind.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let json = self.json();
        assert_eq!(json["type"], format!("/docs#{code}"), "{self:?}");
        assert_eq!(json["status"], status, "{self:?}");
        assert!(json["detail"].is_string(), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        self
    }

    /// Asserts that a problem names this field of the body.
    #[track_caller]
    pub fn assert_names(&self, pointer: &str) {
        let json = self.json();
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        assert!(
            errors.iter().any(|error| error["pointer"] == pointer),
            "{pointer} in {self:?}"
        );
    }

    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }
}

impl World {
    /// The operator's own application in a tenant: it may ask for everything the API has.
    pub async fn console(&self, tenant: &Tenant) -> Service {
        let scope = format!("openid profile email {}", API_SCOPES.join(" "));
        self.client_of(tenant, "console", &scope, |metadata| {
            metadata.first_party = true;
        })
        .await
    }

    /// A person at the console, with every scope they may hold.
    pub async fn bearer(&self, console: &Service, person: &Person) -> Bearer {
        let reply = console.sign_in(person, &API_SCOPES.join(" ")).await;
        Bearer::new(
            &self.anonymous().clone(),
            &reply.text("access_token"),
            &person.id,
        )
    }

    /// A new person with these roles, signed in at the console of the default tenant.
    pub async fn operator(&self, console: &Service, username: &str, roles: &[&str]) -> Bearer {
        let person = self.person_of(&self.tenant, username, roles).await;
        self.bearer(console, &person).await
    }
}
