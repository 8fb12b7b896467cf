//! The OpenAPI document: made from the operations, complete, and readable without a network.

use std::collections::BTreeSet;

use serde_json::Value;
use users_core::api::{BASE, OPERATIONS};

use crate::support::everywhere;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(target) if name == "$ref" => {
                        found.insert(target.clone());
                    }
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_describes_every_operation_and_refers_to_nothing_that_is_not_there() {
    everywhere(async |world| {
        let reply = world.anonymous().get("/openapi.json").await;
        reply.assert_ok();
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let document = reply.json();
        assert_eq!(document["openapi"], "3.1.0");
        let mut names = BTreeSet::new();
        for operation in OPERATIONS.iter() {
            let method = operation.method.as_str().to_ascii_lowercase();
            let described = &document["paths"][format!("{BASE}{}", operation.path)][&method];
            let name = described["operationId"].as_str().expect("described");
            assert!(names.insert(name.to_owned()), "{name} stands twice");
            let answers = described["responses"].as_object().expect("answers");
            let success = operation.shape.success.as_u16().to_string();
            assert!(answers.contains_key(&success), "{name}");
            for problem in operation.problems() {
                let status = problem.status().as_u16().to_string();
                assert!(answers.contains_key(&status), "{name}: {status}");
            }
            for parameter in operation.path_parameters() {
                let listed = described["parameters"].as_array().expect("parameters");
                assert!(listed.iter().any(|it| it["name"] == parameter), "{name}");
            }
        }
        let described: usize = document["paths"]
            .as_object()
            .expect("paths")
            .values()
            .map(|path| path.as_object().expect("methods").len())
            .sum();
        assert_eq!(described, OPERATIONS.len());
        let mut targets = BTreeSet::new();
        references(&document, &mut targets);
        assert!(targets.len() > 5, "{targets:?}");
        for target in targets {
            let pointer = target.strip_prefix('#').expect("within the document");
            assert!(document.pointer(pointer).is_some(), "{target}");
        }
        let yaml = world.anonymous().get("/openapi.yaml").await;
        assert_eq!(yaml.header("content-type"), Some("application/yaml"));
        let parsed: Value = serde_norway::from_str(&yaml.body).expect("YAML");
        assert_eq!(parsed, document);
    })
    .await;
}

#[tokio::test]
async fn the_page_about_it_names_every_operation_and_loads_nothing_from_elsewhere() {
    everywhere(async |world| {
        let page = world.anonymous().get("/docs").await;
        page.assert_ok();
        for operation in OPERATIONS.iter() {
            let anchor = format!("id=\"{}\"", operation.name);
            assert!(page.body.contains(&anchor), "{anchor}");
        }
        for outside in ["<script", "http://", "https://", "//cdn", "@import"] {
            assert!(!page.body.contains(outside), "{outside}");
        }
        for (name, place) in [
            ("/redoc", "/docs"),
            ("/apidocs", "/docs"),
            ("/swagger.json", "/openapi.json"),
        ] {
            let reply = world.anonymous().get(name).await;
            reply.assert_status(308);
            assert_eq!(reply.header("location"), Some(place));
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_address_or_method_of_the_api_is_a_problem_too() {
    everywhere(async |world| {
        for path in [
            "/api/v1/nothing",
            "/api/v1/users/a/b/c",
            "/api/v1/users/%00",
        ] {
            let reply = world.anonymous().get(path).await;
            reply.assert_problem(404, "not-found");
        }
        let reply = world
            .anonymous()
            .post_raw("/api/v1/users/me", "application/json", "{}", &[])
            .await;
        reply.assert_problem(405, "method-not-allowed");
        assert_eq!(reply.header("allow"), Some("GET, HEAD, PATCH, PUT"));
        let reply = world.anonymous().get("/t/second/api/v1/users").await;
        assert_eq!(reply.status.as_u16(), 404, "{reply:?}");
    })
    .await;
}
