//! Who is told which claims: by scope, by name, and by the client's own mapping. OIDC Core sections
//! 5.3 to 5.5.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use users_core::model::claims_request::ClaimsRequest;
use users_core::model::client_metadata::ClientMetadata;
use users_core::model::user::{AccountKind, Address, StandardClaims, User};
use users_core::oidc::claims;

use crate::support::world::{START, every_grant};
use crate::support::{World, everywhere};

const ALL: &str = "openid profile email phone address roles groups";

fn alice() -> User {
    User {
        id: "3f0e7ab2-4d66-4d4c-9b05-e73a2f86b1d0".to_owned(),
        kind: AccountKind::Person,
        username: "alice".to_owned(),
        email: Some("alice@example.test".to_owned()),
        email_verified: true,
        claims: StandardClaims {
            name: Some("Alice Liddell".to_owned()),
            address: Some(Address {
                locality: Some("Oxford".to_owned()),
                ..Address::default()
            }),
            ..StandardClaims::default()
        },
        roles: vec!["user".to_owned()],
        groups: vec!["staff".to_owned(), "night shift".to_owned()],
        attributes: BTreeMap::from([
            ("unit".to_owned(), json!({"id": 7})),
            ("badge".to_owned(), json!("A-17")),
        ]),
        preferences: Map::new(),
        required_actions: Vec::new(),
        enabled: true,
        created_at: START,
        updated_at: START,
        last_login_at: None,
    }
}

/// A client with all scopes and these claims of its own.
fn client(own: &[(&str, &str)]) -> ClientMetadata {
    let claims = own.iter().map(|(name, source)| {
        let source = source.parse().expect("a source");
        ((*name).to_owned(), source)
    });
    ClientMetadata {
        claims: claims.collect(),
        ..every_grant(ALL)
    }
}

/// What the client is told, asking for these by name.
fn told(scope: &str, asked: &Value, client: &ClientMetadata) -> Map<String, Value> {
    let asked = ClaimsRequest::parse(&json!({ "userinfo": asked }).to_string()).unwrap();
    let scope = scope.parse().expect("a scope");
    claims::of(&alice(), &scope, &asked.userinfo, client)
}

