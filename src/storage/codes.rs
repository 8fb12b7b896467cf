//! Authorization codes: single use.

use super::access_tokens::{self, StoredAccessToken};
use super::grants::Hold;
use super::refresh_tokens::{self, NewRefreshToken};
use super::sql::{Row, sql};
use super::tx::Tx;
use super::users::{user_columns, user_of};
use super::{DbError, Scoped, grants, sessions, used_ids};
use crate::base::clock::Timestamp;
use crate::model::claims_request::ClaimsRequest;
use crate::model::grant::{Grant, GrantId};
use crate::model::scope::Scope;
use crate::model::user::User;

/// A code to be stored; the digest stands for the secret.
#[derive(Clone)]
pub struct NewCode {
    pub digest: String,
    pub client_id: String,
    pub user_id: String,
    pub session_id: String,
    /// The family its tokens will belong to.
    pub grant_id: GrantId,
    pub redirect_uri: String,
    /// RFC 7636 section 4.2, S256.
    pub code_challenge: Option<String>,
    pub nonce: Option<String>,
    pub scope: Scope,
    /// Audiences asked for (RFC 8707); empty for all the scopes give.
    pub audience: Vec<String>,
    pub claims: ClaimsRequest,
    pub amr: Vec<String>,
    pub auth_time: Timestamp,
    pub expires_at: Timestamp,
}

/// A stored code, with what must be known to spend it.
pub struct CodeRow {
    pub code: NewCode,
    pub used_at: Option<Timestamp>,
    /// The session has not ended.
    pub session_live: bool,
    /// What the person has allowed the client by now.
    pub consent: Scope,
    /// The account, unless it is gone.
    pub user: Option<User>,
}

/// The pages that led to a code; they lead to one.
pub struct Interaction {
    pub digest: String,
    pub until: Timestamp,
}

/// Spending a code and storing what was made from it.
pub struct Redemption {
    pub digest: String,
    pub grant: Grant,
    /// The account as it was when the tokens were decided on.
    pub user_seen_at: Timestamp,
    pub now: Timestamp,
    /// What the person had allowed the client by then; nothing where nobody has to be asked.
    pub consent: Option<Scope>,
    pub refresh_token: Option<NewRefreshToken>,
    pub access_token: Option<StoredAccessToken>,
}

impl Scoped {
    /// Stores a code. `false`: the interaction that led to it was used before.
    pub async fn add_code(
        &self,
        code: NewCode,
        interaction: Option<Interaction>,
    ) -> Result<bool, DbError> {
        self.db
            .write(
                (self.tenant.clone(), code, interaction),
                |tx, (tenant, code, interaction)| {
                    Box::pin(async move {
                        if let Some(interaction) = interaction
                            && !used_ids::burn(
                                tx,
                                tenant,
                                &interaction.digest,
                                interaction.until,
                            )
                            .await?
                        {
                            return Ok(false);
                        }
                        let claims = serde_json::to_string(&code.claims)
                            .map_err(|_| DbError::Corrupt("codes.claims"))?;
                        tx.run(
                            sql!(
                                "INSERT INTO codes (tenant, digest, client_id, user_id, session_id, \
                                 grant_id, redirect_uri, code_challenge, nonce, scope, audience, claims, \
                                 amr, auth_time, expires_at) \
                                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
                            )
                            .bind(tenant)
                            .bind(&code.digest)
                            .bind(&code.client_id)
                            .bind(&code.user_id)
                            .bind(&code.session_id)
                            .bind(code.grant_id.as_str())
                            .bind(&code.redirect_uri)
                            .bind(&code.code_challenge)
                            .bind(&code.nonce)
                            .bind(code.scope.to_string())
                            .bind(code.audience.join(" "))
                            .bind(claims)
                            .bind(code.amr.join(" "))
                            .bind(code.auth_time)
                            .bind(code.expires_at),
                        )
                        .await?;
                        Ok(true)
                    })
                },
            )
            .await
    }

