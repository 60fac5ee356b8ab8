//! Tests of what plans queries, on stacks as the server's threads have them.

use crate::cli::STACK;

/// Does something on threads of the server's stack; a test's own thread has an eighth of it.
pub fn block_on<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send + 'static) {
    let run = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let builder = builder.enable_all().thread_stack_size(STACK);
        builder.build().unwrap().block_on(work());
    };
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread.spawn(run).unwrap().join().unwrap();
}
