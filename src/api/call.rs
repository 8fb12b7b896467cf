//! One call of an operation, after it was found out who calls and before anything is done.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::header::IF_MATCH;
use axum::http::{HeaderMap, HeaderName};
use serde::Serialize;

use super::answer::tag_of;
use super::caller::Caller;
use super::operation::Operation;
use super::problem::Problem;
use crate::app::App;
use crate::context::Ctx;
use crate::model::audit_event::Actor;
use crate::model::resource::Catalog;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::storage::Scoped;
use crate::web::authorization::{Authorization, authorization};
use crate::web::params::Params;

pub struct Call {
    pub app: App,
    /// Its tenant is the one that is acted on: the caller's own, or the one that an administrator of
    /// the installation named.
    pub ctx: Ctx,
    pub caller: Caller,
    /// The scopes and roles of the tenant that is acted on.
    pub catalog: Arc<Catalog>,
    pub(super) operation: &'static Operation,
    pub(super) path: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    /// The address without parameters, as it was called.
    pub(super) address: String,
}

/// What a call brings for its input.
#[derive(Clone)]
pub struct Incoming {
    /// The parameters of the address, but for the tenant's name.
    pub query: Vec<(String, String)>,
    /// Read whole where the operation takes a body.
    pub body: Bytes,
}

impl Call {
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.ctx.tenant
    }

    /// The tenant's rows.
    pub fn rows(&self) -> Scoped {
        self.app.store.tenant(&self.ctx.tenant.id)
    }

    /// The caller in the audit trail.
    pub fn actor(&self) -> Actor {
        self.ctx.actor(self.caller.subject())
    }

    /// Whether the caller may use `scope` for a call of this kind.
    pub fn may_use(&self, scope: &str) -> bool {
        self.caller.has_for(scope, &self.operation.method)
    }

    /// A part of the path; empty for a name the path does not have.
    pub fn path(&self, name: &str) -> &str {
        self.path
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str())
    }

    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What stands in the header as a bearer token, whatever it is.
    pub fn bearer(&self) -> Option<&str> {
        match authorization(&self.headers) {
            Authorization::Bearer(token) => Some(token),
            _ => None,
        }
    }

    /// The signed-in person, in their own tenant.
    ///
    /// # Errors
    /// The token is a client's, the caller is an API key, or another tenant was named: nobody is
    /// somebody there.
    pub fn me(&self) -> Result<&User, Problem> {
        match self.caller.user() {
            Some(user) if self.caller.home().id == self.ctx.tenant.id => Ok(user),
            _ => Err(Problem::forbidden("this is for a signed-in person")),
        }
    }

    /// The account the caller acts for, in its own tenant: the signed-in person's, or that of the owner
    /// of an API key with the permission `account`.
    ///
    /// # Errors
    /// The token is a client's, or another tenant was named.
    pub fn own_account(&self) -> Result<&User, Problem> {
        match self.caller.account() {
            Some(user) if self.caller.home().id == self.ctx.tenant.id => Ok(user),
            _ => Err(Problem::forbidden("this is for people and their API keys")),
        }
    }

    /// Whether the call insists that what it changes is still what it read.
    pub fn has_precondition(&self) -> bool {
        self.headers.contains_key(IF_MATCH)
    }

    /// Compares `If-Match` with what is there now (RFC 9110 section 13.1.1).
    ///
    /// # Errors
    /// It is something else by now.
    pub fn guard<T: Serialize>(&self, present: &T) -> Result<(), Problem> {
        if !self.has_precondition() {
            return Ok(());
        }
        let tag = tag_of(&serde_json::to_vec(present).map_err(Problem::internal)?);
        let mut wanted = self.headers.get_all(IF_MATCH).iter();
        let matches = wanted.any(|value| {
            let value = value.to_str().unwrap_or_default();
            value
                .split(',')
                .map(str::trim)
                .any(|known| known == "*" || known == tag)
        });
        if matches {
            Ok(())
        } else {
            Err(Problem::changed())
        }
    }
}

impl Incoming {
    /// # Errors
    /// There are parameters, and the operation has none.
    pub fn no_parameters(&self) -> Result<(), Problem> {
        match self.query.first() {
            None => Ok(()),
            Some((name, _)) => Err(Problem::parameter(name, "there is no such parameter")),
        }
    }

    /// Parses the query of an address.
    pub(super) fn query(encoded: &str) -> Result<Vec<(String, String)>, Problem> {
        let params = Params::parse(encoded.as_bytes())
            .map_err(|error| Problem::malformed(error.to_string()))?;
        Ok(params.pairs().collect())
    }
}
