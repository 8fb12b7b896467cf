//! Asking for tokens for named resources (RFC 8707): at the authorization endpoint what they may be
//! for, at the token endpoint what one is for.

use serde_json::{Value, json};
use users_core::model::resource::Resource;

use crate::support::browser::{Answer, Asking, Browser, CALLBACK};
use crate::support::forge::opened;
use crate::support::people::{Person, Service};
use crate::support::world::ISSUER;
use crate::support::{Reply, World, everywhere};

const FILES: &str = "https://files.test/v1";
const MAIL: &str = "https://mail.test";
const SCOPE: &str = "openid offline_access files.read mail.read sip.register";

async fn scene(world: &World) -> (Service, Person, Browser) {
    for (audience, scopes) in [(FILES, "files.read files.write"), (MAIL, "mail.read")] {
        world
            .resource(Resource {
                audience: audience.to_owned(),
                name: audience.to_owned(),
                scopes: scopes.parse().expect("a scope"),
                ..Resource::default()
            })
            .await;
    }
    let own = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
        metadata.first_party = true;
    };
    let app = world.client_with("app", SCOPE, own).await;
    let person = world.person("alice").await;
    let mut browser = Browser::new(world.anonymous());
    browser
        .authorize(&Asking::of(&app, "openid"), &person)
        .await;
    (app, person, browser)
}

/// A request that names these resources.
fn address(app: &Service, scope: &str, resources: &[&str]) -> String {
    let mut asking = Asking::of(app, scope);
    let named = resources
        .iter()
        .map(|name| ("resource".to_owned(), (*name).to_owned()));
    asking.params.extend(named);
    asking.address()
}

async fn redeem(app: &Service, answer: &Answer, resources: &[&str]) -> Reply {
    let verifier = Asking::of(app, "openid").verifier;
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", answer.code()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier.as_str()),
    ];
    form.extend(resources.iter().map(|name| ("resource", *name)));
    app.post("/token", &form).await
}

/// The scope and the audience of a token.
fn seen(reply: &Reply) -> (String, Value) {
    let claims = opened(&reply.assert_ok().text("access_token")).1;
    assert_eq!(claims["scope"], reply.text("scope").as_str());
    (reply.text("scope"), claims["aud"].clone())
}

