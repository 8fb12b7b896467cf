//! The profile user-service: `/api/register`, `/api/login` and what follows a login, `/api/users` for
//! administrators, `/api/metrics` for vendors. Bare objects, and one shape of refusals,
//! `{"error", "message", "errors"}` with the codes of the REST API's problems.

mod figures;
mod links;
mod people;
mod shapes;
mod tokens;

pub(super) use shapes::refuse;

use crate::api::call::Call;
use crate::api::operation::Operation;
use crate::api::problem::Problem;

const OWN: &[&str] = &["account"];
const READ: &[&str] = &["users.read"];
const WRITE: &[&str] = &["users.write"];
const FIGURES: &[&str] = &["metrics.read"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/api/register", "user_service.register", "Makes an account of one's own", &[], tokens::register),
        Operation::post("/api/login", "user_service.login", "Signs a person in", &[], tokens::login),
        Operation::post("/api/refresh", "user_service.refresh", "Gives new tokens for a refresh token", &[], tokens::refresh),
        Operation::post("/api/logout", "user_service.logout", "Ends the session the token belongs to", OWN, tokens::logout),
        Operation::post("/api/verify-email", "user_service.verify_email", "Verifies an address by the link that was sent there, or asks for one", &[], links::verify_email),
        Operation::post("/api/reset-password", "user_service.ask_for_reset", "Asks for a link to a new password", &[], links::ask_for_reset),
        Operation::post("/api/reset-password/{token}", "user_service.reset", "Sets a password by the link that was sent", &[], links::reset),
        Operation::get("/api/users", "user_service.list", "Lists people, for administrators", READ, people::list),
        Operation::put("/api/users/{id}", "user_service.update", "Changes what is named of an account, for administrators", WRITE, people::update),
        Operation::get("/api/users/{id}/activity", "user_service.activity", "Lists what happened to an account, for administrators", READ, people::activity),
        Operation::get("/api/metrics", "user_service.metrics", "Counts what the tenant did, for vendors", FIGURES, figures::read),
    ]
}

/// Its callers know roles where the REST API asks for scopes, which several roles hold.
///
/// # Errors
/// The account the caller acts for has not the role.
fn only(call: &Call, role: &'static str) -> Result<(), Problem> {
    let account = call.caller.account();
    let has_it = account.is_some_and(|user| user.roles.iter().any(|held| held == role));
    if has_it {
        Ok(())
    } else {
        let problem = Problem::forbidden(format!("this is for the role {role}"));
        Err(problem.because("the account has not the role"))
    }
}
