//! The pages around an account that nobody is signed in to: behind a link, before one, and signing up.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use super::{Frame, Pages};

/// Asks where a link shall go: `POST {base}/reset-password`.
#[derive(Serialize)]
pub struct AskAddress<'a> {
    pub frame: Frame<'a>,
    pub problem: Option<&'a str>,
}

/// Asks for a new password, behind a link: `POST {base}{action}`.
#[derive(Serialize)]
pub struct ChoosePassword<'a> {
    pub frame: Frame<'a>,
    /// The page's own path.
    pub action: &'a str,
    pub link: &'a str,
    pub username: &'a str,
    /// Somebody was invited.
    pub is_first: bool,
    pub problems: &'a [String],
}

/// Asks whether an address is one's own: `POST {base}/verify-email`.
#[derive(Serialize)]
pub struct ConfirmAddress<'a> {
    pub frame: Frame<'a>,
    pub link: &'a str,
    pub address: &'a str,
}

/// Asks for what an account needs: `POST {base}/sign-up`.
#[derive(Serialize)]
pub struct SignUp<'a> {
    pub frame: Frame<'a>,
    pub email: &'a str,
    pub username: &'a str,
    pub name: &'a str,
    pub problems: &'a [String],
}

impl Pages {
    /// The form that asks for the address a link goes to.
    pub fn ask_address(&self, status: StatusCode, view: &AskAddress<'_>) -> Response<Body> {
        self.page(status, "ask_address.html", &view.frame, view)
    }

    /// The form for a new password.
    pub fn choose_password(&self, status: StatusCode, view: &ChoosePassword<'_>) -> Response<Body> {
        self.page(status, "choose_password.html", &view.frame, view)
    }

    /// The button that confirms an address.
    pub fn confirm_address(&self, view: &ConfirmAddress<'_>) -> Response<Body> {
        self.page(StatusCode::OK, "confirm_address.html", &view.frame, view)
    }

    /// The form for a new account.
    pub fn sign_up(&self, status: StatusCode, view: &SignUp<'_>) -> Response<Body> {
        self.page(status, "sign_up.html", &view.frame, view)
    }

    /// A page of a tenant that says one thing.
    pub fn told(
        &self,
        status: StatusCode,
        frame: &Frame<'_>,
        title: &str,
        text: &str,
    ) -> Response<Body> {
        let view = context! { frame => Serde(frame), title, text };
        self.page(status, "message.html", frame, &view)
    }
}