#[tokio::test]
async fn resources_named_at_both_endpoints_narrow_what_a_token_is_for() {
    everywhere(async |world| {
        let (app, _, mut browser) = scene(&world).await;
        let all = "files.read mail.read sip.register";
        for (asked, narrowed, scope, audience) in [
            (&[][..], &[][..], all, json!([FILES, MAIL, "rvoip-sip"])),
            (&[], &[FILES], "files.read", json!([FILES])),
            (
                &[],
                &[MAIL, FILES],
                "files.read mail.read",
                json!([FILES, MAIL]),
            ),
            (&[FILES], &[], "files.read", json!([FILES])),
            (&[FILES], &[FILES], "files.read", json!([FILES])),
            (
                &[FILES, MAIL],
                &[],
                "files.read mail.read",
                json!([FILES, MAIL]),
            ),
            (&[FILES, MAIL], &[MAIL], "mail.read", json!([MAIL])),
            (&["", FILES], &["", FILES], "files.read", json!([FILES])),
            (
                &[FILES, FILES],
                &[FILES, FILES],
                "files.read",
                json!([FILES]),
            ),
        ] {
            let answer = Answer::of(&browser.get(&address(&app, all, asked)).await);
            let tokens = redeem(&app, &answer, narrowed).await;
            let (found, aud) = seen(&tokens);
            assert_eq!(
                (found.as_str(), aud),
                (scope, audience),
                "{asked:?} {narrowed:?}"
            );
            // The issuer's own scopes stay, and so does the issuer.
            let own = format!("openid {all}");
            let answer = Answer::of(&browser.get(&address(&app, &own, asked)).await);
            let (found, aud) = seen(&redeem(&app, &answer, narrowed).await);
            assert!(found.split(' ').any(|word| word == "openid"), "{found}");
            assert!(
                aud.as_array().expect("a list").contains(&json!(ISSUER)),
                "{aud}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_resource_that_does_not_fit_is_refused_and_spends_nothing() {
    everywhere(async |world| {
        let (app, _, mut browser) = scene(&world).await;
        let unknown = "https://unknown.test";
        for (scope, resources) in [
            ("files.read", &[unknown][..]),
            ("files.read", &[FILES, unknown]),
            ("files.read", &[MAIL]),
            ("files.read", &[FILES, MAIL]),
            ("openid", &[FILES]),
            ("files.read", &["https://files.test"]),
            ("files.read", &["https://files.test/v1/"]),
            ("files.read", &["https://files.test/v1#part"]),
            ("files.read", &["/v1"]),
            ("files.read", &["app"]),
            ("files.read", &[ISSUER]),
        ] {
            let answer = Answer::of(&browser.get(&address(&app, scope, resources)).await);
            answer.assert_error("invalid_target");
        }
        for (scope, asked, narrowed) in [
            ("files.read", &[][..], &[unknown][..]),
            ("files.read", &[], &[MAIL]),
            ("files.read", &[], &[FILES, MAIL]),
            ("openid", &[], &[FILES]),
            ("files.read mail.read", &[FILES], &[MAIL]),
            ("files.read mail.read", &[FILES], &[FILES, MAIL]),
            (
                "files.read mail.read sip.register",
                &[FILES, MAIL],
                &["rvoip-sip"],
            ),
        ] {
            let answer = Answer::of(&browser.get(&address(&app, scope, asked)).await);
            let reply = redeem(&app, &answer, narrowed).await;
            assert_eq!(
                reply.status, 400,
                "{scope} {asked:?} {narrowed:?}: {reply:?}"
            );
            reply.assert_error(400, "invalid_target");
            redeem(&app, &answer, &[]).await.assert_ok();
        }
    })
    .await;
}

#[tokio::test]
async fn a_refresh_keeps_to_the_resources_the_code_was_for() {
    everywhere(async |world| {
        let (app, _, mut browser) = scene(&world).await;
        let scope = "offline_access files.read mail.read sip.register";
        let answer = Answer::of(&browser.get(&address(&app, scope, &[FILES, MAIL])).await);
        let mut token = redeem(&app, &answer, &[]).await.text("refresh_token");
        for (resources, outcome) in [
            (&[FILES][..], json!([FILES])),
            (&["rvoip-sip"], Value::Null),
            (&[MAIL, "rvoip-sip"], Value::Null),
            (&[], json!([FILES, MAIL])),
        ] {
            let mut form = vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
            ];
            form.extend(resources.iter().map(|name| ("resource", *name)));
            let reply = app.post("/token", &form).await;
            if outcome.is_null() {
                reply.assert_error(400, "invalid_target");
                continue;
            }
            assert_eq!(seen(&reply).1, outcome, "{resources:?}");
            token = reply.text("refresh_token");
        }
        // A resource whose scopes were never granted is no target of a refresh either.
        let answer = Answer::of(
            &browser
                .get(&address(&app, "offline_access files.read", &[]))
                .await,
        );
        let token = redeem(&app, &answer, &[]).await.text("refresh_token");
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
            ("resource", MAIL),
        ];
        app.post("/token", &form)
            .await
            .assert_error(400, "invalid_target");
        app.refresh(&token).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_resource_the_person_may_not_use_is_dropped_like_its_scopes() {
    everywhere(async |world| {
        let (_, _, mut browser) = scene(&world).await;
        let own = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata.first_party = true;
        };
        let console = world
            .client_with("console", "openid users.read users.write", own)
            .await;
        // `users.write` is not for the role `user`: nothing is left of it, and nothing is given.
        let answer = browser
            .get(&address(&console, "users.write", &["rvoip-api"]))
            .await;
        Answer::of(&answer).assert_error("access_denied");
    })
    .await;
}
