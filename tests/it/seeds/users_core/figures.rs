//! Health and figures.

use serde_json::{Value, json};
use users_core::compat::DIALECTS;
use users_core::config::Profile;

use super::{Client, everywhere, login, members, try_login};
use crate::support::people::Service;

#[tokio::test]
async fn health_says_what_this_is_and_what_it_depends_on() {
    everywhere(async |world| {
        let reply = world.anonymous().get("/health").await;
        let health = reply.assert_ok().json();
        assert_eq!(health["status"], "healthy");
        assert_eq!(health["service"], "users-core");
        assert_eq!(health["timestamp"], "2026-01-01T00:00:00.000Z");
        assert_eq!(health["dependencies"]["database"], "connected");
    })
    .await;
}

#[tokio::test]
async fn figures_are_json_where_json_is_asked_for_and_text_otherwise() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let bob = world.person("bob").await;
        world.set_enabled(&bob, false).await;
        let second = world.new_tenant("second").await;
        world.person_of(&second, "eve", &["user"]).await;
        world.key(&alice, "one", &["sip.call"]).await;
        world
            .key_of(&world.tenant, &alice, "two", &["sip.call"], |input| {
                input.expires_at = Some(world.app.clock.now().plus_seconds(60));
            })
            .await;
        world.advance(60);
        login(&world, &alice).await;
        for _ in 0..3 {
            try_login(&world, "alice", "wrong").await;
        }
        let service: Service = world.client("app", "sip.call").await;
        service.client_credentials("sip.call").await.assert_ok();
        let asked = [("accept", "application/json")];
        let reply = world.anonymous().get_with("/metrics", &asked).await;
        let figures = reply.assert_ok().json();
        assert_eq!(
            members(&figures),
            [
                "api_keys",
                "api_requests",
                "authentication",
                "uptime_seconds",
                "users"
            ]
        );
        assert_eq!(figures["users"], json!({ "total": 3, "active": 2 }));
        assert_eq!(figures["api_keys"], json!({ "total": 2, "active": 1 }));
        assert_eq!(
            figures["authentication"],
            json!({ "attempts": 4, "successes": 1, "success_rate": 0.25, "tokens_issued": 2 })
        );
        assert_eq!(figures["api_requests"], 5);
        assert!(figures["uptime_seconds"].is_u64());
        for accept in [
            "*/*",
            "text/plain",
            "text/html, application/json;q=0.5, */*;q=0.8",
        ] {
            let reply = world
                .anonymous()
                .get_with("/metrics", &[("accept", accept)])
                .await;
            let text = &reply.assert_ok().body;
            assert!(text.contains("# TYPE http_requests counter"), "{text}");
            let uptime = text
                .lines()
                .find(|line| line.starts_with("uptime_seconds "));
            let uptime = uptime.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
            assert!(uptime.is_some_and(|seconds| seconds > 0.0), "{text}");
        }
        // For strangers neither is there.
        let stranger = world.from("203.0.113.9");
        stranger
            .get_with("/metrics", &asked)
            .await
            .assert_error(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn the_document_of_the_api_has_the_profiles_routes_while_it_is_on() {
    everywhere(async |world| {
        let client = Client::anonymous(&world);
        let document = client.get("/openapi.json").await.assert_ok().json();
        assert!(
            document["openapi"]
                .as_str()
                .is_some_and(|it| it.starts_with("3."))
        );
        for dialect in DIALECTS
            .iter()
            .filter(|it| it.profile == Profile::UsersCore)
        {
            for operation in &dialect.operations {
                let method = operation.method.as_str().to_ascii_lowercase();
                let described = &document["paths"][operation.path][&method];
                assert_eq!(described["operationId"], operation.name);
                assert_eq!(described["tags"], json!(["users-core"]));
                assert!(described["responses"]["default"]["description"].is_string());
                let ok = operation.shape.success.as_u16().to_string();
                assert!(described["responses"][&ok].is_object(), "{described}");
                let has_body = operation.shape.body.is_some();
                assert_eq!(described["requestBody"].is_object(), has_body);
            }
        }
        assert!(document["paths"]["/api/v1/users"].is_object());
        let yaml = client.get("/openapi.yaml").await;
        assert!(yaml.assert_ok().body.contains("/users/{id}/api-keys:"));
        let mut config = world.app.config.clone();
        config.compat.clear();
        let plain = world.node_with(config).await.get("/openapi.json").await;
        assert_eq!(plain.json()["paths"]["/users"], Value::Null);
    })
    .await;
}
