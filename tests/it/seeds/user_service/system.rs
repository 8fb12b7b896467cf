//! What the profile is beside its routes: figures for Prometheus, pages, its being off, and its
//! neighbours.

use serde_json::json;
use users_core::config::{Profile, Registration};

use super::{get, jane, log_in, register, served, token_of};
use crate::seeds::calls::{assert_documented, call, post};
use crate::support::world::everywhere_with;

#[tokio::test]
async fn prometheus_finds_the_series_it_knows() {
    served(async |world| {
        log_in(&world, "nobody", "x").await;
        let reply = world.anonymous().get("/metrics").await;
        reply.assert_ok();
        let line = |start: &str| reply.body.lines().any(|line| line.starts_with(start));
        assert!(line("http_requests_total{"), "{}", reply.body);
        assert!(line("http_request_duration_seconds_bucket{"));
        assert!(line("http_request_duration_seconds_sum{"));
        assert!(line("http_request_duration_seconds_count{"));
        let of_route = reply.body.lines().any(|line| {
            line.starts_with("http_requests_total{") && line.contains(r#"route="/api/login""#)
        });
        assert!(of_route, "{}", reply.body);
        let strangers = world.from("203.0.113.9").get("/metrics").await;
        strangers.assert_status(401);
    })
    .await;
}

#[tokio::test]
async fn how_long_the_process_runs_is_among_the_figures() {
    served(async |world| {
        let seconds = async || {
            let reply = world.anonymous().get("/metrics").await;
            let mut lines = reply.body.lines();
            let line = lines.find_map(|line| line.strip_prefix("uptime_seconds "));
            line.and_then(|text| text.parse::<f64>().ok())
                .expect("a figure")
        };
        let first = seconds().await;
        assert!(first > 0.0);
        assert!(seconds().await > first);
    })
    .await;
}

#[tokio::test]
async fn the_documents_page_leads_to_ours() {
    served(async |world| {
        let reply = world.anonymous().get("/apidocs").await;
        reply.assert_status(308);
        assert_eq!(reply.header("location"), Some("/docs"));
    })
    .await;
}

#[tokio::test]
async fn the_routes_are_there_while_the_profile_is_on() {
    for on in [
        &[][..],
        &[Profile::UsersCore],
        &[Profile::UserManagementApi],
        &[Profile::UserManagementService],
    ] {
        everywhere_with(
            |config| config.compat = on.to_vec(),
            async |world| {
                register(&world, &jane()).await.assert_status(404);
                log_in(&world, "jane", "x").await.assert_status(404);
                for path in ["/api/users", "/api/metrics", "/api/users/1/activity"] {
                    world.anonymous().get(path).await.assert_status(404);
                }
            },
        )
        .await;
    }
}

/// The one's `/api/users/me` stands inside the other's `/api/users/{id}`.
#[tokio::test]
async fn any_profiles_are_served_together_and_each_answers_in_its_own_words() {
    let all = [
        Profile::UsersCore,
        Profile::UserManagementApi,
        Profile::UserManagementService,
        Profile::UserService,
    ];
    for subset in 0..16_u8 {
        let on: Vec<Profile> = all
            .iter()
            .enumerate()
            .filter(|(place, _)| subset & (1 << place) != 0)
            .map(|(_, profile)| *profile)
            .collect();
        let has = |profile| on.contains(&profile);
        everywhere_with(
            |config| config.compat.clone_from(&on),
            async |world| {
                let caller = world.anonymous();
                let status = async |method: &str, path: &str, token: Option<&str>| {
                    let body = (method != "GET").then(|| json!({}));
                    let reply = call(caller, method, path, token, body.as_ref()).await;
                    reply.status.as_u16()
                };
                let or = |on, there, gone| if on { there } else { gone };
                let (api, service) = (has(Profile::UserManagementApi), has(Profile::UserService));
                let me = status("GET", "/api/users/me", None).await;
                assert_eq!(me, or(api, 403, or(service, 405, 404)), "{on:?}");
                let login = status("POST", "/api/users/login", None).await;
                assert_eq!(login, or(api, 400, or(service, 405, 404)), "{on:?}");
                assert_eq!(
                    status("POST", "/api/login", None).await,
                    or(service, 400, 404)
                );
                assert_eq!(
                    status("GET", "/api/users", None).await,
                    or(service, 401, 404)
                );
                let users_core = has(Profile::UsersCore);
                let status_there = or(users_core, 403, 404);
                assert_eq!(status("GET", "/users", None).await, status_there, "{on:?}");
                let own = status("POST", "/api/v1/auth/login", None).await;
                assert_eq!(own, 400, "{on:?}");
            },
        )
        .await;
    }
}

/// One account, by the doors of all of them.
#[tokio::test]
async fn an_account_made_at_one_door_comes_in_by_every_other() {
    everywhere_with(
        |config| {
            config.compat = vec![
                Profile::UsersCore,
                Profile::UserManagementApi,
                Profile::UserManagementService,
                Profile::UserService,
            ];
            config.registration = Registration::Open;
        },
        async |world| {
            register(&world, &jane()).await.assert_status(201);
            let (email, password) = ("jane@example.com", "SecurePass123");
            let caller = world.anonymous();
            let body = json!({ "email": email, "password": password });
            let reply = post(caller, "/api/users/login", &body).await;
            reply.assert_ok();
            let token = reply.json()["data"]["token"].clone();
            let token = token.as_str().expect("a token").to_owned();
            let mut tokens = vec![token];
            let named = json!({ "username": "jane", "password": password });
            for (path, body) in [
                ("/api/login", &body),
                ("/auth/login", &named),
                ("/api/v1/auth/login", &body),
            ] {
                let reply = post(caller, path, body).await;
                reply.assert_ok();
                tokens.push(reply.text("access_token"));
            }
            // And each token is good at each profile's routes.
            for token in &tokens {
                get(&world, "/api/users/me", token).await.assert_ok();
                get(&world, "/api/v1/users/me", token).await.assert_ok();
                get(&world, "/api/users", token)
                    .await
                    .assert_refused(403, "forbidden");
            }
            let (_, admin) = token_of(&world, "ada", "admin").await;
            get(&world, "/api/users", &admin).await.assert_ok();
        },
    )
    .await;
}

#[tokio::test]
async fn the_document_of_the_api_has_the_profiles_routes() {
    served(async |world| assert_documented(world.anonymous(), Profile::UserService).await).await;
}
