//! Who may manage whom. Scopes say which operations a caller reaches; these rules say on whom, and
//! they are the same for everything that touches an account.
//!
//! - Nobody changes their own roles or switches themselves off.
//! - Without `roles.write`, a caller manages only accounts that administer nothing, and gives out the
//!   roles that new accounts have anyway.
//! - With it, nobody manages an account that holds more than they do, or gives out more.
//! - Nobody registers or takes over a client that may ask for more than they hold.

use super::call::Call;
use super::problem::Problem;
use crate::model::resource::{API_SCOPES, OWN_SCOPES};
use crate::model::role;
use crate::model::scope::Scope;
use crate::model::user::User;

/// What a caller without `roles.write` may let others hold: nothing by which one changes others.
const HARMLESS: &[&str] = &["account", "users.read"];

/// # Errors
/// The account holds more than the caller.
pub fn may_manage(call: &Call, user: &User) -> Result<(), Problem> {
    let reaches = reach(call);
    let out_of_reach = OWN_SCOPES
        .iter()
        .any(|scope| role::may_hold(&user.roles, scope) && !reaches(scope));
    if out_of_reach {
        Err(Problem::forbidden(
            "the account holds more than you may manage",
        ))
    } else {
        Ok(())
    }
}

/// # Errors
/// A role among `after` and not among `before`, or the other way round, is not the caller's to give
/// or take.
pub fn may_change_roles(call: &Call, before: &[String], after: &[String]) -> Result<(), Problem> {
    let changed = |one: &[String], other: &[String]| {
        let gone = one.iter().filter(|role| !other.contains(role));
        gone.cloned().collect::<Vec<_>>()
    };
    let touched = [changed(before, after), changed(after, before)].concat();
    if touched.is_empty() {
        return Ok(());
    }
    if !is_trusted_with_roles(call) {
        return Err(Problem::forbidden(
            "giving and taking roles needs roles.write",
        ));
    }
    let reaches = reach(call);
    match touched.iter().find(|name| {
        let role = [name.as_str()];
        OWN_SCOPES
            .iter()
            .any(|scope| role::may_hold(&role, scope) && !reaches(scope))
    }) {
        Some(role) => Err(Problem::forbidden(format!(
            "the role {role} holds more than you do"
        ))),
        None => Ok(()),
    }
}

/// # Errors
/// Groups decide things at relying parties: they are not for everybody who manages accounts.
pub fn may_change_groups(call: &Call, before: &[String], after: &[String]) -> Result<(), Problem> {
    if before == after || is_trusted_with_roles(call) {
        Ok(())
    } else {
        Err(Problem::forbidden("changing groups needs roles.write"))
    }
}

/// # Errors
/// A client with this scope reaches further than the caller: whoever has its secret is it.
pub fn may_manage_client(call: &Call, scope: &Scope) -> Result<(), Problem> {
    let everything = call.caller.is_system_administrator();
    let beyond = |word: &&str| API_SCOPES.contains(word) && !everything && !call.caller.holds(word);
    match scope.words().find(beyond) {
        Some(word) => Err(Problem::forbidden(format!(
            "the client's scope {word} is more than you hold"
        ))),
        None => Ok(()),
    }
}

/// # Errors
/// The caller administers a tenant, and not the installation.
pub fn is_system(call: &Call) -> Result<(), Problem> {
    if call.caller.is_system_administrator() {
        Ok(())
    } else {
        Err(Problem::forbidden(
            "this is for administrators of the installation",
        ))
    }
}

/// # Errors
/// It is the caller's own account.
pub fn not_oneself(call: &Call, user: &User) -> Result<(), Problem> {
    match call.caller.user() {
        Some(caller) if caller.id == user.id => Err(Problem::forbidden(
            "ask another administrator to do this to your own account",
        )),
        _ => Ok(()),
    }
}

fn is_trusted_with_roles(call: &Call) -> bool {
    call.caller.has("roles.write")
}

/// What others may hold whom the caller manages.
fn reach(call: &Call) -> impl Fn(&str) -> bool + '_ {
    let trusted = is_trusted_with_roles(call);
    let everything = call.caller.is_system_administrator();
    move |scope: &str| {
        if trusted {
            everything || call.caller.holds(scope)
        } else {
            HARMLESS.contains(&scope)
        }
    }
}
