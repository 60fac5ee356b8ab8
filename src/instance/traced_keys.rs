//! By which columns refreshes find rows that have changed, of materialized views and of the tables of
//! models: once a refresh has looked for rows by these, the tables have indexes of them. So have the
//! tables that a model reads its records from.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::catalog::{Oid, Snapshot};

/// The columns of each view and model.
#[derive(Default)]
pub struct TracedKeys(Mutex<HashMap<Oid, Traced>>);

/// What a view or a model is refreshed by.
#[derive(Default)]
struct Traced {
    /// The columns that its own rows are looked for by.
    own: Option<Vec<String>>,
    /// The tables that it reads rows of, and by which columns.
    read: Vec<(Oid, Vec<String>)>,
}

impl TracedKeys {
    /// A view or a model is refreshed by these columns. What is known of those that are gone is forgotten.
    pub fn set(&self, snapshot: &Snapshot, view: Oid, columns: &[String]) {
        self.note(snapshot, view, |traced| traced.own = Some(columns.to_vec()));
    }

    /// A model reads rows of these tables by these columns. What is known of those that are gone is
    /// forgotten.
    pub fn set_read(&self, snapshot: &Snapshot, model: Oid, read: Vec<(Oid, Vec<String>)>) {
        self.note(snapshot, model, |traced| traced.read = read);
    }

    fn note(&self, snapshot: &Snapshot, view: Oid, note: impl FnOnce(&mut Traced)) {
        let mut known = self.0.lock();
        if !known.contains_key(&view) {
            known.retain(|oid, _| snapshot.object(*oid).is_some());
        }
        note(known.entry(view).or_default());
    }

    /// A view is refreshed in full, or gone.
    pub fn forget(&self, view: Oid) {
        self.0.lock().remove(&view);
    }

    /// The columns of a view or a model, if it is refreshed by some.
    pub fn of(&self, view: Oid) -> Option<Vec<String>> {
        self.0.lock().get(&view)?.own.clone()
    }

    /// The columns that models read rows of a table by.
    pub fn read_of(&self, table: Oid) -> Vec<Vec<String>> {
        let known = self.0.lock();
        let read = known.values().flat_map(|traced| &traced.read);
        let of_table = read.filter(|(oid, _)| *oid == table);
        let mut found: Vec<Vec<String>> = of_table.map(|(_, columns)| columns.clone()).collect();
        // In one order, whatever that of the map is.
        found.sort_unstable();
        found.dedup();
        found
    }
}
