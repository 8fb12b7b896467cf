//! Activity: who signed in and out, who was refused, and what changed about people; of a tenant, of an
//! account, of oneself.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::list::{List, Listed, NoFilter, Page};
use super::operation::Operation;
use super::problem::Problem;
use super::users::found;
use super::views::When;
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditKind;
use crate::storage::audit::{AuditRow, RefusalRow};
use crate::storage::audit_page::AuditFilter;

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/activity", "activity.list", "Lists logins, logouts, refusals and changes of people, the newest first", &["audit.read"], of_tenant),
        Operation::get("/users/{id}/activity", "users.activity", "Lists what happened to an account and what it did", &["users.read"], of_account),
        Operation::get("/users/me/activity", "me.activity", "Lists what happened to one's own account", &["account"], of_oneself),
    ]
}

/// Something that happened with people.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Activity")]
pub struct ActivityView {
    at: When,
    /// `login`, `logout`, `login_failed`, `login_throttled`, or what changed, such as `user_disabled`.
    action: String,
    /// The account it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// Who did it, where it was somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The network address it came from; of refusals, the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// How often, within the minute; refusals are counted.
    count: i64,
}

/// An entry of either source, and how far both are read with it.
struct Entry {
    view: ActivityView,
    position: Position,
}

/// How far the two sources are read: the id of an event, the key of a counted refusal.
#[derive(Clone, Default)]
struct Position {
    event: String,
    refusal: String,
}

impl Position {
    fn parse(text: &str) -> Self {
        let (event, refusal) = text.split_once('\n').unwrap_or_default();
        Self {
            event: event.to_owned(),
            refusal: refusal.to_owned(),
        }
    }

    fn text(&self) -> String {
        format!("{}\n{}", self.event, self.refusal)
    }
}

async fn of_tenant(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<ActivityView>, Problem> {
    answer(&call, &page, None).await
}

/// What happened to the account that the path names.
///
/// # Errors
/// There is no such account, or the database's.
pub async fn of_account(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<ActivityView>, Problem> {
    let user = found(&call, call.path("id")).await?;
    answer(&call, &page, Some(user.id)).await
}

async fn of_oneself(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<ActivityView>, Problem> {
    let account = call.me()?.id.clone();
    answer(&call, &page, Some(account)).await
}

/// Both sources as one list: the younger entry first.
async fn answer(
    call: &Arc<Call>,
    page: &Page,
    account: Option<String>,
) -> Result<Listed<ActivityView>, Problem> {
    let mut position = Position::parse(&page.after);
    let filter = AuditFilter {
        about: account.clone(),
        kinds: Some(AuditKind::of_people().collect()),
        ..AuditFilter::default()
    };
    let rows = call.rows();
    let after = Some(position.event.as_str()).filter(|after| !after.is_empty());
    let events = rows.audit_page(&filter, after, page.rows()).await?;
    let refusals = rows
        .login_refusals(account.as_deref(), &position.refusal, page.rows())
        .await?;
    let mut events = events.into_iter().peekable();
    let mut refusals = refusals.into_iter().peekable();
    let mut entries = Vec::new();
    let whole = usize::try_from(page.rows()).unwrap_or(usize::MAX);
    while entries.len() < whole {
        let refused_at = refusals.peek().map(|refusal| refusal.at().millis());
        let event = events.next_if(|event| refused_at.is_none_or(|at| event.at >= at));
        let view = if let Some(event) = event {
            position.event.clone_from(&event.id);
            of_event(event, account.as_deref())
        } else if let Some(refusal) = refusals.next() {
            position.refusal = refusal.key();
            of_refusal(refusal)
        } else {
            break;
        };
        let position = position.clone();
        entries.push(Entry { view, position });
    }
    let key = |entry: &Entry| entry.position.text();
    Ok(page.answer(call, entries, key, |entry| entry.view))
}

/// `account`: whose activity it is, where it is one account's. Where others came from is then nobody's
/// business.
fn of_event(event: AuditRow, account: Option<&str>) -> ActivityView {
    let by = event
        .actor
        .filter(|actor| Some(actor) != event.subject.as_ref());
    let shows_address = account.is_none_or(|account| by.as_deref().unwrap_or(account) == account);
    ActivityView {
        at: When(Timestamp::from_millis(event.at)),
        action: event.kind.replace('.', "_"),
        account: event.subject,
        by,
        client_id: event.client_id,
        address: event.address.filter(|_| shows_address),
        count: 1,
    }
}

fn of_refusal(refusal: RefusalRow) -> ActivityView {
    ActivityView {
        at: When(refusal.at()),
        action: match refusal.kind.strip_prefix("login.") {
            Some(why) => format!("login_{why}"),
            None => "login_failed".to_owned(),
        },
        account: Some(refusal.account).filter(|account| !account.is_empty()),
        by: None,
        client_id: None,
        address: Some(refusal.address).filter(|address| !address.is_empty()),
        count: refusal.count,
    }
}
