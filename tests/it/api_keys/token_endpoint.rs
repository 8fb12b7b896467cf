//! A key as a client: its id and its secret at the token endpoint.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::support::keys::Key;
use crate::support::world::START;
use crate::support::{Reply, World, everywhere};

pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a signed token");
    let bytes = BASE64URL_NOPAD.decode(payload.as_bytes());
    serde_json::from_slice(&bytes.expect("base64url")).expect("JSON")
}

async fn by_post(key: &Key, scope: &str) -> Reply {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", key.id.as_str()),
        ("client_secret", key.secret.as_str()),
        ("scope", scope),
    ];
    let path = format!("{}/token", key.prefix);
    key.caller.post(&path, &form, &[]).await
}

async fn count_tokens(world: &World) -> i64 {
    let rows = "SELECT (SELECT COUNT(*) FROM access_tokens) + (SELECT COUNT(*) FROM refresh_tokens) \
                + (SELECT COUNT(*) FROM grants) + (SELECT COUNT(*) FROM sessions)";
    world.raw().await.number(rows).await
}

#[tokio::test]
async fn a_key_gets_a_token_of_its_own_by_basic_and_by_post() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let key = world.key(&anna, "pbx", &["sip.register", "sip.call"]).await;
        let before = count_tokens(&world).await;
        for reply in [
            key.client().client_credentials("sip.register").await,
            by_post(&key, "sip.register").await,
        ] {
            reply.assert_ok();
            let json = reply.json();
            assert_eq!(json["scope"], "sip.register");
            assert_eq!(json["expires_in"], 300);
            assert_eq!(json["token_type"], "Bearer");
            assert!(json.get("refresh_token").is_none() && json.get("id_token").is_none());
            let claims = claims(&reply.text("access_token"));
            assert_eq!(claims["sub"], key.id.as_str());
            assert_eq!(claims["client_id"], key.id.as_str());
            assert_eq!(claims["owner"], anna.id.as_str());
            assert_eq!(claims["aud"], json!(["rvoip-sip"]));
            assert_eq!(claims["exp"], START.seconds() + 300);
            let mut names: Vec<&String> = claims.as_object().expect("claims").keys().collect();
            names.sort_unstable();
            let expected = [
                "aud",
                "client_id",
                "exp",
                "iat",
                "iss",
                "jti",
                "owner",
                "scope",
                "sub",
            ];
            assert_eq!(names, expected, "few, for SIP over UDP");
        }
        // Nothing is written for a signed token.
        assert_eq!(count_tokens(&world).await, before);
        let form = [("grant_type", "client_credentials")];
        let all = key.client().post("/token", &form).await;
        assert_eq!(all.text("scope"), "sip.call sip.register");
    })
    .await;
}

#[tokio::test]
async fn a_key_has_the_one_grant_and_no_person() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let key = world.key(&anna, "everything", &["*"]).await;
        let client = key.client();
        let password = client
            .password(&anna.username, &anna.password, "sip.call")
            .await;
        password.assert_error(400, "unauthorized_client");
        client
            .refresh("uc_rt_x")
            .await
            .assert_error(400, "unauthorized_client");
        let code = [
            ("grant_type", "authorization_code"),
            ("code", "uc_ac_x"),
            ("redirect_uri", "https://app.example.test/callback"),
        ];
        let reply = client.post("/token", &code).await;
        reply.assert_error(400, "unauthorized_client");
        for scope in ["openid", "profile", "offline_access", "sip.call openid"] {
            let reply = client.client_credentials(scope).await;
            reply.assert_error(400, "invalid_scope");
        }
        let token = key.token("account sip.call").await;
        assert_eq!(claims(&token)["scope"], "account sip.call");
        client
            .userinfo(&token)
            .await
            .assert_error(403, "insufficient_scope");
        let path = format!(
            "/authorize?response_type=code&client_id={}&redirect_uri=https://app.example.test/callback",
            key.id
        );
        assert_eq!(world.anonymous().get(&path).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_keys_scope_is_within_the_key_and_its_owner() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let key = world
            .key(&mod_, "people", &["users.read", "users.write"])
            .await;
        let all = [("grant_type", "client_credentials")];
        let reply = key.client().post("/token", &all).await;
        assert_eq!(reply.text("scope"), "users.read users.write");
        for beyond in ["sip.register", "users.read clients.read", "no.such.scope"] {
            let reply = key.client().client_credentials(beyond).await;
            reply.assert_error(400, "invalid_scope");
        }
        // The owner holds less from now on, and so does the next token.
        world
            .change_person(&world.tenant, &mod_, |input| {
                input.roles = vec!["guest".to_owned()];
            })
            .await;
        let reply = key.client().post("/token", &all).await;
        assert_eq!(reply.text("scope"), "users.read");
        let reply = key
            .client()
            .client_credentials("users.read users.write")
            .await;
        assert_eq!(reply.text("scope"), "users.read");
        key.client()
            .client_credentials("users.write")
            .await
            .assert_error(400, "invalid_scope");
    })
    .await;
}

