//! The document's table of roles.

use serde_json::json;

use super::{bearer, everywhere};

#[tokio::test]
async fn each_role_has_the_permissions_of_the_table() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let alice = world.person("alice").await;
        let eve = world.person_of(&second, "eve", &["user"]).await;
        let path = format!("/users/{}", alice.id);
        let change = json!({ "nickname": "Al" });
        // role: reads others, manages others, manages other tenants
        for (role, reads, manages, everywhere) in [
            ("admin", true, true, true),
            ("moderator", true, true, false),
            ("user", false, false, false),
            ("guest", true, false, false),
        ] {
            let person = world
                .person_of(&world.tenant, &format!("the-{role}"), &[role])
                .await;
            let caller = bearer(&world, &person).await;
            let status = |allowed: bool| if allowed { 200 } else { 403 };
            caller.get(&path).await.assert_status(status(reads));
            caller
                .patch(&path, &change)
                .await
                .assert_status(status(manages));
            let there = format!("/users/{}?tenant=second", eve.id);
            caller.get(&there).await.assert_status(status(everywhere));
            caller
                .get("/tenants")
                .await
                .assert_status(status(everywhere));
            // Everybody has their own profile.
            caller.get("/users/me").await.assert_ok();
            caller.put("/users/me", &change).await.assert_ok();
        }
    })
    .await;
}
