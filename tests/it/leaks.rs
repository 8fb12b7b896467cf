//! What must never be found: secrets in the database, in the log, in a debug print.

mod database;
mod process;
mod types;

use users_core::admin::{self, clients, users};
use users_core::model::audit_event::Actor;

use crate::support::everywhere;
use crate::support::raw::Raw;
use crate::support::world::World;

/// Runs every flow once, failures too, and returns every secret that passed through.
async fn every_flow(world: &World) -> Vec<String> {
    let app = world
        .client("app", "openid profile email offline_access sip.register")
        .await;
    let opaque = world
        .client_with("opaque", "sip.register", |metadata| {
            metadata.access_token_format =
                Some(users_core::model::client_metadata::TokenFormat::Opaque);
        })
        .await;
    let alice = world.person("alice").await;
    let first = app.sign_in(&alice, "openid offline_access").await;
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
    world
        .anonymous()
        .get_with("/userinfo", &[("authorization", &bearer)])
        .await;
    let foreign = "not-the-secret-of-app-but-a-canary-of-its-own";
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "app"),
        ("client_secret", foreign),
    ];
    world.anonymous().post("/token", &form, &[]).await;
    world
        .anonymous()
        .get("/userinfo?access_token=canary-in-the-address")
        .await;
    // A replay, which is logged and audited: the successor was used before.
    app.refresh(&live).await;
    app.refresh(&first.text("refresh_token")).await;
    let link = admin::setup::new_link(&world.app)
        .await
        .expect("a link")
        .expect("no administrator");
    let link = link
        .split("link=")
        .nth(1)
        .expect("the link's secret")
        .to_owned();
    let chosen = "the administrator chose this one";
    let form = [
        ("link", link.as_str()),
        ("username", "root"),
        ("password", chosen),
    ];
    assert_eq!(
        world.anonymous().post("/setup", &form, &[]).await.status,
        201
    );
    let given = "a-secret-somebody-typed-0123456789abcdef";
    let actor = Actor::command_line();
    let metadata = clients::get(&world.app, &world.tenant, "app")
        .await
        .expect("app")
        .metadata;
    let secret = clients::Secret::Given(given);
    clients::update(
        &world.app,
        &actor,
        &world.tenant,
        "app",
        metadata,
        true,
        secret,
    )
    .await
    .expect("a second secret");
    let user = users::get(&world.app, &world.tenant, "alice")
        .await
        .expect("alice");
    let changed = "another passphrase for alice";
    users::set_password(&world.app, &actor, &world.tenant, &user, changed)
        .await
        .expect("changed");
    let last = app
        .password("alice", changed, "openid offline_access")
        .await;
    app.revoke(&last.text("access_token")).await;
    app.revoke(&last.text("refresh_token")).await;
    world
        .app
        .refusals
        .flush(&world.app.store)
        .await
        .expect("flushed");
    [
        app.secret.as_str(),
        &opaque.secret,
        &alice.password,
        &first.text("refresh_token"),
        &first.text("access_token"),
        &live,
        &token,
        &retried.text("access_token"),
        &stored,
        wrong,
        foreign,
        "canary-in-the-address",
        &link,
        chosen,
        given,
        changed,
        &last.text("access_token"),
        &last.text("refresh_token"),
    ]
    .map(str::to_owned)
    .to_vec()
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
            dump.contains("alice") && dump.contains("refresh.replay"),
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
