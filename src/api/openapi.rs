//! The OpenAPI 3.1 document, made from the operations and the schemas of their types.

use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::operation::Operation;
use super::problem::{ProblemDetails, ProblemKind};
use super::{BASE, OPERATIONS};
use crate::model::resource::API_SCOPES;
use crate::pages::scope_text;

static JSON: LazyLock<Bytes> = LazyLock::new(|| {
    let text = serde_json::to_string(&document());
    text.unwrap_or_default().into()
});

static YAML: LazyLock<Bytes> = LazyLock::new(|| {
    let text = serde_norway::to_string(&document());
    text.unwrap_or_default().into()
});

pub fn json() -> Bytes {
    JSON.clone()
}

pub fn yaml() -> Bytes {
    YAML.clone()
}

pub fn answer(document: Bytes, media_type: &'static str) -> Response {
    let mut response = Response::new(Body::from(document));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300"),
    );
    response
}

/// What is read and what is written differ in what must be there: a generator for each.
struct Generators {
    /// Of bodies and parameters, whole in their places.
    inputs: SchemaGenerator,
    /// Of answers, by reference.
    answers: SchemaGenerator,
}

impl Generators {
    fn new() -> Self {
        let mut inputs = SchemaSettings::draft2020_12().for_deserialize();
        inputs.meta_schema = None;
        inputs.inline_subschemas = true;
        let mut answers = SchemaSettings::draft2020_12().for_serialize();
        answers.meta_schema = None;
        answers.definitions_path = "/components/schemas".into();
        Self {
            inputs: inputs.into_generator(),
            answers: answers.into_generator(),
        }
    }
}

/// Routes of another system, for callers that know them.
pub struct Beside {
    /// What they stand under.
    pub tag: &'static str,
    /// Their paths are whole.
    pub operations: &'static [Operation],
}

/// The whole document of the REST API.
pub fn document() -> Value {
    document_with(&[])
}

/// The same with other routes beside it.
pub fn document_with(others: &[Beside]) -> Value {
    let mut generators = Generators::new();
    let problem = generators
        .answers
        .subschema_for::<ProblemDetails<'static>>();
    let mut paths = Map::new();
    for operation in OPERATIONS.iter() {
        let path = paths
            .entry(format!("{BASE}{}", operation.path))
            .or_insert_with(|| json!({}));
        let method = operation.method.as_str().to_ascii_lowercase();
        path[method] = described(operation, &mut generators);
    }
    for Beside { tag, operations } in others {
        for operation in *operations {
            let path = paths.entry(operation.path).or_insert_with(|| json!({}));
            let method = operation.method.as_str().to_ascii_lowercase();
            path[method] = described_beside(operation, tag, &mut generators);
        }
    }
    let mut tags: Vec<&str> = OPERATIONS.iter().map(Operation::resource).collect();
    tags.dedup();
    tags.extend(others.iter().map(|other| other.tag));
    tags.sort_unstable();
    tags.dedup();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "users-core",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Accounts, tenants, clients, sessions and their history. Calls carry an access token for the audience rvoip-api.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags.iter().map(|tag| json!({ "name": tag })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": generators.answers.take_definitions(true),
            "responses": responses(&problem.to_value()),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
                "oauth2": {
                    "type": "oauth2",
                    "flows": {
                        "authorizationCode": {
                            "authorizationUrl": "/authorize",
                            "tokenUrl": "/token",
                            "scopes": scopes(),
                        },
                        "clientCredentials": { "tokenUrl": "/token", "scopes": scopes() },
                    },
                },
            },
        },
    })
}

fn scopes() -> Value {
    API_SCOPES
        .iter()
        .map(|scope| ((*scope).to_owned(), scope_text(scope, None).into()))
        .collect::<Map<_, _>>()
        .into()
}

/// One answer for each status a problem can have.
fn responses(problem: &Value) -> Value {
    let mut responses = Map::new();
    for kind in ProblemKind::ALL {
        let status = kind.status();
        let title = kind.title();
        let response = responses.entry(name_of(status)).or_insert_with(|| {
            json!({
                "description": "",
                "content": { "application/problem+json": { "schema": problem } },
            })
        });
        let described = response["description"].as_str().unwrap_or_default();
        response["description"] = if described.is_empty() {
            title.into()
        } else {
            format!("{described}; {title}").into()
        };
    }
    responses.into()
}

fn name_of(status: StatusCode) -> String {
    format!("Problem{}", status.as_u16())
}

fn described(operation: &Operation, generators: &mut Generators) -> Value {
    let mut description = json!({
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.resource()],
        "parameters": parameters(operation, &mut generators.inputs),
        "responses": answers(operation, &mut generators.answers),
    });
    if let Some(body) = &operation.shape.body {
        let schema = (body.schema)(&mut generators.inputs).to_value();
        let content: Map<String, Value> = body
            .media_types
            .iter()
            .map(|name| ((*name).to_owned(), json!({ "schema": schema })))
            .collect();
        description["requestBody"] = json!({ "required": body.required, "content": content });
    }
    description["security"] = if operation.is_public() {
        json!([])
    } else {
        let needed = operation.scopes.iter();
        needed
            .flat_map(|scope| ["bearer", "apiKey", "oauth2"].map(|way| json!({ way: [scope] })))
            .collect::<Vec<_>>()
            .into()
    };
    description
}

