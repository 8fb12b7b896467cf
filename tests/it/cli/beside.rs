//! Commands beside a running server: it follows within a second. The time here is longer, for
//! machines that are busy with something else.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::running::{Answer, Server};
use super::{Place, eventually};

const SOON: Duration = Duration::from_secs(5);
const PASSWORD: &str = "a passphrase of some length";

/// A server with a client of every grant, one that may look into all tokens, and a person.
struct Scene {
    place: Place,
    server: Server,
    app: String,
    watcher: String,
}

fn scene() -> Scene {
    let place = Place::new();
    let server = place.serve();
    let scope = "openid sip.register";
    let create = |id: &str, grants: &str, scope: &str| {
        let arguments = [
            "client",
            "create",
            id,
            "--grant-types",
            grants,
            "--scope",
            scope,
        ];
        let json = place.json(&arguments);
        json["client_secret"].as_str().expect("a secret").to_owned()
    };
    let app = create("app", "client_credentials,password", scope);
    let watcher = create("watcher", "client_credentials", "token.introspect");
    let made = place.fed(&["user", "create", "ann", "--password-stdin"], PASSWORD);
    assert_eq!(made.code, Some(0), "{made:?}");
    Scene {
        place,
        server,
        app,
        watcher,
    }
}

impl Scene {
    fn own_token(&self) -> Answer {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "sip.register"),
        ];
        self.server.post("/token", &form, Some(("app", &self.app)))
    }

    fn sign_in(&self) -> Answer {
        let form = [
            ("grant_type", "password"),
            ("username", "ann"),
            ("password", PASSWORD),
        ];
        self.server.post("/token", &form, Some(("app", &self.app)))
    }

    fn is_active(&self, token: &str) -> bool {
        let credentials = Some(("watcher", self.watcher.as_str()));
        let answer = self
            .server
            .post("/introspect", &[("token", token)], credentials);
        answer.json()["active"].as_bool().expect("active")
    }
}

#[test]
fn a_disabled_user_is_out_within_a_second_and_back_when_enabled() {
    let scene = scene();
    let token = scene.sign_in().text("access_token");
    assert!(scene.is_active(&token));
    scene.place.ok(&["user", "disable", "ann"]);
    eventually(SOON, || !scene.is_active(&token));
    assert_eq!(scene.sign_in().status, 400);
    scene.place.ok(&["user", "enable", "ann"]);
    eventually(SOON, || scene.sign_in().status == 200);
}

#[test]
fn a_disabled_client_is_out_within_a_second_and_back_when_enabled() {
    let scene = scene();
    let token = scene.own_token().text("access_token");
    assert!(scene.is_active(&token));
    scene.place.ok(&["client", "disable", "app"]);
    eventually(SOON, || !scene.is_active(&token));
    eventually(SOON, || scene.own_token().status == 401);
    scene.place.ok(&["client", "enable", "app"]);
    eventually(SOON, || scene.own_token().status == 200);
}

#[test]
fn another_secret_works_within_a_second_beside_the_one_before() {
    let scene = scene();
    assert_eq!(scene.own_token().status, 200);
    let json = scene.place.json(&["client", "rotate-secret", "app"]);
    let secret = json["client_secret"].as_str().expect("a secret");
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "sip.register"),
    ];
    eventually(SOON, || {
        let answer = scene.server.post("/token", &form, Some(("app", secret)));
        answer.status == 200
    });
    assert_eq!(scene.own_token().status, 200);
}

#[test]
fn a_rotated_key_signs_within_a_second_and_its_predecessor_still_verifies() {
    let scene = scene();
    let kid = |token: &str| {
        let head = token.split('.').next().expect("a head");
        let head = BASE64URL_NOPAD.decode(head.as_bytes()).expect("base64url");
        let head: Value = serde_json::from_slice(&head).expect("JSON");
        head["kid"].as_str().expect("a kid").to_owned()
    };
    let old = scene.own_token().text("access_token");
    let said = scene.place.ok(&["key", "rotate", "--now"]);
    assert!(said.contains("the new ES256 key signs"), "{said}");
    let mut new = String::new();
    eventually(SOON, || {
        new = scene.own_token().text("access_token");
        kid(&new) != kid(&old)
    });
    assert!(scene.is_active(&old) && scene.is_active(&new));
    let keys = scene.server.jwks().to_string();
    assert!(
        keys.contains(&kid(&old)) && keys.contains(&kid(&new)),
        "{keys}"
    );
}

#[test]
fn an_announced_key_is_published_and_does_not_sign_yet() {
    let scene = scene();
    assert_eq!(
        scene.server.jwks()["keys"].as_array().map(Vec::len),
        Some(1)
    );
    let json = scene.place.json(&["key", "rotate"]);
    assert_eq!(json["announced"], true, "{json}");
    eventually(SOON, || {
        scene.server.jwks()["keys"].as_array().map(Vec::len) == Some(2)
    });
    let keys = scene.place.json(&["key", "list"]);
    assert_eq!(
        (&keys[0]["state"], &keys[1]["state"]),
        (&"active".into(), &"next".into())
    );
    let said = scene.place.refused(&["key", "rotate"]);
    assert!(said.contains("announced already"), "{said}");
}

#[test]
fn a_new_tenant_is_served_at_once_and_a_disabled_one_is_not() {
    let scene = scene();
    let discovery = "/t/acme/.well-known/openid-configuration";
    assert_eq!(scene.server.get(discovery).status, 404);
    scene.place.ok(&["tenant", "create", "acme"]);
    eventually(SOON, || scene.server.get(discovery).status == 200);
    scene.place.ok(&["tenant", "disable", "acme"]);
    eventually(SOON, || scene.server.get(discovery).status == 404);
}

#[test]
fn the_set_up_link_works_once() {
    let place = Place::new();
    let server = place.serve();
    let link = |place: &Place| {
        let json = place.json(&["setup"]);
        let link = json["link"].as_str().map(str::to_owned);
        link.map(|link| link.rsplit('=').next().expect("a link").to_owned())
    };
    let replaced = link(&place).expect("a link");
    let live = link(&place).expect("a link");
    let make = |link: &str, username: &str| {
        let form = [
            ("link", link),
            ("username", username),
            ("password", PASSWORD),
        ];
        server.post("/setup", &form, None).status
    };
    assert_eq!(make(&replaced, "mallory"), 404, "a newer link replaced it");
    assert_eq!(server.get(&format!("/setup?link={live}")).status, 200);
    assert_eq!(make(&live, "root"), 201);
    assert_eq!(make(&live, "mallory"), 404, "it is spent");
    assert_eq!(link(&place), None);
    assert!(place.ok(&["setup"]).contains("an administrator already"));
    let users = place.json(&["user", "list"]);
    assert_eq!(users.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&users[0]["username"], &users[0]["roles"][0]),
        (&"root".into(), &"admin".into())
    );
}
