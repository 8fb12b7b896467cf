//! Who is signed in in a browser: up to five people, the current one first.

use axum::http::{HeaderMap, HeaderValue};

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::model::audit_event::AuditKind;
use crate::model::lifetimes::Lifetimes;
use crate::model::session::Session;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::storage::DbError;
use crate::storage::browser_sessions::SignIn;
use crate::storage::devices::BrowserDevice;
use crate::web::address::network_of;
use crate::web::cookies;

use super::device::{DeviceCookie, KnownDevice};
use super::direct::Authenticated;

/// People one browser may be signed in as.
const ACCOUNTS: usize = 5;
/// A session's last use is written down at most this often, in seconds.
const TOUCH: i64 = 60;

/// Somebody with a live session. Only this module makes it.
pub struct SignedIn {
    session: Session,
    device_id: Option<String>,
    user: User,
    secret: OpaqueToken,
}

impl SignedIn {
    pub const fn session(&self) -> &Session {
        &self.session
    }

    pub const fn user(&self) -> &User {
        &self.user
    }
}

/// What a browser brought.
pub struct Browser {
    accounts: Vec<SignedIn>,
    /// The current one is over, and nobody has said who comes after.
    between: bool,
    /// The cookie to send back, when it has to change.
    cookie: Option<HeaderValue>,
    /// What recognises it, and the cookie to send back for that.
    device: DeviceCookie,
    device_cookie: Option<HeaderValue>,
    /// Its own mark, which forms are bound to; made when first needed.
    mark: Option<OpaqueToken>,
}

impl Browser {
    /// Looks up the sessions whose secrets a request brings. What is malformed, unknown or over is no
    /// session.
    pub async fn of(app: &App, ctx: &Ctx, headers: &HeaderMap) -> Result<Self, DbError> {
        let value = cookies::get(headers, &session_cookie(&ctx.tenant)).unwrap_or_default();
        let secrets: Vec<OpaqueToken> = value
            .split('.')
            .take(ACCOUNTS + 1)
            .filter_map(|secret| OpaqueToken::parse(Kind::SessionSecret, secret))
            .collect();
        let digests: Vec<String> = secrets.iter().map(OpaqueToken::digest).collect();
        let rows = app.store.tenant(&ctx.tenant.id);
        let rows = rows.browser_sessions(&digests, ctx.now).await?;
        let accounts: Vec<SignedIn> = rows
            .into_iter()
            .filter_map(|row| {
                let at = digests.iter().position(|digest| *digest == row.digest)?;
                Some(SignedIn {
                    session: row.session,
                    device_id: row.device_id,
                    user: row.user,
                    secret: secrets[at].clone(),
                })
            })
            .collect();
        let current = value.split('.').next();
        let between = accounts
            .first()
            .is_some_and(|first| Some(first.secret.expose()) != current);
        let mark = cookies::get(headers, &mark_cookie(&ctx.tenant))
            .and_then(|mark| OpaqueToken::parse(Kind::BrowserMark, &mark));
        Ok(Self {
            accounts,
            between,
            cookie: None,
            device: DeviceCookie::of(ctx, headers),
            device_cookie: None,
            mark,
        })
    }

    pub fn accounts(&self) -> &[SignedIn] {
        &self.accounts
    }

    /// Whom a request that names nobody is about. When the current one's session is over, the next of
    /// the browser's people does not silently take their place.
    pub fn current(&self) -> Option<&SignedIn> {
        self.accounts.first().filter(|_| !self.between)
    }

    pub fn account(&self, session_id: &str) -> Option<&SignedIn> {
        self.accounts
            .iter()
            .find(|account| account.session.id == session_id)
    }

    /// The digest of the browser's mark, if it has one.
    pub fn mark_digest(&self) -> Option<String> {
        self.mark.as_ref().map(OpaqueToken::digest)
    }

