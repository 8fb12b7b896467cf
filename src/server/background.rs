//! What runs beside the requests. Every task ends when the server stops.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::base::id::random_id;
use crate::letters::worker;
use crate::storage::tenant_end::Purge;
use crate::trail::retention::{self, Forgotten};
use crate::trail::{self, checkpoint, sealer};

/// How often every node looks for changes.
const FEED_INTERVAL: Duration = Duration::from_millis(500);
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);
const HOURS_INTERVAL: Duration = Duration::from_secs(10);
/// How long what happened can be tampered with at most, while the server runs.
const SEAL_INTERVAL: Duration = Duration::from_secs(1);
const CHECKPOINT_INTERVAL: Duration = Duration::from_mins(1);
const KEY_INTERVAL: Duration = Duration::from_secs(10);
const REAP_INTERVAL: Duration = Duration::from_mins(1);
const RETENTION_INTERVAL: Duration = Duration::from_mins(10);
const MAIL_INTERVAL: Duration = Duration::from_secs(1);
const PURGE_INTERVAL: Duration = Duration::from_secs(1);
/// Batches between two looks at the signal to stop.
const PURGE_BATCHES: usize = 10;

/// Starts the tasks.
pub(crate) fn start(app: &App, stop: &CancellationToken) -> TaskTracker {
    let tasks = TaskTracker::new();
    every(&tasks, stop, FEED_INTERVAL, app, follow_changes);
    every(&tasks, stop, FLUSH_INTERVAL, app, flush);
    every(&tasks, stop, HOURS_INTERVAL, app, flush_hours);
    every(&tasks, stop, KEY_INTERVAL, app, turn_keys);
    // Who holds the leases of this process.
    let holder: Arc<str> = random_id(&app.random).into();
    every(&tasks, stop, SEAL_INTERVAL, app, held(&holder, seal));
    every(
        &tasks,
        stop,
        CHECKPOINT_INTERVAL,
        app,
        held(&holder, sign_checkpoints),
    );
    every(&tasks, stop, REAP_INTERVAL, app, held(&holder, reap));
    every(&tasks, stop, RETENTION_INTERVAL, app, held(&holder, forget));
    every(&tasks, stop, PURGE_INTERVAL, app, held(&holder, purge));
    if app.mail.works() {
        every(&tasks, stop, MAIL_INTERVAL, app, held(&holder, send_mail));
    }
    tasks
}

/// Work that takes a lease, with the name this process takes it under.
fn held<F, Fut>(holder: &Arc<str>, work: F) -> impl Fn(App) -> Fut + Send + 'static
where
    F: Fn(App, Arc<str>) -> Fut + Send + 'static,
{
    let holder = Arc::clone(holder);
    move |app| work(app, Arc::clone(&holder))
}

fn every<F, Fut>(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    interval: Duration,
    app: &App,
    work: F,
) where
    F: Fn(App) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (app, stop) = (app.clone(), stop.clone());
    tasks.spawn(async move {
        while stop
            .run_until_cancelled(tokio::time::sleep(interval))
            .await
            .is_some()
        {
            work(app.clone()).await;
        }
    });
}

async fn follow_changes(app: App) {
    let db = app.store.db();
    let was_stale = db.feed().is_stale();
    match db.feed().catch_up(db).await {
        Ok(()) if app.directory.needs_load() => {
            if let Err(error) = app.directory.load(app.clock.now()).await {
                tracing::warn!(%error, "the revocation set could not be loaded");
            }
        }
        Err(error) if !was_stale => tracing::warn!(%error, "the change feed cannot be read"),
        Ok(()) | Err(_) => {}
    }
}

async fn flush(app: App) {
    trail::flush_refusals(&app).await;
    if let Err(error) = app.key_uses.flush(&app.store).await {
        tracing::warn!(%error, "it is not noted when API keys were used");
    }
}

async fn flush_hours(app: App) {
    trail::flush_hours(&app).await;
}

async fn seal(app: App, holder: Arc<str>) {
    if let Err(error) = sealer::seal_all(&app, &holder).await {
        tracing::warn!(%error, "the audit trail could not be sealed");
    }
}

async fn sign_checkpoints(app: App, holder: Arc<str>) {
    if let Err(error) = checkpoint::sign_due(&app, &holder).await {
        tracing::warn!(%error, "the audit trail's checkpoints could not be signed");
    }
}

async fn turn_keys(app: App) {
    if let Err(error) = app.key_maker.activate_due().await {
        tracing::warn!(%error, "announced keys could not be activated");
    }
}

async fn reap(app: App, holder: Arc<str>) {
    let now = app.clock.now();
    app.directory.tidy(now);
    let until = now.plus_seconds(300);
    match app.store.take_lease("reaper", &holder, now, until).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => return tracing::warn!(%error, "the reaper's lease could not be taken"),
    }
    match app.store.reap_keeping(now, &app.config.retention).await {
        Ok(0) => {}
        Ok(removed) => tracing::debug!(removed, "removed what is over"),
        Err(error) => tracing::warn!(%error, "the reaper failed"),
    }
    // Here and not at the start: a fresh server has better things to do than to make spare keys.
    if let Err(error) = app.key_maker.stock_up(app.signing_alg()).await {
        tracing::warn!(%error, "no spare keys could be made");
    }
}

/// Lets the trail go where it is old enough, one node at a time.
async fn forget(app: App, holder: Arc<str>) {
    match retention::run(&app, &holder).await {
        Ok(forgotten) if forgotten == Forgotten::default() => {}
        Ok(Forgotten { events, rows }) => tracing::info!(events, rows, "cut the audit trail"),
        Err(error) => tracing::warn!(%error, "the audit trail could not be cut"),
    }
}

async fn send_mail(app: App, holder: Arc<str>) {
    if let Err(error) = worker::send_due(&app, &holder).await {
        tracing::warn!(%error, "the mail queue cannot be worked on");
    }
}

/// Removes what deleted tenants left behind, one node at a time.
async fn purge(app: App, holder: Arc<str>) {
    let now = app.clock.now();
    match app.store.has_purge().await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => return tracing::warn!(%error, "deleted tenants could not be looked for"),
    }
    let until = now.plus_seconds(60);
    match app.store.take_lease("purge", &holder, now, until).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            return tracing::warn!(%error, "the lease on deleted tenants could not be taken");
        }
    }
    for _ in 0..PURGE_BATCHES {
        match app.store.purge(now).await {
            Ok(Purge::Removed(_)) => {}
            Ok(Purge::Done) => return,
            Err(error) => return tracing::warn!(%error, "a deleted tenant's rows stay for now"),
        }
    }
}
