//! SIP scopes, which open telephones: nobody gets one by another way than the next.

use crate::support::browser::{Asking, Browser};
use crate::support::everywhere;
use crate::support::forge::opened;
use crate::support::people::Service;

const SIP: &str = "sip.call sip.message sip.presence sip.register sip.transfer";

fn has_sip(token: &str) -> bool {
    opened(token).1["scope"]
        .as_str()
        .is_some_and(|scope| scope.contains("sip"))
}

// A303
#[tokio::test]
async fn a_scope_a_person_may_not_hold_is_in_no_token() {
    everywhere(async |world| {
        let app = world
            .client("app", &format!("openid offline_access {SIP}"))
            .await;
        let guest = world.person_of(&world.tenant, "gus", &["guest"]).await;
        let asked = format!("openid offline_access {SIP}");
        let direct = app.sign_in(&guest, &asked).await;
        assert_eq!(direct.text("scope"), "offline_access openid");
        let refreshed = app.refresh(&direct.text("refresh_token")).await;
        assert_eq!(refreshed.text("scope"), "offline_access openid");
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&app, &asked);
        let answer = browser.authorize(&asking, &guest).await;
        let redeemed = app.redeem(&answer, &asking).await;
        assert_eq!(redeemed.assert_ok().text("scope"), "offline_access openid");
        // Asked for again, it is not more than was granted.
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &*redeemed.text("refresh_token")),
            ("scope", "openid sip.register"),
        ];
        let wider = app.post("/token", &form).await;
        wider.assert_error(400, "invalid_scope");
        for reply in [&direct, &refreshed, &redeemed] {
            assert!(!has_sip(&reply.text("access_token")));
        }
        let key = world.key(&guest, "everything", &["*"]).await;
        for scope in [SIP, "sip.register"] {
            key.client()
                .client_credentials(scope)
                .await
                .assert_error(400, "invalid_scope");
        }
        let reply = key
            .client()
            .client_credentials("users.read sip.register")
            .await;
        assert_eq!(reply.text("scope"), "users.read");
        // Taken away, it is in no later token.
        let anna = world.person("anna").await;
        let first = app.sign_in(&anna, &asked).await;
        let phone = world.key(&anna, "phone", &["sip.register"]).await;
        assert!(has_sip(&first.text("access_token")));
        assert!(has_sip(&phone.token("sip.register").await));
        world
            .change_person(&world.tenant, &anna, |input| {
                input.roles = vec!["guest".to_owned()];
            })
            .await;
        let later = app.refresh(&first.text("refresh_token")).await;
        assert!(!has_sip(&later.text("access_token")));
        phone
            .client()
            .client_credentials("sip.register")
            .await
            .assert_error(400, "invalid_scope");
    })
    .await;
}

// A304
#[tokio::test]
async fn a_scope_of_the_client_or_of_the_person_alone_is_not_granted() {
    everywhere(async |world| {
        let without = world.client("without", "openid sip.call").await;
        let with = world.client("with", "openid sip.call sip.register").await;
        let anna = world.person("anna").await;
        let guest = world.person_of(&world.tenant, "gus", &["guest"]).await;
        let asked = "openid sip.register";
        // The person's and not the client's: refused, by every way.
        let form = |service: &Service| {
            let asking = Asking::of(service, asked);
            (service.clone(), asking)
        };
        let reply = without.password("anna", &anna.password, asked).await;
        reply.assert_error(400, "invalid_scope");
        without
            .client_credentials("sip.register")
            .await
            .assert_error(400, "invalid_scope");
        let mut browser = Browser::new(world.anonymous());
        let (_, asking) = form(&without);
        let answer = crate::support::browser::Answer::of(&browser.ask(&asking).await);
        answer.assert_error("invalid_scope");
        // The client's and not the person's: not granted, by every way.
        let reply = with.sign_in(&guest, asked).await;
        assert_eq!(reply.text("scope"), "openid");
        let (with, asking) = form(&with);
        let answer = browser.authorize(&asking, &guest).await;
        let reply = with.redeem(&answer, &asking).await;
        assert_eq!(reply.assert_ok().text("scope"), "openid");
        // Both: granted.
        let reply = with.sign_in(&anna, asked).await;
        assert_eq!(reply.text("scope"), asked);
        // A key is the client and its owner the person.
        let key = world.key(&anna, "calls", &["sip.call"]).await;
        key.client()
            .client_credentials("sip.register")
            .await
            .assert_error(400, "invalid_scope");
        key.client()
            .client_credentials("sip.call")
            .await
            .assert_ok();
    })
    .await;
}

// A305
#[tokio::test]
async fn no_spelling_near_a_scope_is_the_scope() {
    everywhere(async |world| {
        let app = world.client("app", "sip.call").await;
        let anna = world.person("anna").await;
        let key = world.key(&anna, "key", &["sip.call"]).await;
        let all = world.key(&anna, "all", &["*"]).await;
        for near in [
            "sip.callx",
            "sip.cal",
            "SIP.CALL",
            "Sip.call",
            "sip:call",
            "sip.*",
            "sip",
            "*",
            "sip.call,sip.register",
            "sip.call/",
            "%73ip.call",
            "sip.call\t",
        ] {
            for service in [app.clone(), key.client(), all.client()] {
                let reply = service.client_credentials(near).await;
                reply.assert_error(400, "invalid_scope");
            }
            let reply = app.password("anna", &anna.password, near).await;
            reply.assert_error(400, "invalid_scope");
        }
        for service in [app.clone(), key.client(), all.client()] {
            let reply = service.client_credentials("sip.call sip.call").await;
            assert_eq!(reply.assert_ok().text("scope"), "sip.call");
        }
    })
    .await;
}
