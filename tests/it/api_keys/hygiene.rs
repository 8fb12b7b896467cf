//! A secret is shown once, and is nowhere afterwards.

use serde_json::json;

use crate::support::everywhere;

// A287
#[tokio::test]
async fn a_secret_is_shown_once_and_later_only_its_ends() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let anna = world.operator(&console, "anna", &["user"]).await;
        let ada = world.operator(&console, "ada", &["admin"]).await;
        let body = json!({ "name": "pbx", "permissions": ["sip.call"] });
        let made = anna.post("/users/me/api-keys", &body).await;
        made.assert_status(201);
        let (id, first) = (made.text("id"), made.text("key"));
        assert_eq!(made.header("cache-control"), Some("no-store"));
        let path = format!("/api-keys/{id}");
        assert_eq!(
            made.header("location"),
            Some(format!("/api/v1{path}").as_str())
        );
        assert!(first.starts_with("rvoip_ak_live_") && first.len() == 46);
        let hint = format!("rvoip_ak_live_...{}", &first[42..]);
        assert_eq!(made.json()["hint"], hint);
        let rotated = anna.post(&format!("{path}/rotate"), &json!({})).await;
        rotated.assert_ok();
        let second = rotated.text("key");
        assert_ne!(first, second);
        let mut seen = Vec::new();
        for bearer in [&anna, &ada] {
            for path in [
                path.clone(),
                format!("/users/{}", anna.id),
                format!("/users/{}/api-keys", anna.id),
                "/users/me/api-keys".to_owned(),
                "/users/me".to_owned(),
            ] {
                seen.push(bearer.get(&path).await.body);
            }
            let name = json!({ "name": "exchange" });
            seen.push(bearer.patch(&path, &name).await.body);
        }
        // Its log of what happened as well.
        let trail = world.audit().await;
        seen.extend(trail.iter().map(|event| format!("{event:?}")));
        assert!(seen.iter().any(|text| text.contains("api_key.rotated")));
        assert!(seen.iter().any(|text| text.contains(&hint)));
        let digests = "SELECT digest FROM api_keys UNION ALL SELECT old_digest FROM api_keys";
        let digests = world.raw().await.texts(digests).await;
        for text in &seen {
            for secret in [&first, &second].into_iter().chain(&digests) {
                assert!(!text.contains(secret.as_str()), "{text}");
            }
            // Nor most of it.
            assert!(!text.contains(&first[14..40]) && !text.contains(&second[14..40]));
        }
    })
    .await;
}

// A285
#[tokio::test]
async fn nobody_makes_a_key_without_being_somebody() {
    everywhere(async |world| {
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let body = json!({
            "name": "key", "permissions": ["*"], "user_id": ada.id, "tenant_id": world.tenant.id,
        });
        let plain = json!({ "name": "key", "permissions": ["*"] });
        let anonymous = world.anonymous();
        for path in [
            format!("/api/v1/users/{}/api-keys", ada.id),
            "/api/v1/users/me/api-keys".to_owned(),
        ] {
            for body in [&body, &plain] {
                let reply = anonymous
                    .post_raw(&path, "application/json", body.to_string(), &[])
                    .await;
                reply.assert_problem(401, "unauthenticated");
            }
        }
        let path = "/api/v1/api-keys";
        let reply = anonymous
            .post_raw(path, "application/json", body.to_string(), &[])
            .await;
        reply.assert_problem(404, "not-found");
        // Somebody else's account is nobody's place for keys, named in the path or in the body.
        let console = world.console(&world.tenant).await;
        let anna = world.operator(&console, "anna", &["user"]).await;
        let path = format!("/users/{}/api-keys", ada.id);
        anna.post(&path, &plain)
            .await
            .assert_problem(403, "forbidden");
        anna.post("/users/me/api-keys", &body)
            .await
            .assert_problem(400, "malformed");
        let keys = "SELECT COUNT(*) FROM api_keys";
        assert_eq!(world.raw().await.number(keys).await, 0);
    })
    .await;
}

#[tokio::test]
async fn when_a_key_was_last_used_is_seen_later() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let used = world.key(&mod_, "used", &["users.read"]).await;
        let tokens = world.key(&mod_, "tokens", &["users.read"]).await;
        let unused = world.key(&mod_, "unused", &["users.read"]).await;
        let last_used = async |key: &crate::support::keys::Key| {
            world
                .app
                .key_uses
                .flush(&world.app.store)
                .await
                .expect("flushed");
            let rows = world.app.store.tenant(&world.tenant.id);
            let key = rows.api_key(&key.id).await.expect("an answer");
            key.expect("the key").last_used_at
        };
        world.advance(60);
        used.get("/users").await.assert_ok();
        tokens.token("users.read").await;
        unused
            .with_secret(&used.secret)
            .client()
            .client_credentials("users.read")
            .await
            .assert_error(401, "invalid_client");
        let now = world.app.clock.now();
        assert_eq!(last_used(&used).await, Some(now));
        assert_eq!(last_used(&tokens).await, Some(now));
        assert_eq!(last_used(&unused).await, None);
        world.advance(60);
        used.get("/users").await.assert_ok();
        assert_eq!(last_used(&used).await, Some(now.plus_seconds(60)));
    })
    .await;
}
