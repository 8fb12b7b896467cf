//! Starting and stopping the server.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use super::Place;
use super::running::answer;

#[test]
fn the_server_begins_from_nothing_in_an_empty_directory() {
    let place = Place::new();
    let server = place.start(&["--json"]);
    assert_eq!(server.get("/health/ready").status, 200);
    assert_eq!(server.jwks()["keys"].as_array().map(Vec::len), Some(1));
    assert_eq!(server.said["issuer"], "http://localhost:8081");
    let mode = |name: &str| {
        let data = std::fs::metadata(place.path().join(name)).expect(name);
        data.permissions().mode() & 0o777
    };
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/master.key"), 0o600);
    assert_eq!(mode("data/users-core.db"), 0o600);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn the_set_up_link_is_for_terminals_alone() {
    let place = Place::new();
    let mut command = place.command(&["serve"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    // The last line of what it says at the start.
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut said = String::new();
    while !said.contains("users-core --help") {
        let mut bytes = [0; 256];
        let length = stdout.read(&mut bytes).expect("its output can be read");
        assert!(length > 0, "it ended after {said}");
        said.push_str(std::str::from_utf8(&bytes[..length]).expect("text"));
    }
    child.kill().expect("it runs");
    let mut log = String::new();
    let mut stderr = child.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut log).expect("text");
    child.wait().expect("it ended");
    assert!(said.contains("`users-core setup` prints a link"), "{said}");
    assert!(
        !said.contains("link=") && !said.contains("uc_su_"),
        "{said}"
    );
    assert!(!log.contains("link=") && !log.contains("uc_su_"), "{log}");
}

#[test]
fn the_first_signal_lets_an_open_request_end_and_the_exit_code_is_zero() {
    let place = Place::new();
    let server = place.serve();
    let form = "grant_type=client_credentials&client_id=a&client_secret=b";
    let mut stream = server.connect();
    let head = format!(
        "POST /token HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).expect("100 Continue");
    assert!(
        go_on.starts_with(b"HTTP/1.1 100"),
        "the request is being read"
    );
    server.signal("TERM");
    stream.write_all(form.as_bytes()).expect("sent");
    assert_eq!(answer(&mut stream).status, 401);
    let ended = server.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn the_second_signal_waits_for_nobody() {
    let place = Place::new().with("USERS_CORE_LIMITS_DRAIN_TIMEOUT", "3600");
    let server = place.serve();
    let mut stream = server.connect();
    let head = "POST /token HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    stream.read_exact(&mut [0; 25]).expect("100 Continue");
    server.signal("INT");
    // Until the first is counted, a second one would be the same one.
    std::thread::sleep(std::time::Duration::from_millis(500));
    server.signal("INT");
    let ended = server.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("stopping at once"), "{ended:?}");
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let place = Place::new().with("USERS_CORE_BIND", &address);
    let said = place.refused(&["serve"]);
    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );
}

#[test]
fn settings_that_are_probably_not_meant_are_warned_of() {
    let place = Place::new();
    let ended = place.serve().stop();
    assert!(
        ended.stderr.contains("nothing here listens on port 8081"),
        "{ended:?}"
    );
    let place = Place::new()
        .with("USERS_CORE_ISSUER", "https://login.example")
        .with("USERS_CORE_PASSWORD_HASH_MEMORY_KIB", "19456")
        .with("USERS_CORE_PASSWORD_HASH_ITERATIONS", "2");
    let ended = place.serve().stop();
    assert!(ended.stderr.contains("proxies.trusted"), "{ended:?}");
}

#[test]
fn the_log_is_json_on_demand() {
    let place = Place::new().with("USERS_CORE_LOG_FORMAT", "json");
    let ended = place.serve().stop();
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert!(!lines.is_empty());
    for line in lines {
        let json: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(
            json["level"].is_string() && json["message"].is_string(),
            "{line}"
        );
    }
}
