//! `user`: people.

mod details;
mod links;
mod sip_digests;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::error::CliError;
use super::options::TenantOption;
use super::secrets::{Password, PasswordSource};
use super::session::Session;
use super::{Outcome, Start, session};
use crate::admin::{factors, users};
use crate::model::letter::Purpose;
use crate::model::tenant::Tenant;
use crate::model::user::{User, UserInput};
use crate::storage::find_users::UserFilter;
use crate::storage::page::Position;
use details::Details;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    tenant: TenantOption,
    #[command(subcommand)]
    action: Action,
}

/// USER is an id, a username or an e-mail address.
#[derive(Subcommand)]
enum Action {
    /// Makes an account
    Create {
        username: String,
        #[command(flatten)]
        details: Details,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Lists the tenant's accounts
    List,
    /// Shows an account
    Show { user: String },
    /// Changes what is named of an account
    Update {
        user: String,
        /// Another name to sign in with
        #[arg(long)]
        username: Option<String>,
        #[command(flatten)]
        details: Details,
    },
    /// Lets an account sign in again
    Enable { user: String },
    /// Ends an account's sessions and lets nobody sign in; its tokens are dead
    Disable { user: String },
    /// Removes an account; its tokens are dead
    Delete { user: String },
    /// Makes a link with which somebody sets a new password
    ResetPassword {
        user: String,
        /// Sends it to the account's address instead of printing it
        #[arg(long)]
        mail: bool,
    },
    /// Makes a link with which somebody sets the first password of an account
    Invite {
        user: String,
        /// Sends it to the account's address instead of printing it
        #[arg(long)]
        mail: bool,
    },
    /// Makes a link that verifies an account's address
    VerifyLink {
        user: String,
        /// Sends it to that address instead of printing it, so that it proves something
        #[arg(long)]
        mail: bool,
    },
    /// Takes an account's second factors away, authenticator and recovery codes; its owner is told
    RemoveFactor { user: String },
    /// Makes a phone's password and prints it this once; the one it had for the name is no good any more
    AddSipDigest {
        user: String,
        #[command(flatten)]
        name: sip_digests::Name,
    },
    /// Lists the names an account's phones answer to
    ListSipDigests { user: String },
    /// Ends what a phone proves itself with
    RemoveSipDigest {
        user: String,
        /// As `user list-sip-digests` shows it
        id: String,
    },
    /// Sets an account's password and ends its sessions
    SetPassword {
        user: String,
        #[command(flatten)]
        password: PasswordSource,
        /// Asks for another one at the next sign-in
        #[arg(long)]
        temporary: bool,
    },
}

const COLUMNS: &[&str] = &["username", "email", "roles", "enabled", "id"];
const PAGE: i64 = 500;

pub(super) fn run(start: &Start, options: Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        let (app, actor) = (&session.app, &session.actor);
        let tenant = session.tenant(&options.tenant.tenant).await?;
        match options.action {
            Action::Create {
                username,
                details,
                password,
            } => create(session, &tenant, username, details, &password).await?,
            Action::List => list(session, &tenant).await?,
            Action::Show { user } => {
                let user = users::get(app, &tenant, &user).await?;
                let factors = factors::of(app, &tenant, &user).await?;
                let mut shown = view(&user);
                shown["second_factors"] = json!({
                    "totp": factors.totp.map(|since| since.to_string()),
                    "recovery_codes": factors.recovery_codes,
                });
                session.output.object(&shown)?;
            }
            Action::Update {
                user,
                username,
                details,
            } => {
                let user = users::get(app, &tenant, &user).await?;
                let mut input = users::input_of(&user);
                input.username = username.unwrap_or(input.username);
                details.lay_over(&mut input)?;
                users::update(app, actor, &tenant, &user, input).await?;
                let user = users::get(app, &tenant, &user.id).await?;
                let text = format!("user {} changed", user.username);
                session.output.say(&text, &view(&user))?;
            }
            Action::Enable { user } => set_enabled(session, &tenant, &user, true).await?,
            Action::Disable { user } => set_enabled(session, &tenant, &user, false).await?,
            Action::Delete { user } => {
                let user = users::get(app, &tenant, &user).await?;
                users::delete(app, actor, &tenant, &user).await?;
                let json = json!({ "id": user.id, "username": user.username, "deleted": true });
                let text = format!("user {} deleted", user.username);
                session.output.say(&text, &json)?;
            }
            Action::ResetPassword { user, mail } => {
                links::make(session, &tenant, &user, Purpose::ResetPassword, mail).await?;
            }
            Action::Invite { user, mail } => {
                links::make(session, &tenant, &user, Purpose::Invitation, mail).await?;
            }
            Action::VerifyLink { user, mail } => {
                links::make(session, &tenant, &user, Purpose::VerifyEmail, mail).await?;
            }
            Action::RemoveFactor { user } => {
                let user = users::get(app, &tenant, &user).await?;
                factors::remove(app, actor, &tenant, &user).await?;
                let json = json!({ "id": user.id, "username": user.username, "removed": true });
                let text = format!("user {} has no second factor any more", user.username);
                session.output.say(&text, &json)?;
            }
            Action::AddSipDigest { user, name } => {
                sip_digests::add(session, &tenant, &user, name).await?;
            }
            Action::ListSipDigests { user } => {
                sip_digests::list(session, &tenant, &user).await?;
            }
            Action::RemoveSipDigest { user, id } => {
                sip_digests::remove(session, &tenant, &user, &id).await?;
            }
            Action::SetPassword {
                user,
                password,
                temporary,
            } => set_password(session, &tenant, &user, &password, temporary).await?,
        }
        Ok(Outcome::Done)
    })
}

