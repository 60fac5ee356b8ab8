//! How refreshes ended that the disk had no room to tell of.

use parking_lot::Mutex;

use super::{ModelState, RefreshRecord};
use crate::catalog::Oid;

/// How many are kept. Without room no refresh begins, so that there are as many as ran by then.
const MOST: usize = 1000;

/// How a refresh ended, and what that makes of its materialized view.
pub type End = (RefreshRecord, Option<ModelState>);

/// Ends that are not in the file yet, in the order in which they came. They hold for who reads the
/// journal, and the next write that the disk has room for writes them.
#[derive(Debug, Default)]
pub struct Unwritten(Mutex<Vec<End>>);

impl Unwritten {
    /// Keeps an end.
    pub fn add(&self, end: End) {
        let mut ends = self.0.lock();
        if ends.len() == MOST {
            ends.remove(0);
        }
        ends.push(end);
    }

    /// All of them.
    pub fn all(&self) -> Vec<End> {
        self.0.lock().clone()
    }

    /// Forgets those of refreshes that are written.
    pub fn remove(&self, written: &[u64]) {
        if !written.is_empty() {
            let mut ends = self.0.lock();
            ends.retain(|(record, _)| !written.contains(&record.id));
        }
    }

    /// What a record is, of which the file tells this.
    pub fn over(&self, record: RefreshRecord) -> RefreshRecord {
        let ends = self.0.lock();
        let own = ends.iter().find(|(own, _)| own.id == record.id);
        own.map_or(record, |(own, _)| own.clone())
    }

    /// Where a materialized view stands by the last of them that tells.
    pub fn state(&self, oid: Oid) -> Option<ModelState> {
        let ends = self.0.lock();
        let mut own = ends.iter().rev().filter(|(record, _)| record.oid == oid);
        own.find_map(|(_, state)| state.clone())
    }

    /// Where materialized views stand by them.
    pub fn states(&self) -> Vec<(Oid, ModelState)> {
        let ends = self.0.lock();
        let states = ends.iter();
        let states = states.filter_map(|(record, state)| Some((record.oid, state.clone()?)));
        states.collect()
    }
}
