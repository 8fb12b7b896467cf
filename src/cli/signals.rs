//! The signals to stop: the first lets running requests end, the second does not.

use tokio_util::sync::CancellationToken;

use super::error::CliError;

/// What the signals cancel.
pub(super) struct Tokens {
    pub(super) stop: CancellationToken,
    pub(super) kill: CancellationToken,
}

/// Begins to listen for signals; from now on none of them ends the process by itself.
pub(super) fn listen() -> Result<Tokens, CliError> {
    let stop = CancellationToken::new();
    let kill = CancellationToken::new();
    let mut signals = Signals::new().map_err(CliError::Process)?;
    let tokens = Tokens {
        stop: stop.clone(),
        kill: kill.clone(),
    };
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("stopping; open requests may end");
        stop.cancel();
        signals.next().await;
        tracing::warn!("stopping at once");
        kill.cancel();
    });
    Ok(tokens)
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
