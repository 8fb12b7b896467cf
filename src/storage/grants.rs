//! Families of tokens and their ends.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, LONGEST_ACCESS_TOKEN, Scoped, audit, revocations};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::claims_request::ClaimsRequest;
use crate::model::grant::Grant;
use crate::model::revocation::Revoked;
use crate::model::scope::Scope;

impl Scoped {
    /// What was asked for by name when a grant was made; nothing for one that is gone.
    pub async fn claims_request(&self, grant_id: &str) -> Result<ClaimsRequest, DbError> {
        let row = self
            .db
            .one(
                sql!("SELECT claims FROM grants WHERE tenant = $1 AND id = $2")
                    .bind(&self.tenant)
                    .bind(grant_id),
            )
            .await?;
        row.map_or(Ok(ClaimsRequest::default()), |row| row.json("claims"))
    }

    /// Ends a grant: its refresh tokens and access tokens are dead on every node. `false`: it was over.
    pub async fn end_grant(
        &self,
        id: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        self.db
            .write(
                (self.tenant.clone(), id.to_owned(), now, event),
                |tx, (tenant, id, now, event)| {
                    Box::pin(async move {
                        let ended = end(tx, tenant, id, *now).await?;
                        if ended {
                            end_direct_session(tx, tenant, id, *now).await?;
                            audit::append(tx, tenant, event).await?;
                        }
                        Ok(ended)
                    })
                },
            )
            .await
    }
}

/// What a grant hangs on beside its session.
#[derive(Default)]
pub(super) struct Hold<'a> {
    /// The device of the session.
    pub device_id: Option<String>,
    /// What the person has allowed the client, as it was when the grant was decided on; nothing where
    /// nobody has to be asked.
    pub consent: Option<&'a Scope>,
}

/// `false`: the client is gone or disabled, or what the person allowed is not what it was.
pub(super) async fn insert(
    tx: &mut Tx,
    tenant: &str,
    grant: &Grant,
    hold: Hold<'_>,
) -> Result<bool, DbError> {
    let claims =
        serde_json::to_string(&grant.claims).map_err(|_| DbError::Corrupt("grants.claims"))?;
    let stored = tx
        .run(
            sql!(
                "INSERT INTO grants (tenant, id, session_id, user_id, client_id, offline, amr, auth_time, \
                 claims, created_at, expires_at, device_id, issuer_rev) \
                 SELECT $1, $2, $3, $4, client_id, CAST($6 AS BIGINT), $7, CAST($8 AS BIGINT), $9, \
                 CAST($10 AS BIGINT), CAST($11 AS BIGINT), $12, \
                 (SELECT issuer_rev FROM tenants WHERE id = $1) \
                 FROM clients WHERE tenant = $1 AND client_id = $5 AND enabled = 1 \
                 AND (CAST($13 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM consents \
                 WHERE tenant = $1 AND user_id = $4 AND client_id = $5 AND scope = $13))"
            )
            .bind(tenant)
            .bind(grant.id.as_str())
            .bind(&grant.session_id)
            .bind(&grant.user_id)
            .bind(&grant.client_id)
            .bind(grant.offline)
            .bind(grant.amr.join(" "))
            .bind(grant.auth_time)
            .bind(claims)
            .bind(grant.created_at)
            .bind(grant.expires_at)
            .bind(hold.device_id)
            .bind(hold.consent.map(Scope::to_string)),
        )
        .await?;
    Ok(stored == 1)
}

/// Ends one grant; `false` when it was over already.
pub(super) async fn end(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let ended = tx
        .run(
            sql!(
                "UPDATE grants SET ended_at = $1 WHERE tenant = $2 AND id = $3 AND ended_at IS NULL"
            )
            .bind(now)
            .bind(tenant)
            .bind(id),
        )
        .await?;
    if ended == 0 {
        return Ok(false);
    }
    let until = now.plus_seconds(LONGEST_ACCESS_TOKEN);
    revocations::enter(tx, tenant, Revoked::Grant(id), until).await?;
    Ok(true)
}

