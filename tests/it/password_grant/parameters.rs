//! What a login request may say: names and passwords as bytes, scopes, resources.

use users_core::admin::users;
use users_core::model::audit_event::Actor;

use super::{WRONG, seen};
use crate::support::everywhere;
use crate::support::people::Person;

const OWN: &str = "openid sip.call users.write account offline_access";

#[tokio::test]
async fn a_password_is_compared_as_it_was_typed() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let odd = " Ünusual +%41& = \u{1f511}  tail ";
        let user = users::get(&world.app, &world.tenant, &alice.id).await;
        let (actor, user) = (Actor::command_line(), user.expect("alice"));
        users::set_password(&world.app, &actor, &world.tenant, &user, odd)
            .await
            .expect("set");
        let reply = service.password("alice", odd, "sip.call").await;
        reply.assert_ok();
        for other in [
            odd.trim(),
            &odd.to_lowercase(),
            &odd.to_uppercase(),
            &odd.replace('+', " "),
            &odd.replace("%41", "A"),
            &odd[..odd.len() - 1],
            &format!("{odd} "),
        ] {
            // Past the lock.
            world.advance(3600);
            let reply = service.password("alice", other, "sip.call").await;
            reply.assert_error(400, "invalid_grant");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_text_is_refused_before_it_is_a_password() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        let before = world.app.passwords.computed();
        let authorization = service.authorization();
        let headers = [("authorization", authorization.as_str())];
        for password in [
            "%ff",
            "%c0%af",
            "%ed%a0%80",
            "a%00b",
            "%00",
            "%",
            "%4",
            "%zz",
            "%f4%90%80%80",
        ] {
            for field in ["password", "username"] {
                let mut form = format!("grant_type=password&scope=sip.call&{field}={password}");
                form += if field == "password" {
                    "&username=alice"
                } else {
                    "&password=whatever+it+is"
                };
                let kind = "application/x-www-form-urlencoded";
                let reply = world
                    .anonymous()
                    .post_raw("/token", kind, form, &headers)
                    .await;
                reply.assert_error(400, "invalid_request");
            }
        }
        for form in [
            "grant_type=password&username=alice",
            "grant_type=password&password=x",
            "grant_type=password&username=&password=x",
            "grant_type=password&username=alice&password=",
            "grant_type=password&username=alice&password=x&password=x",
            "grant_type=password&username=alice&username=alice&password=x",
            "grant_type=password&Username=alice&Password=x",
        ] {
            let kind = "application/x-www-form-urlencoded";
            let reply = world
                .anonymous()
                .post_raw("/token", kind, form, &headers)
                .await;
            reply.assert_error(400, "invalid_request");
        }
        assert_eq!(world.app.passwords.computed(), before);
        assert_eq!(world.app.throttle.size(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_endless_password_is_refused_without_hashing() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let long = format!("{}{}", alice.password, "x".repeat(2000));
        let reply = service.password("alice", &long, "sip.call").await;
        reply.assert_error(400, "invalid_grant");
        let before = world.app.passwords.computed();
        let huge = "x".repeat(1_000_000);
        for name in ["alice", "nobody", &huge] {
            let reply = service.password(name, &huge, "sip.call").await;
            reply.assert_error(413, "invalid_request");
        }
        assert_eq!(world.app.passwords.computed(), before);
    })
    .await;
}

#[tokio::test]
async fn scopes_are_the_clients_and_the_persons() {
    everywhere(async |world| {
        let service = world
            .client_with("web", OWN, |metadata| metadata.first_party = true)
            .await;
        let admin = world.person_of(&world.tenant, "adm", &["admin"]).await;
        let user = world.person("alice").await;
        let guest = world.person_of(&world.tenant, "gus", &["guest"]).await;
        let asked = "openid sip.call users.write";
        for (person, granted) in [
            (&admin, asked),
            (&user, "openid sip.call"),
            (&guest, "openid"),
        ] {
            let reply = service.sign_in(person, asked).await;
            assert_eq!(reply.text("scope"), granted);
            assert_eq!(seen(&service, &reply).await["scope"], granted);
        }
        // Without `scope`: all of the client's but what asks for more than an access token.
        let Person {
            username, password, ..
        } = &user;
        let form = [
            ("grant_type", "password"),
            ("username", username),
            ("password", password),
        ];
        let reply = service.post("/token", &form).await;
        assert_eq!(reply.text("scope"), "account sip.call");
        assert!(reply.json().get("refresh_token").is_none());
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_the_request_is_said_before_a_password_is_looked_at() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let before = world.app.passwords.computed();
        for password in [alice.password.as_str(), WRONG] {
            for scope in [
                "sip.register",
                "no.such",
                "SIP.CALL",
                "sip.call  sip.call",
                "sip.call\t",
                "*",
            ] {
                let reply = service.password("alice", password, scope).await;
                reply.assert_error(400, "invalid_scope");
            }
            let form = [
                ("grant_type", "password"),
                ("username", "alice"),
                ("password", password),
                ("resource", "https://nowhere.test"),
            ];
            let reply = service.post("/token", &form).await;
            reply.assert_error(400, "invalid_target");
        }
        assert_eq!(world.app.passwords.computed(), before);
        service.sign_in(&alice, "sip.call sip.call").await;
    })
    .await;
}
