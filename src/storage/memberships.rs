//! Who has a role and who is in a group: an index over the lists on the accounts' rows, kept by
//! whatever writes an account, so that members are read without a look at everybody.

use std::collections::BTreeSet;

use super::sql::sql;
use super::tx::Tx;
use super::{DbError, roles, tenants};
use crate::base::clock::Timestamp;
use crate::model::role;
use crate::model::user::{CheckedUser, UserInput};

pub(super) const ROLE: &str = "role";
pub(super) const GROUP: &str = "group";

/// Sees to it that the roles and groups of an account about to be written are there and stay until
/// the commit. A group comes into being with the first account that names it.
///
/// # Errors
/// [`DbError::Refused`] names a role the tenant does not have.
pub(super) async fn admit(
    tx: &mut Tx,
    tenant: &str,
    input: &UserInput,
    now: Timestamp,
) -> Result<(), DbError> {
    let own_roles = || input.roles.iter().filter(|name| !role::is_built_in(name));
    if own_roles().next().is_none() && input.groups.is_empty() {
        return Ok(());
    }
    // Or a role or group could be deleted before the account that names it is there.
    tenants::hold(tx, tenant).await?;
    for name in own_roles() {
        if !roles::exists(tx, tenant, name).await? {
            return Err(DbError::Refused(role::unknown(name)));
        }
    }
    for name in &input.groups {
        tx.run(
            sql!(
                "INSERT INTO groups (tenant, name, description, created_at, updated_at) \
                 VALUES ($1, $2, '', $3, $3) ON CONFLICT (tenant, name) DO NOTHING"
            )
            .bind(tenant)
            .bind(name)
            .bind(now),
        )
        .await?;
    }
    Ok(())
}

/// Brings the index to what an account's row says now.
pub(super) async fn index(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    user: &CheckedUser,
) -> Result<(), DbError> {
    let input = user.input();
    let entries = of(&input.roles, &input.groups);
    put(tx, tenant, user_id, user.username_key(), entries).await
}

/// The entries of an account with these roles and groups.
pub(super) fn of(roles: &[String], groups: &[String]) -> Vec<(String, String)> {
    let roles = roles.iter().map(|name| (ROLE.to_owned(), name.clone()));
    let groups = groups.iter().map(|name| (GROUP.to_owned(), name.clone()));
    roles.chain(groups).collect()
}

/// Makes these the entries of an account.
pub(super) async fn put(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    member_key: &str,
    entries: Vec<(String, String)>,
) -> Result<(), DbError> {
    let stored = tx
        .all(
            sql!(
                "SELECT kind, name, member_key FROM memberships WHERE tenant = $1 AND user_id = $2"
            )
            .bind(tenant)
            .bind(user_id),
        )
        .await?;
    let mut wanted: BTreeSet<(String, String)> = entries.into_iter().collect();
    for row in stored {
        let entry = (row.text("kind")?, row.text("name")?);
        if row.text("member_key")? == member_key && wanted.remove(&entry) {
            continue;
        }
        let (kind, name) = entry;
        tx.run(
            sql!(
                "DELETE FROM memberships \
                 WHERE tenant = $1 AND user_id = $2 AND kind = $3 AND name = $4"
            )
            .bind(tenant)
            .bind(user_id)
            .bind(kind)
            .bind(name),
        )
        .await?;
    }
    for (kind, name) in wanted {
        tx.run(
            sql!(
                "INSERT INTO memberships (tenant, kind, name, member_key, user_id) \
                 VALUES ($1, $2, $3, $4, $5)"
            )
            .bind(tenant)
            .bind(kind)
            .bind(name)
            .bind(member_key)
            .bind(user_id),
        )
        .await?;
    }
    Ok(())
}

/// How many accounts have a role or are in a group.
pub(super) async fn count(
    tx: &mut Tx,
    tenant: &str,
    kind: &str,
    name: &str,
) -> Result<i64, DbError> {
    let row = tx
        .one(
            sql!(
                "SELECT COUNT(*) AS members FROM memberships \
                 WHERE tenant = $1 AND kind = $2 AND name = $3"
            )
            .bind(tenant)
            .bind(kind)
            .bind(name),
        )
        .await?;
    row.map_or(Ok(0), |row| row.integer("members"))
}
