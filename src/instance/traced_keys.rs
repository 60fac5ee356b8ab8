//! By which columns refreshes find rows that have changed, of materialized views and of the tables of
//! models: once a refresh has looked for rows by these, the tables have indexes of them.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::catalog::{Oid, Snapshot};

/// The columns of each view.
#[derive(Default)]
pub struct TracedKeys(Mutex<HashMap<Oid, Vec<String>>>);

impl TracedKeys {
    /// A view is refreshed by these columns. What is known of views that are gone is forgotten.
    pub fn set(&self, snapshot: &Snapshot, view: Oid, columns: &[String]) {
        let mut known = self.0.lock();
        if known.insert(view, columns.to_vec()).is_none() {
            known.retain(|oid, _| *oid == view || snapshot.object(*oid).is_some());
        }
    }

    /// A view is refreshed in full.
    pub fn forget(&self, view: Oid) {
        self.0.lock().remove(&view);
    }

    /// The columns of a view, if it is refreshed by some.
    pub fn of(&self, view: Oid) -> Option<Vec<String>> {
        self.0.lock().get(&view).cloned()
    }
}
