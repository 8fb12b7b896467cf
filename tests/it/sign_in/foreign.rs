//! Forms that do not come from the page they were made for.

use super::{Scene, assert_refused, every_form, rows, scene, way_on};
use crate::support::browser::{Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::world::ISSUER;

const SEALED: &str = "transaction";

fn with_character(text: &str, at: usize, other: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = other;
    String::from_utf8(bytes).expect("ASCII")
}

// A187
#[tokio::test]
async fn a_form_without_its_seal_or_with_an_invented_one_does_nothing() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        let forms = every_form(&mut scene.browser, &asking, &scene.alice).await;
        let before = rows(&world).await;
        for form in &forms {
            let mut without = form.clone();
            without.fields.retain(|(name, _)| name != SEALED);
            assert_refused(&scene.browser.submit(&without).await, 403);
            let long = "A".repeat(20_000);
            for invented in ["", "x", " ", "{}", &"A".repeat(200), &long, "\u{1f511}"] {
                let form = form.clone().with(SEALED, invented);
                assert_refused(&scene.browser.submit(&form).await, 403);
            }
        }
        assert_eq!(rows(&world).await, before);
        // The same forms as they were do their work, the sign-out last.
        for form in &forms {
            let reply = scene.browser.submit(form).await;
            assert!([200, 303].contains(&reply.status.as_u16()), "{reply:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_edited_seal_opens_nothing_wherever_it_was_edited() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        let forms = every_form(&mut scene.browser, &asking, &scene.alice).await;
        let before = rows(&world).await;
        for form in &forms {
            let sealed = form.field(SEALED).to_owned();
            let last = sealed.len() - 1;
            for at in (0..=last).step_by(11).chain([1, last]) {
                let other = if sealed.as_bytes()[at] == b'A' {
                    b'B'
                } else {
                    b'A'
                };
                let edited = with_character(&sealed, at, other);
                let form = form.clone().with(SEALED, &edited);
                assert_refused(&scene.browser.submit(&form).await, 403);
            }
            for edited in [&sealed[1..], &sealed[..last], &format!("{sealed}A")] {
                let form = form.clone().with(SEALED, edited);
                assert_refused(&scene.browser.submit(&form).await, 403);
            }
        }
        assert_eq!(rows(&world).await, before);
    })
    .await;
}

// A187, A203
#[tokio::test]
async fn a_form_of_another_browser_signs_nobody_in() {
    everywhere(async |world| {
        let Scene {
            app,
            own,
            alice,
            browser: mut attacker,
        } = scene(&world).await;
        let mallory = world.person("mallory").await;
        let asking = Asking::of(&app, "openid profile");
        let planted = every_form(&mut attacker, &asking, &mallory).await;
        // Somebody with a session of their own, somebody without, and somebody without any cookie.
        let mut victims = vec![Browser::new(world.anonymous()); 3];
        super::enter(&mut victims[0], &own, &alice).await;
        victims[1].ask(&asking).await;
        for victim in &mut victims {
            let (cookies, before) = (victim.cookies.clone(), rows(&world).await);
            for form in &planted {
                let reply = victim.submit(form).await;
                assert_refused(&reply, 403);
                // The page says where the victim may begin, with pages of their own.
                let mut anew = victim.clone();
                assert_eq!(anew.get(&way_on(&reply)).await.status, 200);
                // Filled in with the victim's own password it is no better.
                let form = form
                    .clone()
                    .with("username", &alice.username)
                    .with("password", &alice.password);
                assert_refused(&victim.submit(&form).await, 403);
            }
            assert_eq!(victim.cookies, cookies);
            assert_eq!(rows(&world).await, before);
        }
        // Nor did anything reach the browser it came from.
        assert_eq!(super::who(&mut attacker, &own).await, Some(mallory.id));
    })
    .await;
}

