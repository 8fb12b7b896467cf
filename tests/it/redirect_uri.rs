//! Addresses of clients: what may be registered, and what counts as registered. RFC 9700 section
//! 4.1.3, RFC 8252 sections 7 and 8, OIDC Dynamic Client Registration section 2.

mod fields;
mod matching;
mod registration;

use users_core::model::client_metadata::{ApplicationType, ClientMetadata};

use crate::support::world::every_grant;

/// A client of this kind with these addresses.
fn client(application_type: ApplicationType, uris: &[&str]) -> ClientMetadata {
    let uris: Vec<String> = uris.iter().map(|uri| (*uri).to_owned()).collect();
    ClientMetadata {
        application_type,
        redirect_uris: uris.clone(),
        post_logout_redirect_uris: uris,
        ..every_grant("openid")
    }
}
