//! A deleted tenant, and another under its name: the second knows nothing of the first.

use users_core::admin::{AdminError, tenants, users};
use users_core::model::audit_event::Actor;

use super::{FORMATS, SCOPE, Twins};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::http::Caller;
use crate::support::people::Service;
use crate::support::world::{REDIRECT, follow};
use crate::support::{World, everywhere};

/// What the first tenant gave away, still with its holders.
struct Relics {
    old: Service,
    access: String,
    own: String,
    refresh: String,
    answer: Answer,
    asking: Asking,
    /// Of the page, sealed for the tenant.
    form: Form,
    browser: Browser,
    id_token: String,
}

async fn relics(world: &World, twins: &Twins) -> Relics {
    let old = twins.there.clone();
    let tokens = old.sign_in(&twins.alice_there, SCOPE).await;
    let mut browser = Browser::new(world.anonymous());
    let asking = Asking::of(&old, "openid offline_access");
    let form = Form::of(&browser.ask(&asking).await, "/sign-in");
    let answer = browser.authorize(&asking, &twins.alice_there).await;
    Relics {
        access: tokens.text("access_token"),
        id_token: tokens.text("id_token"),
        refresh: tokens.text("refresh_token"),
        own: old
            .client_credentials("sip.register")
            .await
            .text("access_token"),
        answer,
        asking,
        form,
        browser,
        old,
    }
}

impl Relics {
    /// Everything is tried on one node; whatever stands at the old address, it accepts nothing.
    async fn assert_dead(&self, caller: &Caller, namesake: Option<&Service>) {
        let old = self.old.through(caller);
        let (unknown, client) = match namesake {
            None => (404, "not_found"),
            Some(_) => (401, "invalid_client"),
        };
        old.client_credentials("sip.register")
            .await
            .assert_error(unknown, client);
        old.refresh(&self.refresh)
            .await
            .assert_error(unknown, client);
        old.redeem(&self.answer, &self.asking)
            .await
            .assert_error(unknown, client);
        for token in [&self.access, &self.own] {
            let reply = old.userinfo(token).await;
            assert!(matches!(reply.status.as_u16(), 401 | 404), "{reply:?}");
        }
        let mut browser = self.browser.through(caller);
        let form = self
            .form
            .clone()
            .with("username", "alice")
            .with("password", "x");
        let reply = browser.submit(&form).await;
        assert!(matches!(reply.status.as_u16(), 403 | 404), "{reply:?}");
        let Some(namesake) = namesake else { return };
        let namesake = namesake.through(caller);
        for token in [&self.access, &self.own, &self.refresh] {
            namesake.introspect(token).await.assert_inactive();
        }
        namesake
            .refresh(&self.refresh)
            .await
            .assert_error(400, "invalid_grant");
        namesake
            .redeem(&self.answer, &self.asking)
            .await
            .assert_error(400, "invalid_grant");
        // The cookie of before signs nobody in, and nothing that was allowed is.
        let mut browser = self.browser.through(caller);
        let asking = Asking::of(&namesake, "openid").with("prompt", "none");
        Answer::of(&browser.ask(&asking).await).assert_error("login_required");
        let hint = asking
            .with("prompt", "login")
            .with("id_token_hint", &self.id_token);
        let reply = browser.ask(&hint).await;
        assert!(
            Form::find(&reply, "/sign-in").is_some() || reply.status == 303,
            "{reply:?}"
        );
        assert!(!reply.body.contains("alice"), "{reply:?}");
    }
}

// A312
#[tokio::test]
async fn a_tenant_of_the_same_slug_inherits_nothing_on_any_node() {
    for format in FORMATS {
        everywhere(async |world| {
            let twins = Twins::with(&world, format).await;
            let (node, there) = world.second_node().await;
            let (_, deaf) = world.deaf_node().await;
            let callers = [world.anonymous().clone(), there, deaf];
            let relics = relics(&world, &twins).await;
            for caller in &callers {
                // Remembered by every node, so that there is something to forget.
                relics
                    .old
                    .through(caller)
                    .userinfo(&relics.access)
                    .await
                    .assert_ok();
            }
            world.delete_tenant(&twins.second).await;
            follow(&node).await;
            for caller in &callers {
                relics.assert_dead(caller, None).await;
            }
            // The slug is free at once, before anything was tidied away.
            let namesake = world.new_tenant("second").await;
            assert_ne!(namesake.id, twins.second.id);
            let app = world.client_of(&namesake, "app", SCOPE, format).await;
            let alice = world.person_of(&namesake, "alice", &["user"]).await;
            assert_ne!(alice.id, twins.alice_there.id);
            follow(&node).await;
            for caller in &callers {
                relics.assert_dead(caller, Some(&app)).await;
                let fresh = app.through(caller).sign_in(&alice, SCOPE).await;
                let access = fresh.text("access_token");
                assert!(Service::is_active(
                    &app.through(caller).introspect(&access).await
                ));
            }
            purge(&world).await;
            for caller in &callers {
                relics.assert_dead(caller, Some(&app)).await;
                app.through(caller).sign_in(&alice, SCOPE).await;
                twins
                    .here
                    .through(caller)
                    .sign_in(&twins.alice_here, SCOPE)
                    .await;
            }
        })
        .await;
    }
}

/// Removes all that deleted tenants left behind.
async fn purge(world: &World) {
    while world.app.store.has_purge().await.expect("an answer") {
        world
            .app
            .store
            .purge(world.clock.now())
            .await
            .expect("purged");
    }
}

