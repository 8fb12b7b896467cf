//! The published keys: RFC 7517 section 5, what signs with them, and how one follows another.

mod algorithms;
mod rotation;

use std::collections::HashSet;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use users_core::base::clock::Clock;
use users_core::base::random::Random;
use users_core::config::Secret;
use users_core::installation;
use users_core::keys::jwk::ClientJwk;
use users_core::keys::jws::{Parsed, Verifier};
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;
use users_core::model::tenant::Tenant;

use crate::support::http::Caller;
use crate::support::world::{START, everywhere_with, settings};
use crate::support::{World, everywhere};

async fn published(caller: &Caller, prefix: &str) -> Vec<Value> {
    let reply = caller.get(&format!("{prefix}/jwks.json")).await;
    let set = reply.assert_ok().json();
    assert_eq!(set.as_object().unwrap().len(), 1);
    set["keys"].as_array().unwrap().clone()
}

fn kids(keys: &[Value]) -> Vec<String> {
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys.iter().map(kid).collect()
}

/// The key id and the algorithm of a token, if the key set published here verifies it.
pub async fn signed_with(caller: &Caller, token: &str) -> (String, Algorithm) {
    let parsed = Parsed::parse(token).unwrap();
    let kid = parsed.kid().unwrap();
    let keys = published(caller, "").await;
    let key = keys.iter().find(|key| key["kid"] == kid);
    let key = ClientJwk::parse(key.expect("the key is published")).unwrap();
    let algorithm: Algorithm = parsed.alg().parse().unwrap();
    let verifier = Verifier::for_client(&key, algorithm).unwrap();
    assert!(verifier.verify(&parsed).is_ok());
    (kid.to_owned(), algorithm)
}

async fn add_every_algorithm(world: &World, tenant: &Tenant) {
    for algorithm in Algorithm::ALL {
        let maker = &world.app.key_maker;
        maker
            .ensure(&tenant.id, algorithm, &Actor::command_line())
            .await
            .unwrap();
    }
}

// A127
#[tokio::test]
async fn a_key_set_holds_public_keys_and_nothing_else() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let mut all = HashSet::new();
        for (tenant, prefix) in [(&world.tenant, ""), (&second, "/t/second")] {
            add_every_algorithm(&world, tenant).await;
            let path = format!("{prefix}/jwks.json");
            let reply = world.anonymous().get(&path).await;
            assert_eq!(
                reply.header("content-type"),
                Some("application/jwk-set+json")
            );
            let keys = published(world.anonymous(), prefix).await;
            assert_eq!(keys.len(), Algorithm::ALL.len());
            for key in &keys {
                let key_members: &[&str] = match key["kty"].as_str().unwrap() {
                    "RSA" => &["e", "n"],
                    "EC" => &["crv", "x", "y"],
                    "OKP" => &["crv", "x"],
                    other => panic!("{other} is not published"),
                };
                let mut expected = [key_members, &["alg", "kid", "kty", "use"]].concat();
                expected.sort_unstable();
                let mut names: Vec<_> = key.as_object().unwrap().keys().collect();
                names.sort();
                assert_eq!(names, expected);
                assert_eq!(key["use"], "sig");
                let read = ClientJwk::parse(key).expect("a public key of sufficient size");
                assert_eq!(key["kid"], read.thumbprint());
                assert!(all.insert(key["kid"].to_string()), "one key in two places");
            }
            let algorithms: HashSet<_> = keys.iter().map(|key| key["alg"].to_string()).collect();
            assert_eq!(algorithms.len(), Algorithm::ALL.len());
        }
    })
    .await;
}

