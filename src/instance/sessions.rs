//! Who is connected.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

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
}

/// The connected sessions, by process number.
#[derive(Default)]
pub struct Sessions(Mutex<BTreeMap<i32, SessionEntry>>);

impl Sessions {
    /// Adds a session.
    pub fn insert(&self, process: i32, entry: SessionEntry) {
        self.0.lock().insert(process, entry);
    }

    /// Takes a session away.
    pub fn remove(&self, process: i32) {
        self.0.lock().remove(&process);
    }

    /// Changes a session's entry.
    pub fn update(&self, process: i32, change: impl FnOnce(&mut SessionEntry)) {
        if let Some(entry) = self.0.lock().get_mut(&process) {
            change(entry);
        }
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
