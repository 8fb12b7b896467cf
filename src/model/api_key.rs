//! API keys: how programs act for a person or a service without a sign-in.

use std::net::IpAddr;

use ipnet::IpNet;

use super::permissions::Permissions;
use super::scope::Scope;
use crate::base::clock::Timestamp;
use crate::base::digest::equal;

/// The most keys of one owner.
pub const MAX_KEYS: i64 = 100;
/// The longest life of a token that a key gets, in seconds.
pub const MAX_TOKEN_LIFETIME: i64 = 300;
/// The longest that a secret may live on after another has taken its place, in seconds: 90 days.
pub const MAX_GRACE: i64 = 90 * 86_400;

const MAX_NAME_CHARS: usize = 100;
const MAX_NETWORKS: usize = 50;

/// A key of one tenant.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its `client_id` at the token endpoint: a `UUIDv7`, never used again.
    pub id: String,
    /// The account it acts for.
    pub owner_id: String,
    pub name: String,
    pub permissions: Permissions,
    /// Where it may be used from; anywhere when there is none.
    pub networks: Vec<IpNet>,
    pub enabled: bool,
    pub secret: KeySecret,
    /// The secret that `secret` took the place of, until it is ended.
    pub previous: Option<PreviousSecret>,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A secret as stored.
#[derive(Clone, Eq, PartialEq)]
pub struct KeySecret {
    /// SHA-256.
    pub digest: String,
    /// What people may see of it.
    pub hint: String,
}

/// A digest is no secret of ours, but no log needs it either.
impl std::fmt::Debug for KeySecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("KeySecret")
            .field("hint", &self.hint)
            .finish_non_exhaustive()
    }
}

/// A secret that is on its way out.
#[derive(Clone, Debug)]
pub struct PreviousSecret {
    pub secret: KeySecret,
    /// Its end; none: until somebody ends it.
    pub expires_at: Option<Timestamp>,
}

impl PreviousSecret {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

impl ApiKey {
    /// Whether a secret with this digest is the key's. All it has are compared, so that time does not
    /// tell which.
    pub fn has_secret(&self, digest: &str, now: Timestamp) -> bool {
        let is = |secret: &KeySecret| equal(secret.digest.as_bytes(), digest.as_bytes());
        let previous = self.previous.as_ref();
        let by_previous = previous.is_some_and(|old| is(&old.secret) & old.is_live(now));
        is(&self.secret) | by_previous
    }

    /// Whether the key is on, and its end is not reached. Tokens count in whole seconds, and so does
    /// the end: none of them outlives it.
    pub fn is_live(&self, now: Timestamp) -> bool {
        let ahead = |end: Timestamp| end.seconds() > now.seconds();
        self.enabled && self.expires_at.is_none_or(ahead)
    }

    pub fn may_be_used_from(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|known| known.contains(&address))
    }
}

/// What is asked for a new or changed key.
#[derive(Clone, Debug)]
pub struct ApiKeyInput {
    pub name: String,
    pub permissions: Vec<String>,
    /// CIDR blocks, or single addresses.
    pub networks: Vec<String>,
    pub enabled: bool,
    pub expires_at: Option<Timestamp>,
}

/// A key's description that passed every rule that can be seen without a look at its owner; only
/// [`ApiKeyInput::check`] makes one.
#[derive(Clone, Debug)]
pub struct CheckedApiKey {
    name: String,
    permissions: Permissions,
    networks: Vec<IpNet>,
    enabled: bool,
    expires_at: Option<Timestamp>,
}

impl ApiKeyInput {
    /// What a key is now, to be changed in places.
    pub fn of(key: &ApiKey) -> Self {
        Self {
            name: key.name.clone(),
            permissions: key.permissions.words().map(str::to_owned).collect(),
            networks: key.networks.iter().map(ToString::to_string).collect(),
            enabled: key.enabled,
            expires_at: key.expires_at,
        }
    }

    /// Checks a description; `before` is the key it is to describe, if there is one already.
    ///
    /// # Errors
    /// Every rule that is broken, each naming its field.
    pub fn check(
        self,
        before: Option<&ApiKey>,
        now: Timestamp,
    ) -> Result<CheckedApiKey, Vec<String>> {
        let mut problems = Vec::new();
        let name = self.name.trim().to_owned();
        let forbidden = |letter: char| letter.is_control() || "<>;".contains(letter);
        if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) || name.chars().any(forbidden) {
            let rule = "1 to 100 characters, none of < > ; and no control characters";
            problems.push(format!("name: {rule}"));
        }
        // A key that is over may still be given another name.
        let end = self.expires_at;
        let as_before = before.is_some_and(|before| before.expires_at == end);
        if !as_before && end.is_some_and(|end| end.seconds() <= now.seconds()) {
            problems.push("expires_at: must be in the future".to_owned());
        }
        let networks = networks_of(&self.networks, &mut problems);
        let permissions = permissions_of(&self.permissions, &mut problems);
        if problems.is_empty() {
            Ok(CheckedApiKey {
                name,
                permissions,
                networks,
                enabled: self.enabled,
                expires_at: end,
            })
        } else {
            Err(problems)
        }
    }
}

impl CheckedApiKey {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    pub fn networks(&self) -> &[IpNet] {
        &self.networks
    }

    pub const fn enabled(&self) -> bool {
        self.enabled
    }

    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

fn permissions_of(words: &[String], problems: &mut Vec<String>) -> Permissions {
    let parsed: Result<Scope, _> = words.join(" ").parse();
    // A word with a space in it would be two.
    let whole = words
        .iter()
        .all(|word| !word.is_empty() && !word.contains(' '));
    match parsed {
        Ok(scope) if whole => Permissions::new(scope),
        _ => {
            problems.push("permissions: scopes, or read, write, delete, admin or *".to_owned());
            Permissions::default()
        }
    }
}

fn networks_of(texts: &[String], problems: &mut Vec<String>) -> Vec<IpNet> {
    if texts.len() > MAX_NETWORKS {
        problems.push(format!("allowed_networks: at most {MAX_NETWORKS}"));
        return Vec::new();
    }
    let mut networks = Vec::with_capacity(texts.len());
    for text in texts {
        let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
        match text.parse::<IpNet>().ok().or_else(single) {
            Some(network) => networks.push(network.trunc()),
            None => problems.push(format!("allowed_networks: {text:?} is no network")),
        }
    }
    networks.sort_unstable();
    networks.dedup();
    networks
}
