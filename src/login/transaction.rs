//! An authorization on its way through our pages: sealed into their forms, so that a visitor costs no
//! row. It holds parameters, never evidence: whatever counts is checked again when it comes back.

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::browser::Browser;
use super::page_error::PageError;
use super::sealed_form::{self, LIFETIME, SealedForm};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::digest::sha256_text;
use crate::context::Ctx;
use crate::storage::codes::Interaction;

#[derive(Clone, Deserialize, Serialize)]
pub struct Transaction {
    /// Burnt with the code it leads to.
    id: String,
    /// The request as it came.
    query: String,
    /// Milliseconds since 1970.
    started_at: i64,
    /// The digest of the mark of the browser it was begun in.
    browser: String,
    /// The session chosen among the browser's.
    pub account: Option<String>,
    /// Somebody else than those signed in shall sign in.
    pub another: bool,
    /// The scope the person was asked about.
    pub shown: Option<String>,
    #[serde(skip)]
    resumed: bool,
}

impl Transaction {
    /// Begins with a request's query.
    pub fn begin(app: &App, ctx: &Ctx, query: &str, browser: &Browser) -> Self {
        Self {
            id: app.opaque_id(),
            query: query.to_owned(),
            started_at: ctx.now.millis(),
            browser: browser.mark_digest().unwrap_or_default(),
            account: None,
            another: false,
            shown: None,
            resumed: false,
        }
    }

    pub fn query(&self) -> &str {
        &self.query
    }

    /// Whether it came back in a form of ours.
    pub const fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// What must be burnt when this leads to a code: a form leads to one.
    pub fn once(&self) -> Option<Interaction> {
        self.resumed.then(|| Interaction {
            digest: sha256_text(&format!("transaction\n{}", self.id)),
            until: self.started_at().plus_seconds(LIFETIME + 60),
        })
    }

    /// The text for a form of the browser with this mark.
    pub fn seal(&mut self, app: &App, ctx: &Ctx, mark_digest: String) -> String {
        self.browser = mark_digest;
        sealed_form::seal(app, ctx, self)
    }

    /// Opens what a form brought.
    ///
    /// # Errors
    /// As [`sealed_form::open`] says.
    pub fn open(
        app: &App,
        ctx: &Ctx,
        headers: &HeaderMap,
        browser: &Browser,
        sealed: &str,
    ) -> Result<Self, PageError> {
        let opened: Self = sealed_form::open(app, ctx, headers, browser, sealed)?;
        Ok(Self {
            resumed: true,
            ..opened
        })
    }
}

impl SealedForm for Transaction {
    const LABEL: &'static str = "transaction";

    fn browser(&self) -> &str {
        &self.browser
    }

    fn started_at(&self) -> Timestamp {
        Timestamp::from_millis(self.started_at)
    }

    fn restart(&self, ctx: &Ctx) -> String {
        format!("{}/authorize?{}", ctx.tenant.path(), self.query)
    }
}
