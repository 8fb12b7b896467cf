//! `/groups`: what people are counted to, and who is in them.

use serde_json::json;

use crate::support::everywhere;

#[tokio::test]
async fn a_group_is_made_read_changed_and_removed() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let admin = world.operator(&console, "ada", &["admin"]).await;
        // A name is data, whatever it looks like in an address.
        let name = "50% a/b?c#d 'é' \u{1f600}";
        let made = admin.post("/groups", &json!({ "name": name })).await;
        made.assert_status(201);
        assert_eq!(made.json()["name"], name);
        let location = made.header("location").expect("an address");
        let path = location.strip_prefix("/api/v1").expect("below").to_owned();
        let read = admin.get(&path).await;
        assert_eq!(read.assert_ok().json(), made.json());
        let again = admin.post("/groups", &json!({ "name": name })).await;
        again.assert_problem(409, "conflict");
        let patch = json!({ "description": "Odd ones" });
        let tag = read.header("etag").expect("a tag").to_owned();
        for status in [200, 412] {
            let changed = admin
                .call("PATCH", &path, &[("if-match", &tag)], Some(&patch))
                .await;
            changed.assert_status(status);
        }
        let rename = admin.patch(&path, &json!({ "name": "other" })).await;
        rename
            .assert_problem(400, "malformed")
            .assert_names("#/name");
        let anna = world.person("anna").await;
        let member = format!("{path}/members/{}", anna.id);
        admin
            .call("PUT", &member, &[], None)
            .await
            .assert_status(204);
        admin.delete(&path).await.assert_status(204);
        admin.get(&path).await.assert_problem(404, "not-found");
        let read = admin.get(&format!("/users/{}", anna.id)).await;
        assert_eq!(read.json()["groups"], json!([]));
        for (body, pointer) in [
            (json!({ "name": "" }), "#/name"),
            (json!({ "name": "a\nb" }), "#/name"),
            (json!({ "name": "x".repeat(65) }), "#/name"),
            (
                json!({ "name": "a", "description": "x".repeat(256) }),
                "#/description",
            ),
        ] {
            let reply = admin.post("/groups", &body).await;
            reply
                .assert_problem(422, "invalid-fields")
                .assert_names(pointer);
        }
    })
    .await;
}

#[tokio::test]
async fn members_come_go_and_are_listed_page_by_page() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let admin = world.operator(&console, "ada", &["admin"]).await;
        let moderator = world.operator(&console, "mod", &["moderator"]).await;
        admin
            .post("/groups", &json!({ "name": "staff" }))
            .await
            .assert_status(201);
        let mut ids = Vec::new();
        for name in ["cyd", "bob", "ann"] {
            let person = world.person(name).await;
            let path = format!("/groups/staff/members/{}", person.id);
            let refused = moderator.call("PUT", &path, &[], None).await;
            refused.assert_problem(403, "forbidden");
            for _ in 0..2 {
                // Whoever is in it is in it.
                let added = admin.call("PUT", &path, &[], None).await;
                added.assert_status(204);
            }
            ids.push(person.id);
        }
        let listed = moderator.walk("/groups/staff/members?limit=2").await;
        let names: Vec<_> = listed
            .iter()
            .map(|user| user["username"].as_str())
            .collect();
        assert_eq!(names, ["ann", "bob", "cyd"].map(Some));
        assert_eq!(listed[0]["kind"], "person");
        let found = admin.walk("/users?group=staff").await;
        assert_eq!(found.len(), 3);
        let path = format!("/groups/staff/members/{}", ids[0]);
        admin.delete(&path).await.assert_status(204);
        assert_eq!(admin.walk("/groups/staff/members").await.len(), 2);
        for missing in [
            format!("/groups/nothing/members/{}", ids[0]),
            "/groups/staff/members/nobody".to_owned(),
        ] {
            let reply = admin.call("PUT", &missing, &[], None).await;
            reply.assert_problem(404, "not-found");
        }
        let reply = admin.get("/groups/nothing/members").await;
        reply.assert_problem(404, "not-found");
        // Another tenant's account is nobody.
        let second = world.new_tenant("second").await;
        let foreign = world.person_of(&second, "eve", &["user"]).await;
        let path = format!("/groups/staff/members/{}", foreign.id);
        let reply = admin.call("PUT", &path, &[], None).await;
        reply.assert_problem(404, "not-found");
    })
    .await;
}
