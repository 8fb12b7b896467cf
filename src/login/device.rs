//! Browsers that are recognised. A cookie says "this browser was signed in as this account before",
//! and nothing else: it signs nobody in.

use axum::http::{HeaderMap, HeaderValue};

use crate::app::App;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::model::device::REMEMBERED;
use crate::model::login_name::LoginName;
use crate::model::tenant::Tenant;
use crate::storage::DbError;
use crate::web::cookies;

/// Accounts a browser is recognised for.
const ACCOUNTS: usize = 5;

/// What a browser brings of the accounts that were signed in in it, the latest first.
pub struct DeviceCookie(Option<String>);

/// A browser that was signed in as an account before. Only [`DeviceCookie::known_as`] makes it.
pub struct KnownDevice {
    id: String,
    secret: OpaqueToken,
}

impl KnownDevice {
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl DeviceCookie {
    pub fn of(ctx: &Ctx, headers: &HeaderMap) -> Self {
        Self(cookies::get(headers, &name(&ctx.tenant)))
    }

    /// Whether the browser was signed in as the account of this name. A secret of another account, a
    /// forgotten one and one from before the last sign-in are worth nothing.
    pub async fn known_as(
        &self,
        app: &App,
        ctx: &Ctx,
        identifier: &str,
    ) -> Result<Option<KnownDevice>, DbError> {
        let Some(name) = LoginName::parse(identifier) else {
            return Ok(None);
        };
        let rows = app.store.tenant(&ctx.tenant.id);
        for secret in self.secrets() {
            let device = rows.known_device(&name, &secret.digest(), ctx.now).await?;
            if let Some(id) = device {
                return Ok(Some(KnownDevice { id, secret }));
            }
        }
        Ok(None)
    }

    /// The cookie after a sign-in: `secret` is new, and that of `known` is over.
    pub fn renewed(
        &self,
        tenant: &Tenant,
        secret: &OpaqueToken,
        known: Option<&KnownDevice>,
    ) -> HeaderValue {
        let over = known.map(|device| device.secret.expose());
        let others: Vec<OpaqueToken> = self
            .secrets()
            .filter(|other| Some(other.expose()) != over)
            .take(ACCOUNTS - 1)
            .collect();
        let others = others.iter().map(OpaqueToken::expose);
        let secrets: Vec<&str> = std::iter::once(secret.expose()).chain(others).collect();
        cookies::set(&name(tenant), &secrets.join("."), Some(REMEMBERED))
    }

    /// Looked at only where somebody signs in: most requests that bring the cookie need nothing of it.
    fn secrets(&self) -> impl Iterator<Item = OpaqueToken> {
        let value = self.0.as_deref().unwrap_or_default();
        value
            .split('.')
            .take(ACCOUNTS)
            .filter_map(|secret| OpaqueToken::parse(Kind::DeviceSecret, secret))
    }
}

/// One cookie for each tenant, like that of the sessions.
fn name(tenant: &Tenant) -> String {
    let short = tenant.id.get(..8).unwrap_or(&tenant.id);
    format!("__Host-device-{short}")
}
