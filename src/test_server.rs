//! What tests of whole statements begin with: a server of their own, its sessions, and the stack that its
//! threads have.

use std::path::Path;
use std::sync::Arc;

use crate::cli::STACK;
use crate::config::Configuration;
use crate::instance::Instance;
use crate::session::{Client, Outcome, Session};

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

/// A server whose data are in a folder.
pub async fn open(folder: &Path) -> Arc<Instance> {
    let flags = [("data_dir".to_owned(), folder.display().to_string())];
    let configuration = Configuration::load(None, |_| None, flags).unwrap();
    Instance::open(configuration).await.unwrap()
}

/// A session of the first user.
pub fn begin(instance: &Arc<Instance>) -> Arc<Session> {
    let client = Client {
        process: 1,
        user: "tributary".to_owned(),
        address: None,
    };
    Session::begin(Arc::clone(instance), client, &[], Arc::default()).unwrap()
}

/// Runs statements that answer with no rows.
pub async fn run(session: &Session, sql: &str) {
    for statement in session.parse(sql).unwrap() {
        let prepared = session.prepare(statement, &[]).await.unwrap();
        let outcome = session.execute(&prepared, Vec::new()).await.unwrap();
        assert!(matches!(outcome, Outcome::Done(_)), "{sql}");
    }
}