#[tokio::test]
async fn no_token_outlives_its_key() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let key = world
            .key_of(&world.tenant, &anna, "short", &["sip.call"], |input| {
                // Within a second: tokens count in whole ones.
                let end = START.plus_seconds(400).millis() + 900;
                input.expires_at = Some(users_core::base::clock::Timestamp::from_millis(end));
            })
            .await;
        let first = key.client().client_credentials("sip.call").await;
        assert_eq!(first.json()["expires_in"], 300);
        world.advance(350);
        let last = key.client().client_credentials("sip.call").await;
        assert_eq!(last.json()["expires_in"], 50);
        let client = world.client("monitor", "token.introspect").await;
        let token = last.text("access_token");
        assert_eq!(client.introspect(&token).await.json()["active"], true);
        world.advance(50);
        client.introspect(&token).await.assert_inactive();
        key.client()
            .client_credentials("sip.call")
            .await
            .assert_error(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn a_key_looks_into_its_own_tokens_and_revokes_them() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let key = world.key(&anna, "pbx", &["sip.call"]).await;
        let other = world.key(&anna, "bot", &["sip.call"]).await;
        let token = key.token("sip.call").await;
        let seen = key.client().introspect(&token).await;
        seen.assert_ok();
        let seen = seen.json();
        assert_eq!(seen["active"], true);
        assert_eq!(seen["client_id"], key.id.as_str());
        assert_eq!(seen["sub"], key.id.as_str());
        assert_eq!(seen["owner"], anna.id.as_str());
        other.client().introspect(&token).await.assert_inactive();
        other
            .client()
            .revoke(&token)
            .await
            .assert_error(400, "invalid_grant");
        key.client().revoke(&token).await.assert_ok();
        key.client().introspect(&token).await.assert_inactive();
        // The next one lives.
        let token = key.token("sip.call").await;
        assert_eq!(key.client().introspect(&token).await.json()["active"], true);
        // A key that may look into all of them.
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let monitor = world.key(&ada, "monitor", &["token.introspect"]).await;
        assert_eq!(
            monitor.client().introspect(&token).await.json()["active"],
            true
        );
    })
    .await;
}

/// What a refused client is told, but for the request's own id.
fn told(reply: &Reply) -> (u16, String, Option<&str>) {
    (
        reply.status.as_u16(),
        reply.body.clone(),
        reply.header("www-authenticate"),
    )
}

#[tokio::test]
async fn every_refused_key_is_answered_like_every_refused_client() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let bert = world.person("bert").await;
        let app = world.client("app", "sip.call").await;
        let right = world.key(&anna, "right", &["sip.call"]).await;
        let with = async |name: &str, change: fn(&mut users_core::model::api_key::ApiKeyInput)| {
            world
                .key_of(&world.tenant, &anna, name, &["sip.call"], change)
                .await
        };
        let revoked = with("revoked", |_| {}).await;
        world.revoke_key(&revoked).await;
        let off = with("off", |input| input.enabled = false).await;
        let expired = with("expired", |input| {
            input.expires_at = Some(START.plus_seconds(10));
        })
        .await;
        let elsewhere = with("elsewhere", |input| {
            input.networks = vec!["192.0.2.0/24".to_owned()];
        })
        .await;
        let orphan = world.key(&bert, "orphan", &["sip.call"]).await;
        world.set_enabled(&bert, false).await;
        world.advance(10);
        let second = world.new_tenant("second").await;
        let carl = world.person_of(&second, "carl", &["user"]).await;
        let foreign = world
            .key_of(&second, &carl, "foreign", &["sip.call"], |_| {})
            .await;
        let foreign = Key {
            prefix: String::new(),
            ..foreign
        };
        let unknown = Key {
            id: "01900000-0000-7000-8000-000000000000".to_owned(),
            ..right.clone()
        };
        let wrong = right.with_secret(&off.secret);
        let garbage = right.with_secret("garbage");
        let mut unknown_client = app.clone();
        unknown_client.client_id = "nobody".to_owned();
        let mut wrong_client = app.clone();
        wrong_client.secret = "wrong".to_owned();
        let expected = wrong_client.client_credentials("sip.call").await;
        expected.assert_error(401, "invalid_client");
        let reply = unknown_client.client_credentials("sip.call").await;
        assert_eq!(told(&reply), told(&expected));
        for (key, why) in [
            (&revoked, "revoked"),
            (&off, "off"),
            (&expired, "expired"),
            (&elsewhere, "another network"),
            (&orphan, "a disabled owner"),
            (&foreign, "another tenant's"),
            (&unknown, "unknown"),
            (&wrong, "a wrong secret"),
            (&garbage, "garbage"),
        ] {
            let reply = key.client().client_credentials("sip.call").await;
            assert_eq!(told(&reply), told(&expected), "{why}");
            let reply = by_post(key, "sip.call").await;
            assert_eq!(told(&reply), told(&expected), "{why}");
            assert_eq!(key.client().introspect("x").await.status, 401, "{why}");
        }
        // Without a secret, by an assertion, or in another spelling.
        for form in [
            vec![("client_id", right.id.clone())],
            vec![
                ("client_id", right.id.to_uppercase()),
                ("client_secret", right.secret.clone()),
            ],
        ] {
            let mut form: Vec<(&str, &str)> = form
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            form.push(("grant_type", "client_credentials"));
            let reply = world.anonymous().post("/token", &form, &[]).await;
            assert_eq!(told(&reply), told(&expected));
        }
        let there = world.from("192.0.2.7");
        let reply = elsewhere.through(&there).client();
        reply.client_credentials("sip.call").await.assert_ok();
        right
            .client()
            .client_credentials("sip.call")
            .await
            .assert_ok();
    })
    .await;
}