// A312
#[tokio::test]
async fn a_deleted_account_and_its_namesake_share_nothing() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let first = twins.here.sign_in(&twins.alice_here, SCOPE).await;
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&twins.here, "openid");
        let answer = browser.authorize(&asking, &twins.alice_here).await;
        world.delete_person(&twins.alice_here).await;
        let namesake = world.person("alice").await;
        assert_ne!(namesake.id, twins.alice_here.id);
        let access = first.text("access_token");
        twins.here.introspect(&access).await.assert_inactive();
        twins
            .here
            .userinfo(&access)
            .await
            .assert_error(401, "invalid_token");
        let refresh = first.text("refresh_token");
        twins
            .here
            .refresh(&refresh)
            .await
            .assert_error(400, "invalid_grant");
        twins
            .here
            .redeem(&answer, &asking)
            .await
            .assert_error(400, "invalid_grant");
        let page = browser.ask(&asking).await;
        let consent = browser.sign_in(&page, &namesake).await;
        assert!(
            Form::find(&consent, "/consent").is_some(),
            "what the first allowed is not allowed"
        );
    })
    .await;
}

#[tokio::test]
async fn a_deleted_tenant_is_in_no_list_and_its_names_are_free() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let named = world.change_tenant(&second, |input| {
            input.domain = Some("acme.test".to_owned());
            input.issuer = Some("https://login.acme.test".to_owned());
        });
        let named = named.await.expect("changed");
        world.delete_tenant(&named).await;
        let (store, base) = (&world.app.store, &world.app.config.issuer);
        let all = store.tenants(base, "", 10).await.expect("a list");
        assert_eq!(
            all.iter().map(|tenant| &*tenant.slug).collect::<Vec<_>>(),
            ["default"]
        );
        for name in ["second", &second.id, &format!("deleted:{}", second.id)] {
            let found = tenants::find(&world.app, name).await;
            assert!(matches!(found, Err(AdminError::Missing(_))), "{name}");
        }
        let directory = &world.app.directory;
        assert!(
            directory
                .tenant_by_id(&second.id)
                .await
                .expect("an answer")
                .is_none()
        );
        assert!(
            directory
                .tenant_by_issuer(&named.issuer)
                .await
                .expect("an answer")
                .is_none()
        );
        let third = world.new_tenant("third").await;
        let third = world.change_tenant(&third, |input| {
            input.domain = Some("acme.test".to_owned());
            input.issuer = Some("https://login.acme.test".to_owned());
            input.slug = "second".to_owned();
        });
        third.await.expect("all three are free");
        // Again is too late.
        let again = tenants::delete(&world.app, &Actor::command_line(), &second).await;
        assert!(matches!(again, Err(AdminError::Missing(_))), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn the_default_tenant_is_never_deleted() {
    everywhere(async |world| {
        let before = world.raw().await.rows_of(&world.tenant.id).await;
        let refused = tenants::delete(&world.app, &Actor::command_line(), &world.tenant).await;
        assert!(
            matches!(refused, Err(AdminError::Refused(_))),
            "{refused:?}"
        );
        assert_eq!(world.raw().await.rows_of(&world.tenant.id).await, before);
        for change in [
            |input: &mut tenants::TenantInput| input.slug = "other".to_owned(),
            |input: &mut tenants::TenantInput| input.enabled = false,
            |input: &mut tenants::TenantInput| input.issuer = Some("https://a.test".to_owned()),
        ] {
            let refused = world.change_tenant(&world.tenant, change).await;
            assert!(
                matches!(refused, Err(AdminError::Invalid(_))),
                "{refused:?}"
            );
        }
        let second = world.new_tenant("second").await;
        let usurped = world.change_tenant(&second, |input| input.slug = "default".to_owned());
        assert!(matches!(usurped.await, Err(AdminError::Invalid(_))));
    })
    .await;
}

#[tokio::test]
async fn the_private_keys_go_at_once_and_the_trail_stays() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        world.advance(1);
        world.delete_tenant(&twins.second).await;
        purge(&world).await;
        let rows = world.app.store.tenant(&twins.second.id);
        let keys = rows.signing_keys().await.expect("keys");
        assert!(!keys.is_empty(), "public keys prove the trail");
        assert!(keys.iter().all(|key| key.private_sealed.is_none()));
        let trail = rows.recent_audit(100).await.expect("a trail");
        assert_eq!(trail[0].kind, "tenant.deleted");
        assert!(trail.iter().any(|row| row.kind == "user.created"));
        // Whoever administers the installation sees it in their own.
        let own = world.audit().await;
        assert_eq!(own[0].kind, "tenant.deleted");
        assert_eq!(own[0].subject.as_deref(), Some("second"));
        assert!(own[0].detail.contains(&twins.second.id));
    })
    .await;
}

#[tokio::test]
async fn what_was_under_way_when_the_tenant_went_ends_nowhere() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let (_, deaf) = world.deaf_node().await;
        let first = twins.there.sign_in(&twins.alice_there, SCOPE).await;
        world.delete_tenant(&twins.second).await;
        // Accounts and clients cannot be made of it any more, whoever still holds it in hand.
        purge(&world).await;
        let input = users_core::model::user::UserInput {
            username: "late".to_owned(),
            enabled: true,
            ..users_core::model::user::UserInput::default()
        };
        let actor = Actor::command_line();
        users::create(&world.app, &actor, &twins.second, input, None)
            .await
            .expect_err("an account of nobody");
        let late = twins.there.through(&deaf);
        late.refresh(&first.text("refresh_token"))
            .await
            .assert_error(404, "not_found");
        let form = [("client_id", "app"), ("redirect_uri", REDIRECT)];
        let reply = deaf.post("/t/second/authorize", &form, &[]).await;
        reply.assert_error(404, "not_found");
    })
    .await;
}
