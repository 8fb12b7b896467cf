//! A tenant is an issuer: what is one tenant's is nothing to another.

mod clients;
mod created;
mod deleted;
mod disabled;
mod hosts;
mod logins;
mod moved;
mod naming;
mod settings;
mod tokens;

use users_core::model::client_metadata::{ClientMetadata, TokenFormat};
use users_core::model::tenant::Tenant;

use crate::support::World;
use crate::support::people::{Person, Service};

const SCOPE: &str = "openid email offline_access sip.register token.introspect";

/// The same client_id and the same username in two tenants.
struct Twins {
    second: Tenant,
    here: Service,
    there: Service,
    alice_here: Person,
    alice_there: Person,
}

impl Twins {
    async fn of(world: &World) -> Self {
        Self::with(world, |_| {}).await
    }

    async fn with(world: &World, change: fn(&mut ClientMetadata)) -> Self {
        let second = world.new_tenant("second").await;
        let mut alice_there = world.person_of(&second, "alice", &["user"]).await;
        // The fixtures' passwords come from the names; these two must differ.
        let user = users_core::admin::users::get(&world.app, &second, &alice_there.id).await;
        let actor = users_core::model::audit_event::Actor::command_line();
        "the other alice's passphrase".clone_into(&mut alice_there.password);
        users_core::admin::users::set_password(
            &world.app,
            &actor,
            &second,
            &user.expect("the account"),
            &alice_there.password,
        )
        .await
        .expect("a new password");
        Self {
            here: world.client_with("app", SCOPE, change).await,
            there: world.client_of(&second, "app", SCOPE, change).await,
            alice_here: world.person("alice").await,
            alice_there,
            second,
        }
    }

    /// Each client with its person, and the other client.
    fn both(&self) -> [(&Service, &Person, &Service); 2] {
        [
            (&self.here, &self.alice_here, &self.there),
            (&self.there, &self.alice_there, &self.here),
        ]
    }
}

fn opaque(metadata: &mut ClientMetadata) {
    metadata.access_token_format = Some(TokenFormat::Opaque);
}

const FORMATS: [fn(&mut ClientMetadata); 2] = [|_| {}, opaque];
