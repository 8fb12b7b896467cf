//! Refresh tokens: single use, in families that share a grant.

use super::access_tokens::{self, StoredAccessToken};
use super::sql::{Row, sql};
use super::tx::Tx;
use super::users::{user_columns, user_of};
use super::{DbError, Scoped, Store};
use crate::base::clock::Timestamp;
use crate::model::grant::{Grant, GrantId};
use crate::model::scope::Scope;
use crate::model::user::User;

/// A refresh token to be stored; the digest stands for the secret.
#[derive(Clone)]
pub struct NewRefreshToken {
    pub digest: String,
    /// The family.
    pub grant_id: GrantId,
    pub client_id: String,
    pub user_id: String,
    pub scope: Scope,
    /// Audiences the grant was narrowed to (RFC 8707); empty for all the scopes give.
    pub audience: Vec<String>,
    pub predecessor: Option<String>,
    /// The end of this token if it lies unused.
    pub expires_at: Timestamp,
    /// The end of the whole family.
    pub family_expires_at: Timestamp,
}

/// A stored refresh token, with what must be known to spend it.
pub struct RefreshTokenRow {
    pub token: NewRefreshToken,
    pub used_at: Option<Timestamp>,
    /// The next token, sealed under this one, while it lies unused.
    pub unused_successor: Option<String>,
    /// The request that spent this token; only its repetition is a retry.
    pub request: Option<String>,
    /// The family it belongs to.
    pub grant: Grant,
    /// The family has not ended, nor the session it hangs on, nor the issuer it was given by.
    pub grant_live: bool,
    /// The account, unless it is gone.
    pub user: Option<User>,
}

/// Spending one token and storing the next.
pub struct Rotation {
    pub old_digest: String,
    pub client_id: String,
    /// The account as it was when the new tokens were decided on.
    pub user_id: String,
    pub user_seen_at: Timestamp,
    pub now: Timestamp,
    pub successor: NewRefreshToken,
    pub sealed: String,
    pub request: String,
    pub access_token: Option<StoredAccessToken>,
}

impl Store {
    /// The id of the tenant whose refresh token has this digest.
    pub async fn tenant_of_refresh_token(&self, digest: &str) -> Result<Option<String>, DbError> {
        let row = self
            .db
            .one(sql!("SELECT tenant FROM refresh_tokens WHERE digest = $1").bind(digest))
            .await?;
        row.map(|row| row.text("tenant")).transpose()
    }
}

