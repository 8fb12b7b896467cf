//! The database, and what stands in it: schema, master key, signing keys, tenants, audit trail.

use super::machine::others_may_read;
use super::{Findings, span};
use crate::base::clock::{Clock, Timestamp};
use crate::base::master_key::MasterKey;
use crate::config::Config;
use crate::installation::{self, without_password};
use crate::keys::ring::KeyRing;
use crate::model::audit_chain::HeadKey;
use crate::model::tenant::{DEFAULT_SLUG, Tenant};
use crate::storage::checkup::Lacking;
use crate::storage::migrate::versions;
use crate::storage::signing_keys::KeyState;
use crate::storage::{Db, DbError, Store};

/// Seconds the clocks may differ before it is worth a word, and before tokens suffer.
const SKEW: i64 = 2;
const BAD_SKEW: i64 = 60;
/// Keys are meant to be rotated once a year or oftener. Seconds.
const OLD_KEY: i64 = 400 * 86_400;
/// A running server seals within a second and signs hourly.
const UNSEALED: i64 = 60;
const UNSIGNED: i64 = 2 * 3600;

pub(super) async fn check(config: &Config, findings: &mut Findings) {
    let key = master_key(config, findings);
    let missing = installation::database_file(config).is_some_and(|file| !file.exists());
    if missing {
        // Opening would make it.
        return;
    }
    let url = config.database_url.expose();
    let shown = without_password(url);
    let db = match Db::open_reading(url).await {
        Ok(db) => db,
        Err(error) => return findings.fail("database", format!("{shown}: {error}")),
    };
    let store = Store::new(db.clone());
    let looked = look(config, &store, key.as_ref(), &shown, findings).await;
    if let Err(error) = looked {
        findings.fail("database", format!("{shown}: {error}"));
    }
    db.close().await;
}

fn master_key(config: &Config, findings: &mut Findings) -> Option<MasterKey> {
    let file = installation::own_key_file(config);
    match installation::existing_master_key(config) {
        Ok(Some(key)) => {
            match &file {
                Some(file) if others_may_read(file) => {
                    let text = format!("others may read {}: chmod 600", file.display());
                    findings.fail("master key", text);
                }
                Some(file) => findings.ok("master key", file.display().to_string()),
                None => findings.ok("master key", "given by the settings"),
            }
            Some(key)
        }
        Ok(None) => {
            let file = file.map_or_else(String::new, |file| file.display().to_string());
            let text = format!("{file} is not there yet; the first start makes it");
            findings.warn("master key", text);
            None
        }
        Err(error) => {
            findings.fail("master key", error.to_string());
            None
        }
    }
}

