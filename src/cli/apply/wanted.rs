//! What the entries of a file mean, as far as the file alone can say.

mod client;
mod resource;
mod role;
mod user;

use std::str::FromStr;

use crate::admin::tenants;
use crate::config::{ConfigError, Declared, DeclaredTenant};
use crate::model::tenant::{DEFAULT_SLUG, is_valid_slug};

pub(super) use client::WantedClient;
pub(super) use resource::WantedResource;
pub(super) use role::WantedRole;
pub(super) use user::WantedUser;

/// An entry, and where it stands.
pub(super) struct Entry<T> {
    line: usize,
    place: String,
    /// The slug of its tenant.
    pub(super) tenant: String,
    /// Its id, name or audience.
    pub(super) name: String,
    pub(super) wanted: T,
    /// What is wrong with its own words.
    problems: Vec<String>,
}

/// All entries of a file.
pub(in crate::cli) struct Wanted {
    pub(super) tenants: Vec<Entry<DeclaredTenant>>,
    pub(super) resources: Vec<Entry<WantedResource>>,
    pub(super) roles: Vec<Entry<WantedRole>>,
    pub(super) clients: Vec<Entry<WantedClient>>,
    pub(super) users: Vec<Entry<WantedUser>>,
}

/// Everything found wrong, in the order of the file.
#[derive(Default)]
pub(super) struct Problems(Vec<(usize, ConfigError)>);

impl Problems {
    /// Notes what is wrong with an entry.
    pub(super) fn add<T>(
        &mut self,
        entry: &Entry<T>,
        messages: impl IntoIterator<Item = impl Into<String>>,
    ) {
        let errors = messages.into_iter().map(|message| {
            let error = ConfigError {
                place: entry.place.clone(),
                message: message.into(),
            };
            (entry.line, error)
        });
        self.0.extend(errors);
    }

    /// Notes what is wrong with an entry's own words.
    pub(super) fn add_own<T>(&mut self, entry: &Entry<T>) {
        self.add(entry, entry.problems.iter().cloned());
    }

    pub(super) fn into_sorted(mut self) -> Vec<ConfigError> {
        self.0.sort_by_key(|(line, _)| *line);
        self.0.into_iter().map(|(_, error)| error).collect()
    }
}

impl Wanted {
    /// Reads the entries of `file`, its name for messages.
    pub(in crate::cli) fn read(file: &str, declared: &Declared) -> Self {
        let place = |line: usize, kind: &str, name: &str| format!("{file}:{line} {kind} {name}");
        let slug = |slug: &Option<String>| slug.as_deref().unwrap_or(DEFAULT_SLUG).to_owned();
        let tenants = declared.tenants.iter().map(|tenant| Entry {
            line: tenant.line,
            place: place(tenant.line, "tenant", &tenant.slug),
            tenant: tenant.slug.clone(),
            name: tenant.slug.clone(),
            problems: tenant_problems(tenant),
            wanted: tenant.clone(),
        });
        let resources = declared.resources.iter().map(|resource| {
            let (wanted, problems) = WantedResource::read(resource);
            Entry {
                line: resource.line,
                place: place(resource.line, "resource", &resource.audience),
                tenant: slug(&resource.tenant),
                name: resource.audience.clone(),
                wanted,
                problems,
            }
        });
        let roles = declared.roles.iter().map(|role| Entry {
            line: role.line,
            place: place(role.line, "role", &role.name),
            tenant: slug(&role.tenant),
            name: role.name.clone(),
            problems: Vec::new(),
            wanted: WantedRole::read(role),
        });
        let clients = declared.clients.iter().map(|client| {
            let (wanted, problems) = WantedClient::read(client);
            Entry {
                line: client.line,
                place: place(client.line, "client", &client.client_id),
                tenant: slug(&client.tenant),
                name: client.client_id.clone(),
                wanted,
                problems,
            }
        });
        let users = declared.users.iter().map(|user| {
            let (wanted, problems) = WantedUser::read(user);
            Entry {
                line: user.line,
                place: place(user.line, "user", &user.username),
                tenant: slug(&user.tenant),
                name: user.username.clone(),
                wanted,
                problems,
            }
        });
        Self {
            tenants: tenants.collect(),
            resources: resources.collect(),
            roles: roles.collect(),
            clients: clients.collect(),
            users: users.collect(),
        }
    }

    /// The slugs of all tenants the file names.
    pub(super) fn tenants_named(&self) -> Vec<String> {
        let tenants = self.tenants.iter().map(|entry| &entry.tenant);
        let resources = self.resources.iter().map(|entry| &entry.tenant);
        let clients = self.clients.iter().map(|entry| &entry.tenant);
        let users = self.users.iter().map(|entry| &entry.tenant);
        let roles = self.roles.iter().map(|entry| &entry.tenant);
        let all = tenants
            .chain(resources)
            .chain(roles)
            .chain(clients)
            .chain(users);
        let mut slugs: Vec<String> = all.cloned().collect();
        slugs.sort_unstable();
        slugs.dedup();
        slugs
    }

    /// Everything wrong that shows without a database.
    pub(in crate::cli) fn check(&self) -> Vec<ConfigError> {
        let mut problems = Problems::default();
        for entry in &self.tenants {
            problems.add_own(entry);
        }
        for entry in &self.resources {
            problems.add_own(entry);
            let resource = entry.wanted.resource(&[], &entry.name);
            problems.add(entry, resource.problems());
        }
        for entry in &self.clients {
            problems.add_own(entry);
            problems.add(entry, entry.wanted.metadata.problems());
        }
        for entry in &self.users {
            problems.add_own(entry);
            let input = entry.wanted.input(None);
            problems.add(entry, input.check().err().unwrap_or_default());
        }
        problems.into_sorted()
    }
}

fn tenant_problems(tenant: &DeclaredTenant) -> Vec<String> {
    let mut problems = tenant
        .name
        .as_deref()
        .map_or_else(Vec::new, tenants::name_problems);
    if !is_valid_slug(&tenant.slug) {
        problems.push(tenants::SLUG_RULE.to_owned());
    }
    if tenant.slug == DEFAULT_SLUG && !tenant.enabled {
        problems.push(tenants::DEFAULT_STAYS.to_owned());
    }
    problems
}

/// Reads a word of a closed set, and notes where it is none of them.
fn word<T: FromStr>(
    field: &str,
    text: &str,
    known: &[&str],
    problems: &mut Vec<String>,
) -> Option<T> {
    let word = text.parse().ok();
    if word.is_none() {
        problems.push(format!(
            "{field}: {text:?} is not one of {}",
            known.join(", ")
        ));
    }
    word
}
