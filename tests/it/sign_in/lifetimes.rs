//! How long a sign-in lasts, used and unused, remembered or not.

use users_core::config::Config;

use super::{Scene, scene};
use crate::support::World;
use crate::support::browser::{Answer, Asking, Form};
use crate::support::world::everywhere_with;

const IDLE: u64 = 100;
const WHOLE: u64 = 1000;

fn short(config: &mut Config) {
    config.sessions.idle_lifetime = 100;
    config.sessions.lifetime = 1000;
}

/// Signs alice in with or without the box ticked; the `Set-Cookie` of the session.
async fn enter(scene: &mut Scene, remembered: bool) -> String {
    let page = scene
        .browser
        .ask(&Asking::of(&scene.own, "openid").with("prompt", "login"))
        .await;
    let mut form = Form::of(&page, "/sign-in")
        .with("username", &scene.alice.username)
        .with("password", &scene.alice.password);
    if remembered {
        form = form.with("remember", "on");
    }
    let reply = scene.browser.submit(&form).await;
    Answer::of(&reply).code();
    let mut cookies = reply.headers.get_all("set-cookie").iter();
    let cookie =
        cookies.find_map(|cookie| cookie.to_str().ok().filter(|text| text.contains("sid")));
    cookie.expect("a session's cookie").to_owned()
}

async fn is_live(scene: &mut Scene) -> bool {
    scene.who().await.is_some()
}

/// Whether anything of the browser is still good: its cookie, and pages it has open.
async fn is_over(world: &World, scene: &mut Scene, consent: &Form) {
    assert!(!is_live(scene).await);
    let page = scene.browser.ask(&scene.asking()).await;
    assert!(Form::find(&page, "/sign-in").is_some(), "{page:?}");
    assert!(!page.body.contains("id=\"other-accounts\""), "{page:?}");
    let page = scene.browser.submit(consent).await;
    assert!(Form::find(&page, "/sign-in").is_some(), "{page:?}");
    assert_eq!(
        world
            .raw()
            .await
            .number("SELECT COUNT(*) FROM consents")
            .await,
        0
    );
}

async fn open_consent(scene: &mut Scene) -> Form {
    let page = scene.browser.ask(&scene.asking()).await;
    Form::of(&page, "/consent").with("decision", "allow")
}

// A204
#[tokio::test]
async fn a_sign_in_nobody_uses_is_over_when_it_says() {
    everywhere_with(short, async |world| {
        let mut scene = scene(&world).await;
        enter(&mut scene, false).await;
        let consent = open_consent(&mut scene).await;
        world.advance(IDLE);
        is_over(&world, &mut scene, &consent).await;
        // Nothing brings it back.
        world.advance(1);
        is_over(&world, &mut scene, &consent).await;
    })
    .await;
}

// A204
#[tokio::test]
async fn a_sign_in_that_is_used_goes_on_to_its_end_and_no_further() {
    everywhere_with(short, async |world| {
        let mut scene = scene(&world).await;
        enter(&mut scene, false).await;
        // Used all the time, and used just in time.
        let steps = (0..40).map(|_| 15).chain([99, 99, 99, 60]);
        let mut at = 0;
        for step in steps {
            world.advance(step);
            at += step;
            assert!(is_live(&mut scene).await, "after {at} s");
        }
        world.advance(WHOLE - 1 - at);
        assert!(is_live(&mut scene).await, "just before the end");
        let consent = open_consent(&mut scene).await;
        world.advance(1);
        is_over(&world, &mut scene, &consent).await;
    })
    .await;
}

#[tokio::test]
async fn a_very_short_sign_in_lives_while_it_is_used() {
    let shorter = |config: &mut Config| config.sessions.idle_lifetime = 10;
    everywhere_with(shorter, async |world| {
        let mut scene = scene(&world).await;
        enter(&mut scene, false).await;
        for at in 0..50 {
            world.advance(4);
            assert!(is_live(&mut scene).await, "{at}");
        }
        world.advance(10);
        assert!(!is_live(&mut scene).await);
    })
    .await;
}

// A204
#[tokio::test]
async fn a_remembered_sign_in_needs_no_use_and_has_the_same_end() {
    everywhere_with(short, async |world| {
        let mut scene = scene(&world).await;
        let cookie = enter(&mut scene, true).await;
        assert!(cookie.contains("Max-Age=1000"), "{cookie}");
        world.advance(WHOLE - 1);
        assert!(is_live(&mut scene).await);
        let consent = open_consent(&mut scene).await;
        world.advance(1);
        is_over(&world, &mut scene, &consent).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_remembered_is_what_was_ticked_last() {
    everywhere_with(short, async |world| {
        let mut scene = scene(&world).await;
        let cookie = enter(&mut scene, false).await;
        assert!(!cookie.contains("Max-Age"), "{cookie}");
        assert!(enter(&mut scene, true).await.contains("Max-Age=1000"));
        world.advance(IDLE + 1);
        assert!(is_live(&mut scene).await);
        // Signing in again without the tick takes it back.
        let cookie = enter(&mut scene, false).await;
        assert!(!cookie.contains("Max-Age"), "{cookie}");
        world.advance(IDLE);
        assert!(!is_live(&mut scene).await);
    })
    .await;
}

#[tokio::test]
async fn a_new_sign_in_begins_a_new_life() {
    everywhere_with(short, async |world| {
        let mut scene = scene(&world).await;
        enter(&mut scene, true).await;
        world.advance(WHOLE - 1);
        enter(&mut scene, true).await;
        world.advance(WHOLE - 1);
        assert!(is_live(&mut scene).await);
        world.advance(1);
        assert!(!is_live(&mut scene).await);
    })
    .await;
}

#[tokio::test]
async fn a_code_outlives_no_session() {
    everywhere_with(short, async |world| {
        let mut scene = scene(&world).await;
        enter(&mut scene, false).await;
        world.advance(WHOLE - 101);
        enter(&mut scene, false).await;
        world.advance(60);
        let asking = Asking::of(&scene.own, "openid");
        let answer = Answer::of(&scene.browser.ask(&asking).await);
        scene.own.redeem(&answer, &asking).await.assert_ok();
        world.advance(99);
        let answer = Answer::of(&scene.browser.ask(&asking).await);
        // Touched now, so it lives for another while; the end of all is far.
        world.advance(59);
        scene.own.redeem(&answer, &asking).await.assert_ok();
        world.advance(41);
        let page = scene.browser.ask(&asking).await;
        assert!(Form::find(&page, "/sign-in").is_some(), "{page:?}");
    })
    .await;
}
