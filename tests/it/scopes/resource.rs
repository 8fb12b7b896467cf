//! RFC 8707: asking for a token for one resource.

use serde_json::{Value, json};
use users_core::model::algorithm::Algorithm;
use users_core::model::resource::Resource;

use super::audience::resource;
use super::claims;
use crate::support::http::Reply;
use crate::support::people::Service;
use crate::support::world::ISSUER;
use crate::support::{World, everywhere};

const FILES: &str = "https://files.test/v1";
const MAIL: &str = "https://mail.test";

const SCOPE: &str =
    "openid offline_access files.read files.write mail.read shared.read sip.register";

async fn service(world: &World) -> Service {
    world
        .resource(resource(FILES, "files.read files.write shared.read"))
        .await;
    world
        .resource(resource(MAIL, "mail.read shared.read"))
        .await;
    world.resource(resource("https://empty.test", "")).await;
    world.client("service", SCOPE).await
}

async fn ask(service: &Service, form: &[(&str, &str)], scope: &str, resources: &[&str]) -> Reply {
    let mut form = form.to_vec();
    form.push(("scope", scope));
    form.extend(resources.iter().map(|name| ("resource", *name)));
    service.post("/token", &form).await
}

const OWN: &[(&str, &str)] = &[("grant_type", "client_credentials")];

#[tokio::test]
async fn a_named_resource_narrows_the_scopes_and_the_audience() {
    everywhere(async |world| {
        let service = service(&world).await;
        let person = world.person("joan").await;
        let login = [
            ("grant_type", "password"),
            ("username", "joan"),
            ("password", &person.password),
        ];
        for (scope, resources, granted, audience) in [
            (
                "files.read mail.read",
                &[FILES][..],
                "files.read",
                json!([FILES]),
            ),
            ("files.read mail.read", &[MAIL], "mail.read", json!([MAIL])),
            (
                "files.read mail.read",
                &[MAIL, FILES],
                "files.read mail.read",
                json!([FILES, MAIL]),
            ),
            (
                "files.read mail.read sip.register",
                &[MAIL, FILES],
                "files.read mail.read",
                json!([FILES, MAIL]),
            ),
            (
                "files.read mail.read",
                &[FILES, FILES],
                "files.read",
                json!([FILES]),
            ),
            // A scope of two resources is for the one that was named.
            ("shared.read", &[FILES], "shared.read", json!([FILES])),
            ("shared.read", &[MAIL], "shared.read", json!([MAIL])),
            ("shared.read", &[], "shared.read", json!([FILES, MAIL])),
            (
                "",
                &[FILES],
                "files.read files.write shared.read",
                json!([FILES]),
            ),
            (
                "sip.register",
                &["rvoip-sip"],
                "sip.register",
                json!(["rvoip-sip"]),
            ),
            ("files.read", &["", FILES], "files.read", json!([FILES])),
        ] {
            for form in [OWN, &login] {
                let reply = ask(&service, form, scope, resources).await;
                assert_eq!(reply.status, 200, "{scope} {resources:?}: {reply:?}");
                assert_eq!(reply.text("scope"), granted, "{scope} {resources:?}");
                assert_eq!(claims(&reply)["aud"], audience, "{scope} {resources:?}");
            }
        }
        // What is asked of the issuer itself stays.
        let reply = ask(&service, &login, "openid files.read mail.read", &[MAIL]).await;
        assert_eq!(reply.text("scope"), "mail.read openid");
        assert_eq!(claims(&reply)["aud"], json!([MAIL, ISSUER]));
    })
    .await;
}

