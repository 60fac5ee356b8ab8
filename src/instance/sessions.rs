//! Who is connected, and what the server does by itself.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use uuid::Uuid;

use super::AdvisoryLocks;

/// Stops what a session runs.
#[derive(Clone)]
pub struct Canceller {
    cancel: Arc<dyn Fn() + Send + Sync>,
    terminate: Arc<dyn Fn() + Send + Sync>,
}

impl Canceller {
    /// One that does this, and nothing more to end the session.
    pub fn new(cancel: impl Fn() + Send + Sync + 'static) -> Self {
        let cancel: Arc<dyn Fn() + Send + Sync> = Arc::new(cancel);
        Self {
            terminate: Arc::clone(&cancel),
            cancel,
        }
    }

    /// The same, of a session that this ends.
    #[must_use]
    pub fn terminating(self, terminate: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            terminate: Arc::new(terminate),
            ..self
        }
    }
}

impl Default for Canceller {
    /// Of a session that nothing stops.
    fn default() -> Self {
        Self::new(|| {})
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller")
    }
}

/// What encrypts a session's connection, as `pg_stat_ssl` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEncryption {
    /// The version of TLS.
    pub version: &'static str,
    /// The cipher, by OpenSSL's name.
    pub cipher: &'static str,
    /// The bits of its key.
    pub bits: i32,
    /// The subject of the client's certificate.
    pub client_dn: Option<String>,
    /// Its number.
    pub client_serial: Option<String>,
    /// Its issuer.
    pub issuer_dn: Option<String>,
}

/// A connected session, as `tributary.sessions` shows it.
#[derive(Clone, Debug)]
pub struct SessionEntry {
    /// The user that connected.
    pub user_name: String,
    /// What the client calls itself.
    pub application_name: String,
    /// Where the client is.
    pub client_address: Option<String>,
    /// When it connected.
    pub connected_at: DateTime<Utc>,
    /// `active`, `idle`, `idle in transaction`.
    pub state: &'static str,
    /// The statement that runs, or ran last.
    pub query: String,
    /// When that statement began.
    pub query_started_at: Option<DateTime<Utc>>,
    /// When the transaction began; none between transactions.
    pub transaction_started_at: Option<DateTime<Utc>>,
    /// What it is to `pg_stat_activity`.
    pub backend_type: &'static str,
    /// Stops that statement.
    pub canceller: Canceller,
    /// What encrypts its connection, if anything does.
    pub encryption: Option<Arc<SessionEncryption>>,
}

/// The connected sessions, by process number.
#[derive(Default)]
pub struct Sessions(Mutex<BTreeMap<i32, SessionEntry>>, Arc<AdvisoryLocks>);

impl Sessions {
    /// Adds a session.
    pub fn insert(&self, process: i32, entry: SessionEntry) {
        self.0.lock().insert(process, entry);
    }

    /// Adds a session of the server's own, which ends with what this answers.
    pub fn begin(self: &Arc<Self>, entry: SessionEntry) -> OwnSession {
        let mut sessions = self.0.lock();
        // Connections have such numbers too.
        let random = || i32::try_from(Uuid::new_v4().as_fields().0 >> 1).unwrap_or(i32::MAX);
        let mut process = random();
        while sessions.contains_key(&process) {
            process = random();
        }
        sessions.insert(process, entry);
        OwnSession {
            sessions: Arc::clone(self),
            process,
        }
    }

    /// Stops what a session runs; false where there is no such session.
    pub fn cancel(&self, process: i32) -> bool {
        let entry = self.0.lock().get(&process).cloned();
        let is_known = entry.is_some();
        if let Some(entry) = entry {
            (entry.canceller.cancel)();
        }
        is_known
    }

    /// Ends a session; false where there is none of this number.
    pub fn terminate(&self, process: i32) -> bool {
        let entry = self.0.lock().get(&process).cloned();
        let is_known = entry.is_some();
        if let Some(entry) = entry {
            (entry.canceller.terminate)();
        }
        is_known
    }

    /// What the sessions have locked for their applications.
    pub fn advisory_locks(&self) -> &Arc<AdvisoryLocks> {
        &self.1
    }

    /// Takes a session away.
    pub fn remove(&self, process: i32) {
        self.0.lock().remove(&process);
        self.1.leave(process);
    }

    /// Changes a session's entry.
    pub fn update(&self, process: i32, change: impl FnOnce(&mut SessionEntry)) {
        if let Some(entry) = self.0.lock().get_mut(&process) {
            change(entry);
        }
    }

    /// How many sessions a role has.
    pub fn of(&self, user: &str) -> usize {
        let sessions = self.0.lock();
        sessions.values().filter(|it| it.user_name == user).count()
    }

    /// Every session, in the order of process numbers.
    pub fn list(&self) -> Vec<(i32, SessionEntry)> {
        self.0
            .lock()
            .iter()
            .map(|(process, entry)| (*process, entry.clone()))
            .collect()
    }
}

/// A session of the server's own.
pub struct OwnSession {
    sessions: Arc<Sessions>,
    process: i32,
}

impl Drop for OwnSession {
    fn drop(&mut self) {
        self.sessions.remove(self.process);
    }
}
