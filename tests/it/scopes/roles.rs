//! Roles of a tenant's own: what they permit is what their holders may be given.

use users_core::admin::{AdminError, roles};
use users_core::model::audit_event::Actor;
use users_core::model::resource::Catalog;
use users_core::model::role::RoleInput;

use super::{ALL, first_party};
use crate::support::everywhere;
use crate::support::world::follow;

const NAMELESS: &str = "address email openid phone profile";

#[tokio::test]
async fn a_role_of_ones_own_gives_what_it_permits_and_what_speaks_of_the_person() {
    everywhere(async |world| {
        let app = world.client_with("everything", ALL, first_party).await;
        world.role("dialler", &["sip.call", "users.read"]).await;
        world.role("nothing", &[]).await;
        let asked = ALL.replace("offline_access ", "");
        for (roles, expected) in [
            (&["dialler"][..], "sip.call users.read"),
            (&["nothing"], ""),
            (&["dialler", "guest"], "account sip.call users.read"),
        ] {
            let name = format!("holder-of-{}", roles.join("-"));
            let person = world.person_of(&world.tenant, &name, roles).await;
            let reply = app.sign_in(&person, &asked).await;
            let mut expected: Vec<&str> = expected.split_whitespace().collect();
            expected.extend(NAMELESS.split(' '));
            expected.sort_unstable();
            assert_eq!(reply.text("scope"), expected.join(" "), "{roles:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_role_permits_no_more_is_gone_from_the_next_token_on_every_node() {
    everywhere(async |world| {
        let scope = "offline_access sip.call sip.register users.read";
        let app = world.client_with("app", scope, first_party).await;
        world.role("dialler", &["sip.call", "users.read"]).await;
        let person = world.person_of(&world.tenant, "dora", &["dialler"]).await;
        let (node, there) = world.second_node().await;
        let (_, deaf) = world.deaf_node().await;
        let nodes = [
            app.clone(),
            app.through(&there),
            // One that never reads the feed, and so must read rows.
            app.through(&deaf),
        ];
        let mut tokens = Vec::new();
        for app in &nodes {
            let reply = app.sign_in(&person, scope).await;
            let held = "offline_access sip.call users.read";
            assert_eq!(reply.assert_ok().text("scope"), held);
            tokens.push(reply.text("refresh_token"));
        }
        world.role("dialler", &["sip.register", "users.read"]).await;
        follow(&node).await;
        for (app, token) in nodes.iter().zip(&tokens) {
            // What was not granted then is not granted now.
            let reply = app.refresh(token).await;
            let held = "offline_access users.read";
            assert_eq!(reply.assert_ok().text("scope"), held);
            let reply = app.sign_in(&person, scope).await;
            let held = "offline_access sip.register users.read";
            assert_eq!(reply.assert_ok().text("scope"), held);
        }
    })
    .await;
}

/// What is wrong with a role.
fn problems(name: &str, description: &str, permissions: &[&str]) -> Vec<String> {
    let input = RoleInput {
        name: name.to_owned(),
        description: description.to_owned(),
        permissions: permissions.iter().map(|word| (*word).to_owned()).collect(),
    };
    let catalog = Catalog::new(Vec::new(), Vec::new());
    input.check(&catalog).err().unwrap_or_default()
}

#[test]
fn a_role_has_a_plain_name_of_its_own_and_permits_what_there_is() {
    for good in ["a", "help-desk", "l2_support.eu", &"x".repeat(64)] {
        assert_eq!(problems(good, "", &["sip.call"]), [""; 0], "{good}");
    }
    for bad in [
        "",
        "Help",
        "1st",
        "-a",
        "a b",
        "caf\u{e9}",
        "a/b",
        &"x".repeat(65),
    ] {
        let rule = "name: 1 to 64 of a-z, 0-9 and _.-, a letter first";
        assert_eq!(problems(bad, "", &[]), [rule], "{bad}");
    }
    for taken in [
        "admin",
        "user",
        "guest",
        "vendor",
        "moderator",
        "root",
        "system",
    ] {
        let said = problems(taken, "", &[]);
        let expected = format!("name: {taken:?} is not for a role of one's own");
        assert_eq!(said, [expected]);
    }
    assert_eq!(
        problems("a", &"x".repeat(256), &["openid", "sip.dance", "sip. call"]),
        [
            "description: at most 255 characters, no control characters",
            "permissions: openid is everybody's",
            "permissions: no resource has the scope \"sip.dance\"",
            "permissions: no resource has the scope \"sip. call\"",
        ]
    );
    assert_eq!(problems("a", "one\ntwo", &[]).len(), 1);
}

#[tokio::test]
async fn a_role_somebody_has_stays_and_one_nobody_has_goes() {
    everywhere(async |world| {
        let (app, tenant, actor) = (&world.app, &world.tenant, Actor::command_line());
        world.role("dialler", &["sip.call"]).await;
        let person = world.person_of(tenant, "dora", &["dialler", "user"]).await;
        let refused = roles::delete(app, &actor, tenant, "dialler").await;
        let sentence = "1 account has the role dialler; take it from them first";
        match refused {
            Err(AdminError::Refused(said)) => assert_eq!(said, sentence),
            other => panic!("{other:?}"),
        }
        for absent in ["admin", "dancer"] {
            let refused = roles::delete(app, &actor, tenant, absent).await;
            assert!(matches!(refused, Err(AdminError::Missing(_))), "{absent}");
        }
        world
            .change_person(tenant, &person, |input| {
                input.roles = vec!["user".to_owned()];
            })
            .await;
        let deleted = roles::delete(app, &actor, tenant, "dialler").await;
        deleted.expect("nobody has it");
        let again = roles::delete(app, &actor, tenant, "dialler").await;
        assert!(matches!(again, Err(AdminError::Missing(_))));
    })
    .await;
}
