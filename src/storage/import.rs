//! Accounts that come from elsewhere, many in one transaction. What stands in the way of a row is seen
//! before anything of it is written, so that one row is all or nothing and none harms another.

use super::api_keys::{self, NewApiKey};
use super::second_factors::{self, BroughtTotp};
use super::sip_digests::{self, SealedDigest};
use super::sql::sql;
use super::tx::Tx;
use super::users::{self, NewUser};
use super::{
    DbError, Scoped, admins, audit, credentials, memberships, revocations, sessions, tenant_end,
};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::revocation::Revoked;

/// What becomes of a row whose account is there already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnConflict {
    /// It stays as it is.
    Skip,
    /// It becomes what the row says.
    Update,
    /// The row is refused.
    Fail,
}

/// An account with all that comes with it.
#[derive(Clone)]
pub struct ImportRow {
    /// `now` is when it was made; its password is below.
    pub user: NewUser,
    /// The hash of its password, and since when it is that.
    pub password: Option<(String, Timestamp)>,
    pub last_login_at: Option<Timestamp>,
    /// Keys, and when each was last used.
    pub keys: Vec<(NewApiKey, Option<Timestamp>)>,
    pub digests: Vec<SealedDigest>,
    pub totp: Option<BroughtTotp>,
    pub event: AuditEvent,
}

/// What became of a row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RowOutcome {
    Created,
    Updated,
    Skipped,
    /// Why nothing of it was written.
    Refused(String),
}

impl Scoped {
    /// Writes the rows one after the other; what became of each. With `trial`, nothing stays.
    pub async fn import_users(
        &self,
        rows: Vec<ImportRow>,
        on_conflict: OnConflict,
        trial: bool,
        now: Timestamp,
    ) -> Result<Vec<RowOutcome>, DbError> {
        let context = (self.tenant.clone(), rows, on_conflict, trial, now);
        self.db
            .write(context, |tx, (tenant, rows, on_conflict, trial, now)| {
                Box::pin(async move {
                    tenant_end::refuse_deleted(tx, tenant).await?;
                    let mut outcomes = Vec::with_capacity(rows.len());
                    for row in rows {
                        outcomes.push(one(tx, tenant, row, *on_conflict, *now).await?);
                    }
                    Ok(if *trial { tx.undo(outcomes) } else { outcomes })
                })
            })
            .await
    }
}

async fn one(
    tx: &mut Tx,
    tenant: &str,
    row: &ImportRow,
    on_conflict: OnConflict,
    now: Timestamp,
) -> Result<RowOutcome, DbError> {
    let there = same(tx, tenant, row).await?;
    let id = match &there[..] {
        [] => None,
        [known] if known.is_it && on_conflict == OnConflict::Skip => {
            return Ok(RowOutcome::Skipped);
        }
        [known] if on_conflict == OnConflict::Update && known.is_it => Some(known.id.as_str()),
        [known] if known.is_it => {
            return Ok(RowOutcome::Refused(
                "the account is there already".to_owned(),
            ));
        }
        _ => {
            let sentence = "its name or its address is another account's";
            return Ok(RowOutcome::Refused(sentence.to_owned()));
        }
    };
    if let Some(reason) = in_the_way(tx, tenant, row, id).await? {
        return Ok(RowOutcome::Refused(reason));
    }
    match id {
        None => create(tx, tenant, row, now).await?,
        Some(id) => {
            match admins::guard_last(tx, tenant, id, &row.user.user).await {
                Err(DbError::Refused(reason)) => return Ok(RowOutcome::Refused(reason)),
                guarded => guarded?,
            }
            update(tx, tenant, id, row, now).await?;
        }
    }
    audit::append(tx, tenant, &row.event).await?;
    Ok(if id.is_some() {
        RowOutcome::Updated
    } else {
        RowOutcome::Created
    })
}

/// An account with the id, a name or an address of a row.
struct Known {
    id: String,
    /// Whether it is the row's, and not one that only shares an address with it.
    is_it: bool,
}

async fn same(tx: &mut Tx, tenant: &str, row: &ImportRow) -> Result<Vec<Known>, DbError> {
    let name = row.user.user.username_key();
    let email = row.user.user.email_key();
    let email = email.as_deref().unwrap_or(name);
    let rows = tx
        .all(
            // One question an index: joined by OR, SQLite reads the whole tenant for each row.
            sql!(
                "SELECT id, username_key, kind FROM users WHERE tenant = $1 AND id = $2 \
                 UNION SELECT id, username_key, kind FROM users \
                 WHERE tenant = $1 AND username_key IN ($3, $4) \
                 UNION SELECT id, username_key, kind FROM users \
                 WHERE tenant = $1 AND email_key IN ($3, $4)"
            )
            .bind(tenant)
            .bind(&row.user.id)
            .bind(name)
            .bind(email),
        )
        .await?;
    rows.iter()
        .map(|found| {
            let id = found.text("id")?;
            let named = found.text("username_key")? == name;
            let is_person = found.text("kind")? == "person";
            Ok(Known {
                is_it: is_person && (named || id == row.user.id),
                id,
            })
        })
        .collect()
}

