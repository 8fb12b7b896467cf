//! Who is in the demo: a person, and the clients that serve her.

use std::collections::BTreeMap;

use serde_json::json;

use super::relying_party::{self, Place};
use super::{APP, SERVICE, USER, script};
use crate::admin::{clients, tenants, users};
use crate::app::App;
use crate::base::token::OpaqueToken;
use crate::cli::error::CliError;
use crate::cli::secrets;
use crate::config::Secret;
use crate::model::audit_event::Actor;
use crate::model::claim_source::ClaimSource;
use crate::model::client_metadata::{ClientMetadata, GrantType};
use crate::model::role;
use crate::model::scope::Scope;
use crate::model::tenant::{DEFAULT_SLUG, Tenant};
use crate::model::user::{StandardClaims, UserInput};

const DEPARTMENT: &str = "department";

/// What everybody proves themselves with.
pub(super) struct Secrets {
    pub(super) password: Secret,
    pub(super) app_secret: OpaqueToken,
    pub(super) service_secret: OpaqueToken,
    pub(super) web_secret: OpaqueToken,
}

/// Makes the person and the clients of the demo; `place` is the relying party's.
pub(super) async fn furnish(app: &App, place: &Place) -> Result<Secrets, CliError> {
    let tenant = tenants::get(app, DEFAULT_SLUG).await?;
    let password = secrets::new_password(&app.random);
    let given = Some(password.expose());
    users::create(app, &Actor::command_line(), &tenant, alice(), given).await?;
    let of_app = registration(
        &[GrantType::Password, GrantType::RefreshToken],
        script::APP_SCOPES,
    );
    let of_service = registration(&[GrantType::ClientCredentials], script::SERVICE_SCOPES);
    Ok(Secrets {
        password,
        app_secret: client(app, &tenant, APP, of_app).await?,
        service_secret: client(app, &tenant, SERVICE, of_service).await?,
        web_secret: client(app, &tenant, relying_party::CLIENT, of_web(place)).await?,
    })
}

fn alice() -> UserInput {
    UserInput {
        username: USER.to_owned(),
        email: Some("alice@example.test".to_owned()),
        email_verified: true,
        claims: StandardClaims {
            name: Some("Alice Example".to_owned()),
            ..StandardClaims::default()
        },
        roles: vec![role::USER.to_owned()],
        groups: vec!["staff".to_owned(), "night shift".to_owned()],
        attributes: [(DEPARTMENT.to_owned(), json!("Reception"))].into(),
        enabled: true,
        ..UserInput::default()
    }
}

/// The relying party's registration. Others made it, so people are asked for consent.
fn of_web(place: &Place) -> ClientMetadata {
    let department = ClaimSource::Attribute(DEPARTMENT.to_owned());
    let mut metadata = ClientMetadata {
        client_name: Some(relying_party::NAME.to_owned()),
        redirect_uris: vec![place.redirect_uri()],
        post_logout_redirect_uris: vec![place.post_logout_redirect_uri()],
        claims: BTreeMap::from([(DEPARTMENT.to_owned(), department)]),
        first_party: false,
        ..registration(&[GrantType::AuthorizationCode], relying_party::SCOPES)
    };
    metadata.response_types = metadata.served_response_types();
    metadata
}

fn registration(grants: &[GrantType], scopes: &[&str]) -> ClientMetadata {
    ClientMetadata {
        grant_types: grants.to_vec(),
        scope: scopes.iter().copied().collect::<Scope>(),
        ..ClientMetadata::default()
    }
}

async fn client(
    app: &App,
    tenant: &Tenant,
    client_id: &str,
    metadata: ClientMetadata,
) -> Result<OpaqueToken, CliError> {
    let actor = Actor::command_line();
    let secret = clients::Secret::Generate;
    let made = clients::create(app, &actor, tenant, client_id, metadata, true, secret).await?;
    made.ok_or_else(|| CliError::refused("the client has no secret"))
}
