//! `sip.digest`: who has it.

use serde_json::json;
use users_core::model::resource::API_SCOPES;

use super::{REALM, anna, everywhere, phone, read, registrar};
use crate::support::bearer::Bearer;
use crate::support::browser::{Asking, Browser};

#[tokio::test]
async fn a_client_reads_digests_for_itself_and_one_without_the_scope_does_not() {
    everywhere(async |world| {
        let (_, bearer, _) = anna(&world).await;
        phone(&bearer, &["MD5"]).await;
        let good = registrar(&world).await;
        read(&good, "anna", REALM, "MD5").await.assert_ok();
        let client = world
            .client("other", "sip.register token.introspect metrics.read")
            .await;
        client
            .client_credentials("sip.digest")
            .await
            .assert_error(400, "invalid_scope");
        let token = client.client_credentials("token.introspect").await;
        let other = Bearer::new(world.anonymous(), &token.text("access_token"), "");
        let refused = read(&other, "anna", REALM, "MD5").await;
        refused.assert_problem(403, "forbidden");
        // What is taken from the client is taken from its tokens.
        world
            .change_client(&world.tenant, "registrar", true, |metadata| {
                metadata.scope = "sip.register".parse().expect("a scope");
            })
            .await;
        let refused = read(&good, "anna", REALM, "MD5").await;
        refused.assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn no_persons_token_reads_digests_whatever_they_are_and_agree_to() {
    everywhere(async |world| {
        let root = world.person_of(&world.tenant, "root", &["admin"]).await;
        let scope = format!("openid offline_access {}", API_SCOPES.join(" "));
        let own = world.client_with("own", &scope, |metadata| metadata.first_party = true);
        let other = world.client("other", "openid offline_access sip.digest metrics.read");
        for client in [own.await, other.await] {
            let asked = "openid offline_access sip.digest metrics.read";
            let first = client.sign_in(&root, asked).await;
            let second = client.refresh(&first.text("refresh_token")).await;
            for reply in [&first, &second] {
                let granted = "metrics.read offline_access openid";
                assert_eq!(reply.assert_ok().text("scope"), granted);
                let bearer = Bearer::new(world.anonymous(), &reply.text("access_token"), "");
                let refused = read(&bearer, "root", REALM, "MD5").await;
                refused.assert_problem(403, "forbidden");
            }
            // By a page nobody is asked for it, and nobody gives it.
            let mut browser = Browser::new(world.anonymous());
            let asking = Asking::of(&client, asked);
            let page = browser.ask(&asking).await;
            let page = browser.sign_in(&page, &root).await;
            assert!(!page.body.contains("phones prove themselves"), "{page:?}");
        }
        let login = json!({ "identifier": "root", "password": root.password });
        let reply = world
            .anonymous()
            .post_raw(
                "/api/v1/auth/login",
                "application/json",
                login.to_string(),
                &[],
            )
            .await;
        let bearer = Bearer::new(world.anonymous(), &reply.text("access_token"), "");
        let refused = read(&bearer, "root", REALM, "MD5").await;
        refused.assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn an_api_key_reads_digests_where_it_names_the_scope() {
    everywhere(async |world| {
        let (_, bearer, _) = anna(&world).await;
        phone(&bearer, &["MD5"]).await;
        let root = world.person_of(&world.tenant, "root", &["admin"]).await;
        let path = format!("/sip-digests?sip_username=anna&realm={REALM}&algorithm=MD5");
        for words in [&["*"][..], &["admin"], &["*", "admin", "read"]] {
            let key = world.key(&root, &words.join(" "), words).await;
            key.get(&path).await.assert_problem(403, "forbidden");
        }
        let key = world.key(&root, "pbx", &["sip.digest"]).await;
        key.get(&path).await.assert_ok();
        let token = key.token("sip.digest").await;
        let of_key = Bearer::new(world.anonymous(), &token, "");
        of_key.get(&path).await.assert_ok();
        // Whose owner does not hold it gets no such key.
        let body = json!({ "name": "pbx", "permissions": ["sip.digest"] });
        let refused = bearer.post("/users/me/api-keys", &body).await;
        refused.assert_problem(422, "invalid-fields");
        world.person_of(&world.tenant, "ruth", &["admin"]).await;
        world.set_enabled(&root, false).await;
        key.get(&path).await.assert_problem(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn who_gives_roles_gives_a_registrar_its_account_and_a_moderator_does_not() {
    everywhere(async |world| {
        let (_, bearer, console) = anna(&world).await;
        phone(&bearer, &["MD5"]).await;
        let root = world.operator(&console, "root", &["admin"]).await;
        let moderator = world.operator(&console, "mod", &["moderator"]).await;
        world.role("registrar", &["sip.digest"]).await;
        let account = json!({ "username": "pbx", "roles": ["registrar"] });
        let refused = moderator.post("/service-accounts", &account).await;
        refused.assert_problem(403, "forbidden");
        let made = root.post("/service-accounts", &account).await;
        let id = made.assert_status(201).text("id");
        let keys = format!("/service-accounts/{id}/api-keys");
        let body = json!({ "name": "registrar", "permissions": ["sip.digest"] });
        let refused = moderator.post(&keys, &body).await;
        refused.assert_problem(403, "forbidden");
        let made = root.post(&keys, &body).await;
        let secret = made.assert_status(201).text("key");
        let path = format!("/api/v1/sip-digests?sip_username=anna&realm={REALM}&algorithm=MD5");
        let reply = world
            .anonymous()
            .get_with(&path, &[("x-api-key", &secret)])
            .await;
        reply.assert_ok();
        // Whose token does not reach so far hands out nothing that does.
        let root = world.person_of(&world.tenant, "ruth", &["admin"]).await;
        let reply = console.sign_in(&root, "account users.write").await;
        let narrow = Bearer::new(world.anonymous(), &reply.text("access_token"), &root.id);
        let refused = narrow.post("/users/me/api-keys", &body).await;
        refused.assert_problem(403, "forbidden");
    })
    .await;
}