    /// The mark, made now if there is none; with the cookie that sets it then.
    pub fn ensure_mark(&mut self, app: &App, ctx: &Ctx) -> (String, Option<HeaderValue>) {
        if let Some(mark) = &self.mark {
            return (mark.digest(), None);
        }
        let mark = OpaqueToken::generate(Kind::BrowserMark, &app.random);
        let cookie = cookies::set(&mark_cookie(&ctx.tenant), mark.expose(), None);
        let digest = mark.digest();
        self.mark = Some(mark);
        (digest, Some(cookie))
    }

    /// The cookies that changed.
    pub fn take_cookies(&mut self) -> impl Iterator<Item = HeaderValue> + use<> {
        let cookies = [self.cookie.take(), self.device_cookie.take()];
        cookies.into_iter().flatten()
    }

    /// Whether the account of this name was signed in in it before.
    pub async fn known_as(
        &self,
        app: &App,
        ctx: &Ctx,
        identifier: &str,
    ) -> Result<Option<KnownDevice>, DbError> {
        self.device.known_as(app, ctx, identifier).await
    }

    /// Stores the sign-in of somebody who proved who they are, as the browser's current one; its id.
    /// A session of the same person goes on with a new secret, and so does the device. `None`: the
    /// account changed meanwhile.
    pub async fn sign_in(
        &mut self,
        app: &App,
        ctx: &Ctx,
        login: &Authenticated,
        client_id: &str,
        known: Option<&KnownDevice>,
    ) -> Result<Option<String>, DbError> {
        let user = login.user();
        let secret = OpaqueToken::generate(Kind::SessionSecret, &app.random);
        let device_secret = OpaqueToken::generate(Kind::DeviceSecret, &app.random);
        let renewed = self
            .accounts
            .iter()
            .position(|account| account.user.id == user.id);
        let mut session = Session {
            id: app.opaque_id(),
            user_id: user.id.clone(),
            remembered: login.is_remembered(),
            amr: login.amr().to_vec(),
            auth_time: ctx.now,
            seen_at: ctx.now,
            expires_at: ctx.now,
            ended_at: None,
        };
        session.expires_at = expiry(app, ctx, &session);
        // Where the cookie is gone or worth nothing, the session still knows where it is.
        let of_session = renewed.and_then(|at| self.accounts[at].device_id.clone());
        let device = BrowserDevice {
            id: app.row_id(),
            known: known.map(|device| device.id().to_owned()).or(of_session),
            digest: device_secret.digest(),
        };
        let stored = app
            .store
            .tenant(&ctx.tenant.id)
            .sign_in(SignIn {
                digest: secret.digest(),
                renews: renewed.map(|at| self.accounts[at].session.id.clone()),
                only_renews: login.within().is_some(),
                session: session.clone(),
                origin: ctx.origin(),
                device: (!login.is_half()).then_some(device),
                user_seen_at: user.updated_at,
                proof: login.proof().cloned(),
                event: login.event(app, ctx, client_id),
            })
            .await?;
        let Some((id, device_id)) = stored else {
            return Ok(None);
        };
        if device_id.is_some() {
            let cookie = self.device.renewed(&ctx.tenant, &device_secret, known);
            self.device_cookie = Some(cookie);
        }
        if let Some(at) = renewed {
            self.accounts.remove(at);
        }
        session.id.clone_from(&id);
        self.accounts.insert(
            0,
            SignedIn {
                session,
                device_id,
                user: user.clone(),
                secret,
            },
        );
        // Whoever finds no place any more is signed out: nobody could come back to the session.
        for dropped in self.accounts.split_off(self.accounts.len().min(ACCOUNTS)) {
            end(app, ctx, &dropped).await?;
        }
        self.between = false;
        self.write_cookie(app, ctx);
        Ok(Some(id))
    }

    /// Reads its sessions again, after something changed.
    pub async fn reload(&mut self, app: &App, ctx: &Ctx) -> Result<(), DbError> {
        let digest = |account: &SignedIn| account.secret.digest();
        let digests: Vec<String> = self.accounts.iter().map(digest).collect();
        let rows = app.store.tenant(&ctx.tenant.id);
        let mut rows = rows.browser_sessions(&digests, ctx.now).await?;
        self.accounts.retain_mut(|account| {
            let digest = account.secret.digest();
            let Some(at) = rows.iter().position(|row| row.digest == digest) else {
                return false;
            };
            let row = rows.swap_remove(at);
            account.session = row.session;
            account.device_id = row.device_id;
            account.user = row.user;
            true
        });
        Ok(())
    }