/// The same for a route of another system, which says no in its own words.
fn described_beside(operation: &Operation, tag: &str, generators: &mut Generators) -> Value {
    let mut description = described(operation, generators);
    description["tags"] = json!([tag]);
    if let Some(responses) = description["responses"].as_object_mut() {
        responses.retain(|status, _| status.starts_with('2'));
        let refused = json!({ "description": format!("Refused, in the one shape of {tag}") });
        responses.insert("default".to_owned(), refused);
    }
    description
}

fn parameters(operation: &Operation, generator: &mut SchemaGenerator) -> Vec<Value> {
    let mut parameters: Vec<Value> = operation
        .path_parameters()
        .map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } })
        })
        .collect();
    if let Some(filter) = operation.shape.filter {
        let schema = filter(generator).to_value();
        let required = |name: &str| {
            let listed = schema["required"].as_array();
            listed.is_some_and(|listed| listed.iter().any(|known| known == name))
        };
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let mut property = property.clone();
            let described = property
                .as_object_mut()
                .and_then(|it| it.remove("description"));
            let mut parameter = query(
                name,
                described
                    .as_ref()
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
                &without_null(property),
            );
            if required(name) {
                parameter["required"] = true.into();
                parameter["allowEmptyValue"] = false.into();
            }
            parameters.push(parameter);
        }
    }
    if operation.shape.pages {
        parameters.push(query(
            "limit",
            "Entries of a page.",
            &json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 50 }),
        ));
        parameters.push(query(
            "cursor",
            "Where the page begins: `next` of the page before.",
            &json!({ "type": "string" }),
        ));
    }
    if !operation.is_public() {
        parameters.push(query(
            "tenant",
            "Id or slug of the tenant to act on; for administrators of the installation. Without it, the token's own.",
            &json!({ "type": "string" }),
        ));
    }
    let header = |name: &str, text: &str| json!({ "name": name, "in": "header", "description": text, "schema": { "type": "string" } });
    if operation.shape.creates {
        let text =
            "The same call with the same key is done once and answered the same way, for a day.";
        parameters.push(header("Idempotency-Key", text));
    }
    if operation.shape.tagged && !operation.writes() {
        parameters.push(header(
            "If-None-Match",
            "Tags of representations that are known.",
        ));
    }
    if operation.writes()
        && !operation.shape.creates
        && operation.path_parameters().next().is_some()
    {
        parameters.push(header(
            "If-Match",
            "The tag of the representation that was read.",
        ));
    }
    parameters
}

/// A parameter of an address, that may be left out; sent without a value, it counts as left out.
fn query(name: &str, description: &str, schema: &Value) -> Value {
    json!({
        "name": name,
        "in": "query",
        "required": false,
        "allowEmptyValue": true,
        "description": description,
        "schema": schema,
    })
}

/// A parameter is absent or has a value: null is nothing an address can say.
fn without_null(mut schema: Value) -> Value {
    if let Some(types) = schema["type"].as_array_mut() {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if schema["default"].is_null()
        && let Some(members) = schema.as_object_mut()
    {
        members.remove("default");
    }
    schema
}

fn answers(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let shape = &operation.shape;
    let mut headers = Map::new();
    let text = |text: &str| json!({ "description": text, "schema": { "type": "string" } });
    if shape.tagged {
        headers.insert("ETag".into(), text("The tag of this representation."));
    }
    if shape.creates {
        headers.insert("Location".into(), text("Where it is."));
    }
    if shape.pages {
        headers.insert("Link".into(), text("The next page, as rel=\"next\"."));
    }
    let mut content = Map::new();
    if let Some(answer) = shape.answer {
        content.insert(
            "application/json".into(),
            json!({ "schema": answer(generator).to_value() }),
        );
    }
    for name in shape.also {
        content.insert(
            (*name).to_owned(),
            json!({ "schema": { "type": "string" } }),
        );
    }
    let mut success = json!({
        "description": shape.success.canonical_reason().unwrap_or_default(),
        "headers": headers,
    });
    if !content.is_empty() {
        success["content"] = content.into();
    }
    let mut answers = Map::new();
    answers.insert(shape.success.as_u16().to_string(), success);
    if shape.tagged && !operation.writes() {
        answers.insert("304".into(), json!({ "description": "It is as it was." }));
    }
    for kind in operation.problems() {
        let name = name_of(kind.status());
        let reference = format!("#/components/responses/{name}");
        answers.insert(
            kind.status().as_u16().to_string(),
            json!({ "$ref": reference }),
        );
    }
    answers.into()
}
