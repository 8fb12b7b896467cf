//! Everything a whole process says: every thread, every library, at the lowest level, over real
//! connections. In a process of its own, because others would talk in between.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use tokio::io::AsyncWriteExt as _;

use super::every_flow;
use crate::http::http2::{DATA, END_HEADERS, END_STREAM, HEADERS, frame, literal, opening};
use crate::support::running::{Running, get, post};
use crate::support::socket::{http2_frame, status};
use crate::support::world::{MASTER_KEY, World, everywhere};

/// Where the talking process leaves the secrets that must not be heard.
const SECRETS: &str = "LEAKS_SECRETS_FILE";

// A355
#[test]
fn no_thread_of_the_process_prints_a_secret_at_any_level() {
    let folder = tempfile::tempdir().expect("a folder");
    let secrets = folder.path().join("secrets");
    let said = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "leaks::process::talk",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(SECRETS, &secrets)
        .env("RUST_BACKTRACE", "full")
        .output()
        .expect("it runs");
    let said = [said.stdout, said.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let passed = said.contains("test result: ok. 1 passed");
    assert!(passed, "the flows went wrong: {}", tail(&said));
    // What was meant to be heard was heard: us, the protocol, the database.
    for heard in [
        "request refused",
        "h2::",
        "sqlx::",
        "TRACE",
        "request failed",
    ] {
        assert!(said.contains(heard), "nothing was heard of {heard}");
    }
    let secrets = fs::read_to_string(secrets).expect("the secrets");
    let secrets: BTreeSet<&str> = secrets.lines().collect();
    assert!(secrets.len() > 30, "{} secrets", secrets.len());
    for secret in secrets {
        let line = said.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{}", line.unwrap_or_default());
    }
}

fn tail(text: &str) -> &str {
    let from = text.len().saturating_sub(2000);
    text.get(from..).unwrap_or(text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs in a process of its own, started by the test above"]
async fn talk() {
    let Ok(secrets) = std::env::var(SECRETS) else {
        return;
    };
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    everywhere(async |world| {
        let mut all = every_flow(&world).await;
        all.extend(over_connections(&world).await);
        all.push(MASTER_KEY.to_owned());
        remember(Path::new(&secrets), &all);
    })
    .await;
}

fn remember(path: &Path, secrets: &[String]) {
    let file = fs::File::options().create(true).append(true).open(path);
    let mut file = file.expect("a file");
    for secret in secrets {
        writeln!(file, "{secret}").expect("written");
    }
}

/// The flows again, over HTTP/1 and HTTP/2, right and wrong; the secrets that passed through.
async fn over_connections(world: &World) -> Vec<String> {
    let server = Running::of(world).await;
    let service = world
        .client("socket", "openid sip.call offline_access")
        .await;
    let person = world.person("walter").await;
    let basic = format!("Authorization: {}\r\n", service.authorization());
    let password = person.password.replace(' ', "+");
    let login = format!("grant_type=password&username=walter&scope=openid&password={password}");
    let answer = server.ask(post("/token", &basic, &login)).await;
    assert_eq!(status(&answer), 200);
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let token = body["access_token"].as_str().expect("a token").to_owned();
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(status(&server.ask(get("/userinfo", &bearer)).await), 200);
    let cookie = "Cookie: canary-in-a-cookie\r\n";
    for request in [
        post("/introspect", &basic, &format!("token={token}")),
        post(
            "/token",
            &basic,
            &login.replace("walter", "canary+in+a+name"),
        ),
        post(
            "/token",
            &basic,
            &login.replace("grant_type=", "grant_type=canary-in-a-grant"),
        ),
        post("/token", &basic, &format!("{login}&password=canary-twice")),
        post(
            "/token",
            "Authorization: Basic canary-no-base64\r\n",
            &login,
        ),
        post("/token", "Authorization: Bearer canary-bearer\r\n", &login),
        post("/token?password=canary-in-the-query", &basic, &login),
        post("/token", &basic, &format!("{login}%zzcanary-broken")),
        get("/userinfo?access_token=canary-in-the-address", cookie),
        get("/canary-in-the-path?code=canary-code", cookie),
        get("/setup?link=uc_su_canary-in-a-link", cookie),
        "CANARY-METHOD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: localhost\r\nX-Broken canary-broken-head\r\n\r\n".to_owned(),
    ] {
        assert!(status(&server.ask(request).await) < 500);
    }
    over_http2(&server, &service.authorization(), &token, &login).await;
    server.assert_sound().await;
    // A failure of ours: the key cannot be read, so the token cannot be signed.
    let mut raw = crate::support::raw::Raw::open(&world.database.url).await;
    raw.run("UPDATE signing_keys SET private_sealed = 'broken'")
        .await;
    let (app, _) = world.second_node().await;
    let failing = Running::of_app(&app, &service).await;
    let answer = failing.ask(post("/token", &basic, &login)).await;
    assert_eq!(status(&answer), 500, "{answer}");
    let basic = service.authorization();
    let (_, encoded) = basic.split_once(' ').expect("a scheme");
    let text = "canary-in-a-cookie canary+in+a+name canary-in-a-grant canary-twice \
                canary-no-base64 canary-bearer canary-in-the-query canary-broken \
                canary-in-the-address canary-in-the-path canary-code canary-in-a-link \
                CANARY-METHOD canary-broken-head canary-http2";
    let mut secrets: Vec<String> = text.split(' ').map(str::to_owned).collect();
    secrets.push("canary in a name".to_owned());
    secrets.push(encoded.to_owned());
    secrets.extend([service.secret, token, person.password, password]);
    secrets
}

/// Two requests whose heads and bodies hold secrets, and one that is malformed.
async fn over_http2(server: &Running, basic: &str, token: &str, login: &str) {
    let head = |method: u8, path: &str, authorization: &str| {
        let mut block = vec![method, 0x86];
        block.extend(literal(":path", path));
        block.extend(literal(":authority", "localhost"));
        block.extend(literal("content-type", "application/x-www-form-urlencoded"));
        block.extend(literal("authorization", authorization));
        block.extend(literal("cookie", "canary-http2"));
        block
    };
    let mut stream = server.connect().await;
    let mut bytes = opening(&[]);
    let block = head(0x83, "/token", basic);
    bytes.extend(frame(HEADERS, END_HEADERS, 1, &block));
    bytes.extend(frame(DATA, END_STREAM, 1, login.as_bytes()));
    stream.write_all(&bytes).await.expect("sent");
    assert_eq!(http2_frame(&mut stream, HEADERS).await[0], 0x88);
    let block = head(0x82, "/userinfo?x=canary-http2", &format!("Bearer {token}"));
    let bytes = frame(HEADERS, END_HEADERS | END_STREAM, 3, &block);
    stream.write_all(&bytes).await.expect("sent");
    assert_eq!(http2_frame(&mut stream, HEADERS).await[0], 0x88);
    let mut block = head(0x82, "/", basic);
    block.extend(literal("connection", "canary-http2"));
    let bytes = frame(HEADERS, END_HEADERS | END_STREAM, 5, &block);
    stream.write_all(&bytes).await.expect("sent");
    let bytes = frame(HEADERS, END_HEADERS | END_STREAM, 7, b"\xffcanary-http2");
    stream.write_all(&bytes).await.expect("sent");
}