/// What belongs to somebody else already.
async fn in_the_way(
    tx: &mut Tx,
    tenant: &str,
    row: &ImportRow,
    id: Option<&str>,
) -> Result<Option<String>, DbError> {
    for (key, _) in &row.keys {
        let known = tx
            .one(
                sql!("SELECT tenant, user_id FROM api_keys WHERE digest = $1 OR old_digest = $1")
                    .bind(&key.secret.digest),
            )
            .await?;
        let known = match known {
            Some(known) => Some((known.text("tenant")?, known.text("user_id")?)),
            None => None,
        };
        if known.is_some_and(|(place, owner)| place != tenant || Some(owner.as_str()) != id) {
            let name = key.key.name();
            return Ok(Some(format!(
                "api_keys: {name:?}: another key has its secret"
            )));
        }
    }
    for digest in &row.digests {
        let owner = sip_digests::owner(tx, tenant, &digest.name).await?;
        if owner.is_some() && owner.as_deref() != id {
            let name = &digest.name.sip_username;
            return Ok(Some(format!(
                "sip_digests: {name:?} is another account's there"
            )));
        }
    }
    Ok(None)
}

async fn create(tx: &mut Tx, tenant: &str, row: &ImportRow, now: Timestamp) -> Result<(), DbError> {
    let id = &row.user.id;
    users::insert(tx, tenant, &row.user).await?;
    if let Some((hash, set_at)) = &row.password {
        credentials::put_password(tx, tenant, id, hash, *set_at).await?;
    }
    if let Some(at) = row.last_login_at {
        tx.run(
            sql!("UPDATE users SET last_login_at = $1 WHERE tenant = $2 AND id = $3")
                .bind(at)
                .bind(tenant)
                .bind(id),
        )
        .await?;
    }
    add_credentials(tx, tenant, id, row, now).await
}

async fn update(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    row: &ImportRow,
    now: Timestamp,
) -> Result<(), DbError> {
    let user = &row.user.user;
    memberships::admit(tx, tenant, user.input(), now).await?;
    users::replace(tx, tenant, id, user, None, now).await?;
    memberships::index(tx, tenant, id, user).await?;
    if user.input().enabled {
        revocations::take_back(tx, tenant, Revoked::User(id)).await?;
    } else {
        sessions::end_all_of_user(tx, tenant, id, now).await?;
        let until = revocations::UNTIL_TAKEN_BACK;
        revocations::enter(tx, tenant, Revoked::User(id), until).await?;
    }
    if let Some((hash, set_at)) = &row.password {
        let same = tx
            .one(
                sql!(
                    "SELECT id FROM credentials WHERE tenant = $1 AND user_id = $2 \
                     AND kind = 'password' AND data = $3"
                )
                .bind(tenant)
                .bind(id)
                .bind(hash),
            )
            .await?;
        if same.is_none() {
            credentials::put_password(tx, tenant, id, hash, *set_at).await?;
            sessions::end_all_of_user(tx, tenant, id, now).await?;
        }
    }
    add_credentials(tx, tenant, id, row, now).await
}

/// Adds the keys and digests the account does not have yet.
async fn add_credentials(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    row: &ImportRow,
    now: Timestamp,
) -> Result<(), DbError> {
    for (key, used_at) in &row.keys {
        let there = tx
            .one(
                sql!(
                    "SELECT id FROM api_keys WHERE tenant = $1 AND user_id = $2 \
                     AND (digest = $3 OR old_digest = $3 OR name = $4)"
                )
                .bind(tenant)
                .bind(id)
                .bind(&key.secret.digest)
                .bind(key.key.name()),
            )
            .await?;
        if there.is_some() {
            continue;
        }
        let key = NewApiKey {
            owner_id: id.to_owned(),
            ..key.clone()
        };
        api_keys::insert(tx, tenant, &key).await?;
        api_keys::follow_enabled(tx, tenant, &key.id, key.key.enabled()).await?;
        if let Some(at) = used_at {
            tx.run(
                sql!("UPDATE api_keys SET last_used_at = $1 WHERE tenant = $2 AND id = $3")
                    .bind(*at)
                    .bind(tenant)
                    .bind(&key.id),
            )
            .await?;
        }
    }
    for digest in &row.digests {
        sip_digests::put(tx, tenant, id, digest, now).await?;
    }
    if let Some(totp) = &row.totp {
        second_factors::bring_totp(tx, tenant, id, totp, now).await?;
    }
    Ok(())
}
