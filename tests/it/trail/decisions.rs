//! Why was this request refused? Kept for a day, for the tenant it was made to.

use users_core::base::clock::Timestamp;
use users_core::storage::decisions::Decision;

use crate::support::World;
use crate::support::everywhere;
use crate::support::http::Reply;
use crate::support::rows::decision;
use crate::support::world::START;

async fn flushed(world: &World) {
    world
        .app
        .decisions
        .flush(&world.app)
        .await
        .expect("flushed");
}

/// What is known of the refusal of `reply`.
async fn why(world: &World, reply: &Reply) -> Decision {
    flushed(world).await;
    let id = reply.header("x-request-id").expect("a request id");
    let rows = world.app.store.tenant(&world.tenant.id);
    let found = rows.decision(id).await.expect("an answer");
    found.unwrap_or_else(|| panic!("nothing is known of {}", reply.body))
}

#[tokio::test]
async fn a_refusal_is_explained_by_the_id_of_its_request() {
    everywhere(async |world| {
        let app = world.client("app", "openid sip.call").await;
        let alice = world.person("alice").await;
        let found = why(&world, &app.password("alice", "wrong", "openid").await).await;
        assert_eq!((&found.route[..], found.status), ("/token", 400));
        assert_eq!(found.code, "invalid_grant");
        assert_eq!(found.description, "the username or the password is wrong");
        assert_eq!(found.cause.as_deref(), Some("the password is wrong"));
        assert_eq!(found.client_id.as_deref(), Some("app"));
        assert_eq!(found.account.as_deref(), Some(&alice.id[..]));
        assert_eq!(found.address, "127.0.0.1");
        assert_eq!(found.at, START);
        let found = why(&world, &app.password("nobody", "wrong", "openid").await).await;
        assert_eq!(found.cause.as_deref(), Some("no account has this name"));
        assert_eq!(found.account, None);
        world.set_enabled(&alice, false).await;
        let reply = app.password("alice", &alice.password, "openid").await;
        let found = why(&world, &reply).await;
        assert_eq!(found.cause.as_deref(), Some("the account is disabled"));
        let wrong = [("grant_type", "client_credentials"), ("client_id", "app")];
        let reply = world.anonymous().post("/token", &wrong, &[]).await;
        let found = why(&world, &reply).await;
        assert_eq!(found.code, "invalid_client");
        assert_eq!(
            found.cause.as_deref(),
            Some("the client did not authenticate")
        );
        assert_eq!(found.client_id.as_deref(), Some("app"));
        let reply = world.anonymous().get("/authorize?client_id=app").await;
        let found = why(&world, &reply).await;
        assert_eq!(
            (&found.route[..], &found.code[..]),
            ("/authorize", "invalid_request")
        );
        assert_eq!(found.client_id.as_deref(), Some("app"));
    })
    .await;
}

#[tokio::test]
async fn a_refused_token_says_what_became_of_it() {
    everywhere(async |world| {
        let app = world.client("app", "openid offline_access").await;
        let alice = world.person("alice").await;
        let token = app.sign_in(&alice, "openid").await.text("access_token");
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        app.revoke(&token).await;
        let reply = world.anonymous().get_with("/userinfo", &headers).await;
        let found = why(&world, &reply).await;
        assert_eq!((found.status, &found.code[..]), (401, "invalid_token"));
        assert_eq!(found.cause.as_deref(), Some("the token was revoked"));
        assert_eq!(found.account.as_deref(), Some(&alice.id[..]));
    })
    .await;
}

