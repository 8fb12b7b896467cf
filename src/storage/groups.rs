//! A tenant's groups and who is in them.

use super::memberships::{self, GROUP};
use super::sql::{Row, sql};
use super::tx::Tx;
use super::update::UpdateOutcome;
use super::{DbError, Scoped, audit, tenants};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::group::{self, CheckedGroup, Group, MAX_GROUPS};

/// Members who are taken out of a group that goes, in one transaction.
const BATCH: i64 = 200;

/// What became of somebody's coming or going.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MemberOutcome {
    Done,
    /// It was so already.
    Already,
    NoGroup,
    NoUser,
}

/// Somebody who comes or goes.
struct Move {
    group: String,
    user_id: String,
    /// Whether they are in the group afterwards.
    comes: bool,
    now: Timestamp,
}

impl Scoped {
    /// Groups in the order of their names, after `after`.
    pub async fn groups(&self, after: &str, limit: i64) -> Result<Vec<Group>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT name, description, created_at, updated_at FROM groups \
                     WHERE tenant = $1 AND name > $2 ORDER BY name LIMIT $3"
                )
                .bind(&self.tenant)
                .bind(after)
                .bind(limit),
            )
            .await?;
        rows.iter().map(group_of).collect()
    }

    /// A group by name.
    pub async fn group(&self, name: &str) -> Result<Option<Group>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT name, description, created_at, updated_at FROM groups \
                     WHERE tenant = $1 AND name = $2"
                )
                .bind(&self.tenant)
                .bind(name),
            )
            .await?;
        row.map(|row| group_of(&row)).transpose()
    }

    /// Makes a group. [`DbError::Conflict`] when its name is taken.
    pub async fn create_group(
        &self,
        group: CheckedGroup,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<(), DbError> {
        let context = (self.tenant.clone(), group, now, event);
        self.db
            .write(context, |tx, (tenant, group, now, event)| {
                Box::pin(async move {
                    tx.run(
                        sql!(
                            "INSERT INTO groups (tenant, name, description, created_at, updated_at) \
                             VALUES ($1, $2, $3, $4, $4)"
                        )
                        .bind(tenant)
                        .bind(group.name())
                        .bind(group.description())
                        .bind(*now),
                    )
                    .await?;
                    audit::append(tx, tenant, event).await
                })
            })
            .await
    }

    /// Changes what is said of a group, if it is still the one of `if_unchanged`.
    pub async fn update_group(
        &self,
        group: CheckedGroup,
        if_unchanged: Option<Timestamp>,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<UpdateOutcome, DbError> {
        let context = (self.tenant.clone(), group, if_unchanged, now, event);
        self.db
            .write(context, |tx, (tenant, group, if_unchanged, now, event)| {
                Box::pin(async move {
                    let updated = tx
                        .run(
                            sql!(
                                "UPDATE groups SET description = $1, \
                                 updated_at = CASE WHEN updated_at < $2 THEN $2 ELSE updated_at + 1 END \
                                 WHERE tenant = $3 AND name = $4 \
                                 AND (CAST($5 AS BIGINT) IS NULL OR updated_at = $5)"
                            )
                            .bind(group.description())
                            .bind(*now)
                            .bind(tenant)
                            .bind(group.name())
                            .bind(*if_unchanged),
                        )
                        .await?;
                    if updated == 0 {
                        let there = exists(tx, tenant, group.name()).await?;
                        return Ok(UpdateOutcome::untouched(there));
                    }
                    audit::append(tx, tenant, event).await?;
                    Ok(UpdateOutcome::Updated)
                })
            })
            .await
    }

    /// Removes a group and takes everybody out of it; `false`: there is none. A large group goes in
    /// several transactions: what is interrupted leaves a smaller group and can be done again.
    pub async fn delete_group(
        &self,
        name: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        loop {
            let context = (self.tenant.clone(), name.to_owned(), now, event.clone());
            let removed = self
                .db
                .write(context, |tx, (tenant, name, now, event)| {
                    Box::pin(async move {
                        // Or somebody could come in who is not looked at.
                        tenants::hold(tx, tenant).await?;
                        if !exists(tx, tenant, name).await? {
                            return Ok(Some(false));
                        }
                        let members = some_members(tx, tenant, name).await?;
                        for user_id in &members {
                            change(tx, tenant, user_id, name, false, *now).await?;
                        }
                        if i64::try_from(members.len()).unwrap_or(BATCH) >= BATCH {
                            return Ok(None);
                        }
                        tx.run(
                            sql!("DELETE FROM groups WHERE tenant = $1 AND name = $2")
                                .bind(tenant)
                                .bind(name),
                        )
                        .await?;
                        audit::append(tx, tenant, event).await?;
                        Ok(Some(true))
                    })
                })
                .await?;
            if let Some(removed) = removed {
                return Ok(removed);
            }
        }
    }

    /// Puts somebody into a group. [`DbError::Refused`]: they are in as many as they may be.
    pub async fn add_member(
        &self,
        group: &str,
        user_id: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<MemberOutcome, DbError> {
        self.set_member(group, user_id, true, now, event).await
    }

    /// Takes somebody out of a group.
    pub async fn remove_member(
        &self,
        group: &str,
        user_id: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<MemberOutcome, DbError> {
        self.set_member(group, user_id, false, now, event).await
    }

    async fn set_member(
        &self,
        group: &str,
        user_id: &str,
        comes: bool,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<MemberOutcome, DbError> {
        let going = Move {
            group: group.to_owned(),
            user_id: user_id.to_owned(),
            comes,
            now,
        };
        self.db
            .write(
                (self.tenant.clone(), going, event),
                |tx, (tenant, going, event)| {
                    Box::pin(async move {
                        tenants::hold(tx, tenant).await?;
                        if !exists(tx, tenant, &going.group).await? {
                            return Ok(tx.undo(MemberOutcome::NoGroup));
                        }
                        let (user_id, comes) = (&going.user_id, going.comes);
                        let outcome =
                            change(tx, tenant, user_id, &going.group, comes, going.now).await?;
                        if outcome != MemberOutcome::Done {
                            return Ok(tx.undo(outcome));
                        }
                        audit::append(tx, tenant, event).await?;
                        Ok(outcome)
                    })
                },
            )
            .await
    }
}

async fn exists(tx: &mut Tx, tenant: &str, name: &str) -> Result<bool, DbError> {
    let row = tx
        .one(
            sql!("SELECT name FROM groups WHERE tenant = $1 AND name = $2")
                .bind(tenant)
                .bind(name),
        )
        .await?;
    Ok(row.is_some())
}

async fn some_members(tx: &mut Tx, tenant: &str, name: &str) -> Result<Vec<String>, DbError> {
    let rows = tx
        .all(
            sql!(
                "SELECT user_id FROM memberships WHERE tenant = $1 AND kind = $2 AND name = $3 \
                 ORDER BY member_key LIMIT $4"
            )
            .bind(tenant)
            .bind(GROUP)
            .bind(name)
            .bind(BATCH),
        )
        .await?;
    rows.iter().map(|row| row.text("user_id")).collect()
}

/// Writes a group on an account's row or off it, and the index with it. The first statement locks
/// the row, so that what it returns stays true.
async fn change(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    group: &str,
    comes: bool,
    now: Timestamp,
) -> Result<MemberOutcome, DbError> {
    let row = tx
        .one(
            sql!(
                "UPDATE users SET updated_at = CASE WHEN updated_at < $1 THEN $1 ELSE updated_at + 1 END \
                 WHERE tenant = $2 AND id = $3 RETURNING username_key, roles, groups"
            )
            .bind(now)
            .bind(tenant)
            .bind(user_id),
        )
        .await?;
    let Some(row) = row else {
        return Ok(MemberOutcome::NoUser);
    };
    let mut groups: Vec<String> = row.json("groups")?;
    if groups.iter().any(|held| held == group) == comes {
        return Ok(MemberOutcome::Already);
    }
    if comes {
        groups.push(group.to_owned());
    } else {
        groups.retain(|held| held != group);
    }
    if groups.len() > MAX_GROUPS {
        return Err(DbError::Refused(group::too_many()));
    }
    let json = serde_json::to_string(&groups).map_err(|_| DbError::Corrupt("users.groups"))?;
    tx.run(
        sql!("UPDATE users SET groups = $1 WHERE tenant = $2 AND id = $3")
            .bind(json)
            .bind(tenant)
            .bind(user_id),
    )
    .await?;
    let (key, roles): (String, Vec<String>) = (row.text("username_key")?, row.json("roles")?);
    let entries = memberships::of(&roles, &groups);
    memberships::put(tx, tenant, user_id, &key, entries).await?;
    Ok(MemberOutcome::Done)
}

fn group_of(row: &Row) -> Result<Group, DbError> {
    Ok(Group {
        name: row.text("name")?,
        description: row.text("description")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
