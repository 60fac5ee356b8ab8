//! Work on several threads, whose answer does not depend on how many there are.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use datafusion::error::Result;

use crate::interrupt::listen;

/// What `work` says of each number below `tasks`, in order, or one of its errors. `begin` gives
/// each thread what it keeps from one task to the next.
///
/// An interrupt is heard before each task, and by what listens within one.
pub(super) fn map<S, T: Send>(
    threads: usize,
    tasks: usize,
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let listener = listen();
    let work = |state: &mut S, task: usize| {
        listener.check()?;
        work(state, task)
    };
    let threads = threads.clamp(1, tasks.max(1));
    if threads == 1 {
        let mut state = begin();
        return (0..tasks).map(|task| work(&mut state, task)).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Ok(Vec::with_capacity(tasks)));
    let run = || {
        let mut state = begin();
        loop {
            let task = next.fetch_add(1, Ordering::Relaxed);
            if task >= tasks {
                break;
            }
            let answer = work(&mut state, task);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            match answer {
                Ok(answer) => match done.as_mut() {
                    Ok(done) => done.push((task, answer)),
                    // Another thread has met an error: nobody needs the rest.
                    Err(_) => break,
                },
                Err(error) => {
                    *done = Err(error);
                    break;
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| listener.within(run));
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    done.sort_unstable_by_key(|(task, _)| *task);
    Ok(done.into_iter().map(|(_, answer)| answer).collect())
}