#[tokio::test]
async fn a_resource_that_is_unknown_or_does_not_fit_is_an_invalid_target() {
    everywhere(async |world| {
        let service = service(&world).await;
        let person = world.person("joan").await;
        let guest = world.person_of(&world.tenant, "gus", &["guest"]).await;
        let login = |who: &'static str, password| {
            [
                ("grant_type", "password"),
                ("username", who),
                ("password", password),
            ]
        };
        let joan = login("joan", &person.password);
        for (scope, resources) in [
            ("", &["https://unknown.test"][..]),
            ("files.read", &["https://unknown.test"]),
            ("files.read", &[FILES, "https://unknown.test"]),
            ("files.read", &["https://files.test"]),
            ("files.read", &["https://files.test/v1/"]),
            ("files.read", &["https://FILES.test/v1"]),
            ("files.read", &["https://files.test/v1#part"]),
            ("files.read", &["https://files.test/v1?x=1"]),
            ("files.read", &["https://files.test/%761"]),
            ("files.read", &["/v1"]),
            ("files.read", &["files"]),
            ("files.read", &["*"]),
            ("files.read", &[" "]),
            ("files.read", &["rvoip-api"]),
            ("files.read", &["https://empty.test"]),
            ("", &["https://empty.test"]),
            ("files.read", &[MAIL]),
            ("files.read", &[FILES, MAIL]),
            ("sip.register", &[FILES]),
        ] {
            for form in [OWN, &joan] {
                let reply = ask(&service, form, scope, resources).await;
                assert_eq!(reply.status, 400, "{scope} {resources:?}: {reply:?}");
                reply.assert_error(400, "invalid_target");
            }
        }
        for scope in ["openid", "openid offline_access"] {
            let reply = ask(&service, &joan, scope, &[FILES]).await;
            reply.assert_error(400, "invalid_target");
        }
        // Nothing of it is left for this person.
        let gus = login("gus", &guest.password);
        let reply = ask(&service, &gus, "files.read", &[FILES]).await;
        reply.assert_error(400, "invalid_target");
        // What the scope is not, no resource makes it.
        let reply = ask(&service, OWN, "users.read", &["rvoip-api"]).await;
        reply.assert_error(400, "invalid_scope");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_target_is_said_before_a_password_is_looked_at() {
    everywhere(async |world| {
        let service = service(&world).await;
        world.person("joan").await;
        let before = world.app.passwords.computed();
        let form = [
            ("grant_type", "password"),
            ("username", "joan"),
            ("password", "wrong"),
        ];
        for _ in 0..10 {
            let reply = ask(&service, &form, "files.read", &[MAIL]).await;
            reply.assert_error(400, "invalid_target");
            let reply = ask(&service, &form, "unknown", &[]).await;
            reply.assert_error(400, "invalid_scope");
        }
        assert_eq!(world.app.passwords.computed(), before);
    })
    .await;
}

// RFC 8707 section 2.2: each refresh may ask for one of the resources granted, and for no other.
#[tokio::test]
async fn a_refresh_may_narrow_to_a_resource_and_never_leave_the_grant() {
    everywhere(async |world| {
        let service = service(&world).await;
        let person = world.person("joan").await;
        let login = [
            ("grant_type", "password"),
            ("username", "joan"),
            ("password", &person.password),
        ];
        let all = "offline_access files.read mail.read sip.register";
        let reply = ask(&service, &login, all, &[FILES, MAIL]).await;
        assert_eq!(claims(&reply)["aud"], json!([FILES, MAIL]));
        let mut refresh_token = reply.assert_ok().text("refresh_token");
        for (resources, outcome) in [
            (&[FILES][..], json!([FILES])),
            (&[MAIL], json!([MAIL])),
            (&["rvoip-sip"], Value::Null),
            (&["https://unknown.test"], Value::Null),
            (&[FILES, "rvoip-sip"], Value::Null),
            (&[], json!([FILES, MAIL])),
        ] {
            let refresh = [
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh_token.as_str()),
            ];
            let reply = ask(&service, &refresh, "", resources).await;
            if outcome.is_null() {
                reply.assert_error(400, "invalid_target");
                continue;
            }
            assert_eq!(claims(&reply)["aud"], outcome, "{resources:?}");
            refresh_token = reply.text("refresh_token");
        }
    })
    .await;
}

#[tokio::test]
async fn resources_that_want_different_signatures_get_a_token_each() {
    everywhere(async |world| {
        for (audience, scope, alg) in [
            ("https://one.test", "one.read", Algorithm::Es256),
            ("https://two.test", "two.read", Algorithm::EdDsa),
        ] {
            let signing_alg = Some(alg);
            world
                .resource(Resource {
                    signing_alg,
                    ..resource(audience, scope)
                })
                .await;
        }
        let service = world.client("service", "one.read two.read sip.call").await;
        let reply = ask(&service, OWN, "one.read two.read", &[]).await;
        reply.assert_error(400, "invalid_target");
        for (scope, resource) in [
            ("one.read", "https://one.test"),
            ("two.read", "https://two.test"),
        ] {
            let reply = ask(&service, OWN, "one.read two.read", &[resource]).await;
            assert_eq!(reply.assert_ok().text("scope"), scope);
            ask(&service, OWN, scope, &[]).await.assert_ok();
            ask(&service, OWN, &format!("{scope} sip.call"), &[])
                .await
                .assert_ok();
        }
    })
    .await;
}
