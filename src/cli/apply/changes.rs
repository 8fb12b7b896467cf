//! What stands between the database and the file.

use std::fmt;

use serde_json::{Value, json};

use crate::cli::output::printable;
use crate::config::Secret;
use crate::model::algorithm::Algorithm;
use crate::model::client::Client;
use crate::model::client_metadata::ClientMetadata;
use crate::model::resource::Resource;
use crate::model::role::{Role, RoleInput};
use crate::model::tenant::{DEFAULT_SLUG, Tenant};
use crate::model::tenant_input::TenantInput;
use crate::model::user::{User, UserInput};

/// One thing to change.
pub(super) struct Change {
    /// The slug of its tenant; a tenant's own for a tenant.
    pub(super) tenant: String,
    /// Its id, name or audience.
    pub(super) name: String,
    /// What of it differs, where it exists.
    pub(super) fields: Vec<String>,
    pub(super) work: Work,
}

/// What to do.
pub(super) enum Work {
    CreateTenant {
        name: String,
        algorithm: Option<Algorithm>,
        enabled: bool,
    },
    UpdateTenant {
        before: Box<Tenant>,
        input: Box<TenantInput>,
    },
    PutResource {
        resource: Resource,
        is_new: bool,
    },
    DeleteResource,
    CreateRole(RoleInput),
    UpdateRole {
        before: Box<Role>,
        input: RoleInput,
    },
    DeleteRole,
    CreateClient(Box<ClientWork>),
    UpdateClient {
        before: Box<Client>,
        work: Box<ClientWork>,
    },
    DeleteClient,
    CreateUser {
        input: Box<UserInput>,
        password: Option<Secret>,
    },
    UpdateUser {
        before: Box<User>,
        /// Where the description differs.
        input: Option<Box<UserInput>>,
        password: Option<Secret>,
    },
    DeleteUser(Box<User>),
}

/// A client as it is to be.
pub(super) struct ClientWork {
    pub(super) metadata: ClientMetadata,
    pub(super) enabled: bool,
    pub(super) secret: ClientSecret,
}

/// A client's secret as it is to be.
#[derive(Clone)]
pub(super) enum ClientSecret {
    Keep,
    Generate,
    Given(Secret),
}

impl Change {
    /// The sign, the word, and the kind of the thing.
    const fn words(&self) -> (char, &'static str, &'static str) {
        match &self.work {
            Work::CreateTenant { .. } => ('+', "create", "tenant"),
            Work::UpdateTenant { .. } => ('~', "change", "tenant"),
            Work::PutResource { is_new: true, .. } => ('+', "create", "resource"),
            Work::PutResource { is_new: false, .. } => ('~', "change", "resource"),
            Work::DeleteResource => ('-', "delete", "resource"),
            Work::CreateRole(_) => ('+', "create", "role"),
            Work::UpdateRole { .. } => ('~', "change", "role"),
            Work::DeleteRole => ('-', "delete", "role"),
            Work::CreateClient(_) => ('+', "create", "client"),
            Work::UpdateClient { .. } => ('~', "change", "client"),
            Work::DeleteClient => ('-', "delete", "client"),
            Work::CreateUser { .. } => ('+', "create", "user"),
            Work::UpdateUser { .. } => ('~', "change", "user"),
            Work::DeleteUser(_) => ('-', "delete", "user"),
        }
    }

    pub(super) fn view(&self) -> Value {
        let (_, action, kind) = self.words();
        json!({
            "action": action,
            "kind": kind,
            "tenant": self.tenant,
            "name": self.name,
            "fields": self.fields,
        })
    }
}

/// `~ client web in acme: scope, enabled`
impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, _, kind) = self.words();
        write!(out, "{sign} {kind} {}", printable(&self.name))?;
        if kind != "tenant" && self.tenant != DEFAULT_SLUG {
            write!(out, " in {}", self.tenant)?;
        }
        if !self.fields.is_empty() {
            write!(out, ": {}", self.fields.join(", "))?;
        }
        Ok(())
    }
}

/// The members in which two descriptions differ.
pub(super) fn differing(before: &Value, after: &Value) -> Vec<String> {
    let members = |value: &Value| -> Vec<String> {
        let members = value.as_object().into_iter().flatten();
        members.map(|(name, _)| name.clone()).collect()
    };
    let mut names = members(before);
    names.extend(members(after));
    names.sort_unstable();
    names.dedup();
    names.retain(|name| before.get(name) != after.get(name));
    names
}
