//! Every refusal as it goes over the wire: one golden file for each row of the table of errors,
//! provoked by a request and compared byte for byte. `UPDATE_GOLDEN=1` rewrites the files.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use serde_json::json;
use users_core::config::Config;
use users_core::keys::jws::Typ;
use users_core::oauth::error::{Challenge, ErrorKind, TABLE};

use crate::client_auth::public;
use crate::support::World;
use crate::support::http::Reply;
use crate::support::world::everywhere_with;

const FORM: &str = "application/x-www-form-urlencoded";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/errors")
}

/// `TooManyRequests` stands in `too_many_requests.http`.
fn file_name(kind: ErrorKind) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name + ".http"
}

/// An answer as a text: status, headers in order of their names, body.
fn written(reply: &Reply) -> String {
    let mut headers: Vec<String> = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let mut text = String::new();
    writeln!(text, "{}", reply.status).unwrap();
    for header in headers {
        writeln!(text, "{header}").unwrap();
    }
    writeln!(text, "\n{}", reply.body).unwrap();
    text
}

fn configure(kind: ErrorKind, config: &mut Config) {
    if kind == ErrorKind::TooSlow {
        config.limits.body_timeout = Duration::from_millis(1);
    }
}

/// A request that is refused in this way.
async fn provoke(world: &World, kind: ErrorKind) -> Reply {
    let anonymous = world.anonymous();
    let service = world.client("service", "sip.register").await;
    let token = async |form: &[(&str, &str)]| service.post("/token", form).await;
    let own = ("grant_type", "client_credentials");
    let login = [
        ("grant_type", "password"),
        ("username", "nobody"),
        ("password", "wrong"),
    ];
    let access = token(&[own]).await.text("access_token");
    let bearer = format!("Bearer {access}");
    let bearer = [("authorization", bearer.as_str())];
    match kind {
        ErrorKind::InvalidRequest => token(&[]).await,
        ErrorKind::InvalidClient => anonymous.post("/token", &[own], &[]).await,
        ErrorKind::InvalidGrant => {
            token(&[("grant_type", "refresh_token"), ("refresh_token", "x")]).await
        }
        ErrorKind::UnauthorizedClient => {
            world.client_with("spa", "", public).await;
            let form = [own, ("client_id", "spa")];
            anonymous.post("/token", &form, &[]).await
        }
        ErrorKind::UnsupportedGrantType => token(&[("grant_type", "implicit")]).await,
        ErrorKind::InvalidScope => token(&[own, ("scope", "unknown")]).await,
        ErrorKind::InvalidTarget => token(&[own, ("resource", "https://unknown.test")]).await,
        ErrorKind::UnsupportedTokenType => {
            let keys = world.app.keys.of(&world.tenant).await.unwrap();
            let signer = keys.signer(world.tenant.signing_alg).unwrap();
            let other = signer.sign(Typ::Jwt, &json!({ "sub": "nobody" })).unwrap();
            service.revoke(&other).await
        }
        ErrorKind::MissingToken => anonymous.get("/userinfo").await,
        ErrorKind::InvalidToken => {
            let headers = [("authorization", "Bearer x")];
            anonymous.get_with("/userinfo", &headers).await
        }
        ErrorKind::AmbiguousToken => {
            let form = [("access_token", access.as_str())];
            anonymous.post("/userinfo", &form, &bearer).await
        }
        ErrorKind::InsufficientScope => anonymous.get_with("/userinfo", &bearer).await,
        ErrorKind::NotFound => anonymous.get("/nothing/here").await,
        ErrorKind::MethodNotAllowed => anonymous.get("/token").await,
        ErrorKind::TooSlow => {
            let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
            let body = Body::from_stream(never);
            anonymous.post_raw("/token", FORM, body, &[]).await
        }
        ErrorKind::TooLarge => {
            let body = "x".repeat(world.app.config.limits.max_body_bytes + 1);
            anonymous.post_raw("/token", FORM, body, &[]).await
        }
        ErrorKind::AddressTooLong => {
            anonymous
                .get(&format!("/token?{}", "x".repeat(20_000)))
                .await
        }
        ErrorKind::UnsupportedCoding => {
            let gzip = [("content-encoding", "gzip")];
            anonymous.post_raw("/token", FORM, "x", &gzip).await
        }
        ErrorKind::TooManyRequests => {
            for _ in 0..world.app.config.limits.login_failures_per_account {
                token(&login).await.assert_error(400, "invalid_grant");
            }
            token(&login).await
        }
        ErrorKind::Unavailable => {
            world.app.store.db().close().await;
            token(&login).await
        }
        ErrorKind::Internal => {
            let corrupt = "UPDATE signing_keys SET public_jwk = '{}'";
            let db = world.app.store.db();
            db.run_script(corrupt).await.unwrap();
            let (_, fresh) = world.second_node().await;
            let request = Request::get("/jwks.json").body(Body::empty()).unwrap();
            fresh.unguarded().send(request).await
        }
    }
}

#[tokio::test]
async fn every_refusal_is_as_its_golden_file_has_it() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for row in TABLE {
        let path = directory().join(file_name(row.kind));
        everywhere_with(
            |config| configure(row.kind, config),
            async |world| {
                let reply = provoke(&world, row.kind).await;
                assert_eq!(reply.status, row.status, "{:?}: {reply:?}", row.kind);
                let actual = written(&reply);
                assert!(reply.headers.contains_key("x-request-id"));
                if update {
                    fs::create_dir_all(directory()).unwrap();
                    fs::write(&path, &actual).unwrap();
                }
                let golden = fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert_eq!(actual, golden, "{}", path.display());
            },
        )
        .await;
    }
}

#[test]
fn every_row_has_a_golden_file_and_every_file_a_row() {
    let rows: BTreeSet<String> = TABLE.iter().map(|row| file_name(row.kind)).collect();
    assert_eq!(rows.len(), TABLE.len(), "two rows of one kind");
    let files = fs::read_dir(directory()).unwrap();
    let files: BTreeSet<String> = files
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, rows);
}

#[test]
fn a_rows_words_may_stand_where_they_go() {
    for row in TABLE {
        assert_eq!(row.kind.row().description, row.description);
        // RFC 6749 section 5.2 and RFC 6750 section 3 allow the same characters.
        for text in [row.code, row.description] {
            let plain = |letter: char| matches!(letter, ' ' | '!' | '#'..='[' | ']'..='~');
            assert!(!text.is_empty() && text.chars().all(plain), "{text:?}");
        }
        let status = row.status.as_u16();
        assert!((400..600).contains(&status));
        // RFC 9110 section 15.5.2: a 401 names a way to do better.
        assert!(status != 401 || row.challenge != Challenge::None);
    }
}
