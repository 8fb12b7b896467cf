//! Many at once.

use std::sync::Arc;

use tokio::sync::Barrier;

/// As many as race for one thing.
pub const RACERS: usize = 50;
pub const ROUNDS: usize = 20;

/// Starts every task when all are ready; what they gave, in their order.
pub async fn at_once<T, F>(tasks: impl IntoIterator<Item = F>) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let tasks: Vec<F> = tasks.into_iter().collect();
    let start = Arc::new(Barrier::new(tasks.len()));
    let running: Vec<_> = tasks
        .into_iter()
        .map(|task| {
            let start = Arc::clone(&start);
            tokio::spawn(async move {
                start.wait().await;
                task.await
            })
        })
        .collect();
    let mut given = Vec::new();
    for task in running {
        given.push(task.await.expect("a task that does not panic"));
    }
    given
}
