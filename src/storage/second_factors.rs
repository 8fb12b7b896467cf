//! Authenticators and recovery codes: rows of `credentials`.

use serde::{Deserialize, Serialize};

use super::factor_enrolments::{self, Enrolment};
use super::sql::sql;
use super::tx::Tx;
use super::{
    DbError, Scoped, audit, factor_tries, required_actions, session_ends, sessions, users,
};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::required_action::RequiredAction;
use crate::model::second_factor::SecondFactors;

/// An authenticator's row.
#[derive(Clone, Deserialize, Serialize)]
pub struct TotpData {
    pub secret_sealed: String,
    /// The step of the last code that was taken: it and those before it are good no longer (RFC 6238
    /// section 5.2).
    pub last_step: i64,
}

/// An authenticator somebody had elsewhere.
#[derive(Clone)]
pub struct BroughtTotp {
    /// The account it is sealed for.
    pub sealed_for: String,
    pub secret_sealed: String,
}

/// What is used up by passing: whoever comes with the same again is refused.
#[derive(Clone)]
pub enum Spend {
    /// An authenticator's row as it was read, and as it is with the step of the code.
    Totp { before: String, after: String },
    /// A recovery code, by its digest; the event is stored when it is used up.
    RecoveryCode {
        digest: String,
        event: Box<AuditEvent>,
    },
}

/// An authenticator whose first code was right.
#[derive(Clone)]
pub struct Enrolled {
    /// As it was read when the code was held against it.
    pub enrolment: Enrolment,
    pub data: TotpData,
    /// Digests; they take the place of earlier ones.
    pub recovery_codes: Vec<String>,
    pub now: Timestamp,
    pub event: AuditEvent,
}

