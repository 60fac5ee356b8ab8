//! Work under interrupts: where it hears them, and where it must not.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::{Duration, Instant};

use datafusion::common::runtime::SpawnedTask;
use futures::FutureExt;

use super::{Interrupt, RaisedOnDrop, call, hand_on_to_spawned, in_place, listen};

fn raised() -> Interrupt {
    let interrupt = Interrupt::default();
    interrupt.raise();
    interrupt
}

fn is_interrupted() -> bool {
    listen().is_interrupted()
}

/// Waits for what comes within moments, or never.
fn wait_until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never comes");
        std::thread::yield_now();
    }
}

#[test]
fn work_hears_its_own_interrupt_and_no_other() {
    let (raised, calm) = (raised(), Interrupt::default());
    assert!(!is_interrupted());
    raised.within(|| {
        assert!(is_interrupted());
        calm.within(|| assert!(!is_interrupted()));
        assert!(is_interrupted());
    });
    assert!(!is_interrupted());
}

#[test]
fn what_has_begun_to_commit_is_not_interrupted() {
    let interrupt = Interrupt::default();
    assert!(interrupt.commit());
    interrupt.raise();
    assert!(interrupt.is_committed() && !interrupt.is_raised());
    assert!(interrupt.commit(), "another step of the same work");
    interrupt.release();
    assert!(interrupt.is_raised() && !interrupt.commit());
}

#[test]
fn a_panic_leaves_no_interrupt_behind() {
    let raised = raised();
    let work = || raised.within(|| std::panic::resume_unwind(Box::new("a panic")));
    assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
    assert!(!is_interrupted());
}

#[tokio::test]
async fn a_task_hears_its_interrupt_at_each_poll_and_leaves_none_to_the_next() {
    let interrupt = Interrupt::default();
    let mut polls = 0;
    let work = poll_fn(|_| {
        polls += 1;
        match is_interrupted() {
            true => Poll::Ready(polls),
            false => Poll::Pending,
        }
    });
    let mut work = Box::pin(interrupt.over(work));
    assert_eq!((&mut work).now_or_never(), None);
    assert_eq!((&mut work).now_or_never(), None);
    interrupt.raise();
    assert!(!is_interrupted());
    assert_eq!(work.now_or_never(), Some(3));
    assert!(!is_interrupted());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_datafusion_spawns_hears_the_interrupt_of_who_spawned_it() {
    assert!(hand_on_to_spawned());
    assert!(hand_on_to_spawned(), "a second time");
    let interrupt = Interrupt::default();
    let spawn = async {
        let nested = async {
            let inner = SpawnedTask::spawn(async { in_place(|| wait_until(is_interrupted)) });
            inner.join().await
        };
        let task = SpawnedTask::spawn(nested);
        let block = SpawnedTask::spawn_blocking(|| wait_until(is_interrupted));
        (task, block)
    };
    let (task, block) = interrupt.over(spawn).await;
    let other = SpawnedTask::spawn(async { is_interrupted() });
    interrupt.raise();
    task.join().await.unwrap().unwrap();
    block.join().await.unwrap();
    assert!(!other.join().await.unwrap(), "spawned under no interrupt");
}

#[test]
fn an_interrupt_is_raised_when_nobody_waits() {
    let work = RaisedOnDrop::default();
    let interrupt = work.0.clone();
    assert!(!interrupt.is_raised());
    drop(work);
    assert!(interrupt.is_raised());
}

#[test]
fn a_call_that_is_interrupted_has_no_answer() {
    assert_eq!(call(|| true, || Ok(1)).unwrap(), 1);
    let interrupt = Interrupt::default();
    interrupt.within(|| {
        assert_eq!(call(|| true, || Ok(1)).unwrap(), 1);
        let answer = call(
            || true,
            || {
                interrupt.raise();
                Ok(1)
            },
        );
        assert!(answer.unwrap_err().to_string().contains("canceling"));
        let answer = call(
            || true,
            || -> datafusion::error::Result<()> { unreachable!() },
        );
        assert!(answer.is_err());
    });
}

/// On one worker, and with a call that waits for another task, which only runs if the call leaves
/// its thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_long_call_leaves_the_tasks_of_its_thread_to_another() {
    let (long, others) = (Interrupt::default(), Interrupt::default());
    let raise = others.clone();
    let task = tokio::spawn(async move {
        let other = tokio::spawn(async move { raise.raise() });
        let waits = || {
            wait_until(|| others.is_raised());
            Ok(())
        };
        long.over(async { call(|| true, waits) }).await.unwrap();
        other.await.unwrap();
    });
    task.await.unwrap();
}

#[tokio::test]
async fn one_thread_does_its_long_calls_itself() {
    assert_eq!(in_place(|| 1), 1);
    let interrupt = Interrupt::default();
    let answer = interrupt.over(async { call(|| true, || Ok(1)) }).await;
    assert_eq!(answer.unwrap(), 1);
}
