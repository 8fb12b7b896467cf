//! What the settings file declares for `apply`: `[[tenant]] [[role]] [[client]] [[user]] [[resource]]`.
//!
//! Entries are checked for form only. What they mean, such as which grants a client may have, is
//! judged where the database's own entries are.

mod client;
mod resource;
mod role;
mod secret_source;
mod tenant;
mod user;

use std::collections::HashMap;

use super::environment::Environment;
use super::reader::TableReader;

pub use client::DeclaredClient;
pub use resource::DeclaredResource;
pub use role::DeclaredRole;
pub use secret_source::{SecretOrigin, SecretSource};
pub use tenant::DeclaredTenant;
pub use user::DeclaredUser;

/// The names of the lists.
pub(super) const KINDS: [&str; 5] = ["tenant", "role", "client", "user", "resource"];

/// All entries of the file, in its order.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// `[[tenant]]`
    pub tenants: Vec<DeclaredTenant>,
    /// `[[role]]`
    pub roles: Vec<DeclaredRole>,
    /// `[[client]]`
    pub clients: Vec<DeclaredClient>,
    /// `[[user]]`
    pub users: Vec<DeclaredUser>,
    /// `[[resource]]`
    pub resources: Vec<DeclaredResource>,
}

/// Reads all entries and reports those that stand twice.
pub(super) fn read(root: &mut TableReader<'_, '_>, env: Environment<'_>) -> Declared {
    let mut declared = Declared::default();
    let mut seen = Seen::default();
    root.each("tenant", |mut reader| {
        let tenant = DeclaredTenant::read(&mut reader);
        seen.check(&mut reader, "slug", None, &tenant.slug);
        declared.tenants.push(tenant);
        reader.finish();
    });
    root.each("role", |mut reader| {
        let role = DeclaredRole::read(&mut reader);
        seen.check(&mut reader, "name", role.tenant.as_deref(), &role.name);
        declared.roles.push(role);
        reader.finish();
    });
    root.each("client", |mut reader| {
        let client = DeclaredClient::read(&mut reader, env);
        let tenant = client.tenant.as_deref();
        seen.check(&mut reader, "client_id", tenant, &client.client_id);
        declared.clients.push(client);
        reader.finish();
    });
    root.each("user", |mut reader| {
        let user = DeclaredUser::read(&mut reader, env);
        // Login names are compared without regard to case.
        let name = user.username.to_lowercase();
        seen.check(&mut reader, "username", user.tenant.as_deref(), &name);
        declared.users.push(user);
        reader.finish();
    });
    root.each("resource", |mut reader| {
        let resource = DeclaredResource::read(&mut reader);
        let tenant = resource.tenant.as_deref();
        seen.check(&mut reader, "audience", tenant, &resource.audience);
        declared.resources.push(resource);
        reader.finish();
    });
    declared
}

/// The identifiers met so far: which key, whose tenant, what value, and on which line.
#[derive(Default)]
struct Seen(HashMap<(&'static str, Option<String>, String), usize>);

impl Seen {
    fn check(
        &mut self,
        reader: &mut TableReader<'_, '_>,
        key: &'static str,
        tenant: Option<&str>,
        value: &str,
    ) {
        if value.is_empty() {
            return;
        }
        let line = reader.line();
        let id = (key, tenant.map(str::to_owned), value.to_owned());
        if let Some(first) = self.0.get(&id) {
            let message =
                format!("`{value}` is declared twice: on line {first} and on line {line}");
            reader.fail(key, message);
        } else {
            self.0.insert(id, line);
        }
    }
}

/// Reads `signing_alg` and its siblings.
fn signing_alg(reader: &mut TableReader<'_, '_>, key: &str) -> Option<String> {
    let name = reader.text(key)?;
    if let Err(message) = super::field::chosen(&name, super::settings::SIGNING_ALGS) {
        reader.fail(key, message);
    }
    Some(name)
}

/// Reads a lifetime in seconds.
fn lifetime(
    reader: &mut TableReader<'_, '_>,
    key: &str,
    (min, max): super::settings::Bounds,
) -> Option<i64> {
    reader.integer(key, |seconds| super::field::within(seconds, min, max))
}
