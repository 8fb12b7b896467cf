//! The rule on the last administrator: a tenant that has one who can sign in keeps one.

use super::sql::{Sql, sql};
use super::tx::Tx;
use super::{DbError, Scoped, tenants};
use crate::model::role;
use crate::model::user::CheckedUser;

impl Scoped {
    /// Whether the tenant has an administrator who can sign in.
    pub async fn has_active_admin(&self) -> Result<bool, DbError> {
        let row = self.db.one(active_admins_query(&self.tenant)).await?;
        Ok(row.map_or(Ok(0), |row| row.integer("admins"))? > 0)
    }
}

pub(super) async fn has_admin(tx: &mut Tx, tenant: &str) -> Result<bool, DbError> {
    Ok(active_admins(tx, tenant).await? > 0)
}

/// Refuses to make `user` of the last administrator's account where that is none any more.
pub(super) async fn guard_last(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    user: &CheckedUser,
) -> Result<(), DbError> {
    let input = user.input();
    if input.enabled && input.roles.iter().any(|held| held == role::ADMIN) {
        return Ok(());
    }
    guard_last_removed(tx, tenant, id).await
}

/// Refuses to remove the last administrator.
pub(super) async fn guard_last_removed(tx: &mut Tx, tenant: &str, id: &str) -> Result<(), DbError> {
    if is_active_admin(tx, tenant, id).await? && active_admins(tx, tenant).await? == 1 {
        let sentence = "this is the last active administrator of the tenant";
        return Err(DbError::Refused(sentence.to_owned()));
    }
    Ok(())
}

fn active_admins_query(tenant: &str) -> Sql {
    // The role by its name: PostgreSQL plans for few holders only where it sees which role it is.
    sql!(
        "SELECT COUNT(*) AS admins FROM memberships m \
         JOIN users u ON u.tenant = m.tenant AND u.id = m.user_id \
         WHERE m.tenant = $1 AND m.kind = 'role' AND m.name = 'admin' \
         AND u.enabled = 1 AND u.kind = 'person'"
    )
    .bind(tenant)
}

async fn active_admins(tx: &mut Tx, tenant: &str) -> Result<i64, DbError> {
    // Or two administrators could remove each other at once.
    tenants::hold(tx, tenant).await?;
    let row = tx.one(active_admins_query(tenant)).await?;
    row.map_or(Ok(0), |row| row.integer("admins"))
}

async fn is_active_admin(tx: &mut Tx, tenant: &str, id: &str) -> Result<bool, DbError> {
    let row = tx
        .one(
            sql!(
                "SELECT m.user_id FROM memberships m \
                 JOIN users u ON u.tenant = m.tenant AND u.id = m.user_id \
                 WHERE m.tenant = $1 AND m.user_id = $2 AND m.kind = 'role' AND m.name = $3 \
                 AND u.enabled = 1 AND u.kind = 'person'"
            )
            .bind(tenant)
            .bind(id)
            .bind(role::ADMIN),
        )
        .await?;
    Ok(row.is_some())
}
