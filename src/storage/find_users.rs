//! Finding accounts: by a piece of their names, by role, group, kind and whether they are enabled.

use super::memberships::{GROUP, ROLE};
use super::page::{Position, containing};
use super::sql::{Sql, sql};
use super::users::{user_columns, user_of};
use super::{DbError, Scoped};
use crate::model::search::SearchTerm;
use crate::model::user::{AccountKind, User};

/// Which accounts; what is not named is not asked.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Stands somewhere in the username, the address or the name.
    pub search: Option<SearchTerm>,
    pub role: Option<String>,
    pub group: Option<String>,
    pub enabled: Option<bool>,
    pub kind: Option<AccountKind>,
}

impl UserFilter {
    /// Everybody who can sign in.
    pub fn people() -> Self {
        Self {
            kind: Some(AccountKind::Person),
            ..Self::default()
        }
    }
}

/// The conditions every search has: `$1` to `$7`.
macro_rules! conditions {
    () => {
        " AND (CAST($3 AS TEXT) IS NULL OR u.search_key LIKE $3 ESCAPE '\\') \
         AND (CAST($4 AS BIGINT) IS NULL OR u.enabled = $4) \
         AND (CAST($5 AS TEXT) IS NULL OR u.kind = $5) "
    };
}

impl Scoped {
    /// Accounts in the order of their names, after the name `position` gives in canonical form.
    pub async fn find_users(
        &self,
        filter: &UserFilter,
        position: &Position,
        limit: i64,
    ) -> Result<Vec<User>, DbError> {
        let rows = self
            .db
            .all(self.users_query(filter, position, limit))
            .await?;
        rows.iter().map(user_of).collect()
    }

    /// Members of a group or a role are read along the index of memberships, others along the
    /// accounts; both stand in the order of the page.
    fn users_query(&self, filter: &UserFilter, position: &Position, limit: i64) -> Sql {
        let of = match (&filter.group, &filter.role) {
            (Some(group), _) => Some((GROUP, group)),
            (None, Some(role)) => Some((ROLE, role)),
            (None, None) => None,
        };
        let query = if of.is_some() {
            sql!(
                "SELECT ",
                user_columns!(),
                " FROM memberships m JOIN users u ON u.tenant = m.tenant AND u.id = m.user_id \
                 WHERE m.tenant = $1 AND m.member_key > $2 AND m.kind = $8 AND m.name = $9 \
                 AND (CAST($10 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM memberships r \
                 WHERE r.tenant = $1 AND r.kind = 'role' AND r.name = $10 \
                 AND r.member_key = m.member_key))",
                conditions!(),
                "ORDER BY m.member_key LIMIT $6 OFFSET $7"
            )
        } else {
            sql!(
                "SELECT ",
                user_columns!(),
                " FROM users u WHERE u.tenant = $1 AND u.username_key > $2",
                conditions!(),
                "ORDER BY u.username_key LIMIT $6 OFFSET $7"
            )
        };
        let query = query
            .bind(&self.tenant)
            .bind(position.after())
            .bind(filter.search.as_ref().map(containing))
            .bind(filter.enabled)
            .bind(filter.kind.map(AccountKind::name))
            .bind(limit)
            .bind(position.offset());
        match of {
            Some((kind, name)) => query.bind(kind).bind(name).bind(&filter.role),
            None => query,
        }
    }
}
