//! Authenticators that are being set up: no factors before their first code was right. One an account.

use super::second_factors::{self, Spend};
use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped, sessions};
use crate::base::clock::Timestamp;

/// An authenticator that is being set up.
#[derive(Clone)]
pub struct Enrolment {
    pub user_id: String,
    /// The session it is set up in; it can be finished in no other.
    pub session_id: String,
    pub secret_sealed: String,
    pub expires_at: Timestamp,
}

impl Scoped {
    /// Begins to set up an authenticator, in the place of what was begun before. `false`: what proves the
    /// person was used up meanwhile, or the account has a factor by now and none was shown.
    pub async fn begin_enrolment(
        &self,
        enrolment: Enrolment,
        spend: Option<Spend>,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), enrolment, spend);
        self.db
            .write(context, |tx, (tenant, enrolment, proof)| {
                Box::pin(async move {
                    let user_id = &enrolment.user_id;
                    sessions::take_user(tx, tenant, user_id).await?;
                    let proved = match proof {
                        Some(proof) => second_factors::spend(tx, tenant, user_id, proof).await?,
                        None => !second_factors::has_totp(tx, tenant, user_id).await?,
                    };
                    if !proved {
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
}

/// Takes what was set up, as it was read; `false`: it is another by now, or over.
pub(super) async fn finish(
    tx: &mut Tx,
    tenant: &str,
    enrolment: &Enrolment,
    now: Timestamp,
) -> Result<bool, DbError> {
    let begun = tx
        .run(
            sql!(
                "DELETE FROM factor_enrolments WHERE tenant = $1 AND user_id = $2 \
                 AND session_id = $3 AND secret_sealed = $4 AND expires_at > $5"
            )
            .bind(tenant)
            .bind(&enrolment.user_id)
            .bind(&enrolment.session_id)
            .bind(&enrolment.secret_sealed)
            .bind(now),
        )
        .await?;
    Ok(begun == 1)
}

/// Ends what an account is setting up.
pub(super) async fn forget(tx: &mut Tx, tenant: &str, user_id: &str) -> Result<(), DbError> {
    tx.run(
        sql!("DELETE FROM factor_enrolments WHERE tenant = $1 AND user_id = $2")
            .bind(tenant)
            .bind(user_id),
    )
    .await
    .map(drop)
}
