//! What the pages of second factors show.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use minijinja::value::Serde;
use minijinja::{Value, context};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Serialize;

use super::{Frame, Pages};

/// Asks for a code: `POST {base}/sign-in`.
#[derive(Serialize)]
pub struct SecondFactor<'a> {
    pub frame: Frame<'a>,
    pub transaction: &'a str,
    pub client_name: Option<&'a str>,
    pub username: &'a str,
    pub problem: Option<&'a str>,
}

/// Lets somebody set up an authenticator: `POST {base}/sign-in`.
#[derive(Serialize)]
pub struct ConfigureTotp<'a> {
    pub frame: Frame<'a>,
    pub transaction: &'a str,
    pub client_name: Option<&'a str>,
    pub username: &'a str,
    /// In Base32.
    pub secret: &'a str,
    /// An `otpauth` address.
    pub uri: &'a str,
    pub problem: Option<&'a str>,
}

/// Shows recovery codes, once.
#[derive(Serialize)]
pub struct RecoveryCodes<'a> {
    pub frame: Frame<'a>,
    pub transaction: &'a str,
    pub client_name: Option<&'a str>,
    pub codes: Vec<&'a str>,
}

impl Pages {
    /// The form for a code.
    pub fn second_factor(&self, status: StatusCode, view: &SecondFactor<'_>) -> Response<Body> {
        self.page(status, "second_factor.html", &view.frame, view)
    }

    /// The form for the first code of an authenticator, with what it needs to know.
    pub fn configure_totp(&self, status: StatusCode, view: &ConfigureTotp<'_>) -> Response<Body> {
        let secret = in_fours(view.secret);
        let qr = Value::from_safe_string(picture(view.uri));
        let shown = context! { secret, qr, ..Value::from(Serde(view)) };
        self.page(status, "configure_totp.html", &view.frame, &shown)
    }

    /// The recovery codes of somebody who set one up.
    pub fn recovery_codes(&self, view: &RecoveryCodes<'_>) -> Response<Body> {
        self.page(StatusCode::OK, "recovery_codes.html", &view.frame, view)
    }
}

/// A QR code as an SVG element of its own, black on white whatever the page's colours. Empty for a text
/// that is too long for one; the page has the secret in words too.
fn picture(text: &str) -> String {
    let Ok(code) = QrCode::new(text) else {
        return String::new();
    };
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(200, 200)
        .build();
    // What stands before it belongs to a file of its own.
    let element = image.find("<svg").and_then(|at| image.get(at..));
    element.unwrap_or_default().to_owned()
}

/// In groups that can be typed.
fn in_fours(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}