// A188, A190
#[tokio::test]
async fn a_form_on_a_page_of_another_site_is_refused_whatever_it_holds() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        let forms = every_form(&mut scene.browser, &asking, &scene.alice).await;
        let before = rows(&world).await;
        for form in &forms {
            for headers in [
                [
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://evil.test"),
                ]
                .as_slice(),
                &[("sec-fetch-site", "same-site"), ("origin", "null")],
                &[("sec-fetch-site", "cross-site"), ("origin", ISSUER)],
                &[
                    ("sec-fetch-site", "same-origin"),
                    ("sec-fetch-site", "cross-site"),
                ],
                &[("sec-fetch-site", "invented")],
                &[("sec-fetch-site", "")],
                &[("origin", "https://evil.test")],
                &[("origin", "https://localhost:8081")],
                &[("origin", "http://localhost:8082")],
                &[("origin", "http://localhost:8081.evil.test")],
                &[("origin", "http://evil.localhost:8081")],
                &[("origin", "")],
                &[("origin", ISSUER), ("origin", "https://evil.test")],
                &[
                    ("origin", "https://evil.test"),
                    ("referer", "http://localhost:8081/authorize"),
                ],
            ] {
                let reply = scene.browser.submit_with(form, headers).await;
                assert_refused(&reply, 403);
            }
        }
        assert_eq!(rows(&world).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_form_of_our_own_page_is_taken_whatever_the_browser_says_of_it() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        for (number, headers) in [
            [("sec-fetch-site", "same-origin"), ("origin", "null")].as_slice(),
            &[("sec-fetch-site", "same-origin"), ("origin", ISSUER)],
            // Sent again by the person, from the address bar or after a restart.
            &[("sec-fetch-site", "none"), ("origin", "null")],
            &[("origin", ISSUER), ("referer", "https://evil.test/")],
            // Another name of the same host.
            &[
                ("origin", "http://127.0.0.1:8081"),
                ("host", "127.0.0.1:8081"),
            ],
            &[],
        ]
        .into_iter()
        .enumerate()
        {
            let asking = scene.asking().with("prompt", "consent login");
            let page = scene.browser.ask(&asking).await;
            let form = Form::of(&page, "/sign-in")
                .with("username", &scene.alice.username)
                .with("password", &scene.alice.password);
            let page = scene.browser.submit_with(&form, headers).await;
            let form = Form::of(&page, "/consent").with("decision", "allow");
            let reply = scene.browser.submit_with(&form, headers).await;
            assert_eq!(reply.status, 303, "{number}: {reply:?}");
            let page = scene.browser.get("/logout").await;
            let form = Form::of(&page, "/account/sign-out");
            let reply = scene.browser.submit_with(&form, headers).await;
            assert!(
                reply.body.contains("id=\"signed-out\""),
                "{number}: {reply:?}"
            );
        }
    })
    .await;
}

// A190
#[tokio::test]
async fn a_mark_planted_beside_the_browsers_own_makes_no_form_its_own() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        let mallory = world.person("mallory").await;
        let mut attacker = Browser::new(world.anonymous());
        let planted = every_form(&mut attacker, &asking, &mallory).await;
        scene.enter(&scene.alice.clone()).await;
        let before = rows(&world).await;
        let theirs = format!(
            "{}={}",
            mark_name(&attacker),
            attacker.cookie("__Host-browser-")
        );
        let own: Vec<String> = scene
            .browser
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let own = own.join("; ");
        // A sibling host can set a cookie of any other name, and of this name none.
        let nameless = format!("{own}; ={theirs}");
        let similar = format!("{own}; {}", theirs.replace("__Host-", "__host-"));
        let (first, last) = (format!("{theirs}; {own}"), format!("{own}; {theirs}"));
        for cookies in [&first, &last, &nameless, &similar] {
            for form in &planted {
                let fields: Vec<(&str, &str)> = form
                    .fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                let caller = world.anonymous();
                let reply = caller
                    .post(&form.action, &fields, &[("cookie", cookies)])
                    .await;
                assert_refused(&reply, 403);
            }
        }
        assert_eq!(rows(&world).await, before);
    })
    .await;
}

fn mark_name(browser: &Browser) -> &str {
    let mut names = browser.cookies.keys();
    names
        .find(|name| name.starts_with("__Host-browser-"))
        .expect("a mark")
}
