//! `setup`: a new link that makes the first administrator.

use serde_json::json;

use super::error::CliError;
use super::{Outcome, Start, session};
use crate::admin::setup;

pub(super) fn run(start: &Start) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        match setup::new_link(&session.app).await? {
            Some(link) => session.output.say(
                &format!("This link makes the first administrator, once, within an hour:\n  {link}"),
                &json!({ "link": link }),
            )?,
            None => session.output.say(
                "There is an administrator already. `users-core user set-password` gives one a new password.",
                &json!({ "link": null }),
            )?,
        }
        Ok(Outcome::Done)
    })
}
