//! The grants: each reads its parameters, decides, and says what was authorised. None of them
//! makes a token.

pub(super) mod authorization_code;
pub(super) mod client_credentials;
mod password;
pub(super) mod refresh_token;

use super::issue::Authorization;
use crate::app::App;
use crate::context::Ctx;
use crate::model::client_metadata::GrantType;
use crate::oauth::client_auth::AuthenticatedClient;
use crate::oauth::error::OAuthError;
use crate::web::params::Params;

/// Asks the grant what was authorised.
pub(super) async fn redeem(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    grant: GrantType,
    params: &Params,
) -> Result<Authorization, OAuthError> {
    match grant {
        GrantType::AuthorizationCode => authorization_code::redeem(app, ctx, client, params).await,
        GrantType::ClientCredentials => client_credentials::redeem(app, ctx, client, params).await,
        GrantType::Password => password::redeem(app, ctx, client, params).await,
        GrantType::RefreshToken => refresh_token::redeem(app, ctx, client, params).await,
    }
}
