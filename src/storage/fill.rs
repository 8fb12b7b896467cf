//! What migrations fill in that SQL cannot compute on both databases. Each step runs once, in the
//! transaction of its migration, and reads only what that version of the schema has.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, memberships};
use crate::model::client;
use crate::model::client_metadata::ClientMetadata;
use crate::model::user::search_key;

const PAGE: i64 = 500;

/// What version 5 keeps beside an account's row: its place in searches, its memberships, and the
/// groups it names.
pub(super) async fn accounts(tx: &mut Tx) -> Result<(), DbError> {
    let (mut tenant, mut id) = (String::new(), String::new());
    loop {
        let rows = tx
            .all(
                sql!(
                    "SELECT tenant, id, username, username_key, email, claims, roles, groups, created_at \
                     FROM users WHERE (tenant, id) > ($1, $2) ORDER BY tenant, id LIMIT $3"
                )
                .bind(&tenant)
                .bind(&id)
                .bind(PAGE),
            )
            .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        (tenant, id) = (last.text("tenant")?, last.text("id")?);
        for row in &rows {
            account(tx, row).await?;
        }
    }
}

async fn account(tx: &mut Tx, row: &Row) -> Result<(), DbError> {
    let (tenant, id) = (row.text("tenant")?, row.text("id")?);
    let (username, email) = (row.text("username")?, row.optional_text("email")?);
    let key = search_key(&username, email.as_deref(), &row.json("claims")?);
    tx.run(
        sql!("UPDATE users SET search_key = $1 WHERE tenant = $2 AND id = $3")
            .bind(key)
            .bind(&tenant)
            .bind(&id),
    )
    .await?;
    let (roles, groups): (Vec<String>, Vec<String>) = (row.json("roles")?, row.json("groups")?);
    for group in &groups {
        tx.run(
            sql!(
                "INSERT INTO groups (tenant, name, description, created_at, updated_at) \
                 VALUES ($1, $2, '', $3, $3) ON CONFLICT (tenant, name) DO NOTHING"
            )
            .bind(&tenant)
            .bind(group)
            .bind(row.time("created_at")?),
        )
        .await?;
    }
    let member_key = row.text("username_key")?;
    let entries = memberships::of(&roles, &groups);
    memberships::put(tx, &tenant, &id, &member_key, entries).await
}

/// What version 6 keeps beside a client's registration: its place in searches.
pub(super) async fn clients(tx: &mut Tx) -> Result<(), DbError> {
    let (mut tenant, mut id) = (String::new(), String::new());
    loop {
        let rows = tx
            .all(
                sql!(
                    "SELECT tenant, client_id, metadata FROM clients \
                     WHERE (tenant, client_id) > ($1, $2) ORDER BY tenant, client_id LIMIT $3"
                )
                .bind(&tenant)
                .bind(&id)
                .bind(PAGE),
            )
            .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        (tenant, id) = (last.text("tenant")?, last.text("client_id")?);
        for row in &rows {
            let (tenant, id) = (row.text("tenant")?, row.text("client_id")?);
            let metadata: ClientMetadata = row.json("metadata")?;
            tx.run(
                sql!("UPDATE clients SET search_key = $1 WHERE tenant = $2 AND client_id = $3")
                    .bind(client::search_key(&id, &metadata))
                    .bind(&tenant)
                    .bind(&id),
            )
            .await?;
        }
    }
}
