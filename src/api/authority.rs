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
use crate::model::resource::{API_SCOPES, OWN_SCOPES, is_for_programs, is_own_scope};
use crate::model::scope::Scope;
use crate::model::user::User;

/// What a caller without `roles.write` may let others hold: nothing by which one changes others.
const HARMLESS: &[&str] = &["account", "users.read"];

/// # Errors
/// The account holds more than the caller.
pub fn may_manage(call: &Call, user: &User) -> Result<(), Problem> {
    if is_beyond(call, &user.roles) {
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
    match touched
        .iter()
        .find(|role| is_beyond(call, std::slice::from_ref(role)))
    {
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
    match call.caller.account() {
        Some(caller) if caller.id == user.id => Err(Problem::forbidden(
            "ask another administrator to do this to your own account",
        )),
        _ => Ok(()),
    }
}

/// # Errors
/// An API key would give more than the caller has. Whoever has its secret could reach further with it
/// than with what they came with.
pub fn may_hand_out(call: &Call, given: &Scope) -> Result<(), Problem> {
    // Keys make no keys that can do more; people may leave others what is theirs anyway.
    let harmless = |word: &str| !call.caller.is_api_key() && is_harmless(word);
    // No person's token has these: whoever gives roles that hold them gives them.
    let entrusted = |word: &str| {
        is_for_programs(word) && is_trusted_with_roles(call) && call.caller.holds(word)
    };
    match given
        .words()
        .find(|word| !call.may_use(word) && !harmless(word) && !entrusted(word))
    {
        Some(word) => Err(Problem::forbidden(format!(
            "the API key would give {word}, which you have not"
        ))),
        None => Ok(()),
    }
}

fn is_trusted_with_roles(call: &Call) -> bool {
    call.caller.has("roles.write")
}

/// # Errors
/// A scope is not the caller's to give to a role, or to take from one.
pub fn may_change_permissions<'a>(
    call: &Call,
    mut touched: impl Iterator<Item = &'a str>,
) -> Result<(), Problem> {
    match touched.find(|scope| !reaches(call, scope)) {
        Some(scope) => Err(Problem::forbidden(format!(
            "you do not hold {scope} yourself"
        ))),
        None => Ok(()),
    }
}

/// Whether these roles give more than the caller may manage: of the roles every tenant has, what
/// they give of administration; of the tenant's own, everything.
fn is_beyond(call: &Call, roles: &[String]) -> bool {
    let mut administration = OWN_SCOPES
        .iter()
        .filter(|scope| call.catalog.may_hold(roles, scope));
    let mut own_roles = call.catalog.roles().iter();
    administration.any(|scope| !reaches(call, scope))
        || own_roles.any(|own| {
            roles.contains(&own.name) && own.permissions.words().any(|word| !reaches(call, word))
        })
}

/// Whether others whom the caller manages may hold `scope`.
fn reaches(call: &Call, scope: &str) -> bool {
    if is_trusted_with_roles(call) {
        call.caller.is_system_administrator() || call.caller.holds(scope)
    } else {
        is_harmless(scope)
    }
}

/// Whether accounts that others manage without `roles.write` may hold `scope`.
fn is_harmless(scope: &str) -> bool {
    HARMLESS.contains(&scope) || !(is_own_scope(scope) || is_for_programs(scope))
}
