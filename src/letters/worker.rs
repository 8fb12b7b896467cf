//! Sends what waits. One node works at a time, and each mail is leased before it is sent, so that a
//! node that dies in between leaves at most that one to be sent twice, under the same Message-ID.
//!
//! | what happens | what becomes of the mail |
//! |---|---|
//! | taken | gone |
//! | put off (4yz) | tried again after a growing pause, as long as it is worth sending |
//! | refused (5yz) | given up |
//! | no server, or none that lets us in | tried again soon, and the server is left alone for a growing pause |
//! | no longer worth sending: too old, its link over | given up unsent |

use std::sync::Mutex;
use std::sync::PoisonError;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::mail::{Envelope, SendError, Sender};
use crate::storage::DbError;
use crate::storage::mail_queue::DueMail;
use crate::telemetry::MailLabel;

/// Mails between two looks at the signal to stop.
const ROUND: usize = 50;
/// The first pause after an answer of 4yz, in seconds, and the longest.
const FIRST_PAUSE: i64 = 30;
const LONGEST_PAUSE: i64 = 900;
/// The pause of a mail whose server could not be used: it is not the mail's fault.
const SERVER_PAUSE: i64 = 20;
/// The longest pause of a server that cannot be used, in seconds.
const LONGEST_SERVER_PAUSE: i64 = 30;

/// When a server that cannot be used is asked again.
#[derive(Default)]
pub struct Patience(Mutex<Pause>);

#[derive(Clone, Copy, Default)]
struct Pause {
    until: Timestamp,
    seconds: i64,
}

impl Patience {
    fn is_over(&self, now: Timestamp) -> bool {
        self.get().until <= now
    }

    /// Waits longer than the time before; whether this is the first of several failures.
    fn fail(&self, now: Timestamp) -> bool {
        let mut pause = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = pause.seconds == 0;
        pause.seconds = (pause.seconds * 2).clamp(1, LONGEST_SERVER_PAUSE);
        pause.until = now.plus_seconds(pause.seconds);
        first
    }

    fn succeed(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Pause::default();
    }

    fn get(&self) -> Pause {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends what is due, a round of it at most; how many the server took.
///
/// # Errors
/// The database's. What was leased is tried again once the lease is over.
pub async fn send_due(app: &App, holder: &str) -> Result<usize, DbError> {
    let now = app.clock.now();
    if !app.mail.works() || !app.patience.is_over(now) || !app.store.has_due_mail(now).await? {
        return Ok(0);
    }
    let mut sent = 0;
    for _ in 0..ROUND {
        let now = app.clock.now();
        let until = now.plus_seconds(lease_seconds(app));
        if !app.store.take_lease("mail", holder, now, until).await? {
            break;
        }
        let Some(mail) = app.store.lease_mail(now, until).await? else {
            break;
        };
        match send(app, &mail, now).await? {
            Outcome::Sent => sent += 1,
            Outcome::NotThis => {}
            Outcome::NoServer => break,
        }
    }
    let backlog = app.store.mail_backlog().await?;
    app.mail.note_waiting(backlog.waiting);
    app.metrics.mail_waiting.set(backlog.waiting);
    app.metrics.mail_dead.set(backlog.dead);
    Ok(sent)
}

enum Outcome {
    Sent,
    NotThis,
    NoServer,
}

/// Longer than any attempt takes.
fn lease_seconds(app: &App) -> i64 {
    let timeout = i64::try_from(app.config.mail.timeout.as_secs()).unwrap_or(300);
    timeout * 4 + 30
}

async fn send(app: &App, mail: &DueMail, now: Timestamp) -> Result<Outcome, DbError> {
    if mail.expires_at <= now || mail.link_is_dead {
        return give_up(app, mail, now, "expired").await;
    }
    let tenant = app.directory.tenant_by_id(&mail.tenant).await?;
    let Some(tenant) = tenant.filter(|tenant| tenant.enabled) else {
        return give_up(app, mail, now, "tenant").await;
    };
    let Ok(contents) = super::open(app, &mail.tenant, &mail.id, &mail.sealed) else {
        return give_up(app, mail, now, "unsealable").await;
    };
    let sender = Sender {
        name: &tenant.name,
        issuer: &tenant.issuer,
        support_uri: tenant.display.support_uri.as_deref(),
        color: tenant.display.primary_color.as_deref(),
    };
    let rendered = match app.mail.render(&sender, &contents) {
        Ok(rendered) => rendered,
        Err(error) => {
            tracing::error!(%error, kind = mail.kind.name(), "a mail could not be written");
            return give_up(app, mail, now, "template").await;
        }
    };
    let envelope = Envelope {
        id: &mail.id,
        recipient: &mail.recipient,
        at: mail.created_at,
    };
    match app.mail.send(&envelope, rendered).await {
        Ok(()) => {
            app.patience.succeed();
            app.store.mail_was_sent(&mail.tenant, &mail.id).await?;
            count(app, "sent");
            Ok(Outcome::Sent)
        }
        Err(SendError::Temporary(reason)) => {
            app.patience.succeed();
            count(app, "put_off");
            let next = app.clock.now().plus_seconds(pause(app, mail.attempts));
            if next >= mail.expires_at {
                return give_up(app, mail, now, &reason).await;
            }
            let attempts = mail.attempts + 1;
            let store = &app.store;
            store
                .put_mail_off(&mail.tenant, &mail.id, next, attempts, &reason)
                .await?;
            Ok(Outcome::NotThis)
        }
        Err(SendError::Permanent(reason)) => {
            app.patience.succeed();
            tracing::warn!(
                mail = mail.id,
                kind = mail.kind.name(),
                reason,
                "a mail was refused"
            );
            count(app, "refused");
            give_up(app, mail, now, &reason).await
        }
        Err(error @ SendError::Unreachable(_)) => {
            let now = app.clock.now();
            if app.patience.fail(now) {
                tracing::warn!(%error, "mail waits until the server can be used");
            }
            count(app, "no_server");
            let next = now.plus_seconds(SERVER_PAUSE);
            let store = &app.store;
            store
                .put_mail_off(&mail.tenant, &mail.id, next, mail.attempts, "no server")
                .await?;
            Ok(Outcome::NoServer)
        }
    }
}

async fn give_up(
    app: &App,
    mail: &DueMail,
    now: Timestamp,
    reason: &str,
) -> Result<Outcome, DbError> {
    let store = &app.store;
    store
        .give_mail_up(&mail.tenant, &mail.id, now, reason)
        .await?;
    count(app, "given_up");
    Ok(Outcome::NotThis)
}

/// Doubles with every attempt, give or take a quarter, so that what failed together does not come back
/// together.
fn pause(app: &App, attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(10);
    let pause = (FIRST_PAUSE << doublings).min(LONGEST_PAUSE);
    let [byte] = app.random.bytes::<1>();
    pause * (192 + i64::from(byte) / 2) / 256
}

fn count(app: &App, outcome: &'static str) {
    app.metrics
        .mails
        .get_or_create(&MailLabel { outcome })
        .inc();
}
