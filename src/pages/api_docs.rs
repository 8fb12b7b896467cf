//! The page about the REST API.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use super::Pages;
use super::views::Frame;

/// Every operation, by resource, and every problem they answer with.
#[derive(Serialize)]
pub struct ApiDocs {
    pub sections: Vec<ResourceSection>,
    pub problems: Vec<ProblemLine>,
}

#[derive(Serialize)]
pub struct ResourceSection {
    pub name: &'static str,
    pub operations: Vec<OperationLine>,
}

#[derive(Serialize)]
pub struct OperationLine {
    pub method: &'static str,
    pub path: String,
    pub name: &'static str,
    pub summary: &'static str,
    pub scopes: &'static [&'static str],
    pub parameters: Vec<FieldLine>,
    pub body: Vec<FieldLine>,
    pub success: u16,
    pub statuses: Vec<u16>,
}

/// A parameter of an address or a member of a body.
#[derive(Serialize)]
pub struct FieldLine {
    pub name: String,
    pub kind: String,
    pub text: String,
    pub required: bool,
}

#[derive(Serialize)]
pub struct ProblemLine {
    pub code: &'static str,
    pub status: u16,
    pub title: &'static str,
}

impl Pages {
    /// The API for people.
    pub fn api_docs(&self, view: &ApiDocs) -> Response<Body> {
        let frame = Frame::INSTALLATION;
        let view = context! {
            frame => Serde(&frame),
            sections => Serde(&view.sections),
            problems => Serde(&view.problems),
        };
        self.page(StatusCode::OK, "api_docs.html", &frame, &view)
    }
}
