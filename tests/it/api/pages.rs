//! Lists: pages that follow one another without gaps, and cursors nobody else can make.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::bearer::Bearer;
use crate::support::{World, everywhere};

async fn crowd(world: &World, count: usize) -> Bearer {
    let console = world.console(&world.tenant).await;
    let admin = world.operator(&console, "ada", &["admin"]).await;
    for number in 0..count {
        let body = json!({ "username": format!("user{number:04}") });
        admin.post("/users", &body).await.assert_status(201);
    }
    admin
}

fn cursor(page: &serde_json::Value) -> String {
    page["next"].as_str().expect("a next page").to_owned()
}

#[tokio::test]
async fn a_list_has_bounded_pages_that_follow_one_another() {
    everywhere(async |world| {
        let admin = crowd(&world, 120).await;
        let first = admin.get("/users").await;
        first.assert_ok();
        assert_eq!(first.json()["items"].as_array().expect("items").len(), 50);
        let link = first.header("link").expect("a link").to_owned();
        let address = link.split(['<', '>']).nth(1).expect("an address");
        let second = admin
            .get(address.strip_prefix("/api/v1").expect("ours"))
            .await;
        second.assert_ok();
        let by_cursor = admin
            .get(&format!("/users?cursor={}", cursor(&first.json())))
            .await;
        assert_eq!(second.json()["items"], by_cursor.json()["items"]);
        for limit in ["0", "101", "-1", "x", "1e3", "99999999999999999999"] {
            let reply = admin.get(&format!("/users?limit={limit}")).await;
            reply.assert_problem(400, "malformed");
            assert_eq!(reply.json()["errors"][0]["parameter"], "limit");
        }
        let names: Vec<String> = admin
            .walk("/users?limit=7")
            .await
            .iter()
            .map(|user| user["username"].as_str().expect("a name").to_owned())
            .collect();
        assert_eq!(names.len(), 121);
        assert!(names.is_sorted());
    })
    .await;
}

#[tokio::test]
async fn a_walk_meets_everybody_who_stays_while_others_come_and_go() {
    everywhere(async |world| {
        let admin = crowd(&world, 60).await;
        let users = admin.walk("/users").await;
        let staying: BTreeSet<String> = users
            .iter()
            .map(|user| user["id"].as_str().expect("an id").to_owned())
            .collect();
        let mut met: Vec<String> = Vec::new();
        let mut path = "/users?limit=10".to_owned();
        let mut round = 0;
        loop {
            let page = admin.get(&path).await.json();
            for user in page["items"].as_array().expect("items") {
                met.push(user["id"].as_str().expect("an id").to_owned());
            }
            // Somebody before, somebody after, and the last one seen goes if they came meanwhile.
            for name in [
                format!("a{round}"),
                format!("user{round:04}b"),
                format!("z{round}"),
            ] {
                let made = admin.post("/users", &json!({ "username": name })).await;
                if round % 2 == 0 {
                    let path = format!("/users/{}", made.text("id"));
                    admin.delete(&path).await.assert_status(204);
                }
            }
            round += 1;
            match page["next"].as_str() {
                Some(next) => path = format!("/users?limit=10&cursor={next}"),
                None => break,
            }
        }
        let unique: BTreeSet<String> = met.iter().cloned().collect();
        assert_eq!(unique.len(), met.len(), "nobody twice");
        assert!(staying.is_subset(&unique), "nobody left out");
    })
    .await;
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_its_filter_and_its_bearer_only() {
    everywhere(async |world| {
        let admin = crowd(&world, 12).await;
        let page = admin.get("/users?limit=5&enabled=true").await.json();
        let cursor = cursor(&page);
        let good = format!("/users?limit=5&enabled=true&cursor={cursor}");
        admin.get(&good).await.assert_ok();

        let third = world.new_tenant("third").await;
        let console = world.console(&third).await;
        let stranger = world.person_of(&third, "ada", &["admin"]).await;
        let stranger = world.bearer(&console, &stranger).await;
        stranger.get(&good).await.assert_problem(400, "malformed");

        let mut edited = cursor.clone().into_bytes();
        let last = edited.len() - 1;
        edited[last] = if edited[last] == b'A' { b'B' } else { b'A' };
        let edited = String::from_utf8(edited).expect("ASCII");
        for bad in [
            format!("/users?limit=5&cursor={cursor}"),
            format!("/users?limit=5&enabled=false&cursor={cursor}"),
            format!("/users?limit=5&enabled=true&search=u&cursor={cursor}"),
            format!("/users?limit=5&enabled=true&tenant=third&cursor={cursor}"),
            format!("/users?limit=5&enabled=true&cursor={edited}"),
            format!(
                "/users?limit=5&enabled=true&cursor={}",
                &cursor[..cursor.len() - 4]
            ),
            "/users?cursor=JyBPUiAxPTEtLQ".to_owned(),
            "/users?cursor=%27%20OR%201%3D1--".to_owned(),
            "/users?cursor=user0003".to_owned(),
        ] {
            let reply = admin.get(&bad).await;
            reply.assert_problem(400, "malformed");
            assert_eq!(reply.json()["errors"][0]["parameter"], "cursor", "{bad}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_parameter_that_is_unknown_repeated_or_of_another_type_is_refused() {
    everywhere(async |world| {
        let admin = crowd(&world, 1).await;
        for query in [
            "sort=name;DROP%20TABLE%20users",
            "sort=(CASE%20WHEN%201=1%20THEN%20username%20END)",
            "order=asc,(select%201)",
            "offset=10",
            "column=password_hash",
            "enabled=maybe",
            "enabled=true&enabled=false",
            "limit=5&limit=6",
            "search=%ff",
            "search=%00",
        ] {
            let reply = admin.get(&format!("/users?{query}")).await;
            reply.assert_problem(400, "malformed");
        }
    })
    .await;
}
