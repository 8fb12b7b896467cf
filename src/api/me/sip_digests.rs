//! What one's own phones prove themselves with. Names beside one's username are given by others.

use std::sync::Arc;

use super::ACCOUNT;
use crate::admin::sip_digests::is_own_name;
use crate::api::answer::{Answer, Done};
use crate::api::body::Body;
use crate::api::call::Call;
use crate::api::list::{List, Listed, NoFilter};
use crate::api::operation::Operation;
use crate::api::problem::Problem;
use crate::api::sip_digests::{DigestView, NewDigestBody, PasswordView, make, page_of, take};

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users/me/sip-digests", "me.sip_digests.list", "Lists the names one's own phones answer to, the oldest first", ACCOUNT, list),
        Operation::post("/users/me/sip-digests", "me.sip_digests.create", "Makes a password for one's own phone, shown this once; the one it had for the name is no good any more", ACCOUNT, create),
        Operation::delete("/users/me/sip-digests/{id}", "me.sip_digests.remove", "Ends what one's own phone proves itself with", ACCOUNT, remove),
    ]
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<DigestView>, Problem> {
    page_of(&call, call.me()?, &page).await
}

async fn create(
    call: Arc<Call>,
    Body(body): Body<NewDigestBody>,
) -> Result<Answer<PasswordView>, Problem> {
    let user = call.me()?;
    let wanted = body.wanted(user);
    if !is_own_name(&call.app, call.tenant(), user, &wanted).await? {
        return Err(Problem::forbidden(
            "a name that is not one's username is given by an administrator",
        ));
    }
    make(&call, user, wanted).await
}

async fn remove(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    take(&call, call.me()?, call.path("id")).await
}
