//! What a browser may bring as its cookie, and what it is worth.

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use users_core::base::random::Random;
use users_core::base::token::{Kind, OpaqueToken};

use super::{Scene, scene};
use crate::support::browser::{Answer, Asking};
use crate::support::everywhere;
use crate::support::{Reply, World};

const SECRET: &str = "__Host-sid-";

/// Asks who is signed in, with these bytes as the only cookie header.
async fn ask(world: &World, address: &str, cookies: &[u8]) -> Reply {
    let cookies = HeaderValue::from_bytes(cookies).expect("bytes HTTP carries");
    let request = Request::get(address).header("cookie", cookies);
    let request = request.body(Body::empty()).expect("a request");
    world.anonymous().send(request).await
}

async fn signed_in(world: &World, address: &str, cookies: &[u8]) -> bool {
    let answer = Answer::of(&ask(world, address, cookies).await);
    if answer.params.contains_key("code") {
        return true;
    }
    // A good secret behind a bad one is somebody else than the current one.
    let error = answer.get("error").to_owned();
    assert!(
        ["login_required", "account_selection_required"].contains(&error.as_str()),
        "{answer:?}"
    );
    false
}

fn name(world: &World) -> String {
    format!("{SECRET}{}", &world.tenant.id[..8])
}

// A199
#[tokio::test]
async fn a_changed_cookie_is_no_session() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let address = Asking::of(&scene.own, "openid")
            .with("prompt", "none")
            .address();
        let (name, value) = (name(&world), scene.browser.cookie(SECRET).to_owned());
        let pair = |value: &[u8]| [name.as_bytes(), b"=", value].concat();
        assert!(signed_in(&world, &address, &pair(value.as_bytes())).await);
        for at in 0..value.len() {
            for other in [b'A', b'b', b'.', b'"', b' ', b'%', 0x80, 0xff, b'_'] {
                let mut changed = value.clone().into_bytes();
                if changed[at] == other {
                    continue;
                }
                changed[at] = other;
                assert!(
                    !signed_in(&world, &address, &pair(&changed)).await,
                    "{at} {other}"
                );
            }
            let cut = &value.as_bytes()[..at];
            assert!(!signed_in(&world, &address, &pair(cut)).await, "{at}");
        }
        let quoted = format!("\"{value}\"");
        let long = "x".repeat(16_384);
        let padded = format!("{value}.{long}");
        for text in [
            quoted.as_str(),
            &long,
            &padded,
            &value.to_uppercase(),
            &value.to_lowercase(),
        ] {
            assert!(
                !signed_in(&world, &address, &pair(text.as_bytes())).await,
                "{text}"
            );
        }
        // What is no secret behind one that is does no harm; in its place, it is one that is over.
        let behind = [format!("{value}."), format!("{value}.x..")];
        let before = [format!(".{value}"), format!("x.{value}..")];
        for (texts, expected) in [(behind, true), (before, false)] {
            for text in texts {
                let found = signed_in(&world, &address, &pair(text.as_bytes())).await;
                assert_eq!(found, expected, "{text}");
            }
        }
        let sixth = format!("x.x.x.x.x.{value}");
        assert!(!signed_in(&world, &address, &pair(sixth.as_bytes())).await);
    })
    .await;
}

// A199
#[tokio::test]
async fn ten_thousand_invented_cookies_are_nobodys() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let address = Asking::of(&scene.own, "openid")
            .with("prompt", "none")
            .address();
        let name = name(&world);
        for number in 0..2000 {
            // Five of the right form and length, each with a right checksum; and garbage.
            let mut secrets: Vec<String> = (0..4)
                .map(|_| OpaqueToken::generate(Kind::SessionSecret, &Random::System))
                .map(|secret| secret.expose().to_owned())
                .collect();
            secrets.push(world.app.opaque_id());
            let pair = format!("{name}={}", secrets.join("."));
            assert!(
                !signed_in(&world, &address, pair.as_bytes()).await,
                "{number}"
            );
        }
        // Secrets of other kinds are no better.
        for kind in [Kind::BrowserMark, Kind::AccessToken, Kind::RefreshToken] {
            let secret = OpaqueToken::generate(kind, &Random::System);
            let pair = format!("{name}={}", secret.expose());
            assert!(!signed_in(&world, &address, pair.as_bytes()).await);
        }
        let mark = scene.browser.cookie("__Host-browser-").to_owned();
        let pair = format!("{name}={mark}");
        assert!(!signed_in(&world, &address, pair.as_bytes()).await);
    })
    .await;
}

