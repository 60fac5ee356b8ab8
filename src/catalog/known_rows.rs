//! Rows of system views that follow from one snapshot of the catalog alone: once they are made, they stay
//! as long as it is the latest. Clients ask for all relations again and again, to find the one that they mean.

use std::collections::HashMap;

use arrow::array::{Array as _, ArrayRef};
use parking_lot::Mutex;

/// How many bytes of rows are kept. Those of further views are made each time.
const BYTES: usize = 16 << 20;

/// The rows of views by their numbers, a column each.
#[derive(Debug, Default)]
pub struct KnownRows(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    views: HashMap<i64, Vec<ArrayRef>>,
    bytes: usize,
    has_ended: bool,
}

impl KnownRows {
    /// Those of a view.
    pub fn of(&self, view: i64) -> Option<Vec<ArrayRef>> {
        self.0.lock().views.get(&view).cloned()
    }

    /// Keeps those of a view.
    pub fn keep(&self, view: i64, rows: &[ArrayRef]) {
        let bytes = rows.iter().map(|column| column.get_array_memory_size());
        let bytes = bytes.sum::<usize>();
        let mut known = self.0.lock();
        if !known.has_ended && known.bytes + bytes <= BYTES && !known.views.contains_key(&view) {
            known.bytes += bytes;
            known.views.insert(view, rows.to_vec());
        }
    }

    /// Lets go of all, and keeps nothing from now on.
    pub fn end(&self) {
        *self.0.lock() = Known {
            has_ended: true,
            ..Known::default()
        };
    }
}

impl Clone for KnownRows {
    /// A snapshot is copied to become another one, of which nothing is known.
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;

    use super::*;

    fn rows(count: usize) -> Vec<ArrayRef> {
        vec![Arc::new(Int64Array::from(vec![1; count]))]
    }

    #[test]
    fn what_is_known_has_a_limit_and_is_of_no_copy() {
        let known = KnownRows::default();
        known.keep(1, &rows(10));
        known.keep(2, &rows(BYTES / 8));
        known.keep(3, &rows(20));
        let there = |view| known.of(view).map(|columns| columns[0].len());
        assert_eq!([1, 2, 3].map(there), [Some(10), None, Some(20)]);
        assert!(known.clone().of(1).is_none());
    }

    #[test]
    fn nothing_is_known_any_more_once_it_has_ended() {
        let known = KnownRows::default();
        known.keep(1, &rows(10));
        known.end();
        known.keep(2, &rows(10));
        assert!(known.of(1).is_none() && known.of(2).is_none());
        let next = known.clone();
        next.keep(1, &rows(10));
        assert!(next.of(1).is_some());
    }
}
