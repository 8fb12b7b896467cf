//! What must never be found: secrets in the database, in the log, in a debug print.

mod database;
mod process;
mod types;

use users_core::admin::{self, clients, users};
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::{ClientMetadata, TokenFormat};
use users_core::model::resource::API_SCOPES;
use users_core::trail;

use crate::support::bearer::Bearer;
use crate::support::everywhere;
use crate::support::people::{Person, Service};
use crate::support::raw::Raw;
use crate::support::world::World;

/// Runs every flow once, failures too, and returns every secret that passed through.
async fn every_flow(world: &World) -> Vec<String> {
    let app = world
        .client("app", "openid profile email offline_access sip.register")
        .await;
    let alice = world.person("alice").await;
    let mut secrets = token_flows(world, &app, &alice).await;
    secrets.extend(keys_used(world, &alice).await);
    secrets.extend(factors_used(world).await);
    secrets.extend(phones_used(world).await);
    secrets.extend(set_up(world).await);
    secrets.extend(secrets_changed(world, &app).await);
    secrets.extend([app.secret, alice.password]);
    trail::flush_refusals(&world.app).await;
    trail::flush_hours(&world.app).await;
    secrets
}

async fn token_flows(world: &World, app: &Service, alice: &Person) -> Vec<String> {
    let opaque = world
        .client_with("opaque", "sip.register", |metadata| {
            metadata.access_token_format = Some(TokenFormat::Opaque);
        })
        .await;
    let first = app.sign_in(alice, "openid offline_access").await;
    let second = app.refresh(&first.text("refresh_token")).await;
    let retried = app.refresh(&first.text("refresh_token")).await;
    let stored = opaque
        .client_credentials("sip.register")
        .await
        .text("access_token");
    let wrong = "a password nobody has: canary";
    app.password("alice", wrong, "openid").await;
    app.password(wrong, "x", "openid").await;
    let (live, token) = (second.text("refresh_token"), second.text("access_token"));
    app.introspect(&live).await;
    app.introspect(&token).await;
    app.introspect(&stored).await;
    app.refresh(&token).await;
    let bearer = format!("Bearer {token}");
    let anonymous = world.anonymous();
    anonymous
        .get_with("/userinfo", &[("authorization", &bearer)])
        .await;
    let foreign = "not-the-secret-of-app-but-a-canary-of-its-own";
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "app"),
        ("client_secret", foreign),
    ];
    anonymous.post("/token", &form, &[]).await;
    let misplaced = "canary-in-the-address";
    anonymous
        .get(&format!("/userinfo?access_token={misplaced}"))
        .await;
    // A replay, which is logged and audited: the successor was used before.
    app.refresh(&live).await;
    app.refresh(&first.text("refresh_token")).await;
    vec![
        opaque.secret,
        first.text("refresh_token"),
        first.text("access_token"),
        live,
        token,
        retried.text("access_token"),
        stored,
        wrong.to_owned(),
        foreign.to_owned(),
        misplaced.to_owned(),
    ]
}

/// API keys, right and wrong ones, in every place they are sent to.
async fn keys_used(world: &World, alice: &Person) -> Vec<String> {
    let first = world.key(alice, "phone", &["*"]).await;
    let token = first.token("account").await;
    first.get("/users/me").await.assert_ok();
    let wrong = first.with_secret("rvoip_ak_live_canary0123456789abcdefghijklmnop");
    wrong.get("/users/me").await;
    wrong.client().client_credentials("account").await;
    let anonymous = world.anonymous();
    let in_query = format!("/api/v1/users/me?api_key={}", first.secret);
    anonymous.get(&in_query).await;
    let bearer = format!("Bearer {}", first.secret);
    let headers = [("authorization", bearer.as_str())];
    anonymous.get_with("/api/v1/users/me", &headers).await;
    let console = world.console(&world.tenant).await;
    let alice = world.bearer(&console, alice).await;
    let body = serde_json::json!({ "name": "other", "permissions": ["sip.call"] });
    let key = [("idempotency-key", "a-key")];
    let second = alice.call("POST", "/users/me/api-keys", &key, Some(&body));
    let second = second.await;
    let rotate = format!("/api-keys/{}/rotate", second.text("id"));
    let third = alice.post(&rotate, &serde_json::json!({})).await;
    let flushed = world.app.key_uses.flush(&world.app.store).await;
    flushed.expect("flushed");
    vec![
        first.secret,
        wrong.secret,
        token,
        second.text("key"),
        third.text("key"),
        alice.token,
        console.secret,
    ]
}

/// A second factor, set up and shown, with right codes and wrong ones.
async fn factors_used(world: &World) -> Vec<String> {
    let scope = format!("openid {}", API_SCOPES.join(" "));
    let own = |metadata: &mut ClientMetadata| metadata.first_party = true;
    let desk = world.client_with("desk", &scope, own).await;
    let frieda = world.person("frieda").await;
    let bearer = world.bearer(&desk, &frieda).await;
    let authenticator = world.enrol(&bearer, &frieda).await;
    let used = authenticator.recovery_codes[0].clone();
    let wrong = "canary-in-a-code";
    for otp in [wrong, used.as_str(), used.as_str()] {
        let form = [
            ("grant_type", "password"),
            ("username", "frieda"),
            ("password", frieda.password.as_str()),
            ("otp", otp),
        ];
        desk.post("/token", &form).await;
    }
    // One that is never confirmed.
    let body = serde_json::json!({
        "password": frieda.password, "otp": authenticator.recovery_codes[1],
    });
    let begun = bearer.post("/users/me/factors/totp", &body).await;
    begun.assert_ok();
    let mut secrets = authenticator.recovery_codes.clone();
    // As they are compared and stored by whoever forgets to seal or digest them.
    secrets.extend(
        authenticator
            .recovery_codes
            .iter()
            .map(|code| code.replace('-', "")),
    );
    secrets.extend(authenticator.encodings());
    secrets.extend([
        authenticator.base32(),
        begun.text("secret"),
        wrong.to_owned(),
        frieda.password,
        desk.secret,
    ]);
    secrets
}

