//! Authenticators and recovery codes: rows of `credentials`, and what is remembered while one is set up or
//! tried.

use serde::{Deserialize, Serialize};

use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped, audit, required_actions, users};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::required_action::RequiredAction;
use crate::model::second_factor::SecondFactors;

/// Seconds within which tries are counted together.
pub const TRIES_WINDOW: i64 = 900;

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

/// Tries of an account's second factors in the present window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tries {
    /// With the one just counted.
    pub count: i64,
    pub since: Timestamp,
}

/// An authenticator that is being set up.
#[derive(Clone)]
pub struct Enrolment {
    pub user_id: String,
    /// The session it is set up in; it can be finished in no other.
    pub session_id: String,
    pub secret_sealed: String,
    pub expires_at: Timestamp,
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

    /// Counts a try before it is looked at, so that no number of them at once is more than their number.
    /// [`Spend`] takes a good one back.
    pub async fn count_factor_try(&self, user_id: &str, now: Timestamp) -> Result<Tries, DbError> {
        let context = (self.tenant.clone(), user_id.to_owned(), now);
        self.db
            .write(context, |tx, (tenant, user_id, now)| {
                Box::pin(async move {
                    let row = tx
                        .one(
                            sql!(
                                "INSERT INTO factor_tries AS t (tenant, user_id, since, tries) \
                                 VALUES ($1, $2, $3, 1) ON CONFLICT (tenant, user_id) DO UPDATE SET \
                                 tries = CASE WHEN t.since <= $4 THEN 1 ELSE t.tries + 1 END, \
                                 since = CASE WHEN t.since <= $4 THEN $3 ELSE t.since END \
                                 RETURNING tries, since"
                            )
                            .bind(tenant)
                            .bind(user_id)
                            .bind(*now)
                            .bind(now.minus_seconds(TRIES_WINDOW)),
                        )
                        .await?
                        .ok_or(DbError::Corrupt("factor_tries"))?;
                    Ok(Tries {
                        count: row.integer("tries")?,
                        since: row.time("since")?,
                    })
                })
            })
            .await
    }

    /// Notes what happened to an account's second factors and changes nothing else.
    pub async fn note_factor_event(&self, event: AuditEvent) -> Result<(), DbError> {
        self.db
            .write((self.tenant.clone(), event), |tx, (tenant, event)| {
                Box::pin(async move { audit::append(tx, tenant, event).await })
            })
            .await
    }

    /// Begins to set up an authenticator, in the place of what was begun before. `false`: what proves the
    /// person was used up meanwhile.
    pub async fn begin_enrolment(
        &self,
        enrolment: Enrolment,
        spend: Option<Spend>,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), enrolment, spend);
        self.db
            .write(context, |tx, (tenant, enrolment, proof)| {
                Box::pin(async move {
                    if !spend_if_any(tx, tenant, &enrolment.user_id, proof.as_ref()).await? {
                        return Ok(tx.undo(false));
                    }
                    tx.run(
                        sql!(
                            "INSERT INTO factor_enrolments (tenant, user_id, session_id, \
                             secret_sealed, expires_at) VALUES ($1, $2, $3, $4, $5) \
                             ON CONFLICT (tenant, user_id) DO UPDATE SET session_id = $3, \
                             secret_sealed = $4, expires_at = $5"
                        )
                        .bind(tenant)
                        .bind(&enrolment.user_id)
                        .bind(&enrolment.session_id)
                        .bind(&enrolment.secret_sealed)
                        .bind(enrolment.expires_at),
                    )
                    .await?;
                    Ok(true)
                })
            })
            .await
    }

    /// What an account is setting up in a session.
    pub async fn enrolment(
        &self,
        user_id: &str,
        session_id: &str,
        now: Timestamp,
    ) -> Result<Option<Enrolment>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT secret_sealed, expires_at FROM factor_enrolments \
                     WHERE tenant = $1 AND user_id = $2 AND session_id = $3 AND expires_at > $4"
                )
                .bind(&self.tenant)
                .bind(user_id)
                .bind(session_id)
                .bind(now),
            )
            .await?;
        row.map(|row| {
            Ok(Enrolment {
                user_id: user_id.to_owned(),
                session_id: session_id.to_owned(),
                secret_sealed: row.text("secret_sealed")?,
                expires_at: row.time("expires_at")?,
            })
        })
        .transpose()
    }

    /// Makes an authenticator a factor of its account, with new recovery codes. `false`: it is not what
    /// was set up any more.
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
                    let begun = tx
                        .run(
                            sql!(
                                "DELETE FROM factor_enrolments WHERE tenant = $1 AND user_id = $2 \
                                 AND session_id = $3 AND secret_sealed = $4 AND expires_at > $5"
                            )
                            .bind(tenant)
                            .bind(user_id)
                            .bind(&enrolment.session_id)
                            .bind(&enrolment.secret_sealed)
                            .bind(*now),
                        )
                        .await?;
                    if begun == 0 {
                        return Ok(tx.undo(false));
                    }
                    put_totp(tx, tenant, user_id, data, *now).await?;
                    put_recovery_codes(tx, tenant, user_id, recovery_codes, *now).await?;
                    take_back_a_try(tx, tenant, user_id).await?;
                    let action = RequiredAction::ConfigureTotp;
                    required_actions::done(tx, tenant, user_id, action).await?;
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
                    if !spend_if_any(tx, tenant, user_id, proof.as_ref()).await? {
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
                    for unfinished in [
                        sql!("DELETE FROM factor_enrolments WHERE tenant = $1 AND user_id = $2"),
                        sql!("DELETE FROM factor_tries WHERE tenant = $1 AND user_id = $2"),
                    ] {
                        tx.run(unfinished.bind(tenant).bind(user_id)).await?;
                    }
                    users::change(tx, tenant, user_id, *now).await?;
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
    take_back_a_try(tx, tenant, user_id).await?;
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

/// It was no guess.
async fn take_back_a_try(tx: &mut Tx, tenant: &str, user_id: &str) -> Result<(), DbError> {
    tx.run(
        sql!(
            "UPDATE factor_tries SET tries = tries - 1 \
             WHERE tenant = $1 AND user_id = $2 AND tries > 0"
        )
        .bind(tenant)
        .bind(user_id),
    )
    .await
    .map(drop)
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
    let there = tx
        .one(
            sql!("SELECT id FROM credentials WHERE tenant = $1 AND user_id = $2 AND kind = 'totp'")
                .bind(tenant)
                .bind(user_id),
        )
        .await?;
    if there.is_some() {
        return Ok(());
    }
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
