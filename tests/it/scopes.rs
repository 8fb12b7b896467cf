//! Which scopes are granted (RFC 6749 section 3.3) and for whom the token is then (RFC 8707, RFC 9068
//! section 3).

mod audience;
mod resource;
mod roles;
mod sip;

use serde_json::{Value, json};
use users_core::admin::{AdminError, clients};
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::ClientMetadata;

use crate::support::forge::opened;
use crate::support::http::Reply;
use crate::support::people::Service;
use crate::support::world::every_grant;
use crate::support::{World, everywhere};

/// Every scope there is without resources of one's own.
const ALL: &str = "openid profile email address phone offline_access account clients.write \
                   metrics.read token.introspect users.read users.write sip.call sip.message \
                   sip.presence sip.register sip.transfer";

fn first_party(metadata: &mut ClientMetadata) {
    metadata.first_party = true;
}

fn claims(reply: &Reply) -> Value {
    opened(&reply.assert_ok().text("access_token")).1
}

async fn change(world: &World, service: &Service, scope: &str) {
    let (app, tenant, id) = (&world.app, &world.tenant, service.client_id.as_str());
    let before = clients::get(app, tenant, id).await.unwrap();
    let mut metadata = before.metadata.clone();
    metadata.scope = scope.parse().unwrap();
    let (actor, keep) = (Actor::command_line(), clients::Secret::Keep);
    clients::update(app, &actor, tenant, &before, metadata, true, keep)
        .await
        .unwrap();
}

