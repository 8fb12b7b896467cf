//! The pages of the demo's relying party.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;

use super::{Frame, Pages};

/// Somebody the application does not know.
#[derive(Serialize)]
pub struct Visitor<'a> {
    pub frame: Frame<'a>,
    /// An authorization request.
    pub sign_in: &'a str,
    /// Who can sign in.
    pub username: &'a str,
    /// They have just signed out.
    pub signed_out: bool,
}

/// Somebody who has signed in, and what the application was told: `POST /sign-out`.
#[derive(Serialize)]
pub struct Claims<'a> {
    pub frame: Frame<'a>,
    pub name: &'a str,
    pub claims: Vec<ClaimLine>,
    /// The ID token's header, as JSON.
    pub header: &'a str,
    /// The ID token's payload, as JSON.
    pub payload: &'a str,
}

#[derive(Serialize)]
pub struct ClaimLine {
    pub name: String,
    pub value: String,
}

impl Pages {
    /// What the demo's relying party shows to whom it does not know.
    pub fn visitor(&self, view: &Visitor<'_>) -> Response<Body> {
        self.page(StatusCode::OK, "visitor.html", &view.frame, view)
    }

    /// What the demo's relying party was told.
    pub fn claims(&self, view: &Claims<'_>) -> Response<Body> {
        self.page(StatusCode::OK, "claims.html", &view.frame, view)
    }
}
