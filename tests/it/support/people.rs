//! Helpers shaped like those who use the server.

use super::http::{Caller, Reply, basic};

/// A client of a tenant, with its secret.
#[derive(Clone)]
pub struct Service {
    pub caller: Caller,
    /// Where the tenant's issuer is: empty, or `/t/{slug}`.
    pub prefix: String,
    pub client_id: String,
    pub secret: String,
}

/// A person with a password.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub username: String,
    pub password: String,
}

impl Service {
    /// The same client, calling another node.
    pub fn through(&self, caller: &Caller) -> Self {
        Self {
            caller: caller.clone(),
            ..self.clone()
        }
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    pub fn authorization(&self) -> String {
        basic(&self.client_id, &self.secret)
    }

    /// Posts to an endpoint of the issuer with `client_secret_basic`.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let authorization = self.authorization();
        self.caller
            .post(&self.at(path), form, &[("authorization", &authorization)])
            .await
    }

    pub async fn client_credentials(&self, scope: &str) -> Reply {
        self.post(
            "/token",
            &[("grant_type", "client_credentials"), ("scope", scope)],
        )
        .await
    }

    pub async fn password(&self, username: &str, password: &str, scope: &str) -> Reply {
        let form = [
            ("grant_type", "password"),
            ("username", username),
            ("password", password),
            ("scope", scope),
        ];
        self.post("/token", &form).await
    }

    /// Signs a person in and returns the whole answer.
    pub async fn sign_in(&self, person: &Person, scope: &str) -> Reply {
        let reply = self
            .password(&person.username, &person.password, scope)
            .await;
        reply.assert_ok();
        reply
    }

    pub async fn refresh(&self, refresh_token: &str) -> Reply {
        self.post(
            "/token",
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh_token),
            ],
        )
        .await
    }

    pub async fn introspect(&self, token: &str) -> Reply {
        self.post("/introspect", &[("token", token)]).await
    }

    pub async fn revoke(&self, token: &str) -> Reply {
        self.post("/revoke", &[("token", token)]).await
    }

    /// Asks for the claims a token opens.
    pub async fn userinfo(&self, access_token: &str) -> Reply {
        let bearer = format!("Bearer {access_token}");
        let path = self.at("/userinfo");
        self.caller
            .get_with(&path, &[("authorization", &bearer)])
            .await
    }

    #[track_caller]
    pub fn is_active(reply: &Reply) -> bool {
        reply.assert_ok();
        reply.json()["active"].as_bool().unwrap_or_default()
    }
}
