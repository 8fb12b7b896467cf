//! `/audit`, `/activity`, `/counters`, `/decisions`: what happened, as the API tells it.

use serde_json::{Value, json};
use users_core::trail::{self, checkpoint, sealer};

use crate::support::bearer::Bearer;
use crate::support::people::Service;
use crate::support::world::START;
use crate::support::{World, everywhere};

/// An administrator of the default tenant, with something to look at.
async fn administrator(world: &World) -> (Service, Bearer) {
    let console = world.console(&world.tenant).await;
    let admin = world.operator(&console, "root-of-all", &["admin"]).await;
    (console, admin)
}

fn strings<'a>(items: &'a [Value], member: &str) -> Vec<&'a str> {
    items
        .iter()
        .map(|item| item[member].as_str().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn the_trail_is_listed_filtered_and_sealed() {
    everywhere(async |world| {
        let (_, admin) = administrator(&world).await;
        for name in ["ada", "bob", "cyd"] {
            world.advance(1);
            world.person(name).await;
        }
        let made = admin.walk("/audit?kind=user.created&limit=2").await;
        assert_eq!(made.len(), 4);
        let times = strings(&made, "at");
        assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
        let id = made[0]["subject"].as_str().expect("an id");
        let of_one = admin.walk(&format!("/audit?about={id}")).await;
        assert_eq!(strings(&of_one, "kind"), ["user.created"]);
        let none = "/audit?from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z";
        assert!(admin.walk(none).await.is_empty());
        assert!(made[0].get("seq").is_none());
        sealer::seal(&world.app, &world.tenant.id)
            .await
            .expect("sealed");
        let made = admin.walk("/audit?kind=user.created").await;
        assert!(made[0]["seq"].is_i64() && made[0]["chain"].is_string());
        for bad in ["from=yesterday", "colour=red", "limit=0", "cursor=x"] {
            let reply = admin.get(&format!("/audit?{bad}")).await;
            reply.assert_problem(400, "malformed");
        }
    })
    .await;
}

#[tokio::test]
async fn the_trail_comes_as_lines_of_json_too() {
    everywhere(async |world| {
        let (_, admin) = administrator(&world).await;
        for number in 0..12 {
            world.person(&format!("person-{number}")).await;
        }
        let lines = [("accept", "application/x-ndjson")];
        let reply = admin
            .call("GET", "/audit?kind=user.created&limit=1", &lines, None)
            .await;
        reply.assert_ok();
        assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
        let events = reply.body.lines().map(serde_json::from_str::<Value>);
        let events: Vec<Value> = events.collect::<Result<_, _>>().expect("JSON lines");
        assert_eq!(events.len(), 13, "all of them");
        assert_eq!(events, admin.walk("/audit?kind=user.created").await);
    })
    .await;
}

#[tokio::test]
async fn checkpoints_are_listed_for_whoever_keeps_them() {
    everywhere(async |world| {
        let (console, admin) = administrator(&world).await;
        assert!(admin.walk("/audit/checkpoints").await.is_empty());
        for _ in 0..3 {
            world.advance(3600);
            let name = format!("person-{}", world.clock.now().seconds());
            world.person(&name).await;
            sealer::seal(&world.app, &world.tenant.id)
                .await
                .expect("sealed");
            let signed = checkpoint::sign(&world.app, &world.tenant).await;
            signed.expect("signed").expect("a checkpoint");
        }
        // The token is older than its hour.
        let admin = world.operator(&console, "another", &["admin"]).await;
        let kept = admin.walk("/audit/checkpoints?limit=2").await;
        assert_eq!(kept.len(), 3);
        let numbers: Vec<_> = kept.iter().map(|one| one["seq"].as_i64()).collect();
        assert!(numbers.is_sorted());
        let given: Vec<_> = strings(&kept, "jws")
            .into_iter()
            .map(str::to_owned)
            .collect();
        let report = trail::verify::verify(&world.app, &world.tenant, &given).await;
        assert_eq!(report.expect("a report").broken, None);
    })
    .await;
}

#[tokio::test]
async fn activity_tells_of_people_what_concerns_whoever_asks() {
    everywhere(async |world| {
        let (console, admin) = administrator(&world).await;
        world.advance(60);
        let ada = world.person("ada").await;
        world.advance(60);
        console.password("ada", "wrong", "openid").await;
        console.password("ada", "wrong", "openid").await;
        console.password("nobody", "wrong", "openid").await;
        trail::flush_refusals(&world.app).await;
        world.advance(60);
        let own = world.bearer(&console, &ada).await;
        let disable = json!({ "enabled": false });
        let path = format!("/users/{}", ada.id);
        world.advance(60);
        let seen = own.walk("/users/me/activity?limit=1").await;
        let expected = ["login", "login_failed", "user_created"];
        assert_eq!(strings(&seen, "action"), expected);
        assert_eq!(seen[1]["count"], 2);
        admin.patch(&path, &disable).await.assert_ok();
        let of_ada = admin.walk(&format!("{path}/activity?limit=2")).await;
        let expected = ["user_disabled", "login", "login_failed", "user_created"];
        assert_eq!(strings(&of_ada, "action"), expected);
        assert_eq!(of_ada[0]["by"], admin.id);
        assert!(of_ada[0].get("address").is_none(), "where others were");
        let all = admin.walk("/activity?limit=3").await;
        let failed: Vec<_> = all
            .iter()
            .filter(|one| one["action"] == "login_failed")
            .collect();
        assert_eq!(failed.len(), 2, "{all:#?}");
        assert!(failed.iter().any(|one| one.get("account").is_none()));
        assert_eq!(all[0]["address"], "127.0.0.1");
        let unknown = "/users/00000000-0000-4000-8000-000000000000/activity";
        admin.get(unknown).await.assert_problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn hours_are_counted_and_their_span_is_bounded() {
    everywhere(async |world| {
        let (_, admin) = administrator(&world).await;
        trail::flush_hours(&world.app).await;
        let day = admin.get("/counters?to=2026-01-01T01:00:00Z").await;
        day.assert_ok();
        let day = day.json();
        let hours = day["hours"].as_array().expect("hours");
        assert_eq!(hours.len(), 1, "{day}");
        assert_eq!(hours[0]["hour"], START.to_string());
        assert_eq!(hours[0]["counts"]["logins"], 1);
        assert_eq!(hours[0]["counts"]["tokens.password"], 1);
        let long = "/counters?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z";
        admin.get(long).await.assert_problem(400, "malformed");
        let backwards = "/counters?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z";
        let none = admin.get(backwards).await;
        assert_eq!(none.json()["hours"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_problem_leads_to_the_decision_behind_it() {
    everywhere(async |world| {
        let (console, admin) = administrator(&world).await;
        let user = world.operator(&console, "plain", &["user"]).await;
        let refused = user.get("/users").await;
        refused.assert_problem(403, "forbidden");
        trail::flush_refusals(&world.app).await;
        let instance = refused.json()["instance"].as_str().expect("one").to_owned();
        let path = instance.strip_prefix("/api/v1").expect("of the API");
        let found = admin.get(path).await;
        found.assert_ok();
        let found = found.json();
        assert_eq!(found["route"], "/users");
        assert_eq!(found["status"], 403);
        assert_eq!(found["cause"], "the token has not the scope users.read");
        assert_eq!(found["client_id"], "console");
        assert_eq!(found["account"], user.id);
        let all = admin.walk("/decisions?limit=1").await;
        assert_eq!(all, [found]);
        // Another tenant's administrator has no such decision.
        let other = world.new_tenant("other").await;
        let console = world.console(&other).await;
        let person = world.person_of(&other, "root", &["admin"]).await;
        let stranger = world.bearer(&console, &person).await;
        stranger.get(path).await.assert_problem(404, "not-found");
    })
    .await;
}