impl Scoped {
    /// A refresh token by digest, with its grant's and account's state.
    pub async fn refresh_token(
        &self,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<RefreshTokenRow>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT t.digest, t.grant_id, t.client_id, t.user_id, t.scope, t.audience, \
                     t.predecessor, t.expires_at, t.family_expires_at, t.used_at, \
                     t.successor_sealed, t.request, n.digest AS next_digest, n.used_at AS next_used_at, \
                     g.session_id, g.offline, g.amr, g.auth_time, g.claims AS asked, \
                     g.created_at AS granted_at, g.expires_at AS grant_expires_at, \
                     CAST(CASE WHEN g.ended_at IS NULL AND (g.offline = 1 OR s.id IS NOT NULL) \
                     AND g.issuer_rev = (SELECT issuer_rev FROM tenants WHERE id = t.tenant) \
                     THEN 1 ELSE 0 END AS BIGINT) AS grant_live, ",
                     user_columns!(),
                     " FROM refresh_tokens t \
                     JOIN grants g ON g.tenant = t.tenant AND g.id = t.grant_id \
                     LEFT JOIN sessions s ON s.tenant = g.tenant AND s.id = g.session_id \
                     AND s.ended_at IS NULL AND s.expires_at > $3 \
                     LEFT JOIN refresh_tokens n ON n.tenant = t.tenant AND n.digest = t.successor \
                     LEFT JOIN users u ON u.tenant = t.tenant AND u.id = t.user_id \
                     WHERE t.tenant = $1 AND t.digest = $2"
                )
                .bind(&self.tenant)
                .bind(digest)
                .bind(now),
            )
            .await?;
        row.map(|row| refresh_token_row(&row)).transpose()
    }

    /// Spends a token and stores its successor in one transaction. `false`: nothing was stored,
    /// because the token was spent, its grant over, or the account changed meanwhile.
    pub async fn rotate_refresh_token(&self, rotation: Rotation) -> Result<bool, DbError> {
        self.db
            .write((self.tenant.clone(), rotation), |tx, (tenant, rotation)| {
                Box::pin(async move {
                    let spent = tx
                        .run(
                            sql!(
                                "UPDATE refresh_tokens \
                                 SET used_at = $1, successor = $2, successor_sealed = $3, request = $4 \
                                 WHERE tenant = $5 AND digest = $6 AND client_id = $7 \
                                 AND used_at IS NULL AND expires_at > $1 \
                                 AND EXISTS (SELECT 1 FROM grants g WHERE g.tenant = $5 \
                                 AND g.id = refresh_tokens.grant_id AND g.ended_at IS NULL) \
                                 AND EXISTS (SELECT 1 FROM users u WHERE u.tenant = $5 \
                                 AND u.id = $8 AND u.enabled = 1 AND u.updated_at = $9)"
                            )
                            .bind(rotation.now)
                            .bind(&rotation.successor.digest)
                            .bind(&rotation.sealed)
                            .bind(&rotation.request)
                            .bind(tenant)
                            .bind(&rotation.old_digest)
                            .bind(&rotation.client_id)
                            .bind(&rotation.user_id)
                            .bind(rotation.user_seen_at),
                        )
                        .await?;
                    if spent == 0 {
                        return Ok(false);
                    }
                    insert(tx, tenant, &rotation.successor).await?;
                    if let Some(token) = &rotation.access_token {
                        access_tokens::insert(tx, tenant, token).await?;
                    }
                    Ok(true)
                })
            })
            .await
    }

    /// How many unused tokens a family has: never more than one.
    pub async fn live_refresh_tokens(&self, grant_id: &str) -> Result<i64, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT COUNT(*) AS live FROM refresh_tokens \
                     WHERE tenant = $1 AND grant_id = $2 AND used_at IS NULL"
                )
                .bind(&self.tenant)
                .bind(grant_id),
            )
            .await?;
        row.map_or(Ok(0), |row| row.integer("live"))
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    tenant: &str,
    token: &NewRefreshToken,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "INSERT INTO refresh_tokens \
             (tenant, digest, grant_id, client_id, user_id, scope, audience, predecessor, \
             expires_at, family_expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        )
        .bind(tenant)
        .bind(&token.digest)
        .bind(token.grant_id.as_str())
        .bind(&token.client_id)
        .bind(&token.user_id)
        .bind(token.scope.to_string())
        .bind(token.audience.join(" "))
        .bind(&token.predecessor)
        .bind(token.expires_at)
        .bind(token.family_expires_at),
    )
    .await
    .map(drop)
}

fn refresh_token_row(row: &Row) -> Result<RefreshTokenRow, DbError> {
    let next_unused =
        row.optional_text("next_digest")?.is_some() && row.optional_time("next_used_at")?.is_none();
    let has_user = row.optional_integer("updated_at")?.is_some();
    Ok(RefreshTokenRow {
        token: NewRefreshToken {
            digest: row.text("digest")?,
            grant_id: GrantId::stored(row.text("grant_id")?),
            client_id: row.text("client_id")?,
            user_id: row.text("user_id")?,
            scope: row.word("scope")?,
            audience: row.words("audience")?,
            predecessor: row.optional_text("predecessor")?,
            expires_at: row.time("expires_at")?,
            family_expires_at: row.time("family_expires_at")?,
        },
        used_at: row.optional_time("used_at")?,
        unused_successor: row
            .optional_text("successor_sealed")?
            .filter(|_| next_unused),
        request: row.optional_text("request")?,
        grant: Grant {
            id: GrantId::stored(row.text("grant_id")?),
            session_id: row.text("session_id")?,
            user_id: row.text("user_id")?,
            client_id: row.text("client_id")?,
            offline: row.flag("offline")?,
            amr: row.words("amr")?,
            auth_time: row.time("auth_time")?,
            claims: row.json("asked")?,
            created_at: row.time("granted_at")?,
            expires_at: row.time("grant_expires_at")?,
        },
        grant_live: row.flag("grant_live")?,
        user: has_user.then(|| user_of(row)).transpose()?,
    })
}
