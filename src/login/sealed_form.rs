//! What a form of our pages carries: sealed to one tenant, bound to one browser, good for an hour.

use axum::http::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::browser::Browser;
use super::page_error::PageError;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::digest::equal;
use crate::base::master_key;
use crate::context::Ctx;
use crate::web::fetch_metadata::is_cross_site;

/// How long a page may lie open, in seconds.
pub const LIFETIME: i64 = 3600;

/// Parameters on their way through a form. They are never evidence.
pub trait SealedForm: Serialize + DeserializeOwned {
    /// Keeps forms of different kinds apart.
    const LABEL: &'static str;

    /// The digest of the mark of the browser it was made for.
    fn browser(&self) -> &str;

    fn started_at(&self) -> Timestamp;

    /// Where the same begins anew.
    fn restart(&self, ctx: &Ctx) -> String;
}

/// The text for the form.
pub fn seal<F: SealedForm>(app: &App, ctx: &Ctx, form: &F) -> String {
    let plain = serde_json::to_vec(form).unwrap_or_default();
    let key = app.master_key.derive(F::LABEL);
    master_key::seal(&key, &place::<F>(ctx), &plain, &app.random)
}

/// Opens what a form brought.
///
/// # Errors
/// It was edited, is another tenant's, another browser's, or came from another site; or it is too old.
pub fn open<F: SealedForm>(
    app: &App,
    ctx: &Ctx,
    headers: &HeaderMap,
    browser: &Browser,
    sealed: &str,
) -> Result<F, PageError> {
    if is_cross_site(headers, &ctx.tenant.issuer) {
        return Err(PageError::foreign_form());
    }
    let key = app.master_key.derive(F::LABEL);
    let plain =
        master_key::open(&key, &place::<F>(ctx), sealed).map_err(|_| PageError::foreign_form())?;
    let form: F = serde_json::from_slice(&plain).map_err(|_| PageError::foreign_form())?;
    let made_here = |mark: String| equal(mark.as_bytes(), form.browser().as_bytes());
    if !browser.mark_digest().is_some_and(made_here) {
        return Err(PageError::foreign_form().restarting_at(form.restart(ctx)));
    }
    if form.started_at().plus_seconds(LIFETIME) <= ctx.now {
        return Err(PageError::stale_form().restarting_at(form.restart(ctx)));
    }
    Ok(form)
}

fn place<F: SealedForm>(ctx: &Ctx) -> String {
    format!("{}:{}", F::LABEL, ctx.tenant.id)
}
