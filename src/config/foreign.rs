//! Variables of other systems, read only while the profile of their system is on. Our own variables
//! win over them, they win over the file, and each one that is there is named at the start, never with
//! its value.

use std::borrow::Cow;
use std::net::IpAddr;

use super::Profile;
use super::environment::Environment;
use super::error::{Errors, Place};
use super::kind::Given;
use super::layers::Layers;
use super::settings::{SETTINGS, Setting};

/// Something to say at the start about a variable of another system.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    pub text: String,
    /// Whether somebody probably expects what does not happen.
    pub warns: bool,
}

/// A variable of another system.
struct Variable {
    name: &'static str,
    profile: Profile,
    meaning: Meaning,
}

/// What a variable of another system is to us.
#[derive(Clone, Copy)]
enum Meaning {
    /// The value of this field.
    Field(&'static str),
    /// The host of `bind`, or its port.
    Host,
    Port,
    /// Debugging: a more talkative log, and nothing more in any answer.
    Debug,
    /// A secret that signs over there. Here it never does.
    Secret,
    /// Not read, for this reason.
    Unread(&'static str),
}

const fn variable(profile: Profile, name: &'static str, meaning: Meaning) -> Variable {
    Variable {
        name,
        profile,
        meaning,
    }
}

const NO_MAIL: Meaning = Meaning::Unread("no mail is sent from here");
const NO_REDIS: Meaning = Meaning::Unread("nothing here needs Redis");

const VARIABLES: &[Variable] = &[
    variable(
        Profile::UserManagementApi,
        "DATABASE_URL",
        Meaning::Field("database_url"),
    ),
    variable(Profile::UserManagementApi, "API_HOST", Meaning::Host),
    variable(Profile::UserManagementApi, "API_PORT", Meaning::Port),
    variable(Profile::UserManagementApi, "DEBUG", Meaning::Debug),
    variable(
        Profile::UserService,
        "DATABASE_URL",
        Meaning::Field("database_url"),
    ),
    variable(Profile::UserService, "SECRET_KEY", Meaning::Secret),
    variable(Profile::UserService, "REDIS_URL", NO_REDIS),
    variable(Profile::UserService, "MAIL_SERVER", NO_MAIL),
    variable(Profile::UserService, "MAIL_PORT", NO_MAIL),
    variable(Profile::UserService, "MAIL_USERNAME", NO_MAIL),
    variable(Profile::UserService, "MAIL_PASSWORD", NO_MAIL),
    variable(Profile::UserService, "MAIL_DEFAULT_SENDER", NO_MAIL),
];

/// What the names of secrets for tokens begin with in every other system.
const TOKEN_SECRET: &str = "JWT_SECRET";

/// The port of `bind` where only a host is given.
const DEFAULT_PORT: u16 = 8000;

/// Lays the variables of the profiles that are on below our own; what there is to say about them.
pub(super) fn read(layers: &mut Layers, env: Environment<'_>, errors: &mut Errors) -> Vec<Note> {
    let profiles = layers.config.compat.clone();
    let mut notes = Vec::new();
    if profiles.is_empty() {
        return notes;
    }
    let mut address = Address::default();
    let mut seen = Vec::new();
    for Variable {
        name,
        profile,
        meaning,
    } in VARIABLES
    {
        let Some(value) = env.get(name) else { continue };
        if !profiles.contains(profile) || seen.contains(name) {
            continue;
        }
        seen.push(*name);
        match meaning {
            Meaning::Field(path) => {
                give(
                    layers,
                    env,
                    errors,
                    &mut notes,
                    (*name, *profile),
                    path,
                    value,
                );
            }
            Meaning::Host => address.host = Some((*name, *profile, value)),
            Meaning::Port => address.port = Some((*name, *profile, value)),
            Meaning::Debug => match is_on(value) {
                Some(true) => {
                    give(
                        layers,
                        env,
                        errors,
                        &mut notes,
                        (*name, *profile),
                        "log.level",
                        "debug",
                    );
                }
                Some(false) => {}
                None => errors.add(&Place::named(*name), "must be true or false"),
            },
            Meaning::Secret => notes.push(never_signs(name)),
            Meaning::Unread(reason) => notes.push(Note {
                text: format!("{name} is set and not read: {reason}"),
                warns: true,
            }),
        }
    }
    address.give(layers, env, errors, &mut notes);
    let secrets = env.0.iter().map(|(name, _)| name);
    notes.extend(
        secrets
            .filter(|name| name.starts_with(TOKEN_SECRET))
            .map(|name| never_signs(name)),
    );
    notes
}

fn never_signs(name: &str) -> Note {
    Note {
        text: format!(
            "{name} is set and not read: tokens are signed with a key pair of each tenant, never \
             with a secret that others know"
        ),
        warns: true,
    }
}

/// Gives a field the value of a variable, unless a variable of our own does.
fn give(
    layers: &mut Layers,
    env: Environment<'_>,
    errors: &mut Errors,
    notes: &mut Vec<Note>,
    (name, profile): (&str, Profile),
    path: &str,
    value: &str,
) {
    let Some(setting) = SETTINGS.iter().find(|setting| setting.path == path) else {
        return;
    };
    if let Some(ours) = own_variable(setting, env) {
        notes.push(Note {
            text: format!("{name} is set and not read: {ours} is set as well"),
            warns: true,
        });
        return;
    }
    let given = Given::from_variable(value, setting.kind);
    layers.give(setting, Place::named(name), &given, errors);
    notes.push(Note {
        text: format!("{name} sets {path} (profile {profile})"),
        warns: false,
    });
}

/// The variable of our own that gives a field its value, if one does.
fn own_variable(setting: &Setting, env: Environment<'_>) -> Option<String> {
    let names = [Some(setting.variable()), setting.file_variable()];
    let mut names = names.into_iter().flatten();
    names.find(|name| env.get(name).is_some())
}

fn is_on(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "" | "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A host and a port that make `bind` together.
#[derive(Default)]
struct Address<'a> {
    host: Option<(&'static str, Profile, &'a str)>,
    port: Option<(&'static str, Profile, &'a str)>,
}

impl Address<'_> {
    fn give(
        self,
        layers: &mut Layers,
        env: Environment<'_>,
        errors: &mut Errors,
        notes: &mut Vec<Note>,
    ) {
        let Some((name, profile, _)) = self.host.or(self.port) else {
            return;
        };
        let port = match self
            .port
            .map(|(name, _, text)| (name, text.trim().parse::<u16>()))
        {
            None => DEFAULT_PORT,
            Some((_, Ok(port))) => port,
            Some((name, Err(_))) => {
                errors.add(&Place::named(name), "must be a port");
                return;
            }
        };
        let hosts: Vec<Cow<'_, str>> = match self.host.map(|(_, _, host)| host.trim()) {
            // Nobody asked to be reached by others.
            None | Some("localhost") => vec!["127.0.0.1".into(), "[::1]".into()],
            Some(host) => match host.parse::<IpAddr>() {
                Ok(IpAddr::V6(address)) => vec![format!("[{address}]").into()],
                _ => vec![host.into()],
            },
        };
        let addresses: Vec<String> = hosts.iter().map(|host| format!("{host}:{port}")).collect();
        let value = addresses.join(",");
        give(layers, env, errors, notes, (name, profile), "bind", &value);
    }
}