fn names(claims: &Map<String, Value>) -> Vec<&str> {
    let mut names: Vec<&str> = claims.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_scope_opens_roles_and_another_groups() {
    let app = client(&[]);
    let nothing = json!({});
    assert_eq!(names(&told("openid", &nothing, &app)), ["sub"]);
    let roles = told("openid roles", &nothing, &app);
    assert_eq!(names(&roles), ["roles", "sub"]);
    assert_eq!(roles["roles"], json!(["user"]));
    let groups = told("openid groups", &nothing, &app);
    assert_eq!(names(&groups), ["groups", "sub"]);
    assert_eq!(groups["groups"], json!(["staff", "night shift"]));
}

#[test]
fn a_claim_asked_for_by_name_comes_without_its_scope_and_alone() {
    let app = client(&[]);
    for (asked, expected) in [
        (json!({"name": null}), &["name", "sub"][..]),
        (json!({"email": {"essential": true}}), &["email", "sub"]),
        (json!({"email_verified": null}), &["email_verified", "sub"]),
        (
            json!({"address": null, "updated_at": null}),
            &["address", "sub", "updated_at"],
        ),
        (
            json!({"preferred_username": null}),
            &["preferred_username", "sub"],
        ),
        // What the account has not is not made up, asked for however urgently.
        (json!({"phone_number": {"essential": true}}), &["sub"]),
        (
            json!({"phone_number_verified": null, "nickname": null}),
            &["sub"],
        ),
    ] {
        assert_eq!(names(&told("openid", &asked, &app)), expected, "{asked}");
    }
    let both = told("openid email", &json!({"name": null}), &app);
    assert_eq!(names(&both), ["email", "email_verified", "name", "sub"]);
}

#[test]
fn nothing_but_standard_claims_can_be_asked_for_by_name() {
    let app = client(&[]);
    for name in [
        "roles",
        "groups",
        "attributes",
        "unit",
        "attribute:unit",
        "username",
        "enabled",
        "password",
        "tenant_id",
        "iss",
        "acr",
        "name#fr",
    ] {
        let told = told("openid", &json!({ name: {"essential": true} }), &app);
        assert_eq!(names(&told), ["sub"], "{name}");
    }
    let other = json!({"sub": {"value": "somebody else"}});
    assert_eq!(told("openid", &other, &app)["sub"], alice().id.as_str());
}

#[test]
fn a_client_asks_for_nothing_its_registration_does_not_open() {
    let limited = every_grant("openid profile");
    let asked = json!({"name": null, "email": {"essential": true}, "address": null});
    assert_eq!(names(&told("openid", &asked, &limited)), ["name", "sub"]);
}

#[test]
fn a_claim_asked_for_with_a_value_comes_with_that_value_or_not_at_all() {
    let app = client(&[]);
    for (asked, told_name) in [
        (json!({"value": "Alice Liddell"}), true),
        (json!({"values": ["Bob", "Alice Liddell"]}), true),
        (json!({"value": "Bob"}), false),
        (json!({"values": ["Bob"]}), false),
    ] {
        let told = told("openid", &json!({ "name": asked }), &app);
        assert_eq!(told.contains_key("name"), told_name, "{asked}");
    }
    // What a scope opens is told as it is.
    let told = told("openid profile", &json!({"name": {"value": "Bob"}}), &app);
    assert_eq!(told["name"], "Alice Liddell");
}

#[test]
fn a_clients_own_claims_are_always_told_where_the_account_has_them() {
    let app = client(&[
        ("team", "groups"),
        ("https://app.test/roles", "roles"),
        ("login", "username"),
        ("badge_number", "attribute:badge"),
        ("org", "attribute:unit"),
        ("shoe", "attribute:shoe_size"),
        ("name", "attribute:badge"),
    ]);
    let own = told("openid", &json!({}), &app);
    assert_eq!(
        Value::Object(own),
        json!({
            "sub": alice().id,
            "badge_number": "A-17",
            "https://app.test/roles": ["user"],
            "login": "alice",
            "name": "A-17",
            "org": {"id": 7},
            "team": ["staff", "night shift"],
        })
    );
    // Its own comes before the standard's.
    assert_eq!(told("openid profile", &json!({}), &app)["name"], "A-17");
    assert_eq!(names(&told("openid", &json!({}), &client(&[]))), ["sub"]);
}

#[tokio::test]
async fn userinfo_tells_what_the_client_maps_and_scopes_open_as_they_are_now() {
    everywhere(async |world: World| {
        let app = world.client("app", &format!("{ALL} offline_access")).await;
        let person = world.person("joan").await;
        world
            .change_person(&world.tenant, &person, |input| {
                input.groups = vec!["staff".to_owned()];
                input.attributes = BTreeMap::from([("unit".to_owned(), json!([1, {"a": 2.5}]))]);
            })
            .await;
        let token = async |scope: &str| app.sign_in(&person, scope).await.text("access_token");
        let (plain, open) = (token("openid").await, token("openid groups roles").await);
        let told = app.userinfo(&open).await.json();
        assert_eq!(told["groups"], json!(["staff"]));
        assert_eq!(told["roles"], json!(["user"]));
        assert_eq!(app.userinfo(&plain).await.json(), json!({"sub": person.id}));
        world
            .change_client(&world.tenant, "app", true, |metadata| {
                let source = "attribute:unit".parse().expect("a source");
                metadata.claims.insert("org".to_owned(), source);
            })
            .await;
        world.follow().await;
        let told = app.userinfo(&plain).await.json();
        assert_eq!(told, json!({"sub": person.id, "org": [1, {"a": 2.5}]}));
        world
            .change_person(&world.tenant, &person, |input| {
                input.groups.clear();
                input.attributes.clear();
            })
            .await;
        assert_eq!(app.userinfo(&plain).await.json(), json!({"sub": person.id}));
        assert_eq!(app.userinfo(&open).await.json()["groups"], json!([]));
        // Nobody is told anything through a client that is gone.
        world.delete_client("app").await;
        world.follow().await;
        let bearer = format!("Bearer {open}");
        let headers = [("authorization", bearer.as_str())];
        let reply = world.anonymous().get_with("/userinfo", &headers).await;
        reply.assert_error(401, "invalid_token");
    })
    .await;
}
