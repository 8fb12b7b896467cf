//! What a tenant decides for itself takes effect, there and nowhere else.

use std::fs;
use std::path::Path;

use users_core::admin::AdminError;
use users_core::model::tenant_settings::TenantSettings;

use super::{SCOPE, Twins};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::forge::opened;
use crate::support::people::Service;
use crate::support::{World, everywhere};

async fn set(world: &World, twins: &Twins, settings: TenantSettings) {
    let changed = world.change_tenant(&twins.second, |input| input.settings = settings);
    changed.await.expect("changed");
}

/// Seconds a token of this client lives, by its claims.
async fn lives(service: &Service, token: &str) -> i64 {
    let seen = service.introspect(token).await.json();
    seen["exp"].as_i64().expect("exp") - seen["iat"].as_i64().expect("iat")
}

#[tokio::test]
async fn access_and_id_tokens_live_as_long_as_their_tenant_says() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let settings = TenantSettings {
            access_token_lifetime: Some(60),
            id_token_lifetime: Some(120),
            ..TenantSettings::default()
        };
        set(&world, &twins, settings).await;
        for ((own, person, _), (access, id)) in
            twins.both().into_iter().zip([(900, 900), (60, 120)])
        {
            let reply = own.sign_in(person, SCOPE).await;
            assert_eq!(reply.json()["expires_in"], access);
            assert_eq!(lives(own, &reply.text("access_token")).await, access);
            let id_token = opened(&reply.text("id_token")).1;
            let (exp, iat) = (&id_token["exp"], &id_token["iat"]);
            assert_eq!(exp.as_i64().unwrap() - iat.as_i64().unwrap(), id);
        }
        // A client's own comes before its tenant's.
        let change = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata.access_token_lifetime = Some(30);
        };
        world
            .change_client(&twins.second, "app", true, change)
            .await;
        let reply = twins.there.client_credentials("sip.register").await;
        assert_eq!(reply.json()["expires_in"], 30);
        // And taken back, the installation's hold again.
        let nothing = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata.access_token_lifetime = None;
        };
        world
            .change_client(&twins.second, "app", true, nothing)
            .await;
        set(&world, &twins, TenantSettings::default()).await;
        let reply = twins.there.client_credentials("sip.register").await;
        assert_eq!(reply.json()["expires_in"], 900);
    })
    .await;
}

#[tokio::test]
async fn refresh_tokens_live_as_long_as_their_tenant_says() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let settings = TenantSettings {
            refresh_token_lifetime: Some(1000),
            refresh_token_idle_lifetime: Some(400),
            ..TenantSettings::default()
        };
        set(&world, &twins, settings).await;
        let mut tokens = Vec::new();
        for (own, person, _) in twins.both() {
            tokens.push(own.sign_in(person, SCOPE).await.text("refresh_token"));
        }
        // Used in time, it lives on; until the whole is over.
        for _ in 0..2 {
            world.advance(399);
            for (token, own) in tokens.iter_mut().zip([&twins.here, &twins.there]) {
                *token = own.refresh(token).await.assert_ok().text("refresh_token");
            }
        }
        world.advance(202);
        twins
            .there
            .refresh(&tokens[1])
            .await
            .assert_error(400, "invalid_grant");
        twins.here.refresh(&tokens[0]).await.assert_ok();
        // Not used, it is over before.
        let token = twins.there.sign_in(&twins.alice_there, SCOPE).await;
        world.advance(400);
        let reply = twins.there.refresh(&token.text("refresh_token")).await;
        reply.assert_error(400, "invalid_grant");
    })
    .await;
}

/// Whether the browser is asked for a password at this client.
async fn must_sign_in(browser: &mut Browser, own: &Service) -> bool {
    let page = browser.ask(&Asking::of(own, "openid")).await;
    Form::find(&page, "/sign-in").is_some()
}

#[tokio::test]
async fn sign_ins_last_as_long_as_their_tenant_says() {
    everywhere(async |world| {
        let twins = Twins::with(&world, |metadata| metadata.first_party = true).await;
        let settings = TenantSettings {
            session_idle_lifetime: Some(100),
            session_lifetime: Some(250),
            ..TenantSettings::default()
        };
        set(&world, &twins, settings).await;
        let mut browser = Browser::new(world.anonymous());
        for (own, person, _) in twins.both() {
            browser.authorize(&Asking::of(own, "openid"), person).await;
        }
        for _ in 0..2 {
            world.advance(99);
            for (own, ..) in twins.both() {
                assert!(!must_sign_in(&mut browser, own).await);
            }
        }
        world.advance(52);
        assert!(
            must_sign_in(&mut browser, &twins.there).await,
            "250 seconds are over"
        );
        assert!(!must_sign_in(&mut browser, &twins.here).await);
        browser
            .authorize(&Asking::of(&twins.there, "openid"), &twins.alice_there)
            .await;
        world.advance(100);
        assert!(
            must_sign_in(&mut browser, &twins.there).await,
            "nobody used it"
        );
        assert!(!must_sign_in(&mut browser, &twins.here).await);
        // Remembered, it lasts for the tenant's whole time, and so does its cookie.
        let page = browser.ask(&Asking::of(&twins.there, "openid")).await;
        let form = Form::of(&page, "/sign-in")
            .with("username", "alice")
            .with("password", &twins.alice_there.password)
            .with("remember", "on");
        let reply = browser.submit(&form).await;
        Answer::of(&reply).code();
        let cookies = reply.headers.get_all("set-cookie").iter();
        let cookies: Vec<_> = cookies.filter_map(|cookie| cookie.to_str().ok()).collect();
        assert!(
            cookies.iter().any(|cookie| cookie.contains("Max-Age=250")),
            "{cookies:?}"
        );
        world.advance(249);
        assert!(!must_sign_in(&mut browser, &twins.there).await);
        world.advance(1);
        assert!(must_sign_in(&mut browser, &twins.there).await);
    })
    .await;
}

