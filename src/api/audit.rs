//! `/audit`: who did what, the newest first, page by page or as lines of JSON.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use futures_util::stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::Call;
use super::list::{List, Listed, NoFilter, Page};
use super::operation::{Operation, Output, Shape};
use super::problem::Problem;
use super::views::When;
use crate::base::clock::Timestamp;
use crate::model::audit_chain::Checkpoint;
use crate::storage::DbError;
use crate::storage::audit::AuditRow;
use crate::storage::audit_page::AuditFilter;

const READ: &[&str] = &["audit.read"];
const LINES: &str = "application/x-ndjson";
/// Events that are read at once where they are answered as lines.
const CHUNK: i64 = 500;

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/audit", "audit.list", "Lists what happened, the newest first; all of it as application/x-ndjson", READ, list),
        Operation::get("/audit/checkpoints", "audit.checkpoints", "Lists what the tenant's keys signed about its trail, the oldest first", READ, checkpoints),
    ]
}

/// Which events are listed; every parameter narrows.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Filter {
    kind: Option<String>,
    /// Who acted: the id of an account or client, or a name such as `command line`.
    actor: Option<String>,
    /// What it was done to.
    subject: Option<String>,
    client_id: Option<String>,
    /// The network address it came from.
    address: Option<String>,
    /// Who acted or suffered.
    about: Option<String>,
    /// The first instant.
    from: Option<When>,
    /// The first instant that is too late.
    to: Option<When>,
}

/// What happened.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "AuditEvent")]
struct EventView {
    id: String,
    at: When,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    detail: Value,
    /// Its place in the tenant's chain; absent for about a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
    /// The event that says that the content of this one was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_by: Option<String>,
}

impl From<AuditRow> for EventView {
    fn from(row: AuditRow) -> Self {
        let (seq, digest, chain) = match row.sealed {
            Some(seal) => (Some(seal.seq), Some(seal.digest), Some(seal.chain)),
            None => (None, None, None),
        };
        Self {
            id: row.id,
            at: When(Timestamp::from_millis(row.at)),
            kind: row.kind,
            actor: row.actor,
            subject: row.subject,
            client_id: row.client_id,
            address: row.address,
            request_id: row.request_id,
            detail: serde_json::from_str(&row.detail).unwrap_or_default(),
            seq,
            digest,
            chain,
            erased_by: row.erased_by,
        }
    }
}

/// A signed statement about the tenant's trail.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "AuditCheckpoint")]
struct CheckpointView {
    /// The number of the last event it vouches for.
    seq: i64,
    chain: String,
    at: When,
    /// Events up to this one were removed on purpose.
    cut: bool,
    /// The statement, in JWS compact form, by a key of the tenant.
    jws: String,
}

impl From<Checkpoint> for CheckpointView {
    fn from(checkpoint: Checkpoint) -> Self {
        Self {
            seq: checkpoint.seq,
            chain: checkpoint.chain.text(),
            at: When(checkpoint.at),
            cut: checkpoint.cut,
            jws: checkpoint.jws,
        }
    }
}

/// A page, or everything from there on as lines.
enum Events {
    Page(Listed<EventView>),
    Lines(Response),
}

impl Output for Events {
    fn describe(shape: &mut Shape) {
        Listed::<EventView>::describe(shape);
        shape.also = &[LINES];
    }

    fn respond(self, call: &Call) -> Response {
        match self {
            Self::Page(page) => page.respond(call),
            Self::Lines(lines) => lines,
        }
    }
}

async fn list(call: Arc<Call>, List { filter, page }: List<Filter>) -> Result<Events, Problem> {
    let filter = AuditFilter {
        kind: filter.kind,
        actor: filter.actor,
        subject: filter.subject,
        client_id: filter.client_id,
        address: filter.address,
        about: filter.about,
        from: filter.from.map(|when| when.0),
        to: filter.to.map(|when| when.0),
        ..AuditFilter::default()
    };
    let accepted = call.header(&ACCEPT).unwrap_or_default();
    if accepted.split(',').any(|range| range.trim() == LINES) {
        return Ok(Events::Lines(lines(call, filter, page)));
    }
    let after = Some(page.after.as_str()).filter(|after| !after.is_empty());
    let rows = call.rows().audit_page(&filter, after, page.rows()).await?;
    let key = |row: &AuditRow| row.id.clone();
    Ok(Events::Page(page.answer(&call, rows, key, EventView::from)))
}

/// Everything that passes the filter, read while it is sent. Where the database goes away meanwhile, the
/// answer breaks off: an end would say that this is all.
fn lines(call: Arc<Call>, filter: AuditFilter, page: Page) -> Response {
    let after = Some(page.after).filter(|after| !after.is_empty());
    let state = Some((call, filter, after));
    let chunks = stream::try_unfold(state, async |state| {
        let Some((call, filter, after)) = state else {
            return Ok::<_, DbError>(None);
        };
        let rows = call.rows();
        let rows = rows.audit_page(&filter, after.as_deref(), CHUNK).await?;
        let Some(last) = rows.last().map(|row| row.id.clone()) else {
            return Ok(None);
        };
        let mut text = Vec::new();
        for row in rows {
            // Texts and numbers: nothing here can fail to be written.
            let _ = serde_json::to_writer(&mut text, &EventView::from(row));
            text.push(b'\n');
        }
        Ok(Some((Bytes::from(text), Some((call, filter, Some(last))))))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(LINES));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn checkpoints(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<CheckpointView>, Problem> {
    let after = page.after.parse().unwrap_or(0);
    let rows = call.rows().checkpoints(after, page.rows()).await?;
    let key = |row: &Checkpoint| row.seq.to_string();
    Ok(page.answer(&call, rows, key, CheckpointView::from))
}
