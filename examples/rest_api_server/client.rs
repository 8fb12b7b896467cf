//! A client of the routes, as the programs of users-core call them: eighteen checks.

use reqwest::{Client, Method};
use serde_json::{Value, json};

type Checked = Result<(), String>;

/// What one check hands to the next.
struct Caller {
    http: Client,
    base: String,
    admin: String,
    user: String,
    refresh: String,
    id: String,
    key: String,
    key_id: String,
}

/// Who calls.
enum As<'a> {
    Nobody,
    Bearer(&'a str),
    Key(&'a str),
}

/// Runs all checks and prints what came of them; how many failed.
pub async fn check(base: &str, password: &str) -> usize {
    // Whoever was faster chose as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut caller = Caller {
        http: Client::builder().no_proxy().build().expect("a client"),
        base: base.to_owned(),
        admin: String::new(),
        user: String::new(),
        refresh: String::new(),
        id: String::new(),
        key: String::new(),
        key_id: String::new(),
    };
    let (mut passed, mut failed) = (0, 0);
    for number in 1..=18 {
        let (name, outcome) = caller.run(number, password).await;
        match outcome {
            Ok(()) => {
                passed += 1;
                println!("{number:>2} ok      {name}");
            }
            Err(what) => {
                failed += 1;
                println!("{number:>2} FAILED  {name}: {what}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    failed
}

impl Caller {
    async fn run(&mut self, number: usize, password: &str) -> (&'static str, Checked) {
        match number {
            1 => ("the server is healthy", self.health().await),
            2 => ("its public keys are there", self.jwks().await),
            3 => (
                "the administrator signs in",
                self.admin_login(password).await,
            ),
            4 => ("a wrong password is refused", self.wrong_password().await),
            5 => (
                "nobody lists accounts without a token",
                self.without_token().await,
            ),
            6 => ("the administrator makes an account", self.create().await),
            7 => ("a name is taken once", self.create_again().await),
            8 => ("a weak password is refused", self.create_weak().await),
            9 => (
                "accounts are found by a piece of their names",
                self.list().await,
            ),
            10 => ("an account is changed", self.update().await),
            11 => (
                "its person signs in",
                self.user_login("SecurePass123").await,
            ),
            12 => ("and lists nobody", self.forbidden().await),
            13 => ("and changes the password", self.change_password().await),
            14 => (
                "the administrator makes an API key",
                self.create_key().await,
            ),
            15 => ("which reads and changes nothing", self.use_key().await),
            16 => ("a revoked key does not", self.revoke_key().await),
            17 => ("a refresh token rotates", self.refresh().await),
            _ => ("a logout ends everything", self.logout().await),
        }
    }

    /// Calls a route; its status and its body.
    async fn call(
        &self,
        method: Method,
        path: &str,
        caller: As<'_>,
        body: Option<Value>,
    ) -> Result<(u16, Value), String> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        request = match caller {
            As::Nobody => request,
            As::Bearer(token) => request.bearer_auth(token),
            As::Key(key) => request.header("x-api-key", key),
        };
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(|error| error.to_string())?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    async fn post(&self, path: &str, caller: As<'_>, body: Value) -> Result<(u16, Value), String> {
        self.call(Method::POST, path, caller, Some(body)).await
    }

    async fn health(&self) -> Checked {
        let (status, body) = self.call(Method::GET, "/health", As::Nobody, None).await?;
        is(status, 200, &body)?;
        holds(body["status"] == "healthy", &body)
    }

    async fn jwks(&self) -> Checked {
        let path = "/auth/jwks.json";
        let (status, body) = self.call(Method::GET, path, As::Nobody, None).await?;
        is(status, 200, &body)?;
        let key = &body["keys"][0];
        holds(
            key["kty"] == "RSA" && key["alg"] == "RS256" && key.get("d").is_none(),
            &body,
        )
    }

    async fn login(&self, username: &str, password: &str) -> Result<(u16, Value), String> {
        let body = json!({ "username": username, "password": password });
        self.post("/auth/login", As::Nobody, body).await
    }

    async fn admin_login(&mut self, password: &str) -> Checked {
        let (status, body) = self.login("admin", password).await?;
        is(status, 200, &body)?;
        self.admin = text(&body, "access_token")?;
        holds(
            body["token_type"] == "Bearer" && body["expires_in"] == 900,
            &body,
        )
    }

    async fn wrong_password(&self) -> Checked {
        let (status, body) = self.login("admin", "not the password").await?;
        is(status, 401, &body)?;
        holds(body["error"]["code"] == "INVALID_CREDENTIALS", &body)
    }

    async fn without_token(&self) -> Checked {
        let (status, body) = self.call(Method::GET, "/users", As::Nobody, None).await?;
        is(status, 403, &body)?;
        holds(body["error"]["code"] == "FORBIDDEN", &body)
    }

    fn account(password: &str) -> Value {
        json!({
            "username": "alice", "password": password, "email": "alice@example.org",
            "display_name": "Alice", "roles": ["user"],
        })
    }

    async fn create(&mut self) -> Checked {
        let body = Self::account("SecurePass123");
        let (status, body) = self.post("/users", As::Bearer(&self.admin), body).await?;
        is(status, 201, &body)?;
        self.id = text(&body, "id")?;
        holds(
            body["active"] == true && body.get("password_hash").is_none(),
            &body,
        )
    }

    async fn create_again(&self) -> Checked {
        let body = Self::account("SecurePass123");
        let (status, body) = self.post("/users", As::Bearer(&self.admin), body).await?;
        is(status, 409, &body)
    }

    async fn create_weak(&self) -> Checked {
        let mut weak = Self::account("weak");
        weak["username"] = "bob".into();
        weak["email"] = Value::Null;
        let (status, body) = self.post("/users", As::Bearer(&self.admin), weak).await?;
        is(status, 400, &body)
    }

    async fn list(&self) -> Checked {
        let path = "/users?search=ali&active=true";
        let (status, body) = self
            .call(Method::GET, path, As::Bearer(&self.admin), None)
            .await?;
        is(status, 200, &body)?;
        let found = body.as_array().map(Vec::as_slice).unwrap_or_default();
        holds(found.len() == 1 && found[0]["username"] == "alice", &body)
    }

    async fn update(&self) -> Checked {
        let (path, caller) = (format!("/users/{}", self.id), As::Bearer(&self.admin));
        let change = json!({ "display_name": "Alice of Sales" });
        let (status, body) = self.call(Method::PUT, &path, caller, Some(change)).await?;
        is(status, 200, &body)?;
        holds(body["display_name"] == "Alice of Sales", &body)
    }

    async fn user_login(&mut self, password: &str) -> Checked {
        let (status, body) = self.login("alice", password).await?;
        is(status, 200, &body)?;
        self.user = text(&body, "access_token")?;
        self.refresh = text(&body, "refresh_token")?;
        Ok(())
    }

    async fn forbidden(&self) -> Checked {
        let caller = As::Bearer(&self.user);
        let (status, body) = self.call(Method::GET, "/users", caller, None).await?;
        is(status, 403, &body)
    }

    async fn change_password(&mut self) -> Checked {
        let path = format!("/users/{}/password", self.id);
        let wrong = json!({ "old_password": "a guess", "new_password": "AnotherPass456" });
        let (status, body) = self.post(&path, As::Bearer(&self.user), wrong).await?;
        is(status, 401, &body)?;
        let right = json!({ "old_password": "SecurePass123", "new_password": "AnotherPass456" });
        let (status, body) = self.post(&path, As::Bearer(&self.user), right).await?;
        is(status, 204, &body)?;
        self.user_login("AnotherPass456").await
    }

    async fn create_key(&mut self) -> Checked {
        let path = "/users?search=admin";
        let caller = As::Bearer(&self.admin);
        let (status, found) = self.call(Method::GET, path, caller, None).await?;
        is(status, 200, &found)?;
        let id = text(&found[0], "id")?;
        let body = json!({ "user_id": id, "name": "script", "permissions": ["read"] });
        let path = format!("/users/{id}/api-keys");
        let (status, body) = self.post(&path, As::Bearer(&self.admin), body).await?;
        is(status, 201, &body)?;
        self.key = text(&body, "key")?;
        self.key_id = text(&body["key_info"], "id")?;
        holds(self.key.starts_with("rvoip_ak_live_"), &body["key_info"])
    }

    async fn use_key(&self) -> Checked {
        let path = format!("/users/{}", self.id);
        let key = || As::Key(&self.key);
        let (status, body) = self.call(Method::GET, &path, key(), None).await?;
        is(status, 200, &body)?;
        holds(body["username"] == "alice", &body)?;
        let (status, body) = self.call(Method::DELETE, &path, key(), None).await?;
        is(status, 403, &body)
    }

    async fn revoke_key(&self) -> Checked {
        let path = format!("/api-keys/{}", self.key_id);
        let caller = As::Bearer(&self.admin);
        let (status, body) = self.call(Method::DELETE, &path, caller, None).await?;
        is(status, 204, &body)?;
        let path = format!("/users/{}", self.id);
        let (status, body) = self
            .call(Method::GET, &path, As::Key(&self.key), None)
            .await?;
        is(status, 403, &body)
    }

    async fn refresh(&mut self) -> Checked {
        let body = json!({ "refresh_token": self.refresh });
        let (status, body) = self.post("/auth/refresh", As::Nobody, body).await?;
        is(status, 200, &body)?;
        let next = text(&body, "refresh_token")?;
        holds(next != self.refresh, &Value::Null)?;
        self.refresh = next;
        Ok(())
    }

    async fn logout(&self) -> Checked {
        let caller = As::Bearer(&self.user);
        let (status, body) = self
            .call(Method::POST, "/auth/logout", caller, None)
            .await?;
        is(status, 204, &body)?;
        let body = json!({ "refresh_token": self.refresh });
        let (status, body) = self.post("/auth/refresh", As::Nobody, body).await?;
        is(status, 401, &body)?;
        let path = format!("/users/{}", self.id);
        let (status, body) = self
            .call(Method::GET, &path, As::Bearer(&self.user), None)
            .await?;
        is(status, 403, &body)
    }
}

fn is(status: u16, expected: u16, body: &Value) -> Checked {
    if status == expected {
        Ok(())
    } else {
        Err(format!("{status} instead of {expected}: {body}"))
    }
}

fn holds(holds: bool, body: &Value) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(format!("not as expected: {body}"))
    }
}

fn text(body: &Value, member: &str) -> Result<String, String> {
    let text = body[member].as_str().map(str::to_owned);
    text.ok_or_else(|| format!("no {member}: {body}"))
}
