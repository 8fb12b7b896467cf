//! The environment: the last layer, and a place where declared secrets may stand.

use super::error::{Errors, Place};
use super::kind::Given;
use super::layers::Layers;
use super::nearest::nearest;
use super::settings::{FOREIGN_VARIABLES, PREFIX, SETTINGS};

/// A process's environment, as handed in.
#[derive(Clone, Copy)]
pub(super) struct Environment<'a>(pub(super) &'a [(String, String)]);

impl<'a> Environment<'a> {
    pub(super) fn get(self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Lays the environment over what the file gave, and reports variables nobody knows.
pub(super) fn read(layers: &mut Layers, env: Environment<'_>, errors: &mut Errors) {
    let mut known = Vec::new();
    for setting in SETTINGS {
        let variable = setting.variable();
        let plain = env.get(&variable);
        let file_variable = setting.file_variable();
        let named = file_variable
            .as_ref()
            .and_then(|name| Some((name, env.get(name)?)));
        match (plain, named) {
            (Some(value), None) => {
                let given = Given::from_variable(value, setting.kind);
                layers.give(setting, Place::named(&variable), &given, errors);
            }
            (None, Some((name, path))) => {
                layers.give_file(setting, Place::named(name), path, errors);
            }
            (Some(_), Some((name, _))) => {
                let message = format!("two spellings of one field: {variable} is set as well");
                layers.reject(setting, &Place::named(name), message, errors);
            }
            (None, None) => {}
        }
        known.push(variable);
        known.extend(file_variable);
    }
    for (name, _) in env.0 {
        let ours = name.starts_with(PREFIX) && !FOREIGN_VARIABLES.contains(&name.as_str());
        if ours && !known.contains(name) {
            errors.add(&Place::named(name), unknown_variable(name, &known));
        }
    }
}

fn unknown_variable(name: &str, known: &[String]) -> String {
    let endings = known.iter().filter_map(|name| name.strip_prefix(PREFIX));
    match nearest(name.strip_prefix(PREFIX).unwrap_or(name), endings) {
        Some(meant) => format!("unknown variable; did you mean {PREFIX}{meant}?"),
        None => "unknown variable".into(),
    }
}
