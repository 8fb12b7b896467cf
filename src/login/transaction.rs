//! An authorization on its way through our pages: sealed into their forms, so that a visitor costs no
//! row. It holds parameters, never evidence: whatever counts is checked again when it comes back.

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::browser::Browser;
use super::page_error::PageError;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::digest::{equal, sha256_text};
use crate::base::master_key;
use crate::context::Ctx;
use crate::storage::codes::Interaction;
use crate::web::fetch_metadata::is_cross_site;

/// How long a page may lie open, in seconds.
const LIFETIME: i64 = 3600;
const KEY: &str = "transaction";

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

    pub const fn started_at(&self) -> Timestamp {
        Timestamp::from_millis(self.started_at)
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

    /// Where the same request begins anew.
    pub fn restart(&self, ctx: &Ctx) -> String {
        format!("{}/authorize?{}", ctx.tenant.path(), self.query)
    }

    /// The text for a form of the browser with this mark.
    pub fn seal(&mut self, app: &App, ctx: &Ctx, mark_digest: String) -> String {
        self.browser = mark_digest;
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let key = app.master_key.derive(KEY);
        master_key::seal(&key, &place(ctx), &plain, &app.random)
    }

    /// Opens what a form brought.
    ///
    /// # Errors
    /// It was edited, is another tenant's, another browser's, or came from another site; or it is too
    /// old.
    pub fn open(
        app: &App,
        ctx: &Ctx,
        headers: &HeaderMap,
        browser: &Browser,
        sealed: &str,
    ) -> Result<Self, PageError> {
        if is_cross_site(headers, &ctx.tenant.issuer) {
            return Err(PageError::foreign_form());
        }
        let key = app.master_key.derive(KEY);
        let plain =
            master_key::open(&key, &place(ctx), sealed).map_err(|_| PageError::foreign_form())?;
        let mut transaction: Self =
            serde_json::from_slice(&plain).map_err(|_| PageError::foreign_form())?;
        let begun_here = |mark: String| equal(mark.as_bytes(), transaction.browser.as_bytes());
        if !browser.mark_digest().is_some_and(begun_here) {
            return Err(PageError::foreign_form().restarting_at(transaction.restart(ctx)));
        }
        if transaction.started_at().plus_seconds(LIFETIME) <= ctx.now {
            return Err(PageError::stale_form().restarting_at(transaction.restart(ctx)));
        }
        transaction.resumed = true;
        Ok(transaction)
    }
}

/// Sealed to one tenant.
fn place(ctx: &Ctx) -> String {
    format!("transaction:{}", ctx.tenant.id)
}
