//! What a direct login began: how it goes on, and how it ends.

use serde_json::json;

use super::{bearer, login, post, refresh, try_login};
use crate::support::bearer::Bearer;
use crate::support::forge::opened;
use crate::support::people::Service;
use crate::support::{World, everywhere};

#[tokio::test]
async fn a_refresh_token_rotates_and_its_replay_ends_everything() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let rs = world.client("rs", "token.introspect").await;
        let first = login(&world, &alice).await.text("refresh_token");
        let second = refresh(&world, &first).await;
        second.assert_ok();
        assert_ne!(second.text("refresh_token"), first);
        assert_eq!(second.json()["expires_in"], 900);
        // A lost answer: the same successor again.
        let again = refresh(&world, &first).await;
        assert_eq!(again.text("refresh_token"), second.text("refresh_token"));
        world.advance(11);
        refresh(&world, &first)
            .await
            .assert_problem(401, "unauthenticated");
        refresh(&world, &second.text("refresh_token"))
            .await
            .assert_status(401);
        rs.introspect(&second.text("access_token"))
            .await
            .assert_inactive();
        let kinds = world.audit().await.into_iter().map(|row| row.kind);
        assert!(
            kinds
                .collect::<Vec<_>>()
                .contains(&"refresh.replay".to_owned())
        );
    })
    .await;
}

#[tokio::test]
async fn only_what_a_door_gave_is_refreshed_there() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let app = world
            .client_with("app", "openid sip.register", |metadata| {
                metadata.refresh_without_offline_access = true;
            })
            .await;
        let foreign = app
            .sign_in(&alice, "sip.register")
            .await
            .text("refresh_token");
        let own = login(&world, &alice).await;
        for token in [
            foreign.as_str(),
            &own.text("access_token"),
            "",
            "uc_rt_",
            "a.b.c",
            &"x".repeat(5000),
        ] {
            let reply = refresh(&world, token).await;
            reply.assert_problem(401, "unauthenticated");
            assert!(reply.header("www-authenticate").is_some());
        }
        // Neither of them was harmed.
        app.refresh(&foreign).await.assert_ok();
        refresh(&world, &own.text("refresh_token"))
            .await
            .assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_refresh_finds_the_tenant_by_its_token() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let eve = world.person_of(&second, "eve", &["user"]).await;
        world.person("eve").await;
        for named in [&second.id, &second.slug] {
            let body = json!({ "identifier": "eve", "password": eve.password, "tenant_id": named });
            let reply = post(world.anonymous(), "/auth/login", &body).await;
            reply.assert_ok();
            let claims = opened(&reply.text("access_token")).1;
            assert_eq!(claims["iss"], second.issuer.as_str());
            assert_eq!(claims["tenant_id"], second.id.as_str());
            assert_eq!(claims["sub"], eve.id.as_str());
            let next = refresh(&world, &reply.text("refresh_token")).await;
            let claims = opened(&next.text("access_token")).1;
            assert_eq!(claims["iss"], second.issuer.as_str());
            let bearer = Bearer::new(world.anonymous(), &next.text("access_token"), &eve.id);
            assert_eq!(
                bearer.get("/users/me").await.json()["tenant_id"],
                second.id.as_str()
            );
        }
        for nobody in [
            "third",
            "",
            "Second",
            "00000000-0000-4000-8000-000000000000",
        ] {
            let body =
                json!({ "identifier": "eve", "password": eve.password, "tenant_id": nobody });
            let reply = post(world.anonymous(), "/auth/login", &body).await;
            reply.assert_problem(401, "unauthenticated");
        }
        // In the address, another tenant is for administrators of the installation.
        let body = json!({ "identifier": "eve", "password": eve.password });
        let reply = post(world.anonymous(), "/auth/login?tenant=second", &body).await;
        reply.assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn logging_out_ends_this_session_or_all_at_once() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let rs = world.client("rs", "token.introspect").await;
        let logins = [
            login(&world, &alice).await,
            login(&world, &alice).await,
            login(&world, &alice).await,
        ];
        let [first, second, third] = logins.map(|reply| {
            let token = reply.text("access_token");
            (Bearer::new(world.anonymous(), &token, &alice.id), reply)
        });
        first
            .0
            .post("/auth/logout", &json!(null))
            .await
            .assert_status(204);
        rs.introspect(&first.0.token).await.assert_inactive();
        refresh(&world, &first.1.text("refresh_token"))
            .await
            .assert_status(401);
        first
            .0
            .post("/auth/logout", &json!(null))
            .await
            .assert_problem(401, "unauthenticated");
        assert!(Service::is_active(&rs.introspect(&second.0.token).await));
        let app = world
            .client("app", "openid offline_access sip.register")
            .await;
        let offline = app.sign_in(&alice, "offline_access sip.register").await;
        second
            .0
            .post("/auth/logout?all=true", &json!(null))
            .await
            .assert_status(204);
        for token in [
            &second.0.token,
            &third.0.token,
            &offline.text("access_token"),
        ] {
            rs.introspect(token).await.assert_inactive();
        }
        app.refresh(&offline.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        // A new one in the same second lives.
        let bearer = bearer(&world, &alice).await;
        bearer.get("/users/me").await.assert_ok();
        let reply = bearer.post("/auth/logout?all=perhaps", &json!(null)).await;
        reply.assert_problem(400, "malformed");
        let reply = bearer
            .post("/auth/logout?everything=true", &json!(null))
            .await;
        reply.assert_problem(400, "malformed");
    })
    .await;
}

#[tokio::test]
async fn being_remembered_lengthens_the_session_and_no_access_token() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let usual = login(&world, &alice).await;
        let body =
            json!({ "identifier": "alice", "password": alice.password, "remember_me": true });
        let remembered = post(world.anonymous(), "/auth/login", &body).await;
        assert_eq!(remembered.json()["expires_in"], usual.json()["expires_in"]);
        // Used once in a while, so that neither lies idle.
        let (mut usual, mut remembered) = (
            usual.text("refresh_token"),
            remembered.text("refresh_token"),
        );
        world.advance(29 * 86_400);
        usual = refresh(&world, &usual).await.text("refresh_token");
        remembered = refresh(&world, &remembered).await.text("refresh_token");
        world.advance(2 * 86_400);
        refresh(&world, &usual).await.assert_status(401);
        for _ in 0..2 {
            remembered = refresh(&world, &remembered).await.text("refresh_token");
            world.advance(25 * 86_400);
        }
        remembered = refresh(&world, &remembered).await.text("refresh_token");
        world.advance(10 * 86_400);
        refresh(&world, &remembered).await.assert_status(401);
    })
    .await;
}

#[tokio::test]
async fn an_account_knows_when_it_last_signed_in() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let last = async |world: &World| {
            let rows = world.app.store.tenant(&world.tenant.id);
            let user = rows
                .user(&alice.id)
                .await
                .expect("an answer")
                .expect("alice");
            user.last_login_at
        };
        assert_eq!(last(&world).await, None);
        try_login(&world, "alice", "not the passphrase")
            .await
            .assert_status(401);
        assert_eq!(last(&world).await, None);
        login(&world, &alice).await;
        assert_eq!(last(&world).await, Some(world.app.clock.now()));
        world.advance(60);
        let token = login(&world, &alice).await.text("refresh_token");
        let then = world.app.clock.now();
        world.advance(60);
        refresh(&world, &token).await.assert_ok();
        assert_eq!(last(&world).await, Some(then), "a refresh is no login");
    })
    .await;
}
