//! What is wrong before a client can be answered, or with a form of ours: said on a page.

use axum::body::Body;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Response, StatusCode};

use crate::app::App;
use crate::context::Ctx;
use crate::oauth::error::OAuthError;
use crate::pages::Frame;
use crate::storage::DbError;
use crate::web::form::FormError;
use crate::web::params::ParamError;
use crate::web::request_info::Failure;

/// A page that says what is wrong, and where to go on if there is a way.
#[derive(Debug)]
pub struct PageError {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    text: &'static str,
    way_on: Option<(&'static str, String)>,
    cause: Option<String>,
}

impl PageError {
    const fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        text: &'static str,
    ) -> Self {
        Self {
            status,
            code,
            title,
            text,
            way_on: None,
            cause: None,
        }
    }

    /// The application's request cannot be answered at its address.
    pub const fn request(text: &'static str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "This link does not work",
            text,
        )
    }

    /// A form that is not one of ours for this browser.
    pub const fn foreign_form() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "form.foreign",
            "Start again",
            "This page belongs to another browser, another site or an earlier visit. Go back to the application \
             and sign in from there.",
        )
    }

    /// A form that lay open for too long.
    pub const fn stale_form() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "form.stale",
            "This page is too old",
            "It lay open for too long. Nothing was changed.",
        )
    }

    /// A form that was used before.
    pub const fn used_form() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "form.used",
            "This page was used before",
            "You have already gone on from it. Nothing was changed.",
        )
    }

    /// With a link to where the same thing begins anew, an address of our own.
    #[must_use]
    pub fn restarting_at(mut self, address: String) -> Self {
        self.way_on = Some(("Start again", address));
        self
    }

    pub fn into_response(self, app: &App, ctx: &Ctx) -> Response<Body> {
        let frame = Frame {
            base: &ctx.tenant.path(),
            tenant_name: &ctx.tenant.name,
            form_targets: &[],
        };
        let way_on = self
            .way_on
            .as_ref()
            .map(|(label, address)| (*label, address.as_str()));
        let mut response = app
            .pages
            .error(self.status, &frame, self.title, self.text, way_on);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let soon = HeaderValue::from_static("1");
            response.headers_mut().insert(RETRY_AFTER, soon);
        }
        response.extensions_mut().insert(Failure {
            code: self.code,
            description: self.text.into(),
            cause: self.cause.map(Into::into),
        });
        response
    }
}

impl From<OAuthError> for PageError {
    fn from(error: OAuthError) -> Self {
        let row = error.kind().row();
        let (title, text) = if row.status.is_server_error() {
            (
                "That did not work",
                "The server could not do this just now. Try again in a moment.",
            )
        } else {
            ("This link does not work", row.description)
        };
        Self {
            cause: error.cause().map(str::to_owned),
            ..Self::new(row.status, row.code, title, text)
        }
    }
}

impl From<DbError> for PageError {
    fn from(error: DbError) -> Self {
        OAuthError::from(error).into()
    }
}

impl From<ParamError> for PageError {
    fn from(error: ParamError) -> Self {
        OAuthError::from(FormError::from(error)).into()
    }
}

impl From<FormError> for PageError {
    fn from(error: FormError) -> Self {
        OAuthError::from(error).into()
    }
}
