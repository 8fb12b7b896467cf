//! `/users/me`: one's own account.

use serde_json::json;

use crate::support::everywhere;

#[tokio::test]
async fn people_see_and_change_their_own_account_and_nothing_that_raises_them() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let anna = world.operator(&console, "anna", &["user"]).await;
        let own = anna.get("/users/me").await;
        own.assert_ok();
        assert_eq!(own.json()["id"], anna.id.as_str());
        for body in [
            json!({ "roles": ["admin"] }),
            json!({ "enabled": false }),
            json!({ "email_verified": true }),
            json!({ "groups": ["board"] }),
            json!({ "attributes": { "clearance": 9 } }),
            json!({ "password": "a long enough passphrase" }),
            json!({ "id": "x" }),
            json!({ "username": "root" }),
            json!({ "tenant_id": "x" }),
        ] {
            let reply = anna.patch("/users/me", &body).await;
            reply.assert_problem(400, "malformed");
            let member = body
                .as_object()
                .and_then(|it| it.keys().next())
                .expect("one");
            reply.assert_names(&format!("#/{member}"));
        }
        assert_eq!(anna.get("/users/me").await.body, own.body);
        let changed = anna
            .put(
                "/users/me",
                &json!({ "first_name": "Anna", "last_name": "Berg" }),
            )
            .await;
        changed.assert_ok();
        assert_eq!(changed.json()["given_name"], "Anna");
        assert_eq!(changed.json()["last_name"], "Berg");
        let both = json!({ "first_name": "A", "given_name": "B" });
        anna.patch("/users/me", &both)
            .await
            .assert_problem(400, "malformed");
        // The wider API is not for everybody.
        anna.get("/users").await.assert_problem(403, "forbidden");
        anna.get(&format!("/users/{}", anna.id))
            .await
            .assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn a_new_address_counts_as_not_verified_at_once() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let person = world.person("anna").await;
        world
            .change_person(&world.tenant, &person, |input| input.email_verified = true)
            .await;
        let anna = world.bearer(&console, &person).await;
        let name = json!({ "nickname": "Ann" });
        assert_eq!(
            anna.patch("/users/me", &name).await.json()["email_verified"],
            true
        );
        let address = json!({ "email": "other@example.test" });
        let changed = anna.patch("/users/me", &address).await;
        changed.assert_ok();
        assert_eq!(changed.json()["email_verified"], false);
    })
    .await;
}

#[tokio::test]
async fn a_change_made_on_an_old_reading_is_refused() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let anna = world.operator(&console, "anna", &["user"]).await;
        let read = anna.get("/users/me").await;
        let tag = read.header("etag").expect("a tag").to_owned();
        let unchanged = anna
            .call("GET", "/users/me", &[("if-none-match", &tag)], None)
            .await;
        unchanged.assert_status(304);
        assert_eq!(unchanged.body, "");
        let change = json!({ "nickname": "Ann" });
        let headers = [("if-match", tag.as_str())];
        let first = anna
            .call("PATCH", "/users/me", &headers, Some(&change))
            .await;
        first.assert_ok();
        let second = anna
            .call("PATCH", "/users/me", &headers, Some(&change))
            .await;
        second.assert_problem(412, "changed");
        let tag = first.header("etag").expect("a tag").to_owned();
        let headers = [("if-match", tag.as_str())];
        anna.call("PATCH", "/users/me", &headers, Some(&change))
            .await
            .assert_ok();
    })
    .await;
}