// A200
#[tokio::test]
async fn a_tenants_cookie_is_nothing_at_another_tenant() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let second = world.new_tenant("second").await;
        let own2 = world
            .client_of(&second, "own", "openid", |metadata| {
                metadata.first_party = true;
            })
            .await;
        // Also where the other tenant has an account of this name, and one of this id.
        world.person_of(&second, "alice", &["user"]).await;
        scene.enter(&scene.alice.clone()).await;
        let value = scene.browser.cookie(SECRET).to_owned();
        let there = Asking::of(&own2, "openid");
        let silent = there.clone().with("prompt", "none").address();
        for name in [name(&world), format!("{SECRET}{}", &second.id[..8])] {
            let pair = format!("{name}={value}");
            assert!(!signed_in(&world, &silent, pair.as_bytes()).await, "{name}");
            for address in [there.address(), "/t/second/logout".to_owned()] {
                let page = ask(&world, &address, pair.as_bytes()).await;
                assert_eq!(page.status, 200, "{page:?}");
                assert!(!page.body.contains("alice"), "{page:?}");
            }
        }
        assert_eq!(scene.who().await, Some(scene.alice.id.clone()));
    })
    .await;
}

// A201
#[tokio::test]
async fn a_planted_cookie_signs_nobody_in_and_nobody_out() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            mut browser,
            ..
        } = scene(&world).await;
        let mallory = world.person("mallory").await;
        let mut theirs = crate::support::browser::Browser::new(world.anonymous());
        super::enter(&mut theirs, &own, &mallory).await;
        super::enter(&mut browser, &own, &alice).await;
        let asking = Asking::of(&own, "openid").with("prompt", "none");
        let name = name(&world);
        let (alices, mallorys) = (browser.cookie(SECRET), theirs.cookie(SECRET));
        let good = format!("{name}={alices}");
        // The same name twice: refused, whichever comes first; never mallory.
        for cookies in [
            format!("{good}; {name}={mallorys}"),
            format!("{name}={mallorys}; {good}"),
            format!("{good}; {name}="),
            format!("{good}; {good}"),
        ] {
            assert!(
                !signed_in(&world, &asking.address(), cookies.as_bytes()).await,
                "{cookies}"
            );
        }
        // Anything else beside it: alice goes on.
        for cookies in [
            format!("={name}={mallorys}; {good}"),
            format!("{good}; ={name}={mallorys}"),
            format!("{good}; {}={mallorys}", name.to_lowercase()),
            format!("{good}; __Secure-{name}={mallorys}"),
            format!("{good}; {name} ={mallorys}"),
            format!("{good}; {name}"),
        ] {
            let answer = Answer::of(&ask(&world, &asking.address(), cookies.as_bytes()).await);
            let tokens = own.redeem(&answer, &asking).await;
            let sub = crate::support::forge::opened(&tokens.text("id_token")).1["sub"].clone();
            assert_eq!(sub, alice.id.as_str(), "{cookies}");
        }
    })
    .await;
}

#[tokio::test]
async fn no_page_reads_or_sets_a_cookie_of_another_form() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let names: Vec<&String> = scene.browser.cookies.keys().collect();
        let short = &world.tenant.id[..8];
        let expected = [
            format!("__Host-browser-{short}"),
            format!("__Host-device-{short}"),
            format!("__Host-sid-{short}"),
        ];
        assert_eq!(names, expected.iter().collect::<Vec<_>>());
        for (name, value) in &scene.browser.cookies {
            assert!(value.len() < 100, "{name}");
            assert!(!value.contains(&scene.alice.id), "{name}");
        }
    })
    .await;
}
