//! Requests through the real router, and what came back.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use data_encoding::BASE64;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use users_core::web::request_info::Peer;

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn text(&self, member: &str) -> String {
        let json = self.json();
        json[member]
            .as_str()
            .unwrap_or_else(|| panic!("no {member} in {json}"))
            .to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn error(&self) -> String {
        self.text("error")
    }

    /// Asserts an OAuth error with everything RFC 6749 section 5.2 asks of it.
    #[track_caller]
    pub fn assert_error(&self, status: u16, error: &str) {
        assert_eq!(
            (self.status.as_u16(), self.error().as_str()),
            (status, error),
            "{self:?}"
        );
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{self:?}"
        );
        assert!(self.json()["error_description"].is_string(), "{self:?}");
    }

    #[track_caller]
    pub fn assert_ok(&self) -> &Self {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self
    }

    /// Asserts `{"active":false}` and nothing else.
    #[track_caller]
    pub fn assert_inactive(&self) {
        assert_eq!(
            (self.status.as_u16(), self.body.as_str()),
            (200, r#"{"active":false}"#)
        );
    }
}

/// Who sends a request, and from where.
#[derive(Clone)]
pub struct Caller {
    pub router: Router,
    pub peer: SocketAddr,
    /// Whether an answer that blames the server fails the test.
    pub guarded: bool,
    /// The host its requests name, unless they say so themselves.
    pub host: Option<&'static str>,
}

impl Caller {
    /// The same, where the server is made to fail.
    pub fn unguarded(&self) -> Self {
        Self {
            guarded: false,
            ..self.clone()
        }
    }

    /// The same, at a host.
    pub fn at_host(&self, host: &'static str) -> Self {
        Self {
            host: Some(host),
            ..self.clone()
        }
    }

    pub async fn send(&self, mut request: Request<Body>) -> Reply {
        if let Some(host) = self.host {
            let host = HeaderValue::from_static(host);
            request.headers_mut().entry(HOST).or_insert(host);
        }
        let peer = Peer {
            address: self.peer,
            tls: false,
        };
        request.extensions_mut().insert(peer);
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("the router is infallible");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        let reply = Reply {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let expected_5xx = [StatusCode::SERVICE_UNAVAILABLE];
        assert!(
            !self.guarded
                || !reply.status.is_server_error()
                || expected_5xx.contains(&reply.status),
            "a server error: {reply:?}"
        );
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).expect("a request"))
            .await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).expect("a request"))
            .await
    }

    /// Posts a form; `headers` beside the content type.
    pub async fn post(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Reply {
        let body = serde_urlencoded::to_string(form).expect("a form");
        self.post_raw(path, "application/x-www-form-urlencoded", body, headers)
            .await
    }

    pub async fn post_raw(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::post(path).header("content-type", content_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).expect("a request"))
            .await
    }
}

/// `client_secret_basic` as RFC 6749 section 2.3.1 wants it: form-encoded, then base64.
pub fn basic(client_id: &str, secret: &str) -> String {
    let encode =
        |text: &str| serde_urlencoded::to_string([("", text)]).expect("encodes")[1..].to_owned();
    let pair = format!("{}:{}", encode(client_id), encode(secret));
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}