async fn look(
    config: &Config,
    store: &Store,
    key: Option<&MasterKey>,
    shown: &str,
    findings: &mut Findings,
) -> Result<(), DbError> {
    store.database_time().await?;
    findings.ok("database", shown);
    clock(store, findings).await?;
    let (found, newest) = match versions(store.db()).await {
        Ok(versions) => versions,
        Err(DbError::Statement(_)) => {
            findings.warn("schema", "none yet; the first start makes it");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if found > newest {
        let text = format!("version {found} is newer than this program's {newest}");
        findings.fail("schema", text);
        return Ok(());
    }
    if found < newest {
        let text = format!(
            "version {found}; the next start brings it to {newest}: what is in it was not looked at"
        );
        findings.warn("schema", text);
        return Ok(());
    }
    findings.ok("schema", format!("version {found}"));
    let now = Clock::System.now();
    let fits = match (key, store.master_key_check().await?) {
        (Some(key), Some(check)) => key.recognises(&check),
        (None, Some(_)) => false,
        (_, None) => {
            findings.warn("sealing key", "the database has not been used yet");
            return Ok(());
        }
    };
    if fits {
        findings.ok("sealing key", "the database was made with this master key");
    } else {
        let text = "the database was not made with this master key, or there is none";
        findings.fail("sealing key", text);
    }
    let default = store.tenant_by_slug(&config.issuer, DEFAULT_SLUG).await?;
    let Some(default) = default else {
        findings.fail("tenants", "the default tenant is missing");
        return Ok(());
    };
    if let Some(key) = key.filter(|_| fits) {
        signing_keys(store, key, &default, now, findings).await?;
        audit(store, key, &default, now, findings).await?;
    }
    tenants(store, &default, findings).await
}

async fn clock(store: &Store, findings: &mut Findings) -> Result<(), DbError> {
    let Some(theirs) = store.database_time().await? else {
        findings.warn("clock", "the database's clock cannot be read");
        return Ok(());
    };
    let apart = Clock::System.now().seconds() - theirs.seconds();
    let text = format!("{} s apart from the database's", apart.abs());
    match apart.abs() {
        BAD_SKEW.. => findings.fail("clock", text),
        // The database's is to the second.
        skew if skew > SKEW => findings.warn("clock", text),
        _ => findings.ok("clock", text),
    }
    Ok(())
}

async fn signing_keys(
    store: &Store,
    key: &MasterKey,
    default: &Tenant,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), DbError> {
    let ring = KeyRing::new(store.clone(), key.clone(), Clock::System);
    let opened = match ring.of(default).await {
        Ok(keys) => keys.signer(default.signing_alg).map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = opened {
        findings.fail("signing keys", error.to_string());
    }
    let keys = store.tenant(&default.id).signing_keys().await?;
    let algorithm = default.signing_alg;
    let of = |state| {
        let mut keys = keys.iter();
        keys.find(|key| key.state == state && key.algorithm == algorithm)
    };
    if let Some(active) = of(KeyState::Active) {
        let age = now.seconds() - active.active_from.seconds();
        let next = of(KeyState::Next).map_or_else(
            || "none announced".to_owned(),
            |next| format!("the next signs from {} on", next.active_from),
        );
        let text = format!("{algorithm}, signing for {}; {next}", span(age));
        findings.ok("signing keys", text);
    }
    let oldest = store.oldest_active_key().await?;
    let oldest = oldest.map(|since| now.seconds() - since.seconds());
    if let Some(age) = oldest.filter(|age| *age > OLD_KEY) {
        let text = format!(
            "the oldest in use has signed for {}: `users-core key rotate --tenant SLUG`",
            span(age)
        );
        findings.warn("signing keys", text);
    }
    let without = store.tenants_without_key().await?;
    if without.count > 0 {
        findings.fail("signing keys", format!("none for {}", names(&without)));
    }
    Ok(())
}

async fn audit(
    store: &Store,
    key: &MasterKey,
    default: &Tenant,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), DbError> {
    let rows = store.tenant(&default.id);
    let head = rows.audit_head(&HeadKey::of(key)).await?;
    if head.is_some_and(|head| !head.genuine) {
        let text = "the default tenant's chain was tampered with: `users-core audit verify`";
        findings.fail("audit trail", text);
        return Ok(());
    }
    let unsealed = store.unsealed_since().await?;
    let unsealed = unsealed.map(|since| now.seconds() - since.seconds());
    let newest = store.newest_checkpoint().await?;
    let signed = newest.map(|at| now.seconds() - at.seconds());
    let last = signed.map_or_else(
        || "no checkpoint yet".to_owned(),
        |age| format!("last checkpoint {} ago", span(age)),
    );
    match (unsealed, signed) {
        (_, Some(age)) if age < -BAD_SKEW => {
            let text = format!("the last checkpoint is {} ahead of this clock", span(-age));
            findings.fail("audit trail", text);
        }
        (Some(age), _) if age > UNSEALED => {
            let text = format!(
                "{last}; events of {} ago are not sealed: a server does that while it runs",
                span(age)
            );
            findings.warn("audit trail", text);
        }
        (Some(_), Some(age)) if age > UNSIGNED => findings.warn("audit trail", last),
        _ => findings.ok("audit trail", last),
    }
    Ok(())
}

async fn tenants(store: &Store, default: &Tenant, findings: &mut Findings) -> Result<(), DbError> {
    let count = store.count_tenants().await?;
    let mut without = store.tenants_without_admin().await?;
    if !store.tenant(&default.id).has_active_admin().await? {
        let text =
            "open: there is no administrator yet; `users-core setup` prints a link that makes one";
        findings.warn("set-up", text);
        without.first.retain(|slug| slug != DEFAULT_SLUG);
        without.count -= 1;
    }
    if without.count > 0 {
        let text = format!("{count}, without an administrator: {}", names(&without));
        findings.warn("tenants", text);
    } else {
        findings.ok("tenants", count.to_string());
    }
    Ok(())
}

fn names(lacking: &Lacking) -> String {
    let more = lacking.count - i64::try_from(lacking.first.len()).unwrap_or(i64::MAX);
    let names = lacking.first.join(", ");
    if more > 0 {
        format!("{names} and {more} more")
    } else {
        names
    }
}
