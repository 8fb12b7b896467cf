//! What an operator notes of a person, as applications are told of it: groups by their scope, and
//! what a registration maps, in the ID token and at userinfo.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::browser::{Asking, Browser};
use crate::support::everywhere;
use crate::support::forge::opened;
use crate::support::people::{Person, Service};
use crate::support::world::World;

/// An application with these claims of its own.
async fn application(world: &World, client_id: &str, own: &[(&str, &str)]) -> Service {
    world
        .client_with(
            client_id,
            "openid groups roles offline_access",
            |metadata| {
                let own = own.iter().map(|(name, source)| {
                    let source = source.parse().expect("a source");
                    ((*name).to_owned(), source)
                });
                metadata.claims = own.collect();
            },
        )
        .await
}

/// What an application is told of a person: in the ID token, and at userinfo.
async fn told(world: &World, app: &Service, person: &Person, scope: &str) -> (Value, Value) {
    let asking = Asking::of(app, scope);
    let mut browser = Browser::new(world.anonymous());
    let answer = browser.authorize(&asking, person).await;
    let tokens = app.redeem(&answer, &asking).await;
    tokens.assert_ok();
    let userinfo = app.userinfo(&tokens.text("access_token")).await.json();
    (opened(&tokens.text("id_token")).1, userinfo)
}

async fn ann(world: &World) -> Person {
    let person = world.person("ann").await;
    world
        .change_person(&world.tenant, &person, |input| {
            input.groups = vec!["staff".to_owned(), "night shift".to_owned()];
            input.attributes = BTreeMap::from([
                ("unit".to_owned(), json!({"id": 7, "path": ["a", 2.5]})),
                ("badge".to_owned(), json!("A-17")),
            ]);
        })
        .await;
    person
}

#[tokio::test]
async fn what_a_client_maps_is_in_its_id_token_and_at_userinfo_and_no_other_clients() {
    everywhere(async |world| {
        let own = [
            ("org", "attribute:unit"),
            ("https://app.test/teams", "groups"),
            ("login", "username"),
            ("shoe", "attribute:shoe_size"),
        ];
        let mapping = application(&world, "mapping", &own).await;
        let plain = application(&world, "plain", &[]).await;
        let person = ann(&world).await;
        let (id_token, userinfo) = told(&world, &mapping, &person, "openid").await;
        for claims in [&id_token, &userinfo] {
            assert_eq!(claims["org"], json!({"id": 7, "path": ["a", 2.5]}));
            let teams = &claims["https://app.test/teams"];
            assert_eq!(teams, &json!(["staff", "night shift"]));
            assert_eq!(claims["login"], "ann");
            assert!(claims.get("shoe").is_none(), "{claims}");
            assert!(claims.get("groups").is_none(), "{claims}");
        }
        let (id_token, userinfo) = told(&world, &plain, &person, "openid").await;
        assert_eq!(userinfo, json!({"sub": person.id}));
        for name in ["org", "groups", "login", "attributes", "unit", "badge"] {
            assert!(id_token.get(name).is_none(), "{name}: {id_token}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_scope_groups_opens_them_at_userinfo() {
    everywhere(async |world| {
        let app = application(&world, "app", &[]).await;
        let person = ann(&world).await;
        let (id_token, userinfo) = told(&world, &app, &person, "openid groups").await;
        assert_eq!(userinfo["groups"], json!(["staff", "night shift"]));
        assert!(id_token.get("groups").is_none(), "{id_token}");
        assert!(userinfo.get("roles").is_none(), "{userinfo}");
    })
    .await;
}

#[tokio::test]
async fn a_refreshed_id_token_tells_what_holds_now() {
    everywhere(async |world| {
        let app = application(&world, "app", &[("team", "groups")]).await;
        let person = ann(&world).await;
        let asking = Asking::of(&app, "openid offline_access");
        let mut browser = Browser::new(world.anonymous());
        let answer = browser.authorize(&asking, &person).await;
        let tokens = app.redeem(&answer, &asking).await;
        let told = |token: &str| opened(token).1["team"].clone();
        assert_eq!(
            told(&tokens.text("id_token")),
            json!(["staff", "night shift"])
        );
        world
            .change_person(&world.tenant, &person, |input| {
                input.groups = vec!["day".to_owned()];
            })
            .await;
        let refreshed = app.refresh(&tokens.text("refresh_token")).await;
        refreshed.assert_ok();
        assert_eq!(told(&refreshed.text("id_token")), json!(["day"]));
    })
    .await;
}