/// The same request twice: what differs would tell something.
async fn refusal(service: &Service, username: &str, password: &str) -> (u16, String) {
    let reply = service.password(username, password, "openid").await;
    (reply.status.as_u16(), reply.body)
}

#[tokio::test]
async fn an_unverified_address_is_told_of_to_whoever_has_the_password_and_to_nobody_else() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let settings = TenantSettings {
            require_verified_email: Some(true),
            ..TenantSettings::default()
        };
        set(&world, &twins, settings).await;
        let there = &twins.there;
        let wrong = refusal(there, "alice", "not the passphrase").await;
        assert_eq!(wrong, refusal(there, "nobody", "not the passphrase").await);
        assert_eq!(wrong.0, 400);
        let reply = there
            .password("alice", &twins.alice_there.password, "openid")
            .await;
        reply.assert_error(400, "invalid_grant");
        assert!(reply.text("error_description").contains("not verified"));
        // On a page likewise.
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(there, "openid")).await;
        let mistyped = crate::support::people::Person {
            password: "not the passphrase".to_owned(),
            ..twins.alice_there.clone()
        };
        let again = browser.sign_in(&page, &mistyped).await;
        assert_eq!(again.status, 400);
        assert!(!again.body.contains("verified"), "{again:?}");
        let again = browser.sign_in(&page, &twins.alice_there).await;
        assert_eq!(again.status, 403);
        assert!(again.body.contains("not verified yet"), "{again:?}");
        assert!(Form::find(&again, "/sign-in").is_some());
        assert!(
            !browser
                .cookies
                .keys()
                .any(|name| name.starts_with("__Host-sid"))
        );
        // Here nobody asks, and there it opens once the address is verified.
        twins.here.sign_in(&twins.alice_here, "openid").await;
        world
            .change_person(&twins.second, &twins.alice_there, |input| {
                input.email_verified = true;
            })
            .await;
        there.sign_in(&twins.alice_there, "openid").await;
    })
    .await;
}

#[tokio::test]
async fn an_unverified_address_is_no_failed_guess_and_an_absent_one_is_no_obstacle() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let settings = TenantSettings {
            require_verified_email: Some(true),
            ..TenantSettings::default()
        };
        set(&world, &twins, settings).await;
        for _ in 0..20 {
            let password = &twins.alice_there.password;
            let reply = twins.there.password("alice", password, "openid").await;
            reply.assert_error(400, "invalid_grant");
        }
        world
            .change_person(&twins.second, &twins.alice_there, |input| {
                input.email = None;
            })
            .await;
        twins.there.sign_in(&twins.alice_there, "openid").await;
    })
    .await;
}

#[tokio::test]
async fn a_setting_out_of_bounds_is_refused_and_changes_nothing() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let default = TenantSettings::default;
        let strings = |roles: &[&str]| Some(roles.iter().map(|role| (*role).to_owned()).collect());
        let cases = [
            (
                "access_token_lifetime",
                TenantSettings {
                    access_token_lifetime: Some(0),
                    ..default()
                },
            ),
            (
                "access_token_lifetime",
                TenantSettings {
                    access_token_lifetime: Some(86_401),
                    ..default()
                },
            ),
            (
                "id_token_lifetime",
                TenantSettings {
                    id_token_lifetime: Some(86_401),
                    ..default()
                },
            ),
            (
                "refresh_token_lifetime",
                TenantSettings {
                    refresh_token_lifetime: Some(i64::MAX),
                    ..default()
                },
            ),
            (
                "refresh_token_idle_lifetime",
                TenantSettings {
                    refresh_token_idle_lifetime: Some(-1),
                    ..default()
                },
            ),
            (
                "session_idle_lifetime",
                TenantSettings {
                    session_idle_lifetime: Some(i64::MIN),
                    ..default()
                },
            ),
            (
                "session_lifetime",
                TenantSettings {
                    session_lifetime: Some(366 * 86_400 + 1),
                    ..default()
                },
            ),
            (
                "default_roles",
                TenantSettings {
                    default_roles: strings(&["admin"]),
                    ..default()
                },
            ),
            (
                "default_roles",
                TenantSettings {
                    default_roles: strings(&["nobody"]),
                    ..default()
                },
            ),
        ];
        for (field, settings) in cases {
            let changed = world.change_tenant(&second, |input| input.settings = settings);
            let Err(AdminError::Invalid(problems)) = changed.await else {
                panic!("changed: {field}");
            };
            assert!(
                problems[0].starts_with(&format!("settings.{field}: ")),
                "{problems:?}"
            );
        }
        let now = users_core::admin::tenants::get(&world.app, "second")
            .await
            .expect("there");
        assert_eq!(now.settings, TenantSettings::default());
    })
    .await;
}

/// A lifetime read past the one place that lays a tenant's over it would be nobody's but the
/// installation's.
#[test]
fn nobody_reads_the_installations_lifetimes_past_the_tenants() {
    fn read(directory: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(directory).expect("readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source file");
            for field in [
                "tokens.access_token_lifetime",
                "tokens.id_token_lifetime",
                "tokens.refresh_token_lifetime",
                "tokens.refresh_token_idle_lifetime",
                "config.sessions",
            ] {
                let lines = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                if lines.into_iter().any(|line| line.contains(field)) {
                    found.push(format!("{}: {field}", path.display()));
                }
            }
        }
    }
    let mut found = Vec::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read(&sources, &mut found);
    found.retain(|place| !place.contains("/config/") && !place.contains("/model/lifetimes.rs"));
    assert!(found.is_empty(), "{found:?}");
}
