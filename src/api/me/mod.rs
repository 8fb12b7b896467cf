//! `/users/me`: the signed-in person's own account.

mod api_keys;
mod consents;
mod devices;
mod factors;
mod password;
mod profile;
mod sessions;
mod sip_digests;

use super::call::Call;
use super::operation::Operation;
use super::problem::Problem;

const ACCOUNT: &[&str] = &["account"];

pub(super) fn operations() -> Vec<Operation> {
    [
        profile::operations(),
        password::operations(),
        factors::operations(),
        sip_digests::operations(),
        sessions::operations(),
        devices::operations(),
        consents::operations(),
        api_keys::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The session a call comes from, where it has to go on while others end.
///
/// # Errors
/// The token belongs to none.
pub fn acting_session(call: &Call) -> Result<&str, Problem> {
    let session = call.caller.session();
    session.ok_or_else(|| Problem::forbidden("this needs the token of a session"))
}
