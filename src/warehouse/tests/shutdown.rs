//! The end of the process while a table is read or written.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use super::*;

/// How often a runtime goes down under somebody.
const ROUNDS: usize = 100;

/// The first moments of a read of a log, after which its statement is cancelled.
async fn begin_to_read(warehouse: &Warehouse, id: &TableId, polls: usize) {
    let mut reading = std::pin::pin!(warehouse.version(id));
    for _ in 0..polls {
        let polled = futures::poll!(reading.as_mut());
        if let Poll::Ready(version) = polled {
            version.unwrap();
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn the_end_waits_for_who_reads_a_log_and_was_cancelled() {
    let fixture = Fixture::new();
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().unwrap()
    };
    runtime().block_on(async {
        fixture.replace(ids([0])).await;
        for id in 1..5 {
            fixture.append(ids([id])).await;
        }
    });
    let panics = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&panics);
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        counted.fetch_add(1, Ordering::SeqCst);
        told(info);
    }));
    for round in 0..ROUNDS {
        let runtime = runtime();
        runtime.block_on(async {
            let warehouse = fixture.reopened();
            begin_to_read(&warehouse, &fixture.id, round * 20 + 1).await;
            warehouse.rest().await;
        });
        // Threads that block are waited for, and no task runs for them any more.
        drop(runtime);
    }
    assert_eq!(panics.load(Ordering::SeqCst), 0);
}
