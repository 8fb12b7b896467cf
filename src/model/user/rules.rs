//! The bounds of what an account holds beside its names and claims.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Preferences;
use crate::model::claim_source::is_attribute_name;
use crate::model::group::{self, MAX_GROUPS, is_group_name};
use crate::model::role::{self, MAX_ROLES};

const MAX_ATTRIBUTES: usize = 64;
/// All attributes together, in bytes of JSON.
const MAX_ATTRIBUTE_BYTES: usize = 16 * 1024;
/// How deep lists and objects may stand in each other: readers of JSON have bounds of their own.
const MAX_ATTRIBUTE_DEPTH: usize = 16;

/// Preferences, in bytes of JSON.
const MAX_PREFERENCE_BYTES: usize = 16 * 1024;
/// How deep lists and objects may stand in each other in preferences, which are the first of them.
const MAX_PREFERENCE_DEPTH: usize = 16;

pub(super) fn check_roles(roles: &[String], problems: &mut Vec<String>) {
    if roles.len() > MAX_ROLES {
        problems.push(format!("roles: at most {MAX_ROLES}"));
        return;
    }
    let unknown = roles.iter().filter(|name| !role::is_role_name(name));
    problems.extend(unknown.map(|name| role::unknown(name)));
}

pub(super) fn check_groups(groups: &[String], problems: &mut Vec<String>) {
    if groups.len() > MAX_GROUPS {
        problems.push(group::too_many());
        return;
    }
    for (position, name) in groups.iter().enumerate() {
        if !is_group_name(name) {
            let (entry, rule) = (position + 1, group::name_rule());
            problems.push(format!("groups: entry {entry}: {rule}"));
        } else if groups[..position].contains(name) {
            problems.push(format!("groups: {name:?} stands twice"));
        }
    }
}

pub(super) fn check_attributes(attributes: &BTreeMap<String, Value>, problems: &mut Vec<String>) {
    if attributes.len() > MAX_ATTRIBUTES {
        problems.push(format!("attributes: at most {MAX_ATTRIBUTES}"));
        return;
    }
    for (name, value) in attributes {
        if !is_attribute_name(name) {
            problems.push(format!(
                "attributes: {name:?} is no name: 1 to 64 letters, digits or . _ -"
            ));
        } else if value.is_null() || has_nul(value) {
            problems.push(format!("attributes: {name}: neither null nor U+0000"));
        } else if depth(value) > MAX_ATTRIBUTE_DEPTH {
            problems.push(format!(
                "attributes: {name}: at most {MAX_ATTRIBUTE_DEPTH} lists and objects in each other"
            ));
        }
    }
    let size = serde_json::to_string(attributes).map_or(usize::MAX, |json| json.len());
    if size > MAX_ATTRIBUTE_BYTES {
        problems.push(format!(
            "attributes: at most {MAX_ATTRIBUTE_BYTES} bytes of JSON together"
        ));
    }
}

pub(super) fn check_preferences(preferences: &Preferences, problems: &mut Vec<String>) {
    let members = || preferences.iter();
    if members().any(|(name, value)| name.contains('\0') || has_nul(value)) {
        problems.push("preferences: no U+0000".to_owned());
    }
    let deepest = members().map(|(_, value)| depth(value)).max();
    if deepest.unwrap_or(0) >= MAX_PREFERENCE_DEPTH {
        problems.push(format!(
            "preferences: at most {MAX_PREFERENCE_DEPTH} lists and objects in each other"
        ));
    }
    let size = serde_json::to_string(preferences).map_or(usize::MAX, |json| json.len());
    if size > MAX_PREFERENCE_BYTES {
        problems.push(format!(
            "preferences: at most {MAX_PREFERENCE_BYTES} bytes of JSON"
        ));
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
