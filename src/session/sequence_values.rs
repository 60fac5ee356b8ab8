//! What `nextval` has given to a session, which `currval` and `lastval` answer.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::catalog::Oid;

/// How many sequences a session remembers the last number of.
const SEQUENCES: usize = 10_000;

/// A sequence, or a table and its identity column.
type Sequence = (Oid, String);

/// The last numbers of sequences.
#[derive(Debug, Default)]
pub struct SequenceValues(Mutex<Values>);

#[derive(Debug, Default)]
struct Values {
    by_sequence: HashMap<Sequence, i64>,
    last: Option<Sequence>,
}

impl SequenceValues {
    /// Notes a number; `gives` is whether `nextval` gave it.
    pub fn note(&self, sequence: (Oid, &str), value: i64, gives: bool) {
        let sequence = (sequence.0, sequence.1.to_owned());
        let mut values = self.0.lock();
        if values.by_sequence.len() >= SEQUENCES {
            values.by_sequence.clear();
        }
        values.by_sequence.insert(sequence.clone(), value);
        if gives {
            values.last = Some(sequence);
        }
    }

    /// The last number of a sequence.
    pub fn of(&self, sequence: (Oid, &str)) -> Option<i64> {
        let sequence = (sequence.0, sequence.1.to_owned());
        self.0.lock().by_sequence.get(&sequence).copied()
    }

    /// The last number of whatever sequence.
    pub fn last(&self) -> Option<i64> {
        let values = self.0.lock();
        values.by_sequence.get(values.last.as_ref()?).copied()
    }

    /// Forgets all of them.
    pub fn forget(&self) {
        *self.0.lock() = Values::default();
    }
}
