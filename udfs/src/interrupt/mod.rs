//! How work hears that nobody wants its answer any more, and how long work leaves its thread to
//! others.
//!
//! Async tasks share threads by giving them back between two calls. Within one call, nothing can
//! stop a function, and nothing else runs on its thread: to compare two texts of a megabyte takes
//! minutes, in which a cancel request is not even read. A program that serves several queries does
//! the work of each [over](Interrupt::over) an [`Interrupt`]. The functions of this library then
//! look at it every millisecond or so, and end with an error once it is raised; and where a call
//! takes long, the other tasks of its thread go on on another one.
//!
//! What a query's plan spawns hears its interrupt too, once [`hand_on_to_spawned`] was called.

mod spawned;
#[cfg(test)]
mod tests;
mod watch;

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use datafusion::error::Result;
use tokio::runtime::{Handle, RuntimeFlavor};

pub use self::spawned::hand_on_to_spawned;
pub(crate) use self::watch::Watch;
use crate::FunctionError;

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// What a thread works under.
#[derive(Clone, Debug)]
struct Current {
    interrupt: Interrupt,
    /// Since when a task has had its thread; none on a thread that no other task waits for.
    polled: Option<Instant>,
}

/// A task that has had its thread for so long leaves it to others before its next call.
const PATIENCE: Duration = Duration::from_millis(10);

/// Somebody has raised the interrupt.
const RAISED: u8 = 1;

/// The work has begun what it cannot take back.
const COMMITTED: u8 = 2;

/// Tells work, wherever it is done, that its answer is not wanted any more. Clones are the same
/// interrupt. Once raised it stays so, but work that has [committed](Self::commit) before goes on to
/// its answer.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    /// The interrupt of the work that is done on this thread.
    pub fn current() -> Option<Self> {
        listen().0
    }

    /// Tells all work over this interrupt to end.
    pub fn raise(&self) {
        self.0.fetch_or(RAISED, Ordering::Relaxed);
    }

    /// Whether the work is to end.
    #[inline]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed) == RAISED
    }

    /// Tells that the work is about to do what it cannot take back: whoever raises this from now on
    /// comes too late, and must wait for the answer. Where this was raised before, nothing may be
    /// done, and the answer is false.
    #[must_use = "what was interrupted must not be done"]
    pub fn commit(&self) -> bool {
        let committed = |state| (state != RAISED).then_some(state | COMMITTED);
        let order = Ordering::Relaxed;
        self.0.fetch_update(order, order, committed).is_ok()
    }

    /// Whether the work's answer is to be waited for.
    pub fn is_committed(&self) -> bool {
        self.0.load(Ordering::Relaxed) & COMMITTED != 0
    }

    /// Tells that nothing was done after all, or that the work has been answered.
    pub fn release(&self) {
        self.0.fetch_and(!COMMITTED, Ordering::Relaxed);
    }

    /// Does asynchronous work in which calls of functions end with an error once this is raised.
    /// On a runtime of several threads, long calls leave the other tasks of their thread to another
    /// one, and so this must not be awaited within a `LocalSet`, whose tasks cannot be left.
    pub async fn over<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let since = CURRENT.with_borrow(|outer| outer.as_ref().and_then(|outer| outer.polled));
            let current = Current {
                interrupt: self.clone(),
                polled: Some(since.unwrap_or_else(Instant::now)),
            };
            under(current, || work.as_mut().poll(context))
        })
        .await
    }

    /// Does work on a thread where it may block, which ends early once this is raised.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let current = Current {
            interrupt: self.clone(),
            polled: None,
        };
        under(current, work)
    }
}

/// Raises an interrupt when it is dropped: nobody waits for the work any more.
#[derive(Debug, Default)]
pub struct RaisedOnDrop(pub Interrupt);

impl Drop for RaisedOnDrop {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// Does work under something, and leaves the thread as it was, even by a panic: an interrupt never
/// reaches the work of others.
fn under<T>(current: Current, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Current>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _restore = Restore(CURRENT.replace(Some(current)));
    work()
}

/// What a loop looks at to hear an interrupt: as cheap as reading a variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listener(Option<Interrupt>);

/// What the work of this thread is to listen to.
pub(crate) fn listen() -> Listener {
    let interrupt = |current: &Current| current.interrupt.clone();
    Listener(CURRENT.with_borrow(|current| current.as_ref().map(interrupt)))
}

impl Listener {
    /// Whether the work is to end.
    #[inline]
    pub(crate) fn is_interrupted(&self) -> bool {
        self.0.as_ref().is_some_and(Interrupt::is_raised)
    }

    /// Does work on a thread of its own, which hears what this hears.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(interrupt) => interrupt.within(work),
            None => work(),
        }
    }

    /// An error once the work is to end.
    #[inline]
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_interrupted() {
            return Err(FunctionError::canceled().into());
        }
        Ok(())
    }
}

/// Does a call of a function, of which `is_long` says whether it may take more than some
/// milliseconds. What is interrupted answers anything, and so gives an error.
pub(crate) fn call<T>(
    is_long: impl FnOnce() -> bool,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let current = CURRENT.with_borrow(Clone::clone);
    let Some(Current { interrupt, polled }) = current else {
        return work();
    };
    let listener = Listener(Some(interrupt));
    listener.check()?;
    let answer = match polled {
        Some(since) if since.elapsed() >= PATIENCE || is_long() => in_place(work),
        _ => work(),
    }?;
    listener.check()?;
    Ok(answer)
}

/// Does long work on this thread. On a runtime of several threads, another one takes over the other
/// tasks of this one.
pub fn in_place<T>(work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|handle| handle.runtime_flavor());
    if matches!(flavor, Ok(RuntimeFlavor::MultiThread)) {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}
