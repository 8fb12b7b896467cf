//! Floor 3: HTML. One typed method for each page; the only place that knows minijinja.

mod account_views;
mod api_docs;
mod demo;
mod factor_views;
mod policy;
mod texts;
mod views;

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, Response, StatusCode};
use data_encoding::HEXLOWER;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

pub use account_views::{AskAddress, ChoosePassword, ConfirmAddress, SignUp};
pub use api_docs::{ApiDocs, FieldLine, OperationLine, ProblemLine, ResourceSection};
pub use demo::{ClaimLine, Claims, Visitor};
pub use factor_views::{ConfigureTotp, RecoveryCodes, SecondFactor};
pub use texts::scope_text;
pub use views::{
    AccountLine, Accounts, ClientCard, Consent, FormPost, Frame, ScopeLine, SignIn, SignOut,
    UpdatePassword,
};

use crate::base::digest::sha256;

const STYLESHEET: &str = include_str!("../../templates/style.css");

const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("../../templates/base.html")),
    (
        "to_continue.html",
        include_str!("../../templates/to_continue.html"),
    ),
    (
        "api_docs.html",
        include_str!("../../templates/api_docs.html"),
    ),
    (
        "ask_address.html",
        include_str!("../../templates/ask_address.html"),
    ),
    (
        "choose_password.html",
        include_str!("../../templates/choose_password.html"),
    ),
    (
        "confirm_address.html",
        include_str!("../../templates/confirm_address.html"),
    ),
    (
        "accounts.html",
        include_str!("../../templates/accounts.html"),
    ),
    ("claims.html", include_str!("../../templates/claims.html")),
    (
        "configure_totp.html",
        include_str!("../../templates/configure_totp.html"),
    ),
    ("consent.html", include_str!("../../templates/consent.html")),
    ("error.html", include_str!("../../templates/error.html")),
    (
        "form_post.html",
        include_str!("../../templates/form_post.html"),
    ),
    ("message.html", include_str!("../../templates/message.html")),
    (
        "recovery_codes.html",
        include_str!("../../templates/recovery_codes.html"),
    ),
    (
        "second_factor.html",
        include_str!("../../templates/second_factor.html"),
    ),
    ("setup.html", include_str!("../../templates/setup.html")),
    ("sign_in.html", include_str!("../../templates/sign_in.html")),
    (
        "sign_out.html",
        include_str!("../../templates/sign_out.html"),
    ),
    (
        "signed_out.html",
        include_str!("../../templates/signed_out.html"),
    ),
    ("sign_up.html", include_str!("../../templates/sign_up.html")),
    (
        "update_password.html",
        include_str!("../../templates/update_password.html"),
    ),
    ("visitor.html", include_str!("../../templates/visitor.html")),
];

/// The templates, parsed once.
pub struct Pages(Environment<'static>);

impl Default for Pages {
    fn default() -> Self {
        Self::new()
    }
}

impl Pages {
    /// Pages of an issuer at the root of its host.
    pub fn new() -> Self {
        Self::at("")
    }

    /// Pages of an issuer at a path of its host.
    pub fn at(root: &str) -> Self {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        // Whatever a template is called.
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.add_filter("path", texts::path);
        templates.add_filter("initial", texts::initial);
        templates.add_filter("own_address", texts::own_address);
        templates.add_filter("web_address", texts::web_address);
        templates.add_global("root", root);
        templates.add_global("stylesheet", Value::from_safe_string(stylesheet_address()));
        for (name, text) in TEMPLATES {
            templates
                .add_template(name, text)
                .expect("the templates in the binary are well formed");
        }
        Self(templates)
    }

    /// The one stylesheet. Pages ask for it by its digest, so a new one arrives at once; while two
    /// versions of the server run side by side, the wrong one is kept for an hour only.
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

    fn render(
        &self,
        status: StatusCode,
        template: &'static str,
        policy: HeaderValue,
        view: &impl Serialize,
    ) -> Response<Body> {
        let page = self
            .0
            .get_template(template)
            .and_then(|template| template.render(Value::from(Serde(view))));
        let (status, page) = match page {
            Ok(page) => (status, page),
            Err(error) => {
                tracing::error!(%error, template, "a page could not be rendered");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "The page could not be made.".to_owned(),
                )
            }
        };
        let mut response = Response::new(Body::from(page));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        for (name, value) in [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (X_FRAME_OPTIONS, "DENY"),
            (REFERRER_POLICY, "no-referrer"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

fn stylesheet_address() -> String {
    let digest = sha256(&[STYLESHEET.as_bytes()]);
    format!("/style.css?v={}", HEXLOWER.encode(&digest[..8]))
}
