//! What operators do for whoever lost theirs.

use super::{Guarded, everywhere, guarded};
use crate::support::browser::{Answer, Asking, Browser};
use crate::support::smtp::{Mood, Peer};
use crate::support::world::everywhere_with;

#[tokio::test]
async fn an_administrator_takes_a_lost_factor_away_and_the_owner_is_told() {
    let peer = Peer::start().await;
    everywhere_with(
        |config| peer.configure(config),
        async |world| {
            peer.is(Mood::Takes);
            let Guarded { anna, console, .. } = guarded(&world).await;
            let admin = world.operator(&console, "root", &["admin"]).await;
            peer.deliver(&world).await;
            peer.take();
            let path = format!("/users/{}/factors", anna.id);
            let shown = admin.get(&path).await.json();
            assert_eq!(shown["recovery_codes"]["left"], 10);
            admin.delete(&path).await.assert_status(204);
            admin.delete(&path).await.assert_problem(404, "not-found");
            let told = Peer::one(peer.deliver(&world).await);
            assert!(
                told.header("subject")
                    .contains("a way to sign in was removed"),
                "{told:?}"
            );
            let asking = Asking::of(&console, "openid");
            let answer = Browser::new(world.anonymous())
                .authorize(&asking, &anna)
                .await;
            answer.code();
        },
    )
    .await;
}

#[tokio::test]
async fn nobody_takes_their_own_factor_away_as_an_administrator() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let root = world.person_of(&world.tenant, "root", &["admin"]).await;
        let bearer = world.bearer(&console, &root).await;
        world.enrol(&bearer, &root).await;
        let path = format!("/users/{}/factors", root.id);
        bearer.delete(&path).await.assert_problem(403, "forbidden");
        let there = bearer.get("/users/me/factors").await.json();
        assert!(there["totp"].is_object());
    })
    .await;
}

#[tokio::test]
async fn another_tenants_factors_are_not_there() {
    everywhere(async |world| {
        let Guarded { anna, bearer, .. } = guarded(&world).await;
        let acme = world.new_tenant("acme").await;
        let console = world.console(&acme).await;
        let root = world.person_of(&acme, "root", &["admin"]).await;
        let admin = world.bearer(&console, &root).await;
        let path = format!("/users/{}/factors", anna.id);
        admin.get(&path).await.assert_problem(404, "not-found");
        admin.delete(&path).await.assert_problem(404, "not-found");
        assert!(bearer.get("/users/me/factors").await.json()["totp"].is_object());
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&console, "openid");
        let page = browser.ask(&asking).await;
        Answer::of(&browser.sign_in(&page, &root).await).code();
    })
    .await;
}
