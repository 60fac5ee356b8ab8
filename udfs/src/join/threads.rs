//! Work that is shared out among threads.

use std::sync::Mutex;
use std::thread;

use datafusion::error::{DataFusionError, Result};

/// Does tasks on some threads, this one among them, the first tasks first. Runs on a thread where
/// it may block. The results are in the order of the tasks.
pub(super) fn in_threads<T: Send, R: Send>(
    tasks: Vec<T>,
    threads: usize,
    work: impl Fn(T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let threads = threads.clamp(1, tasks.len().max(1));
    let tasks = Mutex::new(tasks.into_iter().enumerate());
    let next = || tasks.lock().ok().and_then(|mut tasks| tasks.next());
    let work = || {
        let mut done = Vec::new();
        while let Some((number, task)) = next() {
            done.push((number, work(task)?));
        }
        Ok(done)
    };
    let done: Vec<Result<Vec<(usize, R)>>> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = vec![work()];
        done.extend(others.into_iter().map(|other| {
            other.join().unwrap_or_else(|_| {
                Err(DataFusionError::Internal(
                    "a thread of a similarity join panicked".to_string(),
                ))
            })
        }));
        done
    });
    let mut all = Vec::new();
    for done in done {
        all.extend(done?);
    }
    all.sort_unstable_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}
