//! Two tenants in one browser.

use super::{SCOPE, enter, offered, who};
use crate::support::browser::{Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::people::{Person, Service};
use crate::support::world::World;

/// A tenant's own client and its person; both are called the same at each.
async fn inhabited(world: &World, tenant: &users_core::model::tenant::Tenant) -> (Service, Person) {
    let own = world.client_of(tenant, "own", SCOPE, |metadata| metadata.first_party = true);
    (own.await, world.person_of(tenant, "alice", &["user"]).await)
}

#[tokio::test]
async fn a_browser_is_signed_in_at_each_tenant_for_itself() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let third = world.new_tenant("third").await;
        let mut places = Vec::new();
        for tenant in [&world.tenant, &second, &third] {
            places.push(inhabited(&world, tenant).await);
        }
        let mut browser = Browser::new(world.anonymous());
        for (number, (own, person)) in places.iter().enumerate() {
            assert_eq!(who(&mut browser, own).await, None, "{number}");
            enter(&mut browser, own, person).await;
            // Everybody before is still there.
            for (own, person) in &places[..=number] {
                assert_eq!(who(&mut browser, own).await.as_ref(), Some(&person.id));
            }
        }
        for (own, _) in &places {
            let page = browser
                .ask(&Asking::of(own, "openid").with("prompt", "select_account"))
                .await;
            assert_eq!(offered(&page).len(), 1, "{page:?}");
        }
        // Signing out at one is signing out at one.
        let page = browser.get("/t/second/logout").await;
        browser.submit(&Form::of(&page, "/account/sign-out")).await;
        assert_eq!(who(&mut browser, &places[1].0).await, None);
        for (own, person) in [&places[0], &places[2]] {
            assert_eq!(who(&mut browser, own).await.as_ref(), Some(&person.id));
        }
    })
    .await;
}

#[tokio::test]
async fn a_namesakes_password_signs_nobody_in_on_a_page_either() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let (_, here) = inhabited(&world, &world.tenant).await;
        let (own, _) = inhabited(&world, &second).await;
        world.person("only-here").await;
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&own, "openid")).await;
        let theirs = Person {
            password: "another one".to_owned(),
            ..here
        };
        for person in [
            theirs,
            Person {
                id: String::new(),
                username: "only-here".to_owned(),
                password: "the passphrase of only-here".to_owned(),
            },
        ] {
            let reply = browser.sign_in(&page, &person).await;
            assert_eq!(reply.status, 400, "{reply:?}");
            assert!(reply.body.contains("id=\"problem\""), "{reply:?}");
        }
        assert_eq!(who(&mut browser, &own).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_tenants_pages_lead_to_its_own_addresses() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let (own, person) = inhabited(&world, &second).await;
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&own, "openid").with("prompt", "consent");
        let sign_in = browser.ask(&asking).await;
        let consent = browser.sign_in(&sign_in, &person).await;
        let picker = browser.ask(&asking.with("prompt", "select_account")).await;
        let sign_out = browser.get("/t/second/logout").await;
        for page in [sign_in, consent, picker, sign_out] {
            let actions: Vec<&str> = page.body.split("action=\"").skip(1).collect();
            assert!(!actions.is_empty(), "{page:?}");
            for action in actions {
                assert!(action.starts_with("/t/second/"), "{action}");
            }
            assert!(page.body.contains("second"), "{page:?}");
        }
    })
    .await;
}
