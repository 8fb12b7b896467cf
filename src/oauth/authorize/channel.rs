//! The way back to the client: OAuth 2.0 Multiple Response Types section 2.1, Form Post Response Mode.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use axum::http::{HeaderValue, Response, StatusCode};

use super::error::AuthorizeError;
use crate::app::App;
use crate::context::Ctx;
use crate::model::redirect_uri::VerifiedRedirect;
use crate::pages::{FormPost, Frame};
use crate::web::request_info::Failure;

/// Where in the answer its parameters stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl ResponseMode {
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// A verified address of the client, and how it is to be answered there.
#[derive(Clone)]
pub struct Channel {
    pub redirect: VerifiedRedirect,
    pub mode: ResponseMode,
    pub state: Option<String>,
}

impl Channel {
    /// Sends the browser back with an authorization code.
    pub fn code(&self, app: &App, ctx: &Ctx, code: &str) -> Response<Body> {
        self.answer(app, ctx, vec![("code", code.to_owned())])
    }

    /// Sends the browser back with an error (RFC 6749 section 4.1.2.1).
    pub fn error(&self, app: &App, ctx: &Ctx, error: &AuthorizeError) -> Response<Body> {
        let code = error.kind().code();
        let mut response = self.answer(
            app,
            ctx,
            vec![
                ("error", code.to_owned()),
                ("error_description", error.description().to_owned()),
            ],
        );
        let cause = error.cause().map(Into::into);
        let description = error.description().into();
        response.extensions_mut().insert(Failure {
            code,
            description,
            cause,
        });
        response
    }

    /// Every answer says whose it is (RFC 9207).
    fn answer(
        &self,
        app: &App,
        ctx: &Ctx,
        mut params: Vec<(&'static str, String)>,
    ) -> Response<Body> {
        if let Some(state) = &self.state {
            params.push(("state", state.clone()));
        }
        params.push(("iss", ctx.tenant.issuer.clone()));
        if self.mode == ResponseMode::FormPost {
            return app.pages.form_post(&FormPost {
                frame: Frame {
                    base: &ctx.tenant.path(),
                    tenant_name: &ctx.tenant.name,
                    form_targets: &[self.redirect.form_target()],
                },
                action: self.redirect.as_str(),
                fields: params,
            });
        }
        let encoded = serde_urlencoded::to_string(&params).unwrap_or_default();
        see_other(&match self.mode {
            ResponseMode::Fragment => format!("{}#{encoded}", self.redirect.as_str()),
            _ => self.redirect.with_query(&encoded),
        })
    }
}

/// Sends the browser on with GET, whatever it came with (RFC 9700 section 4.12).
pub fn see_other(location: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::try_from(location) {
        headers.insert(LOCATION, location);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