/// A phone's password, and what registrars read of it.
async fn phones_used(world: &World) -> Vec<String> {
    let own = |metadata: &mut ClientMetadata| metadata.first_party = true;
    let porch = world.client_with("porch", "openid account", own).await;
    let petra = world.person("petra").await;
    let reply = porch.sign_in(&petra, "account").await;
    let bearer = Bearer::new(world.anonymous(), &reply.text("access_token"), &petra.id);
    let pbx = world.client("pbx", "sip.digest").await;
    let token = pbx
        .client_credentials("sip.digest")
        .await
        .text("access_token");
    let registrar = Bearer::new(world.anonymous(), &token, "pbx");
    let mut secrets = vec![token, bearer.token.clone(), pbx.secret, porch.secret];
    // With a key for retries, too: this answer is not kept, not even sealed.
    let key = [("idempotency-key", "a-phone")];
    for name in ["petra", "extension-of-nobody"] {
        let body = serde_json::json!({ "realm": "sip.example.org", "sip_username": name,
                                       "algorithms": ["MD5", "SHA-256", "SHA-512-256"] });
        let made = bearer.call("POST", "/users/me/sip-digests", &key, Some(&body));
        let made = made.await;
        if made.status == 200 {
            secrets.push(made.text("password"));
            secrets.push(made.text("password").replace('-', ""));
        }
        for algorithm in ["MD5", "SHA-256", "SHA-512-256"] {
            let address = format!(
                "/sip-digests?sip_username={name}&realm=sip.example.org&algorithm={algorithm}"
            );
            let read = registrar.get(&address).await;
            bearer.get(&address).await;
            if read.status == 200 {
                secrets.push(read.text("ha1"));
            }
        }
    }
    assert_eq!(secrets.len(), 9, "a password and three digests were seen");
    secrets.push(petra.password);
    secrets
}

async fn set_up(world: &World) -> Vec<String> {
    let address = admin::setup::new_link(&world.app)
        .await
        .expect("a link")
        .expect("no administrator");
    let link = address.split("link=").nth(1).expect("the link's secret");
    let chosen = "the administrator chose this one";
    let form = [("link", link), ("username", "root"), ("password", chosen)];
    let reply = world.anonymous().post("/setup", &form, &[]).await;
    assert_eq!(reply.status, 201);
    vec![link.to_owned(), chosen.to_owned()]
}

async fn secrets_changed(world: &World, app: &Service) -> Vec<String> {
    let (actor, tenant) = (Actor::command_line(), &world.tenant);
    let given = "a-secret-somebody-typed-0123456789abcdef";
    let client = clients::get(&world.app, tenant, "app").await.expect("app");
    let (metadata, secret) = (client.metadata.clone(), clients::Secret::Given(given));
    clients::update(&world.app, &actor, tenant, &client, metadata, true, secret)
        .await
        .expect("a second secret");
    let user = users::get(&world.app, tenant, "alice")
        .await
        .expect("alice");
    let changed = "another passphrase for alice";
    users::set_password(&world.app, &actor, tenant, &user, changed)
        .await
        .expect("changed");
    let last = app
        .password("alice", changed, "openid offline_access")
        .await;
    let (token, refresh_token) = (last.text("access_token"), last.text("refresh_token"));
    app.revoke(&token).await;
    app.revoke(&refresh_token).await;
    vec![given.to_owned(), changed.to_owned(), token, refresh_token]
}

/// Every text of every column of every table.
async fn dump(world: &World) -> String {
    let mut raw = Raw::open(&world.database.url).await;
    let columns = if world.database.name == "sqlite" {
        "SELECT 'SELECT CAST(\"' || c.name || '\" AS TEXT) FROM \"' || t.name || '\" WHERE \"' || c.name \
         || '\" IS NOT NULL' FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
    } else {
        "SELECT 'SELECT CAST(\"' || column_name || '\" AS TEXT) FROM \"' || table_name || '\" WHERE \"' \
         || column_name || '\" IS NOT NULL' FROM information_schema.columns WHERE table_schema = current_schema()"
    };
    let mut all = String::new();
    let queries = raw.texts(columns).await;
    assert!(
        queries.len() > 80,
        "the dump sees every column: {}",
        queries.len()
    );
    for query in queries {
        for text in raw.texts(query.leak()).await {
            all.push_str(&text);
            all.push('\n');
        }
    }
    all
}

// A357
#[tokio::test]
async fn no_table_holds_a_secret_in_the_clear() {
    everywhere(async |world| {
        let secrets = every_flow(&world).await;
        let dump = dump(&world).await;
        assert!(
            [
                "alice",
                "refresh.replay",
                "refusals.invalid_grant",
                "/token"
            ]
            .iter()
            .all(|row| dump.contains(row)),
            "the dump saw the rows"
        );
        for secret in secrets {
            assert!(!dump.contains(&secret), "{}: {secret}", world.database.name);
        }
        for member in ["\"d\":", "\"p\":", "PRIVATE KEY"] {
            assert!(
                !dump.contains(member),
                "a private key in the clear: {member}"
            );
        }
    })
    .await;
}
