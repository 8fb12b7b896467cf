//! Where people are signed in, and how they sign out from afar.

use std::sync::Arc;

use super::{ACCOUNT, acting_session};
use crate::admin::sessions;
use crate::api::answer::Done;
use crate::api::call::Call;
use crate::api::list::{List, Listed, NoFilter};
use crate::api::operation::Operation;
use crate::api::problem::Problem;
use crate::api::sessions::{SessionView, page_of_user};
use crate::storage::session_ends::Ending;

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users/me/sessions", "me.sessions.list", "Lists where one is signed in, the newest first", ACCOUNT, list),
        Operation::delete("/users/me/sessions", "me.sessions.end_others", "Signs out everywhere else; the calling session goes on", ACCOUNT, end_others),
        Operation::delete("/users/me/sessions/{id}", "me.sessions.end", "Ends one of one's own sessions and everything it gave", ACCOUNT, end),
    ]
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<SessionView>, Problem> {
    page_of_user(&call, &call.me()?.id, &page).await
}

async fn end_others(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let ending = Ending::AllBut(acting_session(&call)?.to_owned());
    end_own(&call, ending).await?;
    Ok(Done)
}

async fn end(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let ending = Ending::One(call.path("id").to_owned());
    if end_own(&call, ending).await? {
        Ok(Done)
    } else {
        Err(Problem::not_found())
    }
}

async fn end_own(call: &Call, ending: Ending) -> Result<bool, Problem> {
    let user = call.me()?;
    let (actor, tenant) = (call.actor(), call.tenant());
    Ok(sessions::end(&call.app, &actor, tenant, &user.id, ending).await?)
}
