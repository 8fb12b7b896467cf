//! The threads everything asynchronous runs on.

use std::time::Duration;

use tokio::runtime::Builder;

use super::error::CliError;

/// What may still run when the work is done: a password being hashed for somebody who left.
const LAST_TASKS: Duration = Duration::from_secs(1);

/// Runs `work` on a runtime with a worker for every core.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = Builder::new_multi_thread()
        .worker_threads(cores)
        .enable_all()
        .build()
        .map_err(CliError::Process)?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LAST_TASKS);
    done
}
