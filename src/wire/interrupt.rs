//! What stops a statement from outside: the client's cancel request, its timeout, its going away,
//! and the end of the server.

use std::any::Any;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::mem;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tributary_udfs::interrupt::Interrupt;

use super::failure::{Failure, Step};
use super::frame::FrameReader;
use crate::error::{Error, SqlState};

/// The reasons for which a running statement must stop.
#[derive(Clone)]
pub(super) struct Interrupts {
    /// Set by a cancel request.
    pub(super) cancel: CancellationToken,
    /// Set when the server stops and has waited long enough.
    pub(super) shutdown: CancellationToken,
    /// When `statement_timeout` is over.
    pub(super) deadline: Option<Instant>,
    /// Set when the statement has done what it cannot take back: it is too late to cancel it, and
    /// what is left of its answer is sent.
    pub(super) is_done: Arc<AtomicBool>,
}

/// How long a piece of work may take before it gives its thread back for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// However long a call of a function takes.
    Any,
    /// A moment.
    Brief,
}

impl Interrupts {
    /// The reason to stop that there is already.
    fn now(&self) -> Option<Failure> {
        if self.shutdown.is_cancelled() {
            return Some(shutting_down());
        }
        if self.is_done.load(Ordering::Relaxed) {
            return None;
        }
        if self.cancel.is_cancelled() {
            return Some(canceled("user request"));
        }
        let is_over = self.deadline.is_some_and(|it| it <= Instant::now());
        is_over.then(|| canceled("statement timeout"))
    }

    /// Waits for the first reason to stop.
    pub(super) async fn wait(&self) -> Failure {
        let timeout = async {
            match self.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => futures::future::pending().await,
            }
        };
        let can_stop = !self.is_done.load(Ordering::Relaxed);
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => shutting_down(),
            () = self.cancel.cancelled(), if can_stop => canceled("user request"),
            () = timeout, if can_stop => canceled("statement timeout"),
        }
    }

    /// Does `work` unless a reason to stop comes first, among them that the client went away. A
    /// panic in `work` is an error of the statement alone.
    ///
    /// What waits for the reasons is a task of its own, since a call of a function may keep this
    /// one from being polled: it raises `interrupt`, which such a call hears. Most brief work is done
    /// before such a task would have begun, so that it gets one only once it has to wait for something.
    pub(super) async fn guard<T>(
        &self,
        reader: &mut FrameReader,
        interrupt: &Interrupt,
        pace: Pace,
        work: impl Future<Output = Step<T>>,
    ) -> Step<T> {
        if let Some(failure) = self.now() {
            return Err(failure);
        }
        let mut work = pin!(catch_panic(interrupt.over(work)));
        if pace == Pace::Brief
            && let Poll::Ready(outcome) = futures::poll!(work.as_mut())
        {
            self.note_commit(interrupt);
            return outcome;
        }
        // It comes back with the watcher's end. Only a connection that is dropped goes on without.
        let client = mem::replace(reader, FrameReader::absent());
        let (running, ended) = oneshot::channel();
        let watching = self.clone().watch(client, interrupt.clone(), ended);
        let mut watcher = tokio::spawn(watching);
        let (outcome, watched) = tokio::select! {
            biased;
            watched = &mut watcher => (answer_of_committed(interrupt, work).await, watched),
            outcome = &mut work => {
                drop(running);
                (Some(outcome), watcher.await)
            }
        };
        let is_committed = self.note_commit(interrupt);
        let Ok((client, failure)) = watched else {
            return Err(Failure::Gone);
        };
        *reader = client;
        match (outcome, failure) {
            (Some(outcome), _) if is_committed => outcome,
            // What was interrupted in the midst of a call says so; the reason is more to the point.
            (Some(Err(_)) | None, Some(failure)) => Err(failure),
            (Some(outcome), _) => outcome,
            (None, None) => Err(Failure::Gone),
        }
    }

    /// Whether the work has done what it cannot take back; then it is too late to cancel it.
    fn note_commit(&self, interrupt: &Interrupt) -> bool {
        let is_committed = interrupt.is_committed();
        if is_committed {
            self.is_done.store(true, Ordering::Relaxed);
            interrupt.release();
        }
        is_committed
    }

    /// Raises `interrupt` at the first reason to stop, unless the work has `ended` before.
    async fn watch(
        self,
        mut client: FrameReader,
        interrupt: Interrupt,
        ended: oneshot::Receiver<Infallible>,
    ) -> (FrameReader, Option<Failure>) {
        let failure = tokio::select! {
            biased;
            _ = ended => None,
            failure = self.wait() => Some(failure),
            failure = client.gone() => Some(failure),
        };
        if failure.is_some() {
            interrupt.raise();
        }
        (client, failure)
    }
}

/// The answer of interrupted work that has begun what it cannot take back; none of other work, which
/// ends here.
pub(super) async fn answer_of_committed<T>(
    interrupt: &Interrupt,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    poll_fn(|context| {
        if !interrupt.is_committed() {
            return Poll::Ready(None);
        }
        match work.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            // The last step may have found that it did nothing.
            Poll::Pending if !interrupt.is_committed() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Turns a panic into an error.
pub(super) async fn catch_panic<T>(work: impl Future<Output = Step<T>>) -> Step<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(panic) => Err(Failure::Statement(
            Error::internal(format!("statement panicked: {}", panic_message(&*panic)))
                .with_hint("This is a bug of the server; please report it with the statement."),
        )),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    if let Some(message) = panic.downcast_ref::<&str>() {
        message
    } else if let Some(message) = panic.downcast_ref::<String>() {
        message
    } else {
        "no message"
    }
}

fn canceled(due_to: &str) -> Failure {
    let message = format!("canceling statement due to {due_to}");
    Failure::Statement(Error::new(SqlState::QUERY_CANCELED, message))
}

/// What clients are told when the server stops.
pub(super) fn shutting_down() -> Failure {
    Failure::Fatal(Error::new(
        SqlState::ADMIN_SHUTDOWN,
        "terminating connection due to administrator command",
    ))
}

/// Reads a duration as settings have it: milliseconds, or a number with its unit; zero is none.
pub(super) fn timeout(setting: &str) -> Option<Duration> {
    let setting = setting.trim();
    let digits = setting
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(setting.len());
    let (number, unit) = setting.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit.trim() {
        "us" => number / 1e6,
        "" | "ms" => number / 1e3,
        "s" => number,
        "min" => number * 60.0,
        "h" => number * 3_600.0,
        "d" => number * 86_400.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::timeout;

    #[test]
    fn a_timeout_is_milliseconds_or_has_a_unit() {
        assert_eq!(timeout("250"), Some(Duration::from_millis(250)));
        assert_eq!(timeout("2s"), Some(Duration::from_secs(2)));
        assert_eq!(timeout("1.5 min"), Some(Duration::from_secs(90)));
        assert_eq!(timeout("0"), None);
        assert_eq!(timeout("never"), None);
    }
}
