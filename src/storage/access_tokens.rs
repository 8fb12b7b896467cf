//! Opaque access tokens. Signed ones leave no row.

use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped, Store};
use crate::base::clock::Timestamp;
use crate::model::access_token::AccessTokenClaims;

/// An opaque token to be stored: its digest, and what it stands for.
pub struct StoredAccessToken {
    digest: String,
    claims: String,
    expires_at: Timestamp,
}

impl StoredAccessToken {
    pub fn new(digest: String, claims: &AccessTokenClaims) -> Result<Self, DbError> {
        Ok(Self {
            digest,
            claims: serde_json::to_string(claims)
                .map_err(|_| DbError::Corrupt("access_tokens.claims"))?,
            expires_at: Timestamp::from_millis(0).plus_seconds(claims.exp),
        })
    }
}

impl Store {
    /// The id of the tenant whose opaque token has this digest.
    pub async fn tenant_of_access_token(&self, digest: &str) -> Result<Option<String>, DbError> {
        let row = self
            .db
            .one(sql!("SELECT tenant FROM access_tokens WHERE digest = $1").bind(digest))
            .await?;
        row.map(|row| row.text("tenant")).transpose()
    }
}

impl Scoped {
    /// Stores an opaque token on its own.
    pub async fn add_access_token(&self, token: StoredAccessToken) -> Result<(), DbError> {
        self.db
            .write((self.tenant.clone(), token), |tx, (tenant, token)| {
                Box::pin(insert(tx, tenant, token))
            })
            .await
    }

    /// What the opaque token with this digest stands for.
    pub async fn access_token(&self, digest: &str) -> Result<Option<AccessTokenClaims>, DbError> {
        let row = self
            .db
            .one(
                sql!("SELECT claims FROM access_tokens WHERE tenant = $1 AND digest = $2")
                    .bind(&self.tenant)
                    .bind(digest),
            )
            .await?;
        row.map(|row| row.json("claims")).transpose()
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    tenant: &str,
    token: &StoredAccessToken,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "INSERT INTO access_tokens (tenant, digest, claims, expires_at) VALUES ($1, $2, $3, $4)"
        )
        .bind(tenant)
        .bind(&token.digest)
        .bind(&token.claims)
        .bind(token.expires_at),
    )
    .await
    .map(drop)
}
