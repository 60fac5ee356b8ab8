//! Cancel requests: a second connection names a first by its process id and secret.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::connection::Stop;
use crate::instance::Canceller;

/// Protocol 3.0 has room for a secret of this many bytes.
const SHORT_SECRET_BYTES: usize = 4;

/// The connections that can be asked to stop what they do.
#[derive(Default)]
pub(super) struct CancelRegistry {
    connections: Mutex<HashMap<i32, Arc<Running>>>,
}

/// What a connection runs at this moment.
#[derive(Default)]
struct Running {
    secret: Vec<u8>,
    statement: Mutex<Option<CancellationToken>>,
}

/// A connection's place in the registry, left when it is dropped.
pub(super) struct CancelKey {
    registry: Arc<CancelRegistry>,
    running: Arc<Running>,
    process_id: i32,
}

impl CancelRegistry {
    /// Enters a connection under a process id that no other has; protocol 3.0 takes a short secret.
    pub(super) fn register(self: &Arc<Self>, short_secret: bool) -> CancelKey {
        let mut secret = Uuid::new_v4().as_bytes().to_vec();
        if short_secret {
            secret.truncate(SHORT_SECRET_BYTES);
        }
        let running = Arc::new(Running {
            secret,
            statement: Mutex::new(None),
        });
        let mut connections = self.connections.lock();
        let process_id = loop {
            let random = Uuid::new_v4().as_fields().0 >> 1;
            match i32::try_from(random) {
                Ok(candidate) if candidate > 0 && !connections.contains_key(&candidate) => {
                    break candidate;
                }
                _ => {}
            }
        };
        connections.insert(process_id, Arc::clone(&running));
        CancelKey {
            registry: Arc::clone(self),
            running,
            process_id,
        }
    }

    /// Stops what the connection runs, if the secret is right. Whoever asks is told nothing.
    pub(super) fn cancel(&self, process_id: i32, secret: &[u8]) {
        let Some(running) = self.connections.lock().get(&process_id).cloned() else {
            return;
        };
        if equals_in_constant_time(&running.secret, secret)
            && let Some(statement) = running.statement.lock().as_ref()
        {
            statement.cancel();
        }
    }
}

impl CancelKey {
    /// The number that names the connection.
    pub(super) fn process_id(&self) -> i32 {
        self.process_id
    }

    /// Stops what the connection runs, without a secret, or ends the connection by `stop`.
    pub(super) fn canceller(&self, stop: &Stop) -> Canceller {
        let stop = stop.clone();
        let running = Arc::clone(&self.running);
        Canceller::new(move || {
            if let Some(statement) = running.statement.lock().as_ref() {
                statement.cancel();
            }
        })
        .terminating(move || {
            stop.idle.cancel();
            stop.running.cancel();
        })
    }

    /// What a cancel request must show.
    pub(super) fn secret(&self) -> &[u8] {
        &self.running.secret
    }

    /// A statement starts: from now on a cancel request stops it.
    pub(super) fn begin(&self) -> CancellationToken {
        let token = CancellationToken::new();
        *self.running.statement.lock() = Some(token.clone());
        token
    }

    /// The statement has ended: a late cancel request must not hit the next.
    pub(super) fn end(&self) {
        *self.running.statement.lock() = None;
    }
}

impl Drop for CancelKey {
    fn drop(&mut self) {
        self.registry.connections.lock().remove(&self.process_id);
    }
}

/// Takes as long for a near miss as for a far one.
fn equals_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    let difference = left.iter().zip(right).fold(0, |difference, (left, right)| {
        black_box(difference | (left ^ right))
    });
    left.len() == right.len() && difference == 0
}
