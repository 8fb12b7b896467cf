//! Links for people: printed, or sent where mail is set up.

use serde_json::json;

use super::super::error::CliError;
use super::super::session::Session;
use crate::admin::{links, users};
use crate::model::letter::Purpose;
use crate::model::tenant::Tenant;

/// Makes a link. With `mail` it goes to the account's address, and is shown to nobody.
pub(super) async fn make(
    session: &Session,
    tenant: &Tenant,
    user: &str,
    purpose: Purpose,
    mail: bool,
) -> Result<(), CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let user = users::get(app, tenant, user).await?;
    if mail {
        links::send(app, tenant, &user, purpose).await?;
        let json = json!({ "id": user.id, "username": user.username, "sent": true });
        let text = format!("a mail to user {} waits to be sent", user.username);
        return Ok(session.output.say(&text, &json)?);
    }
    let link = links::print(app, actor, tenant, &user, purpose).await?;
    let what = match purpose {
        Purpose::VerifyEmail => "verifies the address",
        Purpose::ResetPassword => "sets a new password",
        Purpose::Invitation => "sets the first password",
    };
    let minutes = crate::letters::lifetime(app, purpose) / 60;
    let text = format!(
        "This link {what} of user {}, once, within {minutes} minutes:\n  {link}",
        user.username
    );
    let json = json!({ "id": user.id, "username": user.username, "link": link });
    Ok(session.output.say(&text, &json)?)
}
