//! Calls of routes that are not under `/api/v1`, and answers beside what a document shows.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::Value;
use users_core::compat::DIALECTS;
use users_core::config::Profile;

use crate::support::Reply;
use crate::support::http::Caller;

/// Calls `path`, with a token and a body where there are any.
pub async fn call(
    caller: &Caller,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Reply {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = Vec::new();
    headers.extend(
        bearer
            .as_deref()
            .map(|bearer| ("authorization", bearer.to_owned())),
    );
    headers.extend(body.map(|_| ("content-type", "application/json".to_owned())));
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    send(caller, method, path, &headers, body).await
}

pub async fn send(
    caller: &Caller,
    method: &str,
    path: &str,
    headers: &[(&str, String)],
    body: Body,
) -> Reply {
    let method: Method = method.parse().expect("a method");
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    caller.send(request.body(body).expect("a request")).await
}

pub async fn post(caller: &Caller, path: &str, body: &Value) -> Reply {
    call(caller, "POST", path, None, Some(body)).await
}

/// Asserts that an answer is the one a document shows, but for the values of `made_up`: the same
/// members, of the same kinds, and the same values.
#[track_caller]
pub fn assert_as_shown(actual: &Value, shown: &Value, made_up: &[&str]) {
    fn compare(at: &str, actual: &Value, shown: &Value, made_up: &[&str]) {
        match (actual, shown) {
            (Value::Object(actual), Value::Object(shown)) => {
                let names = |object: &serde_json::Map<String, Value>| {
                    let mut names: Vec<String> = object.keys().cloned().collect();
                    names.sort();
                    names
                };
                assert_eq!(names(actual), names(shown), "{at}");
                for (name, value) in actual {
                    let at = format!("{at}/{name}");
                    if made_up.contains(&name.as_str()) {
                        let both_text = value.is_string() && shown[name].is_string();
                        assert!(both_text, "{at}: {value}");
                    } else {
                        compare(&at, value, &shown[name], made_up);
                    }
                }
            }
            _ => assert_eq!(actual, shown, "{at}"),
        }
    }
    compare("", actual, shown, made_up);
}

/// Bodies that are none, with what is sent as their type.
pub fn malformed() -> Vec<(Option<&'static str>, Vec<u8>, u16)> {
    let deep = format!(r#"{{"email":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let shallow_enough_to_parse = format!(r#"{{"email":{}1{}}}"#, "[".repeat(60), "]".repeat(60));
    let json = Some("application/json");
    vec![
        (json, b"".to_vec(), 400),
        (json, b"{".to_vec(), 400),
        (json, b"[]".to_vec(), 400),
        (json, b"null".to_vec(), 400),
        (json, b"\"x\"".to_vec(), 400),
        (json, b"{'email':'b'}".to_vec(), 400),
        (json, b"{\"email\":\"\xff\"}".to_vec(), 400),
        (json, b"{\"email\":\"a\",\"email\":\"b\"}".to_vec(), 400),
        (json, deep.into_bytes(), 400),
        (json, shallow_enough_to_parse.into_bytes(), 400),
        (json, vec![b' '; 70_000], 413),
        (None, b"{}".to_vec(), 415),
        (Some("text/plain"), b"{}".to_vec(), 415),
        (Some("application/json;charset=utf-16"), b"{}".to_vec(), 415),
        (
            Some("application/x-www-form-urlencoded"),
            b"email=a&password=b".to_vec(),
            415,
        ),
    ]
}

/// Asserts that the document of the API describes every route of a profile that is on.
pub async fn assert_documented(caller: &Caller, profile: Profile) {
    let document = caller.get("/openapi.json").await.json();
    let dialect = DIALECTS.iter().find(|dialect| dialect.profile == profile);
    for operation in &dialect.expect("a profile with routes").operations {
        let method = operation.method.as_str().to_ascii_lowercase();
        let described = &document["paths"][operation.path][&method];
        assert_eq!(described["operationId"], operation.name);
        let ok = operation.shape.success.as_u16().to_string();
        assert!(described["responses"][&ok].is_object(), "{described}");
        let has_body = operation.shape.body.is_some();
        assert_eq!(described["requestBody"].is_object(), has_body);
    }
}
