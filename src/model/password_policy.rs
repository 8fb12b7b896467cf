//! What a tenant wants of passwords: its own settings laid over the installation's. The one place that
//! does so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tenant::Tenant;
use crate::base::clock::Timestamp;
use crate::config::{
    CharacterClass, Config, PASSWORD_HISTORY, PASSWORD_MAX_AGE, PASSWORD_MIN_LENGTH,
    PASSWORD_MIN_SCORE,
};

/// What a tenant settles about passwords. What is absent is as the installation has it.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordSettings {
    /// Characters at least (`passwords.min_length`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// Kinds of characters of which there is one at least (`passwords.classes`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<CharacterClass>>,
    /// How hard to guess, from 0 to 4 as zxcvbn counts (`passwords.min_score`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_score: Option<u32>,
    /// Whether neither the username nor the address may be in it (`passwords.forbid_names`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forbid_names: Option<bool>,
    /// Of how many of the account's last passwords it is none (`passwords.history`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<u32>,
    /// Seconds after which another one is asked for at the sign-in; 0: never (`passwords.max_age`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
}

impl PasswordSettings {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Every bound that is passed, each naming its field.
    pub(super) fn problems(&self) -> Vec<String> {
        let fields = [
            (
                "min_length",
                self.min_length.map(i64::from),
                PASSWORD_MIN_LENGTH,
            ),
            (
                "min_score",
                self.min_score.map(i64::from),
                PASSWORD_MIN_SCORE,
            ),
            ("history", self.history.map(i64::from), PASSWORD_HISTORY),
            ("max_age", self.max_age, PASSWORD_MAX_AGE),
        ];
        let beyond = fields.into_iter().filter(|(_, value, (least, most))| {
            value.is_some_and(|value| !(*least..=*most).contains(&value))
        });
        beyond
            .map(|(field, _, (least, most))| {
                format!("settings.passwords.{field}: {least} to {most}")
            })
            .collect()
    }
}

/// The rules new passwords of one tenant are held to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PasswordPolicy {
    /// Characters at least.
    pub min_length: u32,
    pub classes: Vec<CharacterClass>,
    /// From 0 to 4, as zxcvbn counts.
    pub min_score: u32,
    /// Whether neither the username nor the address may be in it.
    pub forbid_names: bool,
    /// Of how many of the account's last passwords it is none.
    pub history: u32,
    /// Seconds; none: a password does not expire.
    pub max_age: Option<i64>,
}

/// Where a profile is on and nothing is said, the default tenant takes what the documents of those
/// systems show: so many characters, and so hard to guess. What a profile's callers know of classes is
/// held by its routes.
const OF_PROFILES: (u32, u32) = (8, 1);

impl PasswordPolicy {
    pub fn of(config: &Config, tenant: &Tenant) -> Self {
        Self::laid_over(config, tenant.is_default(), &tenant.settings.passwords)
    }

    /// Where no tenant says anything.
    pub fn of_installation(config: &Config) -> Self {
        Self::laid_over(config, false, &PasswordSettings::default())
    }

    /// For the first administrator of a tenant that is to be made: the default tenant's, for one of its
    /// administrators chooses it.
    pub fn of_founder(config: &Config, own: &PasswordSettings) -> Self {
        Self::laid_over(config, true, own)
    }

    fn laid_over(config: &Config, of_default_tenant: bool, own: &PasswordSettings) -> Self {
        let rules = &config.passwords;
        let (min_length, min_score) = OF_PROFILES;
        let quiet = of_default_tenant && !config.compat.is_empty();
        let max_age = own.max_age.unwrap_or(rules.max_age);
        Self {
            min_length: own
                .min_length
                .unwrap_or_else(|| *rules.min_length.unless(quiet, &min_length)),
            classes: own.classes.clone().unwrap_or_else(|| rules.classes.clone()),
            min_score: own
                .min_score
                .unwrap_or_else(|| *rules.min_score.unless(quiet, &min_score)),
            forbid_names: own.forbid_names.unwrap_or(rules.forbid_names),
            history: own.history.unwrap_or(rules.history),
            max_age: (max_age > 0).then_some(max_age),
        }
    }

    /// Whether a password that was set then has to be replaced.
    pub fn is_over(&self, set_at: Timestamp, now: Timestamp) -> bool {
        self.max_age
            .is_some_and(|age| set_at.plus_seconds(age) <= now)
    }

    /// Earlier passwords to keep beside the present one.
    pub const fn kept(&self) -> u32 {
        self.history.saturating_sub(1)
    }
}
