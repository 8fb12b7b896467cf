//! `healthcheck`: the exit code of a container.

use std::net::TcpListener;

use super::Place;

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn at(port: u16) -> Place {
    let place = Place::new();
    place.with("USERS_CORE_BIND", &format!("127.0.0.1:{port}"))
}

#[test]
fn a_server_that_is_well_is_healthy_and_one_that_is_gone_is_not() {
    let place = at(free_port());
    let server = place.serve();
    assert_eq!(place.ok(&["healthcheck"]), "healthy\n");
    assert_eq!(place.json(&["healthcheck"])["healthy"], true);
    server.stop();
    let said = place.refused(&["healthcheck"]);
    assert!(said.starts_with("127.0.0.1:"), "{said}");
}

#[test]
fn a_server_behind_tls_is_asked_through_it() {
    let pair = rcgen::generate_simple_self_signed(["elsewhere.example".to_owned()]);
    let pair = pair.expect("a certificate");
    let place = at(free_port())
        .with("USERS_CORE_TLS_CERT_FILE", "chain.pem")
        .with("USERS_CORE_TLS_KEY_FILE", "key.pem");
    place.write("chain.pem", &pair.cert.pem());
    place.write("key.pem", &pair.signing_key.serialize_pem());
    let server = place.serve();
    assert_eq!(place.ok(&["healthcheck"]), "healthy\n");
    drop(server);
}

#[test]
fn whoever_takes_connections_and_says_nothing_is_not_healthy() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let place = at(listener.local_addr().expect("an address").port());
    let said = place.refused(&["healthcheck", "--timeout", "1"]);
    assert!(said.contains("no answer within 1 s"), "{said}");
}
