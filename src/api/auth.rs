//! `/auth`: coming in with a name and a password and without a page, staying in, leaving, and making
//! an account of one's own.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Created, Done};
use super::body::{Body, Document};
use super::call::Call;
use super::list::Query;
use super::operation::Operation;
use super::problem::{Problem, ProblemKind};
use super::users::AccountView;
use super::views::{Otp, Password};
use crate::admin::registration::{self, RegistrationError};
use crate::admin::sessions;
use crate::login::doors::{self, Credentials, DoorError};
use crate::model::door::Door;
use crate::model::scope::Scope;
use crate::model::user::{StandardClaims, UserInput, joined_name};
use crate::oauth::error::ErrorKind;
use crate::oauth::token::issue::TokenResponse;
use crate::storage::session_ends::Ending;

const ACCOUNT: &[&str] = &["account"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/auth/register", "auth.register", "Makes an account of one's own, where that is open", &[], register),
        Operation::post("/auth/login", "auth.login", "Signs in with a name and a password", &[], login),
        Operation::post("/auth/refresh", "auth.refresh", "Exchanges a refresh token for new tokens", &[], refresh),
        Operation::post("/auth/logout", "auth.logout", "Ends the session the token belongs to, or all of them", ACCOUNT, logout),
    ]
}

/// Who signs in.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Login")]
#[serde(deny_unknown_fields)]
struct LoginBody {
    /// The username, or the account's address.
    #[schemars(length(min = 1, max = 255))]
    identifier: String,
    password: Password,
    /// The tenant's id or slug. Without one, the default tenant.
    tenant_id: Option<String>,
    /// Whether the session and the refresh token live for longer than usual. Access tokens never do.
    #[serde(default)]
    remember_me: bool,
    /// What is asked for of the scopes one may hold. Without it, all of them.
    scope: Option<String>,
    /// The code of a second factor, for accounts that have one.
    otp: Option<Otp>,
}

impl Document for LoginBody {
    const ALIASES: &'static [(&'static str, &'static str)] =
        &[("email", "identifier"), ("username", "identifier")];
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Refresh")]
#[serde(deny_unknown_fields)]
struct RefreshBody {
    refresh_token: Password,
}

impl Document for RefreshBody {}

/// Tokens, as RFC 6749 section 5.1 names their members.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Tokens")]
pub struct TokensView {
    /// Goes into the header `Authorization`, after `Bearer`.
    access_token: String,
    token_type: &'static str,
    /// Seconds the access token lives.
    expires_in: i64,
    /// Good once: it is exchanged for the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// What the access token reaches, separated by spaces.
    scope: String,
}

impl From<TokenResponse> for TokensView {
    fn from(issued: TokenResponse) -> Self {
        Self {
            access_token: issued.access_token,
            token_type: issued.token_type,
            expires_in: issued.expires_in,
            refresh_token: issued.refresh_token,
            scope: issued.scope,
        }
    }
}

/// Which sessions end.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// All of the account's, with everything that was given in them.
    #[serde(default)]
    all: bool,
}

/// Who wants an account.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Registration")]
#[serde(deny_unknown_fields)]
struct RegistrationBody {
    #[schemars(length(max = 254))]
    email: String,
    /// The name to sign in with. Without one, the address is the name.
    #[schemars(length(min = 1, max = 64))]
    username: Option<String>,
    password: Password,
    given_name: Option<String>,
    family_name: Option<String>,
    /// The tenant's id or slug. Without one, the default tenant.
    tenant_id: Option<String>,
}

impl Document for RegistrationBody {
    const ALIASES: &'static [(&'static str, &'static str)] =
        &[("first_name", "given_name"), ("last_name", "family_name")];
}

async fn login(
    call: Arc<Call>,
    Body(body): Body<LoginBody>,
) -> Result<Answer<TokensView>, Problem> {
    let scope = body.scope.as_deref().map(str::parse::<Scope>).transpose();
    let scope = scope.map_err(|malformed| Problem::field("scope", malformed.to_string()))?;
    let credentials = Credentials {
        tenant: body.tenant_id.as_deref(),
        identifier: &body.identifier,
        password: body.password.expose(),
        otp: body.otp.as_ref().map(Otp::expose),
        remember: body.remember_me,
        scope,
    };
    let issued = doors::login(&call.app, &call.ctx, Door::Api, &credentials).await;
    let issued = issued.map_err(|error| refused(error, "the name or the password is wrong"))?;
    Ok(Answer(issued.into()))
}

async fn refresh(
    call: Arc<Call>,
    Body(body): Body<RefreshBody>,
) -> Result<Answer<TokensView>, Problem> {
    let presented = body.refresh_token.expose();
    let issued = doors::refresh(&call.app, &call.ctx, Door::Api, presented).await;
    let unusable = "the refresh token is unknown, used, expired or revoked";
    let issued = issued.map_err(|error| refused(error, unusable))?;
    Ok(Answer(issued.into()))
}

async fn logout(call: Arc<Call>, Query(which): Query<Which>) -> Result<Done, Problem> {
    let user = call.me()?;
    if which.all {
        let (actor, tenant) = (call.actor(), call.tenant());
        sessions::end(&call.app, &actor, tenant, &user.id, Ending::All).await?;
    } else if let Some(session) = call.caller.session() {
        doors::logout(&call.app, &call.ctx, &user.id, session).await?;
    }
    Ok(Done)
}

async fn register(
    call: Arc<Call>,
    Body(body): Body<RegistrationBody>,
) -> Result<Created<AccountView>, Problem> {
    let (app, named) = (&call.app, body.tenant_id.as_deref());
    let ctx = doors::tenant_of_login(app, &call.ctx, named, &body.email).await?;
    let ctx = ctx.ok_or_else(|| Problem::field("tenant_id", "there is no such tenant"))?;
    let input = UserInput {
        username: body.username.unwrap_or_else(|| body.email.clone()),
        email: Some(body.email),
        claims: StandardClaims {
            name: joined_name(body.given_name.as_deref(), body.family_name.as_deref()),
            given_name: body.given_name.clone(),
            family_name: body.family_name.clone(),
            ..StandardClaims::default()
        },
        ..UserInput::default()
    };
    let open_to = app.config.registration;
    let password = body.password.expose();
    let user = registration::account(app, &ctx, open_to, input, password).await?;
    Ok(Created {
        location: format!("/users/{}", user.id),
        body: AccountView {
            // It need not be the one of the address that was called.
            tenant_id: ctx.tenant.id.clone(),
            ..AccountView::of(&user, &call)
        },
    })
}

/// The answer to somebody who does not get in; `what` is wrong with what they brought.
pub fn refused(error: DoorError, what: &'static str) -> Problem {
    match error {
        DoorError::Refused => Problem::unauthenticated(what),
        DoorError::InteractionRequired(page) => Problem::new(
            ProblemKind::InteractionRequired,
            format!("sign in at {page} and do what is asked there"),
        ),
        DoorError::Throttled(throttled) => Problem::too_many_requests(throttled.retry_after),
        DoorError::Failed(error) if error.kind() == ErrorKind::InvalidScope => {
            Problem::field("scope", error.description())
        }
        DoorError::Failed(error) => error.into(),
    }
}

impl From<RegistrationError> for Problem {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::Closed(sentence) => Self::new(ProblemKind::Forbidden, sentence),
            RegistrationError::Refused(error) => error.into(),
        }
    }
}