    /// A code by digest, with its account.
    pub async fn code(&self, digest: &str, now: Timestamp) -> Result<Option<CodeRow>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT c.digest, c.client_id, c.user_id, c.session_id, c.grant_id, c.redirect_uri, \
                     c.code_challenge, c.nonce, c.scope, c.audience, c.claims AS asked, c.amr, \
                     c.auth_time, c.expires_at, c.used_at, s.id AS live_session, k.scope AS consent, ",
                     user_columns!(),
                     " FROM codes c LEFT JOIN users u ON u.tenant = c.tenant AND u.id = c.user_id \
                     LEFT JOIN sessions s ON s.tenant = c.tenant AND s.id = c.session_id \
                     AND s.ended_at IS NULL AND s.expires_at > $3 \
                     LEFT JOIN consents k ON k.tenant = c.tenant AND k.user_id = c.user_id \
                     AND k.client_id = c.client_id \
                     WHERE c.tenant = $1 AND c.digest = $2"
                )
                .bind(&self.tenant)
                .bind(digest)
                .bind(now),
            )
            .await?;
        row.map(|row| code_row(&row)).transpose()
    }

    /// Spends a code and stores what was made from it in one transaction. `false`: nothing was
    /// stored, because the code was spent, the session over, or the account or what it allows the
    /// client changed meanwhile.
    pub async fn redeem_code(&self, redemption: Redemption) -> Result<bool, DbError> {
        self.db
            .write(
                (self.tenant.clone(), redemption),
                |tx, (tenant, redemption)| {
                    Box::pin(async move {
                        let grant = &redemption.grant;
                        let spent = tx
                            .run(
                                sql!(
                                    "UPDATE codes SET used_at = $1 WHERE tenant = $2 AND digest = $3 \
                                     AND client_id = $4 AND used_at IS NULL AND expires_at > $1"
                                )
                                .bind(redemption.now)
                                .bind(tenant)
                                .bind(&redemption.digest)
                                .bind(&grant.client_id),
                            )
                            .await?;
                        let usable = spent == 1
                            && sessions::user_is_unchanged(
                                tx,
                                tenant,
                                &grant.user_id,
                                redemption.user_seen_at,
                            )
                            .await?;
                        let session = if usable {
                            let id = &grant.session_id;
                            sessions::take_live(tx, tenant, id, redemption.now).await?
                        } else {
                            None
                        };
                        let Some(device_id) = session else {
                            return Ok(tx.undo(false));
                        };
                        let hold = Hold {
                            device_id,
                            consent: redemption.consent.as_ref(),
                        };
                        if !grants::insert(tx, tenant, grant, hold).await? {
                            return Ok(tx.undo(false));
                        }
                        if let Some(token) = &redemption.refresh_token {
                            refresh_tokens::insert(tx, tenant, token).await?;
                        }
                        if let Some(token) = &redemption.access_token {
                            access_tokens::insert(tx, tenant, token).await?;
                        }
                        Ok(true)
                    })
                },
            )
            .await
    }

    /// Makes a code useless, because somebody came with it who cannot be the one it was made for.
    pub async fn burn_code(&self, digest: &str, now: Timestamp) -> Result<bool, DbError> {
        self.db
            .write(
                (self.tenant.clone(), digest.to_owned(), now),
                |tx, (tenant, digest, now)| {
                    Box::pin(async move {
                        let burnt = tx
                            .run(
                                sql!(
                                    "UPDATE codes SET used_at = $1 \
                                     WHERE tenant = $2 AND digest = $3 AND used_at IS NULL"
                                )
                                .bind(*now)
                                .bind(tenant)
                                .bind(digest),
                            )
                            .await?;
                        Ok(burnt == 1)
                    })
                },
            )
            .await
    }
}

/// Lets the codes that an account's browsers brought to a client be too old: allowed again, they would
/// be good again.
pub(super) async fn expire_all_between(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    client_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    // Found by their end: a tenant's codes of a day are many, those of the last minute are few.
    tx.run(
        sql!(
            "UPDATE codes SET expires_at = $1 WHERE expires_at > $1 AND used_at IS NULL \
             AND tenant || '' = $2 AND user_id = $3 AND client_id = $4"
        )
        .bind(now)
        .bind(tenant)
        .bind(user_id)
        .bind(client_id),
    )
    .await
    .map(drop)
}

fn code_row(row: &Row) -> Result<CodeRow, DbError> {
    let has_user = row.optional_integer("updated_at")?.is_some();
    Ok(CodeRow {
        code: NewCode {
            digest: row.text("digest")?,
            client_id: row.text("client_id")?,
            user_id: row.text("user_id")?,
            session_id: row.text("session_id")?,
            grant_id: GrantId::stored(row.text("grant_id")?),
            redirect_uri: row.text("redirect_uri")?,
            code_challenge: row.optional_text("code_challenge")?,
            nonce: row.optional_text("nonce")?,
            scope: row.word("scope")?,
            audience: row.words("audience")?,
            claims: row.json("asked")?,
            amr: row.words("amr")?,
            auth_time: row.time("auth_time")?,
            expires_at: row.time("expires_at")?,
        },
        used_at: row.optional_time("used_at")?,
        session_live: row.optional_text("live_session")?.is_some(),
        consent: match row.optional_text("consent")? {
            Some(_) => row.word("consent")?,
            None => Scope::default(),
        },
        user: has_user.then(|| user_of(row)).transpose()?,
    })
}
