//! A tenant's own roles. Those every tenant has are no rows.

use super::sql::{Row, sql};
use super::{DbError, Scoped};
use crate::model::role::Role;

impl Scoped {
    /// The tenant's own roles, in the order of their names.
    pub async fn roles(&self) -> Result<Vec<Role>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT name, description, permissions, created_at, updated_at FROM roles \
                     WHERE tenant = $1 ORDER BY name"
                )
                .bind(&self.tenant),
            )
            .await?;
        rows.iter().map(role_of).collect()
    }
}

fn role_of(row: &Row) -> Result<Role, DbError> {
    Ok(Role {
        name: row.text("name")?,
        description: row.text("description")?,
        permissions: row.word("permissions")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
