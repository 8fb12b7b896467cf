//! Variables of other systems, read only while the profile of their system is on. Our own variables
//! win over them, they win over the file, and each one that is there is named at the start, never with
//! its value. Where two of them give one field its value, the one that stands first in the tables wins.

mod parts;
mod users_core;

use super::environment::Environment;
use super::error::{Errors, Place};
use super::kind::Given;
use super::layers::Layers;
use super::settings::{SETTINGS, Setting};
use super::{CharacterClass, Profile, Registration};
use parts::{Address, Classes, Postgres, Tls};

pub(super) use users_core::{InFile, read_file};

/// Something to say at the start about a variable of another system.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    pub text: String,
    /// Whether somebody probably expects what does not happen.
    pub warns: bool,
}

/// A variable of another system.
#[derive(Clone, Copy)]
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
    /// The value of these fields, counted in units of so many.
    Times(&'static [&'static str], i64),
    /// The algorithm that signs, if it is one that others can verify without being able to sign.
    Algorithm,
    /// One of `passwords.classes`, where it is switched on.
    Class(CharacterClass),
    /// A part of `tls.*`.
    Tls(parts::TlsPart),
    /// A part of `database_url`.
    Postgres(parts::PostgresPart),
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

const USER_MANAGEMENT_SERVICE: Profile = Profile::UserManagementService;

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
    variable(
        Profile::UserService,
        "MAIL_SERVER",
        Meaning::Field("mail.host"),
    ),
    variable(
        Profile::UserService,
        "MAIL_PORT",
        Meaning::Field("mail.port"),
    ),
    variable(
        Profile::UserService,
        "MAIL_USERNAME",
        Meaning::Field("mail.username"),
    ),
    variable(
        Profile::UserService,
        "MAIL_PASSWORD",
        Meaning::Field("mail.password"),
    ),
    variable(
        Profile::UserService,
        "MAIL_DEFAULT_SENDER",
        Meaning::Field("mail.from"),
    ),
    variable(
        USER_MANAGEMENT_SERVICE,
        "POSTGRES_HOST",
        Meaning::Postgres(parts::PostgresPart::Host),
    ),
    variable(
        USER_MANAGEMENT_SERVICE,
        "POSTGRES_PORT",
        Meaning::Postgres(parts::PostgresPart::Port),
    ),
    variable(
        USER_MANAGEMENT_SERVICE,
        "POSTGRES_DB",
        Meaning::Postgres(parts::PostgresPart::Database),
    ),
    variable(
        USER_MANAGEMENT_SERVICE,
        "POSTGRES_USER",
        Meaning::Postgres(parts::PostgresPart::User),
    ),
    variable(
        USER_MANAGEMENT_SERVICE,
        "POSTGRES_PASSWORD",
        Meaning::Postgres(parts::PostgresPart::Password),
    ),
    variable(USER_MANAGEMENT_SERVICE, "REDIS_HOST", NO_REDIS),
    variable(USER_MANAGEMENT_SERVICE, "REDIS_PORT", NO_REDIS),
    variable(USER_MANAGEMENT_SERVICE, "REDIS_DB", NO_REDIS),
    variable(
        USER_MANAGEMENT_SERVICE,
        "JWT_ACCESS_TOKEN_EXPIRE_MINUTES",
        Meaning::Times(&["user_management_service.access_token_lifetime"], 60),
    ),
    variable(
        USER_MANAGEMENT_SERVICE,
        "JWT_REFRESH_TOKEN_EXPIRE_DAYS",
        Meaning::Times(&["user_management_service.refresh_token_lifetime"], 86_400),
    ),
    variable(USER_MANAGEMENT_SERVICE, "DEBUG", Meaning::Debug),
];

/// What the names of secrets for tokens begin with in every other system.
const TOKEN_SECRET: &str = "JWT_SECRET";

/// The secret that stands in the documentation of the user management service.
const EXAMPLE_SECRET: &str = "your-secret-key-change-in-production";

/// Lays what other systems' variables and file say below our own; what there is to say about it.
pub(super) fn read(
    layers: &mut Layers,
    env: Environment<'_>,
    in_file: Vec<InFile>,
    errors: &mut Errors,
) -> Vec<Note> {
    let profiles = layers.config.compat.clone();
    let mut reading = Reading {
        layers,
        env,
        errors,
        notes: Vec::new(),
        taken: Vec::new(),
        address: Address::default(),
        classes: Classes::default(),
        tls: Tls::default(),
        postgres: Postgres::default(),
    };
    let mut seen = Vec::new();
    let known = users_core::variables().chain(VARIABLES.iter().copied());
    for Variable {
        name,
        profile,
        meaning,
    } in known
    {
        let Some(value) = env.get(name) else { continue };
        if !profiles.contains(&profile) || seen.contains(&name) {
            continue;
        }
        seen.push(name);
        reading.read(&Source::variable(name, profile), meaning, value);
    }
    reading.put_together();
    reading.read_file(in_file, profiles.contains(&Profile::UsersCore));
    // A switch in one place may speak of files in the other.
    let tls = std::mem::take(&mut reading.tls);
    tls.give(&mut reading);
    let classes = std::mem::take(&mut reading.classes);
    classes.give(&mut reading);
    if !profiles.is_empty() {
        reading.look_at_the_rest(&profiles, &seen);
    }
    reading.open_registration(&profiles);
    reading.notes
}

/// Where a value of another system stands.
#[derive(Clone, Debug)]
struct Source {
    name: String,
    place: Place,
    profile: Profile,
    /// Whether it is the settings file, over which our own keys in it win.
    is_file: bool,
}

impl Source {
    fn variable(name: &str, profile: Profile) -> Self {
        Self {
            name: name.to_owned(),
            place: Place::named(name),
            profile,
            is_file: false,
        }
    }
}