impl Scoped {
    /// What an account can show beside its password.
    pub async fn second_factors(&self, user_id: &str) -> Result<SecondFactors, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT kind, COUNT(*) AS count, MIN(created_at) AS since FROM credentials \
                     WHERE tenant = $1 AND user_id = $2 AND kind IN ('totp', 'recovery_code') \
                     GROUP BY kind"
                )
                .bind(&self.tenant)
                .bind(user_id),
            )
            .await?;
        let mut found = SecondFactors::default();
        for row in rows {
            let since = row.time("since")?;
            if row.text("kind")? == "totp" {
                found.totp = Some(since);
            } else {
                found.recovery_codes_since = Some(since);
                found.recovery_codes = usize::try_from(row.integer("count")?).unwrap_or_default();
            }
        }
        Ok(found)
    }

    /// An account's authenticator, as its row has it.
    pub async fn totp(&self, user_id: &str) -> Result<Option<String>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT data FROM credentials \
                     WHERE tenant = $1 AND user_id = $2 AND kind = 'totp'"
                )
                .bind(&self.tenant)
                .bind(user_id),
            )
            .await?;
        row.map(|row| row.text("data")).transpose()
    }

    /// Whether a recovery code is one of the account's.
    pub async fn has_recovery_code(&self, user_id: &str, digest: &str) -> Result<bool, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT id FROM credentials WHERE tenant = $1 AND user_id = $2 \
                     AND kind = 'recovery_code' AND id = $3"
                )
                .bind(&self.tenant)
                .bind(user_id)
                .bind(digest),
            )
            .await?;
        Ok(row.is_some())
    }

    /// Makes an authenticator a factor of its account, with new recovery codes; whatever was given in
    /// other sessions ends. `false`: it is not what was set up any more.
    pub async fn enrol(&self, enrolled: Enrolled) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), enrolled);
        self.db
            .write(context, |tx, (tenant, enrolled)| {
                Box::pin(async move {
                    let Enrolled {
                        enrolment,
                        data,
                        recovery_codes,
                        now,
                        event,
                    } = enrolled;
                    let user_id = &enrolment.user_id;
                    if !users::change(tx, tenant, user_id, *now).await? {
                        return Ok(false);
                    }
                    if !factor_enrolments::finish(tx, tenant, enrolment, *now).await? {
                        return Ok(tx.undo(false));
                    }
                    put_totp(tx, tenant, user_id, data, *now).await?;
                    put_recovery_codes(tx, tenant, user_id, recovery_codes, *now).await?;
                    let action = RequiredAction::ConfigureTotp;
                    required_actions::done(tx, tenant, user_id, action).await?;
                    // What was given to the password alone is given again to both.
                    let session = &enrolment.session_id;
                    session_ends::end_others(tx, tenant, user_id, session, *now).await?;
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Gives an account other recovery codes. `false`: what proves the person was used up meanwhile.
    pub async fn replace_recovery_codes(
        &self,
        user_id: &str,
        digests: Vec<String>,
        proof: Spend,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (
            self.tenant.clone(),
            user_id.to_owned(),
            digests,
            proof,
            now,
            event,
        );
        self.db
            .write(
                context,
                |tx, (tenant, user_id, digests, proof, now, event)| {
                    Box::pin(async move {
                        // One after the other: the codes of both would stay.
                        sessions::take_user(tx, tenant, user_id).await?;
                        if !spend(tx, tenant, user_id, proof).await? {
                            return Ok(tx.undo(false));
                        }
                        put_recovery_codes(tx, tenant, user_id, digests, *now).await?;
                        audit::append(tx, tenant, event).await?;
                        Ok(true)
                    })
                },
            )
            .await
    }

    /// Takes an account's second factors away, and whatever was being set up. `false`: there were none,
    /// or what proves the person was used up meanwhile.
    pub async fn remove_second_factors(
        &self,
        user_id: &str,
        proof: Option<Spend>,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), user_id.to_owned(), proof, now, event);
        self.db
            .write(context, |tx, (tenant, user_id, proof, now, event)| {
                Box::pin(async move {
                    if !users::change(tx, tenant, user_id, *now).await?
                        || !spend_if_any(tx, tenant, user_id, proof.as_ref()).await?
                    {
                        return Ok(tx.undo(false));
                    }
                    let removed = tx
                        .run(
                            sql!(
                                "DELETE FROM credentials WHERE tenant = $1 AND user_id = $2 \
                                 AND kind IN ('totp', 'recovery_code')"
                            )
                            .bind(tenant)
                            .bind(user_id),
                        )
                        .await?;
                    if removed == 0 {
                        return Ok(tx.undo(false));
                    }
                    factor_enrolments::forget(tx, tenant, user_id).await?;
                    factor_tries::forget(tx, tenant, user_id).await?;
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }
}

/// Uses up what proved a person; `false`: somebody else did.
pub(super) async fn spend(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    spend: &Spend,
) -> Result<bool, DbError> {
    let statement = match spend {
        Spend::Totp { before, after } => sql!(
            "UPDATE credentials SET data = $1 WHERE tenant = $2 AND user_id = $3 \
             AND kind = 'totp' AND data = $4"
        )
        .bind(after)
        .bind(tenant)
        .bind(user_id)
        .bind(before),
        Spend::RecoveryCode { digest, .. } => sql!(
            "DELETE FROM credentials WHERE tenant = $1 AND user_id = $2 \
             AND kind = 'recovery_code' AND id = $3"
        )
        .bind(tenant)
        .bind(user_id)
        .bind(digest),
    };
    if tx.run(statement).await? == 0 {
        return Ok(false);
    }
    // Whoever asked for a factor has what they asked for.
    required_actions::done(tx, tenant, user_id, RequiredAction::ConfigureTotp).await?;
    if let Spend::RecoveryCode { event, .. } = spend {
        audit::append(tx, tenant, event).await?;
    }
    Ok(true)
}

/// The same where nothing may have to be.
pub(super) async fn spend_if_any(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    proof: Option<&Spend>,
) -> Result<bool, DbError> {
    match proof {
        Some(proof) => spend(tx, tenant, user_id, proof).await,
        None => Ok(true),
    }
}

/// Writes an account's authenticator, in the place of the one there was.
async fn put_totp(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    data: &TotpData,
    now: Timestamp,
) -> Result<(), DbError> {
    let data = serde_json::to_string(data).map_err(|_| DbError::Corrupt("credentials.data"))?;
    tx.run(
        sql!(
            "INSERT INTO credentials (tenant, user_id, kind, id, data, created_at) \
             VALUES ($1, $2, 'totp', 'totp', $3, $4) \
             ON CONFLICT (tenant, user_id, kind, id) DO UPDATE SET data = $3, created_at = $4"
        )
        .bind(tenant)
        .bind(user_id)
        .bind(data)
        .bind(now),
    )
    .await
    .map(drop)
}

pub(super) async fn has_totp(tx: &mut Tx, tenant: &str, user_id: &str) -> Result<bool, DbError> {
    let there = tx
        .one(
            sql!("SELECT id FROM credentials WHERE tenant = $1 AND user_id = $2 AND kind = 'totp'")
                .bind(tenant)
                .bind(user_id),
        )
        .await?;
    Ok(there.is_some())
}

/// Gives an account the authenticator it had elsewhere, unless it has one here. One that is sealed for
/// another account opens in no other: then the person sets one up.
pub(super) async fn bring_totp(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    brought: &BroughtTotp,
    now: Timestamp,
) -> Result<(), DbError> {
    if brought.sealed_for != user_id {
        return required_actions::add(tx, tenant, user_id, RequiredAction::ConfigureTotp).await;
    }
    required_actions::done(tx, tenant, user_id, RequiredAction::ConfigureTotp).await?;
    if has_totp(tx, tenant, user_id).await? {
        return Ok(());
    }
    // Whoever began to set one up did so while there was none.
    factor_enrolments::forget(tx, tenant, user_id).await?;
    let data = TotpData {
        secret_sealed: brought.secret_sealed.clone(),
        last_step: 0,
    };
    put_totp(tx, tenant, user_id, &data, now).await
}

async fn put_recovery_codes(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    digests: &[String],
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "DELETE FROM credentials WHERE tenant = $1 AND user_id = $2 AND kind = 'recovery_code'"
        )
        .bind(tenant)
        .bind(user_id),
    )
    .await?;
    for digest in digests {
        tx.run(
            sql!(
                "INSERT INTO credentials (tenant, user_id, kind, id, data, created_at) \
                 VALUES ($1, $2, 'recovery_code', $3, '', $4)"
            )
            .bind(tenant)
            .bind(user_id)
            .bind(digest)
            .bind(now),
        )
        .await?;
    }
    Ok(())
}
