//! `/sessions`: who is signed in, as managers see and end it.

use serde_json::{Value, json};

use crate::support::everywhere;
use crate::support::people::Service;
use crate::support::world::follow;

const LASTING: &str = "openid offline_access account";

fn ids(entries: &[Value]) -> Vec<String> {
    let id = |entry: &Value| entry["id"].as_str().expect("an id").to_owned();
    entries.iter().map(id).collect()
}

#[tokio::test]
async fn live_sessions_are_listed_newest_first_page_by_page() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let app = world
            .client("app", LASTING.trim_end_matches(" account"))
            .await;
        let (anna, bob) = (world.person("anna").await, world.person("bob").await);
        for person in [&anna, &bob, &anna, &anna] {
            world.advance(1);
            app.sign_in(person, "openid").await;
        }
        let admin = world.operator(&console, "root", &["admin"]).await;
        let everybody = admin.walk("/sessions").await;
        let of = |entry: &Value| entry["user_id"].as_str().expect("an account").to_owned();
        let owners: Vec<String> = everybody.iter().map(of).collect();
        // The administrator's own is as young as the last one.
        let (mine, others): (Vec<_>, Vec<_>) = owners.into_iter().partition(|id| *id == admin.id);
        assert_eq!(mine.len(), 1);
        assert_eq!(
            others,
            [&anna.id, &anna.id, &bob.id, &anna.id].map(String::clone)
        );
        assert_eq!(ids(&admin.walk("/sessions?limit=1").await), ids(&everybody));
        let of_anna = admin
            .walk(&format!("/users/{}/sessions?limit=2", anna.id))
            .await;
        assert_eq!(of_anna.len(), 3);
        let entry = &of_anna[0];
        assert_eq!(entry["client_id"], "app");
        assert_eq!(entry["address"], "127.0.0.1");
        assert_eq!(entry["device"], "Unknown");
        assert_eq!(entry["methods"], json!(["pwd"]));
        assert_eq!(entry["current"], false);
        let one = admin.get(&format!("/sessions/{}", ids(&of_anna)[0])).await;
        assert_eq!(&one.assert_ok().json(), entry);
        // What is over is not there any more.
        world.advance(86_400 * 31);
        let admin = world.bearer(&console, &world_person(&admin.id)).await;
        assert_eq!(admin.walk("/sessions").await.len(), 1);
        let gone = admin.get(&format!("/sessions/{}", ids(&of_anna)[0])).await;
        gone.assert_problem(404, "not-found");
    })
    .await;
}

fn world_person(id: &str) -> crate::support::people::Person {
    crate::support::people::Person {
        id: id.to_owned(),
        username: "root".to_owned(),
        password: "the passphrase of root".to_owned(),
    }
}

// A205
#[tokio::test]
async fn a_session_that_is_ended_is_dead_with_all_it_gave_on_every_node() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let app = world
            .client_with("app", LASTING, |metadata| metadata.first_party = true)
            .await;
        let (node, other) = world.second_node().await;
        let anna = world.person("anna").await;
        let (first, second) = (
            app.sign_in(&anna, LASTING).await,
            app.sign_in(&anna, LASTING).await,
        );
        let moderator = world.operator(&console, "mod", &["moderator"]).await;
        let sid = crate::support::forge::opened(&first.text("access_token")).1["sid"].clone();
        let path = format!("/sessions/{}", sid.as_str().expect("a session"));
        moderator.delete(&path).await.assert_status(204);
        moderator
            .delete(&path)
            .await
            .assert_problem(404, "not-found");
        follow(&node).await;
        for app in [&app, &app.through(&other)] {
            app.introspect(&first.text("access_token"))
                .await
                .assert_inactive();
            app.refresh(&first.text("refresh_token"))
                .await
                .assert_error(400, "invalid_grant");
            let goes_on = app.introspect(&second.text("access_token")).await;
            assert!(Service::is_active(&goes_on));
        }
        let all = format!("/users/{}/sessions", anna.id);
        moderator.delete(&all).await.assert_status(204);
        follow(&node).await;
        for app in [&app, &app.through(&other)] {
            app.introspect(&second.text("access_token"))
                .await
                .assert_inactive();
        }
        assert_eq!(moderator.walk(&all).await, Vec::<Value>::new());
        let trail = world.audit().await;
        let ended: Vec<_> = trail
            .iter()
            .filter(|row| row.kind == "session.ended")
            .collect();
        assert_eq!(ended.len(), 2);
        for row in ended {
            assert_eq!(row.actor.as_deref(), Some(moderator.id.as_str()));
            assert_eq!(row.subject.as_deref(), Some(anna.id.as_str()));
        }
        // Nothing to end is nothing to write down.
        moderator.delete(&all).await.assert_status(204);
        assert_eq!(world.audit().await.len(), trail.len());
    })
    .await;
}

#[tokio::test]
async fn sessions_are_ended_by_whoever_may_manage_the_account() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let admin = world.operator(&console, "root", &["admin"]).await;
        let moderator = world.operator(&console, "mod", &["moderator"]).await;
        let guest = world.operator(&console, "guest", &["guest"]).await;
        let user = world.operator(&console, "user", &["user"]).await;
        let of_admin = format!("/users/{}/sessions", admin.id);
        let sid = ids(&admin.walk(&of_admin).await).remove(0);
        for path in [of_admin.as_str(), &format!("/sessions/{sid}")] {
            for caller in [&moderator, &guest, &user] {
                let refused = caller.delete(path).await;
                refused.assert_problem(403, "forbidden");
            }
            guest.get(path).await.assert_ok();
            user.get(path).await.assert_problem(403, "forbidden");
        }
        user.get("/sessions").await.assert_problem(403, "forbidden");
        admin.get("/users/me").await.assert_ok();
        // Another tenant's are not there.
        let second = world.new_tenant("second").await;
        let there = world.console(&second).await;
        let chief = world.person_of(&second, "chief", &["admin"]).await;
        let chief = world.bearer(&there, &chief).await;
        for path in [of_admin.as_str(), &format!("/sessions/{sid}")] {
            chief.get(path).await.assert_problem(404, "not-found");
            chief.delete(path).await.assert_problem(404, "not-found");
        }
        assert_eq!(chief.walk("/sessions").await.len(), 1);
        admin.get("/users/me").await.assert_ok();
        // One's own may be ended, and that is the end.
        admin.delete(&of_admin).await.assert_status(204);
        admin
            .get("/users/me")
            .await
            .assert_problem(401, "unauthenticated");
    })
    .await;
}
