//! What somebody has to do before anything is given to them.

use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped};
use crate::model::required_action::{RequiredAction, words};

impl Scoped {
    /// Asks for something of an account, unless it is asked for already. The account's description
    /// stays what it was, so that whoever just read it may go on with it.
    pub async fn require_action(&self, id: &str, action: RequiredAction) -> Result<(), DbError> {
        let context = (self.tenant.clone(), id.to_owned(), action);
        self.db
            .write(context, |tx, (tenant, id, action)| {
                Box::pin(add(tx, tenant, id, *action))
            })
            .await
    }
}

pub(super) async fn add(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    action: RequiredAction,
) -> Result<(), DbError> {
    edit(tx, tenant, id, |actions| {
        if !actions.contains(&action) {
            actions.push(action);
        }
    })
    .await
}

/// Notes that an account has another password: whether one more is wanted depends on who chose it.
pub(super) async fn password_was_set(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    temporary: bool,
) -> Result<(), DbError> {
    edit(tx, tenant, id, |actions| {
        actions.retain(|action| *action != RequiredAction::UpdatePassword);
        if temporary {
            actions.push(RequiredAction::UpdatePassword);
        }
    })
    .await
}

/// Notes that something asked for is done.
pub(super) async fn done(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    action: RequiredAction,
) -> Result<(), DbError> {
    edit(tx, tenant, id, |actions| {
        actions.retain(|left| *left != action);
    })
    .await
}

/// Changes what is asked of an account, and writes only what is another thing now.
async fn edit(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    change: impl FnOnce(&mut Vec<RequiredAction>),
) -> Result<(), DbError> {
    let Some(before) = of(tx, tenant, id).await? else {
        return Ok(());
    };
    let mut actions = before.clone();
    change(&mut actions);
    if actions == before {
        return Ok(());
    }
    put(tx, tenant, id, &actions).await
}

/// What is asked for; takes the account's row, so that nobody asks for more meanwhile.
async fn of(tx: &mut Tx, tenant: &str, id: &str) -> Result<Option<Vec<RequiredAction>>, DbError> {
    let row = tx
        .one(
            sql!(
                "UPDATE users SET updated_at = updated_at WHERE tenant = $1 AND id = $2 \
                 RETURNING required_actions"
            )
            .bind(tenant)
            .bind(id),
        )
        .await?;
    row.map(|row| parsed(&row.words("required_actions")?))
        .transpose()
}

async fn put(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    actions: &[RequiredAction],
) -> Result<(), DbError> {
    tx.run(
        sql!("UPDATE users SET required_actions = $1 WHERE tenant = $2 AND id = $3")
            .bind(words(actions))
            .bind(tenant)
            .bind(id),
    )
    .await
    .map(drop)
}

/// The words of a row.
pub(super) fn parsed(words: &[String]) -> Result<Vec<RequiredAction>, DbError> {
    let actions = words.iter().map(|word| word.parse());
    actions
        .collect::<Result<_, _>>()
        .map_err(|_| DbError::Corrupt("users.required_actions"))
}