    /// Makes an account the browser's current one.
    pub fn prefer(&mut self, app: &App, ctx: &Ctx, session_id: &str) {
        let at = self
            .accounts
            .iter()
            .position(|account| account.session.id == session_id);
        if let Some(at) = at.filter(|at| *at > 0 || self.between) {
            let account = self.accounts.remove(at);
            self.accounts.insert(0, account);
            self.between = false;
            self.write_cookie(app, ctx);
        }
    }

    /// Ends sessions of the browser, with what hangs on them.
    pub async fn sign_out(
        &mut self,
        app: &App,
        ctx: &Ctx,
        ended: impl Fn(&SignedIn) -> bool,
    ) -> Result<(), DbError> {
        for account in self.accounts.iter().filter(|account| ended(account)) {
            end(app, ctx, account).await?;
        }
        self.between |= self.accounts.first().is_some_and(&ended);
        self.accounts.retain(|account| !ended(account));
        self.write_cookie(app, ctx);
        Ok(())
    }

    fn write_cookie(&mut self, app: &App, ctx: &Ctx) {
        let name = session_cookie(&ctx.tenant);
        if self.accounts.is_empty() {
            self.cookie = Some(cookies::clear(&name));
            return;
        }
        // The place of a current one that is over stays empty.
        let empty = self.between.then_some("");
        let secrets = self.accounts.iter().map(|account| account.secret.expose());
        let secrets: Vec<&str> = empty.into_iter().chain(secrets).collect();
        let remembered = self
            .accounts
            .iter()
            .any(|account| account.session.remembered);
        let max_age = remembered.then_some(Lifetimes::of(&app.config, &ctx.tenant).session);
        self.cookie = Some(cookies::set(&name, &secrets.join("."), max_age));
    }
}

impl SignedIn {
    /// Notes that the session is in use, which is what keeps it alive.
    pub async fn touch(&self, app: &App, ctx: &Ctx) -> Result<(), DbError> {
        // A short life is noted in time.
        let idle = Lifetimes::of(&app.config, &ctx.tenant).session_idle;
        let pause = TOUCH.min(idle / 10);
        if self.session.seen_at.plus_seconds(pause) > ctx.now {
            return Ok(());
        }
        let expires_at = expiry(app, ctx, &self.session);
        app.store
            .tenant(&ctx.tenant.id)
            .touch_session(
                &self.session.id,
                ctx.now,
                expires_at,
                &network_of(ctx.address),
            )
            .await
            .map(drop)
    }
}

/// Ends a session, with what hangs on it.
async fn end(app: &App, ctx: &Ctx, account: &SignedIn) -> Result<(), DbError> {
    let user_id = &account.user.id;
    let actor = ctx.actor(user_id);
    let event = actor.did(AuditKind::Logout, user_id, app.row_id(), ctx.now);
    app.store
        .tenant(&ctx.tenant.id)
        .end_session(&account.session.id, ctx.now, event)
        .await
        .map(drop)
}

/// When a session used now will be over.
fn expiry(app: &App, ctx: &Ctx, session: &Session) -> Timestamp {
    let lifetimes = Lifetimes::of(&app.config, &ctx.tenant);
    let end = session.auth_time.plus_seconds(lifetimes.session);
    if session.remembered {
        end
    } else {
        end.min(ctx.now.plus_seconds(lifetimes.session_idle))
    }
}

/// One cookie for each tenant, so that people can be signed in to several.
fn session_cookie(tenant: &Tenant) -> String {
    format!("__Host-sid-{}", short(tenant))
}

fn mark_cookie(tenant: &Tenant) -> String {
    format!("__Host-browser-{}", short(tenant))
}

fn short(tenant: &Tenant) -> &str {
    tenant.id.get(..8).unwrap_or(&tenant.id)
}
