//! `GET /docs`: the API for people, from the same document as for programs. It needs no script and
//! nothing from elsewhere.

use std::sync::LazyLock;

use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::operation::Operation;
use super::problem::ProblemKind;
use super::{BASE, OPERATIONS, openapi};
use crate::app::App;
use crate::pages::{ApiDocs, FieldLine, OperationLine, ProblemLine, ResourceSection};

static VIEW: LazyLock<ApiDocs> = LazyLock::new(view);

/// `GET /docs`
pub async fn page(State(app): State<App>) -> Response {
    app.pages.api_docs(&VIEW)
}

fn view() -> ApiDocs {
    let document = openapi::document();
    let mut sections: Vec<ResourceSection> = Vec::new();
    for operation in OPERATIONS.iter() {
        let line = line(&document, operation);
        let resource = operation.resource();
        match sections.iter_mut().find(|known| known.name == resource) {
            Some(section) => section.operations.push(line),
            None => sections.push(ResourceSection {
                name: resource,
                operations: vec![line],
            }),
        }
    }
    let problems = ProblemKind::ALL.iter().map(|kind| ProblemLine {
        code: kind.code(),
        status: kind.status().as_u16(),
        title: kind.title(),
    });
    ApiDocs {
        sections,
        problems: problems.collect(),
    }
}

fn line(document: &Value, operation: &Operation) -> OperationLine {
    let path = format!("{BASE}{}", operation.path);
    let method = operation.method.as_str();
    let described = &document["paths"][&path][method.to_ascii_lowercase()];
    let mut statuses: Vec<u16> = operation
        .problems()
        .iter()
        .map(|kind| kind.status().as_u16())
        .collect();
    statuses.dedup();
    OperationLine {
        method: match method {
            "GET" => "GET",
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            _ => "DELETE",
        },
        path,
        name: operation.name,
        summary: operation.summary,
        scopes: operation.scopes,
        parameters: parameters(described),
        body: body(document, described),
        success: operation.shape.success.as_u16(),
        statuses,
    }
}

/// The parameters of the address; those of every operation are said once, below.
fn parameters(described: &Value) -> Vec<FieldLine> {
    let all = described["parameters"].as_array().into_iter().flatten();
    all.filter(|it| it["in"] == "query" && it["name"] != "tenant")
        .map(|it| FieldLine {
            name: text(&it["name"]),
            kind: kind(&it["schema"]),
            text: text(&it["description"]),
            required: it["required"] == true,
        })
        .collect()
}

fn body(document: &Value, described: &Value) -> Vec<FieldLine> {
    let schema = &described["requestBody"]["content"]["application/json"]["schema"];
    let schema = resolved(document, schema);
    let required = schema["required"].as_array();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| FieldLine {
            name: name.clone(),
            kind: kind(property),
            text: text(&property["description"]),
            required: required.is_some_and(|all| all.iter().any(|known| known == name)),
        })
        .collect()
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
    pointer
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(schema)
}

/// A type in a word.
fn kind(schema: &Value) -> String {
    let plain = |name: &str| match (name, schema["format"].as_str()) {
        ("string", Some("date-time")) => "time".to_owned(),
        ("string", Some("password")) => "password".to_owned(),
        ("string", _) => "text".to_owned(),
        ("integer", _) => "whole number".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        ("array", _) => format!("list of {}", kind(&schema["items"])),
        (other, _) => other.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => plain(name),
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null")
            .map_or_else(String::new, plain),
        _ => "object".to_owned(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
