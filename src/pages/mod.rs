//! Floor 3: HTML. One typed method for each template; the only place that knows minijinja.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, Response, StatusCode};
use minijinja::{Environment, UndefinedBehavior, context};

/// The templates, parsed once.
pub struct Pages(Environment<'static>);

/// Only our own stylesheet, no scripts, no frames, forms to ourselves.
const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                   frame-ancestors 'none'; base-uri 'none'";

const STYLESHEET: &str = include_str!("../../templates/style.css");

impl Default for Pages {
    fn default() -> Self {
        Self::new()
    }
}

impl Pages {
    pub fn new() -> Self {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in [
            ("base.html", include_str!("../../templates/base.html")),
            ("setup.html", include_str!("../../templates/setup.html")),
            ("message.html", include_str!("../../templates/message.html")),
        ] {
            templates
                .add_template(name, text)
                .expect("the templates in the binary are well formed");
        }
        Self(templates)
    }

    /// The form that makes the first administrator. `problems` are said above it.
    pub fn setup(
        &self,
        status: StatusCode,
        link: &str,
        username: &str,
        problems: &[String],
    ) -> Response<Body> {
        self.render(
            status,
            "setup.html",
            &context! { link, username, problems => problems.to_vec() },
        )
    }

    /// A page that says one thing.
    pub fn message(&self, status: StatusCode, title: &str, text: &str) -> Response<Body> {
        self.render(status, "message.html", &context! { title, text })
    }

    /// The one stylesheet.
    pub fn stylesheet() -> Response<Body> {
        let mut response = Response::new(Body::from(STYLESHEET));
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/css; charset=utf-8"),
        );
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=3600"),
        );
        response
    }

    fn render(&self, status: StatusCode, name: &str, values: &minijinja::Value) -> Response<Body> {
        let page = self
            .0
            .get_template(name)
            .and_then(|template| template.render(values));
        let (status, page) = match page {
            Ok(page) => (status, page),
            Err(error) => {
                tracing::error!(%error, template = name, "a page could not be rendered");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "The page could not be made.".to_owned(),
                )
            }
        };
        let mut response = Response::new(Body::from(page));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        for (name, value) in [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (CONTENT_SECURITY_POLICY, CSP),
            (X_FRAME_OPTIONS, "DENY"),
            (REFERRER_POLICY, "no-referrer"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
