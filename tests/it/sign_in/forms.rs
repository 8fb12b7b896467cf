//! Forms that come late, twice, elsewhere, or in another shape.

use super::{Scene, assert_refused, every_form, rows, scene, way_on};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::everywhere;

/// How long a page may lie open, in seconds.
const LIFETIME: u64 = 3600;

#[tokio::test]
async fn a_page_that_lay_open_too_long_does_nothing_and_says_how_to_go_on() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        let forms = every_form(&mut scene.browser, &asking, &scene.alice).await;
        world.advance(LIFETIME);
        let before = rows(&world).await;
        for form in &forms {
            let reply = scene.browser.submit(form).await;
            assert_refused(&reply, 400);
            let link = way_on(&reply);
            let action = if form.action.ends_with("sign-out") {
                "/logout?"
            } else {
                "/authorize?"
            };
            assert!(link.starts_with(action), "{link}");
            // The same is asked anew, with nothing forgotten.
            if action == "/authorize?" {
                let sent =
                    serde_urlencoded::from_str::<Vec<(String, String)>>(&link[action.len()..]);
                let sent = sent.expect("a query");
                for parameter in &asking.params {
                    assert!(sent.contains(parameter), "{parameter:?} in {link}");
                }
            }
            assert_eq!(scene.browser.clone().get(&link).await.status, 200);
        }
        assert_eq!(rows(&world).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_page_is_good_until_its_time_is_over() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        let forms = every_form(&mut scene.browser, &asking, &scene.alice).await;
        world.advance(LIFETIME - 1);
        for form in &forms {
            let reply = scene.browser.submit(form).await;
            assert!([200, 303].contains(&reply.status.as_u16()), "{reply:?}");
        }
        assert_eq!(scene.who().await, None);
    })
    .await;
}

#[tokio::test]
async fn pages_lead_to_one_code_and_used_again_to_none() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        let page = scene.browser.ask(&asking).await;
        let page = scene.browser.sign_in(&page, &scene.alice).await;
        let allow = Form::of(&page, "/consent").with("decision", "allow");
        Answer::of(&scene.browser.submit(&allow).await).code();
        let before = rows(&world).await;
        for _ in 0..3 {
            let reply = scene.browser.submit(&allow).await;
            assert_refused(&reply, 400);
            assert!(way_on(&reply).starts_with("/authorize?"), "{reply:?}");
        }
        assert_eq!(rows(&world).await, before, "a used form changed something");
    })
    .await;
}

#[tokio::test]
async fn every_way_through_the_same_pages_spends_the_same_code() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let asking = scene.asking().with("prompt", "select_account");
        let picker = scene.browser.ask(&asking).await;
        let choose = Form::of(&picker, "/select-account").with("session", &offered_first(&picker));
        let consent = scene.browser.submit(&choose).await;
        let twin = scene.browser.submit(&choose).await;
        Answer::of(&scene.browser.decide(&consent, "allow").await).code();
        // Seals made from one another are one transaction.
        assert_refused(&scene.browser.decide(&twin, "allow").await, 400);
        assert_refused(&scene.browser.submit(&choose).await, 400);
        assert_eq!(scene.who().await, Some(scene.alice.id.clone()));
    })
    .await;
}

fn offered_first(page: &crate::support::Reply) -> String {
    super::offered(page)[0].clone()
}

#[tokio::test]
async fn signing_in_again_on_a_used_page_gives_no_code_and_signs_nobody_out() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let page = scene.browser.ask(&Asking::of(&scene.own, "openid")).await;
        Answer::of(&scene.browser.sign_in(&page, &scene.alice).await).code();
        let reply = scene.browser.sign_in(&page, &scene.alice).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.body.contains("id=\"error\""), "{reply:?}");
        assert_eq!(scene.who().await, Some(scene.alice.id.clone()));
    })
    .await;
}

#[tokio::test]
async fn a_form_is_good_at_its_own_tenant_only() {
    everywhere(async |world| {
        let Scene {
            app,
            alice,
            mut browser,
            ..
        } = scene(&world).await;
        let second = world.new_tenant("second").await;
        let app2 = world.client_of(&second, "app", super::SCOPE, |_| {}).await;
        let alice2 = world.person_of(&second, "alice", &["user"]).await;
        let here = every_form(&mut browser, &Asking::of(&app, "openid"), &alice).await;
        let there = every_form(&mut browser, &Asking::of(&app2, "openid"), &alice2).await;
        let mut raw = world.raw().await;
        let before = (
            raw.rows_of(&world.tenant.id).await,
            raw.rows_of(&second.id).await,
        );
        for (form, other) in here.iter().zip(&there) {
            for (form, action) in [(form, &other.action), (other, &form.action)] {
                let moved = Form {
                    action: action.clone(),
                    ..form.clone()
                };
                assert_refused(&browser.submit(&moved).await, 403);
            }
        }
        let after = (
            raw.rows_of(&world.tenant.id).await,
            raw.rows_of(&second.id).await,
        );
        assert_eq!(after, before);
    })
    .await;
}

#[tokio::test]
async fn a_form_is_a_post_of_one_type_with_nothing_twice_and_nothing_in_the_address() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        let forms = every_form(&mut scene.browser, &asking, &scene.alice).await;
        let before = rows(&world).await;
        for form in &forms {
            let query = serde_urlencoded::to_string(&form.fields).expect("a query");
            let in_address = format!("{}?{query}", form.action);
            let reply = scene.browser.get(&in_address).await;
            reply.assert_error(405, "invalid_request");
            assert_refused(&scene.browser.post(&in_address, &[]).await, 400);
            let cookies: Vec<String> = scene
                .browser
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let cookies = cookies.join("; ");
            let headers = [("cookie", cookies.as_str())];
            for content_type in [
                "application/json",
                "text/plain",
                "multipart/form-data; boundary=x",
            ] {
                let caller = world.anonymous();
                let reply = caller
                    .post_raw(&form.action, content_type, query.clone(), &headers)
                    .await;
                assert_refused(&reply, 400);
            }
            let twice = format!("{query}&{query}");
            let urlencoded = "application/x-www-form-urlencoded";
            let caller = world.anonymous();
            let reply = caller
                .post_raw(&form.action, urlencoded, twice, &headers)
                .await;
            assert_refused(&reply, 400);
        }
        assert_eq!(rows(&world).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_form_whose_client_or_address_is_gone_leads_nowhere() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        let forms = every_form(&mut scene.browser, &asking, &scene.alice).await;
        for deed in ["address", "client"] {
            match deed {
                "address" => {
                    let moved =
                        |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
                            metadata.redirect_uris = vec!["https://moved.example.test/".to_owned()];
                        };
                    world.change_client(&world.tenant, "app", true, moved).await;
                }
                _ => {
                    world
                        .change_client(&world.tenant, "app", false, |_| {})
                        .await;
                }
            }
            for form in &forms[..3] {
                assert_refused(&scene.browser.submit(form).await, 400);
            }
        }
        // A browser that was not asked anything by it either.
        let reply = Browser::new(world.anonymous()).ask(&asking).await;
        assert_refused(&reply, 400);
    })
    .await;
}
