//! Clients of the measured servers.

use users_core::admin::clients;
use users_core::app::App;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::ClientMetadata;
use users_core::model::tenant::Tenant;

use super::Outcome;

/// What tokens are asked for.
pub const SCOPE: &str = "sip.register";

/// A client with what it authenticates with.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    pub secret: String,
}

impl Client {
    /// Registers a client with a secret of ours.
    pub async fn register(
        app: &App,
        tenant: &Tenant,
        id: String,
        metadata: ClientMetadata,
    ) -> Outcome<Self> {
        let secret = clients::Secret::Generate;
        let actor = Actor::system();
        let made = clients::create(app, &actor, tenant, &id, metadata, true, secret).await?;
        let secret = made.ok_or("no secret was made")?.expose().to_owned();
        Ok(Self { id, secret })
    }
}