/// A direct login has one grant, and is over with it.
async fn end_direct_session(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "UPDATE sessions SET ended_at = $1 WHERE tenant = $2 AND digest IS NULL AND ended_at IS NULL \
             AND id = (SELECT session_id FROM grants WHERE tenant = $2 AND id = $3)"
        )
        .bind(now)
        .bind(tenant)
        .bind(id),
    )
    .await
    .map(drop)
}

/// Ends what a session gave, but for what was given to outlive it.
pub(super) async fn end_all_of_session(
    tx: &mut Tx,
    tenant: &str,
    session_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let rows = tx
        .all(
            sql!(
                "SELECT id FROM grants WHERE tenant = $1 AND session_id = $2 AND offline = 0 \
                 AND ended_at IS NULL AND expires_at > $3"
            )
            .bind(tenant)
            .bind(session_id)
            .bind(now),
        )
        .await?;
    end_each(tx, tenant, &rows, now).await.map(drop)
}

/// Ends everything a session gave, also what was given to outlive it.
pub(super) async fn end_everything_of_session(
    tx: &mut Tx,
    tenant: &str,
    session_id: &str,
    now: Timestamp,
) -> Result<u64, DbError> {
    let rows = tx
        .all(
            sql!(
                "SELECT id FROM grants WHERE tenant = $1 AND session_id = $2 AND ended_at IS NULL \
                 AND expires_at > $3"
            )
            .bind(tenant)
            .bind(session_id)
            .bind(now),
        )
        .await?;
    end_each(tx, tenant, &rows, now).await
}

/// Ends everything an account gave; how many grants that were.
pub(super) async fn end_all_of_user(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    now: Timestamp,
) -> Result<u64, DbError> {
    end_all_of_user_but(tx, tenant, user_id, "", now).await
}

/// The same, but for what one session gave.
pub(super) async fn end_all_of_user_but(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    session_id: &str,
    now: Timestamp,
) -> Result<u64, DbError> {
    let rows = tx
        .all(
            sql!(
                "SELECT id FROM grants WHERE tenant = $1 AND user_id = $2 AND session_id <> $3 \
                 AND ended_at IS NULL AND expires_at > $4"
            )
            .bind(tenant)
            .bind(user_id)
            .bind(session_id)
            .bind(now),
        )
        .await?;
    end_each(tx, tenant, &rows, now).await
}

/// Ends everything an account gave in one device.
pub(super) async fn end_all_of_device(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    device_id: &str,
    now: Timestamp,
) -> Result<u64, DbError> {
    let rows = tx
        .all(
            sql!(
                "SELECT id FROM grants WHERE tenant = $1 AND user_id = $2 AND device_id = $3 \
                 AND ended_at IS NULL AND expires_at > $4"
            )
            .bind(tenant)
            .bind(user_id)
            .bind(device_id)
            .bind(now),
        )
        .await?;
    end_each(tx, tenant, &rows, now).await
}

/// Ends everything an account gave to one client, and its direct logins there.
pub(super) async fn end_all_between(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    client_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let rows = tx
        .all(
            sql!(
                "SELECT id FROM grants WHERE tenant = $1 AND user_id = $2 AND client_id = $3 \
                 AND ended_at IS NULL AND expires_at > $4"
            )
            .bind(tenant)
            .bind(user_id)
            .bind(client_id)
            .bind(now),
        )
        .await?;
    for row in &rows {
        end_direct_session(tx, tenant, &row.text("id")?, now).await?;
    }
    end_each(tx, tenant, &rows, now).await.map(drop)
}

/// Ends the grants of these rows; how many were not over.
async fn end_each(tx: &mut Tx, tenant: &str, rows: &[Row], now: Timestamp) -> Result<u64, DbError> {
    let mut ended = 0;
    for row in rows {
        ended += u64::from(end(tx, tenant, &row.text("id")?, now).await?);
    }
    Ok(ended)
}

/// Ends everything given to a client, whose own entry in the revocation set kills the tokens.
pub(super) async fn end_all_of_client(
    tx: &mut Tx,
    tenant: &str,
    client_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        sql!("UPDATE grants SET ended_at = $1 WHERE tenant = $2 AND client_id = $3 AND ended_at IS NULL")
            .bind(now)
            .bind(tenant)
            .bind(client_id),
    )
    .await
    .map(drop)
}