#[tokio::test]
async fn a_decision_belongs_to_its_tenant_and_homeless_ones_to_the_installation() {
    everywhere(async |world| {
        let other = world.new_tenant("other").await;
        let reply = world.anonymous().post("/t/other/token", &[], &[]).await;
        flushed(&world).await;
        let id = reply.header("x-request-id").expect("an id");
        let rows = world.app.store.tenant(&other.id);
        assert!(rows.decision(id).await.expect("an answer").is_some());
        let rows = world.app.store.tenant(&world.tenant.id);
        assert!(rows.decision(id).await.expect("an answer").is_none());
        for nowhere in ["/nowhere", "/t/never/token", "/t/other/nowhere"] {
            let found = why(&world, &world.anonymous().get(nowhere).await).await;
            assert!(!found.route.contains("never"), "{found:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_a_caller_typed_is_in_a_decision() {
    everywhere(async |world| {
        let app = world.client("app", "openid").await;
        let typed = "My.Secret.Passphrase";
        app.password(typed, "x", "openid").await;
        app.password("x", typed, typed).await;
        let forms = [
            [("grant_type", typed), ("client_id", "app")],
            [("grant_type", "client_credentials"), ("client_id", typed)],
        ];
        for form in forms {
            world.anonymous().post("/token", &form, &[]).await;
            app.post("/token", &form).await;
        }
        for path in [
            "/",
            "/authorize?client_id=",
            "/t/",
            "/userinfo?access_token=",
        ] {
            world.anonymous().get(&format!("{path}{typed}")).await;
        }
        let headers = [("authorization", typed), ("x-request-id", typed)];
        world.anonymous().get_with("/userinfo", &headers).await;
        flushed(&world).await;
        let rows = world.app.store.tenant(&world.tenant.id);
        let all = rows.decisions(None, 100).await.expect("a page");
        assert!(all.len() >= 9, "{}", all.len());
        let all = format!("{all:?}");
        assert!(!all.contains("Passphrase"), "{all}");
    })
    .await;
}

#[tokio::test]
async fn a_flood_is_bounded_and_hides_nobody() {
    everywhere(async |world| {
        for number in 0..200 {
            let caller = world.from(&format!("192.0.2.{}", number % 2));
            caller.post("/token", &[], &[]).await;
        }
        let victim = world.from("198.51.100.7").post("/token", &[], &[]).await;
        why(&world, &victim).await;
        let rows = world.app.store.tenant(&world.tenant.id);
        let kept = async || rows.decisions(None, 1000).await.expect("a page").len();
        assert_eq!(kept().await, 2 * 20 + 1);
        // Many networks together have a bound too.
        for number in 0..200 {
            let caller = world.from(&format!("203.0.113.{number}"));
            caller.post("/token", &[], &[]).await;
        }
        flushed(&world).await;
        assert_eq!(kept().await, 120);
        world
            .app
            .hours
            .flush(&world.app.store)
            .await
            .expect("flushed");
        let counts = rows.counters(START, START.plus_seconds(3600)).await;
        let counts = counts.expect("a list");
        let count = |name: &str| counts.iter().find(|count| count.name == name);
        let dropped = count("decisions_dropped").expect("what was dropped is counted");
        assert_eq!(dropped.count, 401 - 120);
        let refused = count("refusals.invalid_client").expect("and so is the rest");
        assert_eq!(refused.count, 401);
        // The next minute has a budget of its own.
        world.advance(60);
        why(&world, &world.anonymous().post("/token", &[], &[]).await).await;
    })
    .await;
}

#[tokio::test]
async fn decisions_stand_newest_first_and_are_gone_after_a_day() {
    everywhere(async |world| {
        let tenant = &world.tenant.id;
        let made = (0..5).map(|number| Decision {
            at: START.plus_seconds(number),
            ..decision(&format!("request-{number}"), "x")
        });
        let made = made.map(|decision| (tenant.clone(), decision)).collect();
        world.app.store.add_decisions(made).await.expect("added");
        let rows = world.app.store.tenant(tenant);
        let page = async |after| {
            let page = rows.decisions(after, 2).await.expect("a page");
            let ids = page.into_iter().map(|decision| decision.request_id);
            ids.collect::<Vec<_>>()
        };
        assert_eq!(page(None).await, ["request-4", "request-3"]);
        assert_eq!(page(Some("request-3")).await, ["request-2", "request-1"]);
        assert_eq!(page(Some("request-1")).await, ["request-0"]);
        let end = START.plus_seconds(86_400);
        let almost = Timestamp::from_millis(end.millis() - 1);
        world.app.store.reap(almost).await.expect("reaped");
        assert_eq!(page(Some("request-1")).await, ["request-0"]);
        world.app.store.reap(end).await.expect("reaped");
        assert!(page(Some("request-1")).await.is_empty());
        assert_eq!(page(None).await, ["request-4", "request-3"]);
    })
    .await;
}

#[tokio::test]
async fn what_failed_in_us_is_the_operators_business() {
    everywhere(async |world| {
        let app = world.client("app", "sip.call").await;
        let mut raw = world.raw().await;
        raw.run("UPDATE signing_keys SET private_sealed = 'broken'")
            .await;
        let (node, caller) = world.second_node().await;
        let form = [("grant_type", "client_credentials")];
        let headers = [("authorization", app.authorization())];
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let reply = caller.unguarded().post("/token", &form, &headers).await;
        assert_eq!(reply.status, 500);
        node.decisions.flush(&node).await.expect("flushed");
        let found = why(&world, &reply).await;
        assert_eq!((&found.code[..], found.cause), ("server_error", None));
    })
    .await;
}
