//! What each page shows. Every text may come from outside: the templates escape all of it.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::{Pages, policy};

/// Around every page of a tenant.
#[derive(Serialize)]
pub struct Frame<'a> {
    /// Where the tenant's routes begin: empty, or `/t/{slug}`.
    pub base: &'a str,
    pub tenant_name: &'a str,
    /// Sources a form's answer may lead to, beside ourselves: browsers apply `form-action` to the
    /// redirects after a form too.
    pub form_targets: &'a [String],
}

impl Frame<'static> {
    /// Around the pages of the installation itself.
    pub(super) const INSTALLATION: Self = Self {
        base: "",
        tenant_name: "users-core",
        form_targets: &[],
    };
}

/// Asks for name and password: `POST {base}/sign-in`.
#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the page shows, each for itself"
)]
pub struct SignIn<'a> {
    pub frame: Frame<'a>,
    pub transaction: &'a str,
    pub client_name: Option<&'a str>,
    pub username: &'a str,
    /// The name is settled and only shown.
    pub username_is_fixed: bool,
    pub problem: Option<&'a str>,
    /// Offers a way to the account picker.
    pub other_accounts: bool,
    /// Offers a way to a new password: where mail is sent.
    pub reset: bool,
    /// Offers a way to an account: where people may make one.
    pub sign_up: bool,
}

/// Asks for another password: `POST {base}/sign-in`.
#[derive(Serialize)]
pub struct UpdatePassword<'a> {
    pub frame: Frame<'a>,
    pub transaction: &'a str,
    pub client_name: Option<&'a str>,
    pub username: &'a str,
    /// Characters at least.
    pub min_length: u32,
    pub problems: &'a [String],
}

/// Asks whether a client may have what it wants: `POST {base}/consent`.
#[derive(Serialize)]
pub struct Consent<'a> {
    pub frame: Frame<'a>,
    pub transaction: &'a str,
    pub client: ClientCard<'a>,
    pub username: &'a str,
    pub scopes: Vec<ScopeLine>,
    /// The client keeps its access while the person is away.
    pub offline: bool,
    /// Nobody can check that the client is who it says.
    pub unverified: bool,
    pub redirect_host: &'a str,
}

/// A client as its registration describes it.
#[derive(Serialize)]
pub struct ClientCard<'a> {
    pub name: &'a str,
    pub uri: Option<&'a str>,
    /// Never loaded: a page fetches nothing from others, who would learn of the visit.
    pub logo_uri: Option<&'a str>,
    pub policy_uri: Option<&'a str>,
    pub tos_uri: Option<&'a str>,
}

#[derive(Serialize)]
pub struct ScopeLine {
    pub scope: String,
    /// As [`super::scope_text`] says it.
    pub text: String,
    /// The person has not allowed this to the client before.
    pub is_new: bool,
}

/// Asks which of the signed-in accounts to go on with: `POST {base}/select-account`.
#[derive(Serialize)]
pub struct Accounts<'a> {
    pub frame: Frame<'a>,
    pub transaction: &'a str,
    pub client_name: Option<&'a str>,
    pub accounts: Vec<AccountLine>,
}

#[derive(Serialize)]
pub struct AccountLine {
    /// The value of the button `session`.
    pub session: String,
    pub username: String,
    pub name: Option<String>,
}

/// An answer carried to the client by the browser (OAuth 2.0 Form Post Response Mode, section 2).
#[derive(Serialize)]
pub struct FormPost<'a> {
    pub frame: Frame<'a>,
    /// A verified redirect URI.
    pub action: &'a str,
    pub fields: Vec<(&'static str, String)>,
}

/// Asks whether to sign out: `POST {base}/account/sign-out`.
#[derive(Serialize)]
pub struct SignOut<'a> {
    pub frame: Frame<'a>,
    pub transaction: &'a str,
    pub client_name: Option<&'a str>,
    pub usernames: Vec<String>,
}

impl Pages {
    /// The form for name and password.
    pub fn sign_in(&self, status: StatusCode, view: &SignIn<'_>) -> Response<Body> {
        self.page(status, "sign_in.html", &view.frame, view)
    }

    /// The form for another password.
    pub fn update_password(&self, status: StatusCode, view: &UpdatePassword<'_>) -> Response<Body> {
        self.page(status, "update_password.html", &view.frame, view)
    }

    /// The question whether a client may have its scopes.
    pub fn consent(&self, view: &Consent<'_>) -> Response<Body> {
        self.page(StatusCode::OK, "consent.html", &view.frame, view)
    }

    /// The account picker.
    pub fn accounts(&self, view: &Accounts<'_>) -> Response<Body> {
        self.page(StatusCode::OK, "accounts.html", &view.frame, view)
    }

    /// The page that posts itself to the client: by the one script, or by its button.
    pub fn form_post(&self, view: &FormPost<'_>) -> Response<Body> {
        let script = Value::from_safe_string(policy::SEND_ANSWER.to_owned());
        self.render(
            StatusCode::OK,
            "form_post.html",
            policy::with_the_one_script(view.frame.form_targets),
            &context! { script, ..Value::from(Serde(view)) },
        )
    }

    /// The question whether to sign out.
    pub fn sign_out(&self, view: &SignOut<'_>) -> Response<Body> {
        self.page(StatusCode::OK, "sign_out.html", &view.frame, view)
    }

    /// What a person sees who has signed out and has nowhere to go.
    pub fn signed_out(&self, frame: &Frame<'_>) -> Response<Body> {
        let view = context! { frame => Serde(frame) };
        self.page(StatusCode::OK, "signed_out.html", frame, &view)
    }

    /// Something went wrong. `way_on` is a link out of it: its label, and an address of our own or
    /// on the web.
    pub fn error(
        &self,
        status: StatusCode,
        frame: &Frame<'_>,
        title: &str,
        text: &str,
        way_on: Option<(&str, &str)>,
    ) -> Response<Body> {
        let view = context! { frame => Serde(frame), title, text, way_on => Serde(way_on) };
        self.page(status, "error.html", frame, &view)
    }

    /// The form that makes the first administrator. `problems` are said above it.
    pub fn setup(
        &self,
        status: StatusCode,
        link: &str,
        username: &str,
        min_length: u32,
        problems: &[String],
    ) -> Response<Body> {
        let frame = Frame::INSTALLATION;
        let view = context! {
            frame => Serde(&frame), link, username, min_length, problems => Serde(problems)
        };
        self.page(status, "setup.html", &frame, &view)
    }

    /// A page that says one thing.
    pub fn message(&self, status: StatusCode, title: &str, text: &str) -> Response<Body> {
        let frame = Frame::INSTALLATION;
        let view = context! { frame => Serde(&frame), title, text };
        self.page(status, "message.html", &frame, &view)
    }

    pub(super) fn page(
        &self,
        status: StatusCode,
        template: &'static str,
        frame: &Frame<'_>,
        view: &impl Serialize,
    ) -> Response<Body> {
        let policy = policy::without_scripts(frame.form_targets);
        self.render(status, template, policy, view)
    }
}
