//! From an account as a file describes it to a row, or to what is wrong with it.

use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::json;

use super::{DigestRecord, KeyRecord, Proof, Record};
use crate::admin::AdminError;
use crate::admin::new_password::{self, Owner};
use crate::admin::users;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::digest::digest_text;
use crate::base::id::is_uuid;
use crate::login::factors::sealed_totp;
use crate::model::api_key::{ApiKeyInput, KeySecret, MAX_KEYS};
use crate::model::audit_event::{Actor, AuditEvent, AuditKind};
use crate::model::required_action::RequiredAction;
use crate::model::role;
use crate::model::sip_digest::{DigestAlgorithm, DigestName, MAX_DIGESTS};
use crate::model::tenant::Tenant;
use crate::model::totp::TotpSecret;
use crate::model::user::AccountKind;
use crate::storage::api_keys::NewApiKey;
use crate::storage::import::ImportRow;
use crate::storage::second_factors::BroughtTotp;
use crate::storage::sip_digests::SealedDigest;
use crate::storage::users::NewUser;

pub(super) struct Preparer<'a> {
    app: &'a App,
    actor: &'a Actor,
    tenant: &'a Tenant,
    /// The tenant's own roles.
    roles: Vec<String>,
    drop_unknown_roles: bool,
}

impl<'a> Preparer<'a> {
    pub(super) async fn new(
        app: &'a App,
        actor: &'a Actor,
        tenant: &'a Tenant,
        drop_unknown_roles: bool,
    ) -> Result<Self, AdminError> {
        let roles = app.store.tenant(&tenant.id).roles().await?;
        Ok(Self {
            app,
            actor,
            tenant,
            roles: roles.into_iter().map(|role| role.name).collect(),
            drop_unknown_roles,
        })
    }

    /// The row of a record, or every rule it breaks.
    pub(super) async fn row(
        &self,
        mut record: Record,
    ) -> Result<Result<ImportRow, Vec<String>>, AdminError> {
        let now = self.app.clock.now();
        let mut problems = std::mem::take(&mut record.problems);
        self.settle_roles(&mut record, &mut problems);
        let id = match record.id.take().filter(|id| is_uuid(id)) {
            Some(id) => id.to_ascii_lowercase(),
            None => self.app.opaque_id(),
        };
        let made_at = record.created_at.filter(|at| *at <= now).unwrap_or(now);
        let set_at = record.password_set_at.filter(|at| *at <= now);
        let set_at = set_at.unwrap_or(made_at);
        let keys = self.keys(&id, record.keys, now, &mut problems);
        let digests = self.digests(record.digests, now, &mut problems);
        let mut input = record.input;
        if let Err(mut broken) = input.clone().check() {
            problems.append(&mut broken);
        }
        if !problems.is_empty() {
            return Ok(Err(problems));
        }
        let password = match record.password {
            Proof::None => None,
            Proof::Hash(hash) => Some(hash),
            Proof::Plain(password) => {
                // The person has it already; whether it is good enough is settled with them.
                let owner = Owner::new(self.app, Some(self.tenant), &input);
                let broken = new_password::problems(self.app, &owner, &password).await?;
                if !broken.is_empty() {
                    input.required_actions.push(RequiredAction::UpdatePassword);
                }
                Some(self.app.passwords.hash(password).await?)
            }
        };
        let user = match input.check() {
            Ok(user) => NewUser {
                id: id.clone(),
                kind: AccountKind::Person,
                user,
                password_hash: None,
                now: made_at,
            },
            Err(broken) => return Ok(Err(broken)),
        };
        let totp = match &record.totp {
            Some(secret) => Some(self.totp(&user, secret).await?),
            None => None,
        };
        let mut event = self.event(AuditKind::UserCreated, &id, now);
        event.detail = json!({ "import": { "api_keys": keys.len(), "sip_digests": digests.len(), "totp": totp.is_some() } });
        Ok(Ok(ImportRow {
            user,
            password: password.map(|hash| (hash, set_at)),
            last_login_at: record.last_login_at,
            keys,
            digests,
            totp,
            event,
        }))
    }

    /// An authenticator, sealed for the account there is of that name, or else for the one that will be.
    async fn totp(&self, user: &NewUser, secret: &TotpSecret) -> Result<BroughtTotp, AdminError> {
        let name = user.user.input().username.as_str();
        let owner = match users::get(self.app, self.tenant, name).await {
            Ok(there) => there.id,
            Err(AdminError::Missing(_)) => user.id.clone(),
            Err(error) => return Err(error),
        };
        Ok(BroughtTotp {
            secret_sealed: sealed_totp(self.app, &self.tenant.id, &owner, secret),
            sealed_for: owner,
        })
    }

