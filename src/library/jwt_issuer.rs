//! What those who check tokens need to know of whoever signs them.

use serde_json::Value;

use super::error::Error;
use super::service::AuthenticationService;
use crate::keys::jwk::PublicJwk;
use crate::keys::key_pair::KeyError;
use crate::model::algorithm::Algorithm;
use crate::oauth::error::OAuthError;

/// The tenant as an issuer. Its keys turn: what is asked for here is the answer of this moment.
pub struct JwtIssuer<'a>(pub(super) &'a AuthenticationService);

impl JwtIssuer<'_> {
    /// `iss` of its tokens, byte for byte.
    ///
    /// # Errors
    /// The database's.
    pub async fn issuer(&self) -> Result<String, Error> {
        let (_, ctx) = self.0.here().await?;
        Ok(ctx.tenant.issuer.clone())
    }

    /// What tokens are signed with, unless a resource asks for another algorithm.
    ///
    /// # Errors
    /// The database's.
    pub async fn algorithm(&self) -> Result<Algorithm, Error> {
        let (_, ctx) = self.0.here().await?;
        Ok(ctx.tenant.signing_alg)
    }

    /// The published set (RFC 7517 section 5): next, active, and retired keys whose tokens may still
    /// live. The same as at `jwks_uri`.
    ///
    /// # Errors
    /// The database's.
    pub async fn jwks(&self) -> Result<Value, Error> {
        let (app, ctx) = self.0.here().await?;
        let keys = app.keys.of(&ctx.tenant).await?;
        let set = serde_json::from_slice(&keys.jwks());
        set.map_err(|error| OAuthError::internal().because(error).into())
    }

    /// The public key that signs now, as a JWK.
    ///
    /// # Errors
    /// The database's.
    pub async fn public_key_jwk(&self) -> Result<Value, Error> {
        let (app, ctx) = self.0.here().await?;
        let keys = app.keys.of(&ctx.tenant).await?;
        let kid = keys.signer(ctx.tenant.signing_alg)?.kid().to_owned();
        let set = self.jwks().await?;
        let published = set["keys"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let key = published.iter().find(|key| key["kid"] == kid.as_str());
        key.cloned()
            .ok_or_else(|| KeyError::InvalidPublicKey.into())
    }

    /// The same as `-----BEGIN PUBLIC KEY-----`.
    ///
    /// # Errors
    /// The database's.
    pub async fn public_key_pem(&self) -> Result<String, Error> {
        let jwk = self.public_key_jwk().await?;
        let key = PublicJwk::parse(&jwk).map_err(|_| KeyError::InvalidPublicKey)?;
        Ok(key.to_pem()?)
    }
}
