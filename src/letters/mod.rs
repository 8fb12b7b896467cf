//! Floor 4: mail to people. A letter is written here, sealed, and stored in the transaction of what
//! causes it; [`worker`] sends it.
//!
//! A letter goes to the address that is stored with the account, never to one that somebody typed,
//! and its links begin with the tenant's issuer, never with a header.

pub mod worker;

use zeroize::Zeroizing;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::master_key::Unsealable;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::mail::Contents;
use crate::model::audit_event::AuditEvent;
use crate::model::letter::{Letter, NewLink, Purpose};
use crate::model::login_name::LoginName;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::model::user_agent;

/// How long news of an account is worth sending, in seconds.
const NOTICE_LIFETIME: i64 = 86_400;

/// A letter with a new link, to the account's address. `None`: no mail is sent here, the account has
/// no address, or too many mails wait.
pub fn with_link(
    app: &App,
    tenant: &Tenant,
    user: &User,
    purpose: Purpose,
    now: Timestamp,
) -> Option<Letter> {
    let recipient = user.email.clone().filter(|_| has_room(app))?;
    let secret = OpaqueToken::generate(Kind::MailLink, &app.random);
    let link = new_link(app, user, purpose, &secret, true, now);
    let (lifetime, expires_at) = (lifetime(app, purpose), link.expires_at);
    let secret = secret.expose().to_owned();
    let contents = match purpose {
        Purpose::VerifyEmail => Contents::VerifyEmail {
            link: secret,
            lifetime,
        },
        Purpose::ResetPassword => Contents::ResetPassword {
            link: secret,
            lifetime,
        },
        Purpose::Invitation => Contents::Invitation {
            link: secret,
            lifetime,
        },
    };
    let letter = sealed(app, tenant, user, recipient, &contents, now, expires_at)?;
    Some(Letter {
        link: Some(link),
        ..letter
    })
}

/// A link for the operator to hand over, and its address. Using it proves nothing about the account's.
pub fn printed_link(
    app: &App,
    tenant: &Tenant,
    user: &User,
    purpose: Purpose,
    now: Timestamp,
) -> (NewLink, String) {
    let secret = OpaqueToken::generate(Kind::MailLink, &app.random);
    let link = new_link(app, user, purpose, &secret, false, now);
    let page = purpose.path();
    let address = format!("{}{page}?link={}", tenant.issuer, secret.expose());
    (link, address)
}

/// A letter that tells something and can do nothing, to the account's address. `None` as for
/// [`with_link`].
pub fn notice(
    app: &App,
    tenant: &Tenant,
    user: &User,
    contents: &Contents,
    now: Timestamp,
) -> Option<Letter> {
    let recipient = user.email.clone().filter(|_| has_room(app))?;
    let until = now.plus_seconds(NOTICE_LIFETIME);
    sealed(app, tenant, user, recipient, contents, now, until)
}

/// Lets a notice go with an event, where mail is sent.
pub fn tell(app: &App, tenant: &Tenant, user: &User, contents: &Contents, event: &mut AuditEvent) {
    let letter = notice(app, tenant, user, contents, event.at);
    event.letters.extend(letter);
}

/// Lets the news of a sign-in go with its event, to whoever was signed in before: it is sent where the
/// device is new.
pub fn tell_of_device(app: &App, ctx: &Ctx, user: &User, event: &mut AuditEvent) {
    if user.last_login_at.is_some() {
        let origin = ctx.origin();
        let news = Contents::NewDevice {
            at: event.at.millis(),
            device: user_agent::name(origin.user_agent.as_deref()),
            network: origin.address.unwrap_or_default(),
        };
        tell(app, &ctx.tenant, user, &news, event);
    }
}

/// How long a link lives, in seconds.
pub fn lifetime(app: &App, purpose: Purpose) -> i64 {
    match purpose {
        Purpose::Invitation => app.config.mail.invitation_lifetime,
        _ => app.config.mail.link_lifetime,
    }
}

fn has_room(app: &App) -> bool {
    if !app.mail.works() {
        return false;
    }
    let has_room = app.mail.waiting() < app.config.mail.max_queue;
    if !has_room {
        app.metrics.mail_dropped.inc();
    }
    has_room
}

fn new_link(
    app: &App,
    user: &User,
    purpose: Purpose,
    secret: &OpaqueToken,
    by_mail: bool,
    now: Timestamp,
) -> NewLink {
    let email = user.email.as_deref().and_then(LoginName::parse);
    NewLink {
        digest: secret.digest(),
        purpose,
        email_key: email.map(|email| email.as_str().to_owned()),
        by_mail,
        now,
        expires_at: now.plus_seconds(lifetime(app, purpose)),
        most_per_hour: app.config.mail.links_per_hour,
    }
}

fn sealed(
    app: &App,
    tenant: &Tenant,
    user: &User,
    recipient: String,
    contents: &Contents,
    now: Timestamp,
    expires_at: Timestamp,
) -> Option<Letter> {
    let id = app.row_id();
    let plain = serde_json::to_vec(contents).ok().map(Zeroizing::new)?;
    let sealed = app
        .master_key
        .seal(&place(&tenant.id, &id), &plain, &app.random);
    Some(Letter {
        id,
        user_id: user.id.clone(),
        kind: contents.kind(),
        recipient,
        sealed,
        link: None,
        now,
        expires_at,
    })
}

/// Opens what [`sealed`] made.
fn open(app: &App, tenant: &str, id: &str, sealed: &str) -> Result<Contents, Unsealable> {
    let plain = app.master_key.open(&place(tenant, id), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| Unsealable)
}

fn place(tenant: &str, id: &str) -> String {
    format!("mail_queue/{tenant}/{id}/sealed")
}
