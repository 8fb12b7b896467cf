//! `/sessions`: who is signed in, as their managers see it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{Done, Found};
use super::authority;
use super::call::Call;
use super::list::{List, Listed, NoFilter, Page};
use super::operation::Operation;
use super::problem::Problem;
use super::users;
use super::views::When;
use crate::admin::sessions;
use crate::model::place::Place;
use crate::model::session::SessionEntry;
use crate::model::user_agent;
use crate::storage::session_ends::Ending;

const READ: &[&str] = &["users.read"];
const WRITE: &[&str] = &["users.write"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/sessions", "sessions.list", "Lists who is signed in, the newest first", READ, list),
        Operation::get("/sessions/{id}", "sessions.read", "Shows a session", READ, read),
        Operation::delete("/sessions/{id}", "sessions.end", "Ends a session and everything it gave", WRITE, end),
        Operation::get("/users/{id}/sessions", "sessions.list_of_user", "Lists where an account is signed in, the newest first", READ, list_of_user),
        Operation::delete("/users/{id}/sessions", "sessions.end_of_user", "Signs an account out everywhere; its tokens are dead and its devices forgotten", WRITE, end_of_user),
    ]
}

/// A sign-in that goes on.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Session")]
pub(super) struct SessionView {
    /// The `sid` of the tokens that came of it.
    id: String,
    user_id: String,
    /// Whether the call itself comes from it.
    current: bool,
    /// What it is in, made of what it called itself: `Firefox on Linux`.
    device: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<String>,
    /// The client of a sign-in without our pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The network it began in: an IPv4 address, or the first half of an IPv6 one.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    /// Whether the browser keeps it when it is closed.
    remembered: bool,
    /// How the person proved who they are (RFC 8176).
    methods: Vec<String>,
    created_at: When,
    /// When the password was asked for last.
    authenticated_at: When,
    /// When the browser last came with it.
    seen_at: When,
    expires_at: When,
}

impl SessionView {
    fn of(entry: SessionEntry, call: &Call) -> Self {
        let SessionEntry {
            session,
            created_at,
            origin,
            device_id,
        } = entry;
        Self {
            current: call.caller.session() == Some(session.id.as_str()),
            id: session.id,
            user_id: session.user_id,
            device: user_agent::name(origin.user_agent.as_deref()),
            device_id,
            client_id: origin.client_id,
            address: origin.address,
            user_agent: origin.user_agent,
            remembered: session.remembered,
            methods: session.amr,
            created_at: When(created_at),
            authenticated_at: When(session.auth_time),
            seen_at: When(session.seen_at),
            expires_at: When(session.expires_at),
        }
    }
}

/// The page of a list that has the newest first.
pub(super) fn place_of(page: &Page) -> Result<Place, Problem> {
    Place::parse(&page.after).ok_or_else(|| Problem::internal("a cursor of another list"))
}

/// A page of an account's sessions.
pub(super) async fn page_of_user(
    call: &Call,
    user_id: &str,
    page: &Page,
) -> Result<Listed<SessionView>, Problem> {
    let after = place_of(page)?;
    let rows = call.rows();
    let rows = rows
        .sessions_of_user(user_id, &after, page.rows(), call.ctx.now)
        .await?;
    let key = |entry: &SessionEntry| entry.place().to_string();
    Ok(page.answer(call, rows, key, |entry| SessionView::of(entry, call)))
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<SessionView>, Problem> {
    let after = place_of(&page)?;
    let rows = call.rows();
    let rows = rows
        .live_sessions(&after, page.rows(), call.ctx.now)
        .await?;
    let key = |entry: &SessionEntry| entry.place().to_string();
    Ok(page.answer(&call, rows, key, |entry| SessionView::of(entry, &call)))
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<SessionView>, Problem> {
    let entry = found(&call).await?;
    Ok(Found(SessionView::of(entry, &call)))
}

async fn end(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let session = found(&call).await?.session;
    end_all(&call, &session.user_id, Ending::One(session.id)).await
}

async fn list_of_user(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<SessionView>, Problem> {
    let user = users::found(&call, call.path("id")).await?;
    page_of_user(&call, &user.id, &page).await
}

async fn end_of_user(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    end_all(&call, call.path("id"), Ending::All).await
}

/// Ends sessions of an account that the caller may manage.
async fn end_all(call: &Call, user_id: &str, ending: Ending) -> Result<Done, Problem> {
    let user = users::found(call, user_id).await?;
    authority::may_manage(call, &user)?;
    sessions::end(&call.app, &call.actor(), call.tenant(), &user.id, ending).await?;
    Ok(Done)
}

/// The live session that the path names.
async fn found(call: &Call) -> Result<SessionEntry, Problem> {
    let rows = call.rows();
    let session = rows.live_session(call.path("id"), call.ctx.now).await?;
    session.ok_or_else(Problem::not_found)
}