async fn create(
    session: &Session,
    tenant: &Tenant,
    username: String,
    details: Details,
    source: &PasswordSource,
) -> Result<(), CliError> {
    let app = &session.app;
    let mut input = UserInput {
        username,
        roles: tenant.settings.default_roles(),
        enabled: true,
        ..UserInput::default()
    };
    details.lay_over(&mut input)?;
    let password = source.read(&app.random)?;
    let given = password.as_ref().map(|password| password.secret.expose());
    let id = users::create(app, &session.actor, tenant, input, given).await?;
    let user = users::get(app, tenant, &id).await?;
    let text = match &password {
        Some(_) => format!("user {} created", user.username),
        None => format!("user {} created, without a password", user.username),
    };
    say_with_password(session, text, &user, password.as_ref())
}

async fn set_password(
    session: &Session,
    tenant: &Tenant,
    user: &str,
    source: &PasswordSource,
    temporary: bool,
) -> Result<(), CliError> {
    let app = &session.app;
    let user = users::get(app, tenant, user).await?;
    let Some(password) = source.read(&app.random)? else {
        return Err(CliError::refused(
            "say where the password comes from: --password-file, --password-stdin or --generate-password",
        ));
    };
    let given = password.secret.expose();
    users::put_password(app, &session.actor, tenant, &user, given, temporary).await?;
    let text = format!(
        "user {} has a new password; earlier sessions are over",
        user.username
    );
    say_with_password(session, text, &user, Some(&password))
}

/// The only time a password we made is shown.
fn say_with_password(
    session: &Session,
    mut text: String,
    user: &User,
    password: Option<&Password>,
) -> Result<(), CliError> {
    let mut json = json!({ "id": user.id, "username": user.username });
    if let Some(password) = password.filter(|password| password.generated) {
        text.push_str("\npassword (shown this once): ");
        text.push_str(password.secret.expose());
        json["password"] = password.secret.expose().into();
    }
    Ok(session.output.say(&text, &json)?)
}

async fn set_enabled(
    session: &Session,
    tenant: &Tenant,
    user: &str,
    enabled: bool,
) -> Result<(), CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let user = users::get(app, tenant, user).await?;
    let changed = user.enabled != enabled;
    if changed {
        let input = UserInput {
            enabled,
            ..users::input_of(&user)
        };
        users::update(app, actor, tenant, &user, input).await?;
    }
    let output = session.output;
    Ok(output.switched("user", &user.username, enabled, changed)?)
}

async fn list(session: &Session, tenant: &Tenant) -> Result<(), CliError> {
    let rows = session.app.store.tenant(&tenant.id);
    let mut printed = session.output.list(COLUMNS)?;
    let mut position = Position::first();
    loop {
        let page = rows
            .find_users(&UserFilter::people(), &position, PAGE)
            .await?;
        let Some(last) = page.last() else { break };
        position = Position::After(last.name_key());
        for user in &page {
            printed.row(&view(user))?;
        }
    }
    Ok(printed.end()?)
}

fn view(user: &User) -> Value {
    let mut view = json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified,
    });
    if let Value::Object(claims) = json!(user.claims) {
        for (name, value) in claims {
            view[name] = value;
        }
    }
    view["roles"] = json!(user.roles);
    view["groups"] = json!(user.groups);
    view["attributes"] = json!(user.attributes);
    view["preferences"] = json!(user.preferences);
    view["required_actions"] = json!(user.required_actions);
    view["enabled"] = user.enabled.into();
    view["created_at"] = user.created_at.to_string().into();
    view["updated_at"] = user.updated_at.to_string().into();
    view
}
