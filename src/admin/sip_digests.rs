//! What phones prove themselves with that know HTTP Digest only: passwords we make, of which SIP
//! digests stay. A password of the account's owner is never among them.

use serde_json::json;
use zeroize::Zeroizing;

use super::{AdminError, event, taken};
use crate::app::App;
use crate::base::master_key::Unsealable;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::login_name::LoginName;
use crate::model::phone_password::PhonePassword;
use crate::model::sip_digest::{DigestAlgorithm, DigestName, SipDigest};
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::storage::DbError;
use crate::storage::sip_digests::SealedDigest;

/// More than any account has.
const ALL: i64 = 10_000;

/// A name somebody wants a phone's password for.
#[derive(Clone)]
pub struct Wanted {
    pub sip_username: String,
    pub realm: String,
    pub algorithms: Vec<DigestAlgorithm>,
}

/// A phone's password, never seen again, and what stays of it.
pub struct Made {
    pub password: PhonePassword,
    pub digests: Vec<SipDigest>,
}

/// What a registrar holds a phone's answer against.
pub struct Proof {
    pub user_id: String,
    pub username: String,
    /// H(username:realm:password).
    pub ha1: Zeroizing<String>,
}

/// Why a registrar gets no digest.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Unsealable(#[from] Unsealable),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// An account's digests, the oldest first.
pub async fn of(app: &App, tenant: &Tenant, user: &User) -> Result<Vec<SipDigest>, AdminError> {
    let rows = app.store.tenant(&tenant.id);
    Ok(rows.sip_digests(&user.id, "", ALL).await?)
}

/// Whether somebody may take a name for themselves: their username, and what they were given already.
/// Any other is somebody's extension, or will be.
pub async fn is_own_name(
    app: &App,
    tenant: &Tenant,
    user: &User,
    wanted: &Wanted,
) -> Result<bool, AdminError> {
    let key = LoginName::parse(&wanted.sip_username);
    if key.is_some() && key == LoginName::parse(&user.username) {
        return Ok(true);
    }
    has_name(app, tenant, user, &wanted.sip_username, &wanted.realm).await
}

/// Whether an account answers to a name already, under whatever algorithm.
async fn has_name(
    app: &App,
    tenant: &Tenant,
    user: &User,
    sip_username: &str,
    realm: &str,
) -> Result<bool, AdminError> {
    let digests = of(app, tenant, user).await?;
    let mut names = digests.iter().map(|digest| &digest.name);
    Ok(names.any(|name| name.sip_username == sip_username && name.realm == realm))
}

/// Makes a phone's password. What the account had for the name under these algorithms is no good any
/// more.
///
/// # Errors
/// [`AdminError::Conflict`]: the name is another account's.
pub async fn add(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    user: &User,
    wanted: Wanted,
) -> Result<Made, AdminError> {
    let names = names(wanted)?;
    let rows = app.store.tenant(&tenant.id);
    let (sip_username, realm) = (names[0].sip_username.clone(), names[0].realm.clone());
    let conflict = || format!("SIP digest of {sip_username:?} at {realm:?}");
    // Another's username or address is another's name, whether they have a phone or not; but for what an
    // import gave.
    if let Some(name) = LoginName::parse(&sip_username)
        && let Some(other) = rows.named_user(&name).await?
        && other.id != user.id
        && !has_name(app, tenant, user, &sip_username, &realm).await?
    {
        return Err(AdminError::Conflict(conflict()));
    }
    let password = PhonePassword::new(app.random.bytes());
    let mut event = event(app, actor, AuditKind::SipDigestAdded, &user.id);
    let algorithms = names.iter().map(|name| name.algorithm.name());
    event.detail = json!({
        "sip_username": sip_username,
        "realm": realm,
        "algorithms": algorithms.collect::<Vec<_>>(),
    });
    let now = event.at;
    // They are listed by their ids: in the order of the algorithms, then.
    let mut ids: Vec<String> = names.iter().map(|_| app.row_id()).collect();
    ids.sort_unstable();
    let sealed = names.into_iter().zip(ids).map(|(name, id)| {
        let ha1 = name.ha1(password.expose());
        let context = name.context(&tenant.id);
        SealedDigest {
            id,
            ha1_sealed: app.master_key.seal(&context, ha1.as_bytes(), &app.random),
            name,
            created_at: now,
        }
    });
    let stored = rows.put_sip_digests(&user.id, sealed.collect(), now, event);
    let stored = stored.await.map_err(|error| taken(error, conflict))?;
    let digests = stored.ok_or_else(|| AdminError::Missing(format!("user {:?}", user.username)))?;
    Ok(Made { password, digests })
}

/// Removes one of an account's digests.
///
/// # Errors
/// [`AdminError::Missing`]: it has no such one.
pub async fn remove(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    user: &User,
    id: &str,
) -> Result<(), AdminError> {
    let missing = || AdminError::Missing(format!("SIP digest {id:?} of user {:?}", user.username));
    let known = of(app, tenant, user).await?;
    let known = known.into_iter().find(|known| known.id == id);
    let name = known.ok_or_else(missing)?.name;
    let mut event = event(app, actor, AuditKind::SipDigestRemoved, &user.id);
    event.detail = json!({
        "sip_username": name.sip_username,
        "realm": name.realm,
        "algorithms": [name.algorithm.name()],
    });
    let rows = app.store.tenant(&tenant.id);
    if rows.remove_sip_digest(&user.id, id, event).await? {
        Ok(())
    } else {
        Err(missing())
    }
}

/// The digest of a name, for a registrar; none while its account is disabled.
pub async fn read(
    app: &App,
    tenant: &Tenant,
    name: &DigestName,
) -> Result<Option<Proof>, ReadError> {
    let known = app.store.tenant(&tenant.id).sip_digest(name).await?;
    let Some(known) = known else {
        return Ok(None);
    };
    let context = name.context(&tenant.id);
    let ha1 = app.master_key.open(&context, &known.ha1_sealed)?;
    let ha1 = str::from_utf8(&ha1).map_err(|_| Unsealable)?;
    Ok(Some(Proof {
        user_id: known.user_id,
        username: known.username,
        ha1: Zeroizing::new(ha1.to_owned()),
    }))
}

/// A name for each algorithm, in the same order for everybody.
fn names(wanted: Wanted) -> Result<Vec<DigestName>, AdminError> {
    let Wanted {
        sip_username,
        realm,
        mut algorithms,
    } = wanted;
    algorithms.sort_unstable();
    algorithms.dedup();
    let names = algorithms.into_iter().map(|algorithm| DigestName {
        sip_username: sip_username.clone(),
        realm: realm.clone(),
        algorithm,
    });
    let names: Vec<DigestName> = names.collect();
    let problems = match names.first() {
        Some(name) => name.problems(),
        None => vec!["algorithms: at least one".to_owned()],
    };
    if problems.is_empty() {
        Ok(names)
    } else {
        Err(AdminError::Invalid(problems))
    }
}