    fn event(&self, kind: AuditKind, id: &str, now: Timestamp) -> AuditEvent {
        self.actor.did(kind, id, self.app.row_id(), now)
    }

    /// Gives the roles of new accounts to one that names none, and sees to it that there are those it
    /// names.
    fn settle_roles(&self, record: &mut Record, problems: &mut Vec<String>) {
        let input = &mut record.input;
        let known =
            |name: &String| role::is_built_in(name) || self.roles.iter().any(|role| role == name);
        if self.drop_unknown_roles {
            input.roles.retain(known);
        }
        let unknown = input.roles.iter().filter(|name| !known(name));
        problems.extend(unknown.map(|name| role::unknown(name)));
        if input.roles.is_empty() {
            input.roles = self.tenant.settings.default_roles();
        }
    }

    fn keys(
        &self,
        owner_id: &str,
        records: Vec<KeyRecord>,
        now: Timestamp,
        problems: &mut Vec<String>,
    ) -> Vec<(NewApiKey, Option<Timestamp>)> {
        if i64::try_from(records.len()).is_ok_and(|keys| keys > MAX_KEYS) {
            problems.push(format!("api_keys: at most {MAX_KEYS}"));
            return Vec::new();
        }
        let mut keys: Vec<(NewApiKey, Option<Timestamp>)> = Vec::with_capacity(records.len());
        for record in records {
            // One that is over opens nothing any more.
            if record.expires_at.is_some_and(|end| end <= now) {
                continue;
            }
            let name = record.name.clone();
            let digest = HEXLOWER_PERMISSIVE.decode(record.sha256.as_bytes()).ok();
            let digest: Option<[u8; 32]> = digest.and_then(|bytes| bytes.try_into().ok());
            let input = ApiKeyInput {
                name: record.name,
                permissions: record.permissions,
                networks: Vec::new(),
                enabled: record.enabled,
                expires_at: record.expires_at,
            };
            let (Ok(key), Some(digest)) = (input.check(None, now), digest) else {
                problems.push(format!(
                    "api_keys: {name:?}: a name, permissions and a SHA-256 digest in hexadecimal"
                ));
                continue;
            };
            if keys.iter().any(|(known, _)| known.key.name() == key.name()) {
                problems.push(format!("api_keys: {name:?} stands twice"));
                continue;
            }
            let id = self.app.row_id();
            let key = NewApiKey {
                event: self.event(AuditKind::ApiKeyCreated, &id, now),
                id,
                owner_id: owner_id.to_owned(),
                key,
                secret: KeySecret {
                    digest: digest_text(&digest),
                    hint: "imported".to_owned(),
                },
                now: record.created_at.filter(|at| *at <= now).unwrap_or(now),
            };
            keys.push((key, record.last_used_at));
        }
        keys
    }

    fn digests(
        &self,
        records: Vec<DigestRecord>,
        now: Timestamp,
        problems: &mut Vec<String>,
    ) -> Vec<SealedDigest> {
        if i64::try_from(records.len()).map_or(true, |digests| digests > MAX_DIGESTS) {
            problems.push(format!("sip_digests: at most {MAX_DIGESTS}"));
            return Vec::new();
        }
        let mut digests: Vec<SealedDigest> = Vec::with_capacity(records.len());
        for record in records {
            let sip_username = record.sip_username.clone();
            let ha1 = record.ha1.to_ascii_lowercase();
            let algorithm: Option<DigestAlgorithm> = record.algorithm.parse().ok();
            let name = algorithm.filter(|algorithm| algorithm.is_digest(&ha1));
            let name = name.map(|algorithm| DigestName {
                sip_username: record.sip_username,
                realm: record.realm,
                algorithm,
            });
            let Some(name) = name.filter(DigestName::is_valid) else {
                problems.push(format!(
                    "sip_digests: {sip_username:?}: a name, a realm, MD5, SHA-256 or SHA-512-256, and a digest of it"
                ));
                continue;
            };
            if digests.iter().any(|known| known.name == name) {
                problems.push(format!("sip_digests: {sip_username:?} stands twice"));
                continue;
            }
            let context = name.context(&self.tenant.id);
            let sealed = self
                .app
                .master_key
                .seal(&context, ha1.as_bytes(), &self.app.random);
            digests.push(SealedDigest {
                id: self.app.row_id(),
                name,
                ha1_sealed: sealed,
                created_at: record.created_at.filter(|at| *at <= now).unwrap_or(now),
            });
        }
        digests
    }
}