// A129
#[tokio::test]
async fn two_installations_share_nothing() {
    let mut secrets = HashSet::new();
    for _ in 0..2 {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("data/users.db");
        let mut config = settings(&Secret::new(format!("sqlite://{}", file.display())));
        config.master_key = None;
        let app = installation::open(config, Clock::manual(START), Random::System).await;
        let app = app.unwrap_or_else(|error| panic!("{error}"));
        let key_file = directory.path().join("data/master.key");
        assert!(secrets.insert(std::fs::read_to_string(&key_file).unwrap()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&key_file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(secrets.insert(app.master_key.check_value()));
        let tenant = users_core::admin::tenants::get(&app, "default")
            .await
            .unwrap();
        assert!(secrets.insert(tenant.id.clone()));
        for row in app.store.tenant(&tenant.id).signing_keys().await.unwrap() {
            assert!(secrets.insert(row.kid));
            let sealed = row.private_sealed.unwrap();
            // PKCS#8 begins with the same bytes for every key of a kind.
            assert!(!sealed.starts_with("MI"), "the private key is sealed");
            assert!(secrets.insert(sealed));
        }
        app.store.db().close().await;
    }
    assert_eq!(secrets.len(), 10);
}

// A131
#[tokio::test]
async fn public_documents_are_read_and_nothing_else() {
    everywhere(async |world| {
        for path in [
            "/jwks.json",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
        ] {
            let plain = world.anonymous().get(path).await;
            let etag = plain.header("etag").unwrap();
            for query in ["?callback=f", "?jsonp=f", "?format=xml", "?kid=x", "?"] {
                let reply = world.anonymous().get(&format!("{path}{query}")).await;
                assert_eq!(reply.assert_ok().body, plain.body);
            }
            let script = [("accept", "text/javascript, application/javascript")];
            let reply = world.anonymous().get_with(path, &script).await;
            assert_eq!(reply.header("content-type"), plain.header("content-type"));
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
            for method in ["PUT", "POST", "PATCH", "DELETE"] {
                let request = Request::builder().method(method).uri(path);
                let request = request.body(Body::empty()).unwrap();
                let reply = world.anonymous().send(request).await;
                reply.assert_error(405, "invalid_request");
                assert_eq!(reply.header("allow"), Some("GET, HEAD"));
            }
            let request = Request::head(path).body(Body::empty()).unwrap();
            let head = world.anonymous().send(request).await;
            assert_eq!(head.assert_ok().body, "");
            assert_eq!(head.header("etag"), Some(etag));
            assert_eq!(
                head.header("content-length"),
                Some(&*plain.body.len().to_string())
            );

            let weak = format!("W/{etag}");
            let list = format!("\"other\", {etag}");
            for known in [etag, &weak, &list, "*"] {
                let headers = [("if-none-match", known)];
                let reply = world.anonymous().get_with(path, &headers).await;
                assert_eq!((reply.status.as_u16(), &*reply.body), (304, ""), "{known}");
                assert_eq!(reply.header("etag"), Some(etag));
                assert_eq!(reply.header("cache-control"), plain.header("cache-control"));
            }
            for unknown in ["\"other\"", "", "\"\"", etag.trim_matches('"'), "\u{e9}"] {
                let headers = [("if-none-match", unknown)];
                let reply = world.anonymous().get_with(path, &headers).await;
                assert_eq!(reply.assert_ok().body, plain.body, "{unknown:?}");
            }
        }
    })
    .await;
}

// A131
#[tokio::test]
async fn public_documents_come_from_memory() {
    everywhere(async |world| {
        let caller = world.anonymous();
        let paths = ["/jwks.json", "/.well-known/openid-configuration"];
        for path in paths {
            caller.get(path).await.assert_ok();
        }
        world.follow().await;
        world.app.store.db().close().await;
        for path in paths {
            let reply = caller.get(path).await;
            // On a slow machine the feed may have been silent for too long meanwhile.
            assert!(reply.status == 200 || world.app.store.db().feed().is_stale());
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_set_is_kept_no_longer_than_a_key_is_announced() {
    for (lifetime, max_age) in [(3600, 300), (86_400, 300), (60, 60)] {
        everywhere_with(
            |config| config.tokens.jwks_cache_lifetime = lifetime,
            async |world| {
                let reply = world.anonymous().get("/jwks.json").await;
                let expected = format!("public, max-age={max_age}");
                assert_eq!(reply.header("cache-control"), Some(&*expected));
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_new_tenant_has_its_own_key_at_once() {
    everywhere(async |world| {
        let (_, elsewhere) = world.second_node().await;
        let ours = published(world.anonymous(), "").await;
        world.new_tenant("second").await;
        for caller in [world.anonymous(), &elsewhere] {
            let theirs = published(caller, "/t/second").await;
            assert_eq!(theirs.len(), 1);
            assert_ne!(kids(&theirs), kids(&ours));
            assert_eq!(theirs[0]["alg"], json!("ES256"));
        }
    })
    .await;
}
