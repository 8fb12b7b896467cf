//! What an exchange may grant: never more than was granted before, nor than is held today.

use users_core::model::resource::Resource;

use super::{SCOPE, refresh_of, rotate, signed_in};
use crate::support::people::{Person, Service};
use crate::support::{Reply, World, everywhere};

async fn refresh_with(app: &Service, token: &str, more: &[(&str, &str)]) -> Reply {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    form.extend_from_slice(more);
    app.post("/token", &form).await
}

async fn set_roles(world: &World, person: &Person, roles: &[&str]) {
    world
        .change_person(&world.tenant, person, |input| {
            input.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        })
        .await;
}

#[tokio::test]
async fn a_narrower_exchange_leaves_the_grant_as_it_was() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let narrow = [("scope", "sip.call")];
        let second = refresh_with(&app, &refresh_of(&first), &narrow).await;
        assert_eq!(second.text("scope"), "sip.call");
        let third = rotate(&app, &refresh_of(&second)).await;
        assert_eq!(third.text("scope"), first.text("scope"));
    })
    .await;
}

#[tokio::test]
async fn asking_for_more_is_refused_and_spends_nothing() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let first = app.sign_in(&person, "offline_access sip.register").await;
        let token = refresh_of(&first);
        for scope in [
            "sip.register sip.call",
            "openid",
            "users.write",
            "no.such.scope",
            "sip.register  offline_access",
            "SIP.REGISTER",
        ] {
            let reply = refresh_with(&app, &token, &[("scope", scope)]).await;
            reply.assert_error(400, "invalid_scope");
        }
        let reply = refresh_with(&app, &token, &[("resource", "https://nowhere.test")]).await;
        reply.assert_error(400, "invalid_target");
        rotate(&app, &token).await;
    })
    .await;
}

#[tokio::test]
async fn what_was_taken_from_the_person_is_missing_from_the_next_token() {
    everywhere(async |world| {
        let scope = "offline_access users.read users.write account";
        let app = world
            .client_with("console", scope, |metadata| metadata.first_party = true)
            .await;
        let person = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let first = app.sign_in(&person, scope).await;
        assert_eq!(
            first.text("scope"),
            "account offline_access users.read users.write"
        );
        set_roles(&world, &person, &["guest"]).await;
        let second = rotate(&app, &refresh_of(&first)).await;
        assert_eq!(second.text("scope"), "account offline_access users.read");
        let claims = app.introspect(&second.text("access_token")).await.json();
        assert_eq!(claims["scope"], "account offline_access users.read");
        // Given back, it is there again: the person's grant never changed.
        set_roles(&world, &person, &["moderator"]).await;
        let third = rotate(&app, &refresh_of(&second)).await;
        assert_eq!(third.text("scope"), first.text("scope"));
    })
    .await;
}

#[tokio::test]
async fn what_was_taken_from_the_client_is_missing_from_the_next_token() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        world
            .change_client(&world.tenant, "app", true, |metadata| {
                metadata.scope = "openid offline_access sip.call".parse().expect("a scope");
            })
            .await;
        let second = rotate(&app, &refresh_of(&first)).await;
        assert_eq!(second.text("scope"), "offline_access openid sip.call");
    })
    .await;
}

// RFC 8707 section 2.2
#[tokio::test]
async fn a_grant_for_one_resource_reaches_no_other() {
    everywhere(async |world| {
        world
            .resource(Resource {
                audience: "https://files.test".to_owned(),
                name: "Files".to_owned(),
                scopes: "files.read".parse().expect("a scope"),
                ..Resource::default()
            })
            .await;
        let scope = "offline_access files.read sip.call";
        let app = world.client("app", scope).await;
        let person = world.person("alice").await;
        let form = [
            ("grant_type", "password"),
            ("username", person.username.as_str()),
            ("password", person.password.as_str()),
            ("scope", scope),
            ("resource", "https://files.test"),
        ];
        let first = app.post("/token", &form).await;
        assert_eq!(first.text("scope"), "files.read offline_access");
        let other = [("resource", "rvoip-sip")];
        let reply = refresh_with(&app, &refresh_of(&first), &other).await;
        reply.assert_error(400, "invalid_target");
        let both = [
            ("resource", "rvoip-sip"),
            ("resource", "https://files.test"),
        ];
        let reply = refresh_with(&app, &refresh_of(&first), &both).await;
        reply.assert_error(400, "invalid_target");
        let wider = [("scope", "sip.call")];
        let reply = refresh_with(&app, &refresh_of(&first), &wider).await;
        reply.assert_error(400, "invalid_scope");
        let second = rotate(&app, &refresh_of(&first)).await;
        let claims = app.introspect(&second.text("access_token")).await.json();
        assert_eq!(claims["aud"], serde_json::json!(["https://files.test"]));
    })
    .await;
}

#[tokio::test]
async fn a_wide_grant_can_be_exchanged_for_one_resource_at_a_time() {
    everywhere(async |world| {
        let scope = "openid offline_access sip.call users.read";
        let app = world
            .client_with("console", scope, |metadata| metadata.first_party = true)
            .await;
        let person = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let first = app.sign_in(&person, scope).await;
        let one = [("resource", "rvoip-sip")];
        let second = refresh_with(&app, &refresh_of(&first), &one).await;
        assert_eq!(second.text("scope"), "offline_access openid sip.call");
        let claims = app.introspect(&second.text("access_token")).await.json();
        assert_eq!(
            claims["aud"],
            serde_json::json!(["rvoip-sip", "http://localhost:8081"])
        );
        let third = rotate(&app, &refresh_of(&second)).await;
        assert_eq!(third.text("scope"), first.text("scope"));
    })
    .await;
}