/// The reading of other systems' settings.
struct Reading<'r> {
    layers: &'r mut Layers,
    env: Environment<'r>,
    errors: &'r mut Errors,
    notes: Vec<Note>,
    /// Fields that have their value already, and from where.
    taken: Vec<(&'static str, String)>,
    address: Address,
    classes: Classes,
    tls: Tls,
    postgres: Postgres,
}

impl Reading<'_> {
    fn read(&mut self, source: &Source, meaning: Meaning, value: &str) {
        match meaning {
            Meaning::Field(path) => self.give(source, path, value),
            Meaning::Times(paths, unit) => match times(value, unit) {
                Some(number) => {
                    for path in paths {
                        self.give(source, path, &number);
                    }
                }
                None => self.errors.add(&source.place, "must be a whole number"),
            },
            Meaning::Host => self.address.host = Some((source.clone(), value.to_owned())),
            Meaning::Port => self.address.port = Some((source.clone(), value.to_owned())),
            Meaning::Debug => match is_on(value) {
                Some(true) => self.give(source, "log.level", "debug"),
                Some(false) => {}
                None => self.errors.add(&source.place, NO_FLAG),
            },
            Meaning::Algorithm if value.starts_with("HS") => {
                let reason = "whoever can verify such a token can make one; tokens are signed with \
                              tokens.signing_alg";
                self.unread(&source.name, reason);
            }
            Meaning::Algorithm => self.give(source, "tokens.signing_alg", value),
            Meaning::Class(class) => self.classes.note(class, source, value, self.errors),
            Meaning::Tls(part) => self.tls.note(part, source, value, self.errors),
            Meaning::Postgres(part) => self.postgres.note(part, source, value),
            Meaning::Secret => self.unread(&source.name, NEVER_SIGNS),
            Meaning::Unread(reason) => self.unread(&source.name, reason),
        }
    }

    fn read_file(&mut self, in_file: Vec<InFile>, is_on: bool) {
        if let (false, Some(first)) = (is_on, in_file.first()) {
            let message = "is read while compat names users-core";
            return self.errors.add(&first.source.place, message);
        }
        for InFile {
            source,
            meaning,
            value,
        } in in_file
        {
            match value {
                Ok(value) => self.read(&source, meaning, &value),
                Err(message) => self.errors.add(&source.place, message),
            }
        }
    }

    /// Gives the fields that several variables make together.
    fn put_together(&mut self) {
        let address = std::mem::take(&mut self.address);
        let postgres = std::mem::take(&mut self.postgres);
        address.give(self);
        postgres.give(self);
    }

    /// Says what becomes of secrets for tokens, and of what users-core has no variable for.
    fn look_at_the_rest(&mut self, profiles: &[Profile], seen: &[&str]) {
        for (name, value) in self.env.0 {
            let is_theirs = profiles.contains(&Profile::UsersCore)
                && name.starts_with(users_core::PREFIX)
                && !seen.contains(&name.as_str());
            if name.starts_with(TOKEN_SECRET) {
                let is_example = profiles.contains(&USER_MANAGEMENT_SERVICE);
                if is_example && value == EXAMPLE_SECRET {
                    let message = "is the secret of the documentation, which everybody knows: \
                                   unset it, tokens are signed with key pairs made here";
                    self.errors.add(&Place::named(name.as_str()), message);
                } else {
                    self.unread(name, NEVER_SIGNS);
                }
            } else if is_theirs {
                self.unread(name, "users-core has no variable of that name");
            }
        }
    }

    /// Where people make their own accounts over there, they do here, unless something is said.
    fn open_registration(&mut self, profiles: &[Profile]) {
        let mut profiles = profiles.iter();
        let open = profiles.find(|profile| **profile != Profile::UsersCore);
        if let Some(profile) = open
            && !self.layers.is_given("registration")
        {
            self.layers.config.registration = Registration::Open;
            let place = Place::named(format!("profile {profile}"));
            self.layers.note_place("registration", place);
            self.notes.push(Note {
                text: format!(
                    "registration is open (profile {profile}), for nothing is said of it"
                ),
                warns: false,
            });
        }
    }

    fn unread(&mut self, name: &str, reason: &str) {
        self.notes.push(Note {
            text: format!("{name} is set and not read: {reason}"),
            warns: true,
        });
    }

    /// Gives a field its value, unless a variable of our own or something before this does.
    fn give(&mut self, source: &Source, path: &'static str, value: &str) {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.path == path) else {
            return;
        };
        let other = own_variable(setting, self.env).or_else(|| {
            let mut taken = self.taken.iter();
            let found = taken.find(|(known, _)| *known == path);
            found.map(|(_, name)| name.clone())
        });
        let ours = || (source.is_file && self.layers.is_given(path)).then(|| path.to_owned());
        if let Some(other) = other.or_else(ours) {
            return self.unread(&source.name, &format!("{other} is set as well"));
        }
        let given = Given::from_variable(value, setting.kind);
        self.layers
            .give(setting, source.place.clone(), &given, self.errors);
        self.taken.push((path, source.name.clone()));
        self.notes.push(Note {
            text: format!("{} sets {path} (profile {})", source.name, source.profile),
            warns: false,
        });
    }
}

const NEVER_SIGNS: &str = "tokens are signed with a key pair of each tenant, never with a secret \
                           that others know";
const NO_FLAG: &str = "must be true or false";

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

/// So many units, as text; what is out of all bounds is judged by its field.
fn times(text: &str, unit: i64) -> Option<String> {
    let number: i64 = text.trim().parse().ok()?;
    Some(number.saturating_mul(unit).to_string())
}