/// What each role may hold of everything the client may.
#[tokio::test]
async fn a_person_gets_what_client_and_roles_both_allow() {
    let sip = "sip.call sip.message sip.presence sip.register sip.transfer";
    everywhere(async |world| {
        let everything = world.client_with("everything", ALL, first_party).await;
        let phone = world.client("phone", "openid sip.register").await;
        for (roles, granted, on_phone) in [
            (&["guest"][..], "account users.read".to_owned(), ""),
            (&["user"], format!("account {sip}"), "sip.register"),
            (&["vendor"], format!("account metrics.read {sip}"), "sip.register"),
            (&["moderator"], format!("account {sip} users.read users.write"), "sip.register"),
            (&["guest", "vendor"], format!("account metrics.read {sip} users.read"), "sip.register"),
            (
                &["admin"],
                format!("account clients.write metrics.read {sip} token.introspect users.read users.write"),
                "sip.register",
            ),
            (&[], String::new(), ""),
        ] {
            let name = format!("holder-of-{}", roles.join("-"));
            let person = world.person_of(&world.tenant, &name, roles).await;
            let reply = everything.sign_in(&person, ALL).await;
            let mut expected: Vec<&str> = granted.split_whitespace().collect();
            expected.extend(["address", "email", "offline_access", "openid", "phone", "profile"]);
            expected.sort_unstable();
            assert_eq!(reply.text("scope"), expected.join(" "), "{roles:?}");
            // Without asking: everything but what has to be asked for.
            let reply = everything.sign_in(&person, "").await;
            expected.retain(|word| !matches!(*word, "openid" | "offline_access"));
            assert_eq!(reply.text("scope"), expected.join(" "), "{roles:?}");
            assert!(reply.json().get("refresh_token").is_none());
            let reply = phone.sign_in(&person, "sip.register").await;
            assert_eq!(reply.text("scope"), on_phone);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_gets_for_itself_nothing_that_speaks_of_a_person() {
    everywhere(async |world| {
        let service = world.client_with("everything", ALL, first_party).await;
        let reply = service.client_credentials("").await;
        let own = "clients.write metrics.read sip.call sip.message sip.presence sip.register \
                   sip.transfer token.introspect users.read users.write";
        assert_eq!(reply.assert_ok().text("scope"), own);
        for word in [
            "openid",
            "profile",
            "email",
            "address",
            "phone",
            "offline_access",
            "account",
        ] {
            for asked in [word.to_owned(), format!("sip.register {word}")] {
                let reply = service.client_credentials(&asked).await;
                reply.assert_error(400, "invalid_scope");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_scope_nobody_has_and_one_the_client_has_not_are_refused_everywhere() {
    everywhere(async |world| {
        let scope = "openid sip.register offline_access";
        let service = world.client("service", scope).await;
        let person = world.person_of(&world.tenant, "root", &["admin"]).await;
        let tokens = service.sign_in(&person, scope).await;
        let refresh = tokens.text("refresh_token");
        for asked in [
            "unknown",
            "sip.call",
            "users.write",
            "account",
            "profile",
            "sip.register sip.call",
            "openid unknown",
            "sip.registerx",
            "sip",
            "sip.",
            "sip.*",
            "*",
            "SIP.REGISTER",
            "Sip.Register",
            "sip:register",
            "sip.register,openid",
            "sip.register+openid",
            "client sip.register",
        ] {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh),
                ("scope", asked),
            ];
            for reply in [
                service.client_credentials(asked).await,
                service.password("root", &person.password, asked).await,
                service.post("/token", &form).await,
            ] {
                assert_eq!(reply.status, 400, "{asked}: {reply:?}");
                reply.assert_error(400, "invalid_scope");
            }
        }
        service.refresh(&refresh).await.assert_ok();
    })
    .await;
}

// A305
#[tokio::test]
async fn a_scope_is_words_with_one_space_between_them() {
    everywhere(async |world| {
        let service = world.client("service", "sip.call sip.register").await;
        let many: String = (0..2000).map(|word| format!("s{word} ")).collect();
        let thousand = "sip.call ".repeat(1000);
        for asked in [
            "sip.call\tsip.register",
            "sip.call\nsip.register",
            "sip.call\u{a0}sip.register",
            "sip.call  sip.register",
            " sip.call",
            "sip.call ",
            " ",
            "sip.call\"",
            "sip.call\\",
            "sip.c\u{e4}ll",
            "sip.call\u{200b}",
            "sip.call\u{7f}",
            many.trim_end(),
        ] {
            let reply = service.client_credentials(asked).await;
            assert_eq!(reply.status, 400, "{asked:?}: {reply:?}");
            reply.assert_error(400, "invalid_scope");
        }
        let reply = service.client_credentials("sip.call\0").await;
        reply.assert_error(400, "invalid_request");
        let repeated = [thousand.trim_end(), "sip.call sip.call", "sip.call"];
        for asked in repeated {
            let reply = service.client_credentials(asked).await;
            assert_eq!(reply.assert_ok().text("scope"), "sip.call");
            assert_eq!(claims(&reply)["scope"], "sip.call");
        }
    })
    .await;
}

#[tokio::test]
async fn what_reaches_accounts_and_administration_is_for_first_party_clients() {
    everywhere(async |world| {
        for word in ["account", "users.read", "users.write", "clients.write"] {
            for own in [false, true] {
                let metadata = ClientMetadata {
                    first_party: own,
                    ..every_grant(&format!("openid {word}"))
                };
                let id = format!("{word}-{own}");
                let (actor, generate) = (Actor::command_line(), clients::Secret::Generate);
                let (app, tenant) = (&world.app, &world.tenant);
                let made =
                    clients::create(app, &actor, tenant, &id, metadata, true, generate).await;
                assert_eq!(made.is_ok(), own, "{id}");
                assert!(own || matches!(made, Err(AdminError::Invalid(_))));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_scope_lost_is_gone_from_the_next_token_and_not_refused() {
    everywhere(async |world| {
        let scope = "openid offline_access sip.call sip.register";
        let service = world.client("service", scope).await;
        let person = world.person("joan").await;
        let first = service.sign_in(&person, scope).await;
        assert_eq!(
            first.text("scope"),
            "offline_access openid sip.call sip.register"
        );
        change(&world, &service, "openid offline_access sip.register").await;
        let second = service.refresh(&first.text("refresh_token")).await;
        let left = "offline_access openid sip.register";
        assert_eq!(second.assert_ok().text("scope"), left);
        // What came back later was never taken from the grant.
        change(&world, &service, scope).await;
        let third = service.refresh(&second.text("refresh_token")).await;
        assert_eq!(
            third.assert_ok().text("scope"),
            "offline_access openid sip.call sip.register"
        );
        assert_eq!(
            claims(&third)["aud"],
            json!(["rvoip-sip", world.tenant.issuer])
        );
    })
    .await;
}
