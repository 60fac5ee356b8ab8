//! Tables that several threads use, and the probes of several classes.

use std::sync::{Mutex, OnceLock, PoisonError};

use datafusion::error::Result;

use super::class::Class;
use super::combination::Combinations;
use super::measure::Measure;
use super::memory::Reservation;
use super::plan::{least_required, smallest_similar};
use super::records::Records;
use super::table::Table;

/// What a table is of.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Scope {
    /// The class of its texts.
    pub(crate) class: Class,
    /// With how many equal characters the pairs that it finds begin, at least and at most.
    pub(crate) prefixes: (usize, usize),
    /// How many tokens a key combines.
    pub(crate) combined: usize,
    /// The class of the probes; `None` where those of any class use the table.
    pub(crate) probes: Option<Class>,
}

impl Scope {
    /// Among how many of its rarest tokens a text has a combination with every similar probe.
    pub(crate) fn first<M: Measure>(&self, measure: &M, size: usize) -> usize {
        let (_, prefix) = self.prefixes;
        let smallest = match self.probes {
            Some(probes) => probes.lowest,
            // Which shares the fewest tokens.
            None => smallest_similar(measure, prefix, size),
        };
        self.combined + size - least_required(measure, prefix, smallest, size).min(size)
    }

    /// The keys of a text.
    pub(crate) fn keys<M: Measure>(
        &self,
        measure: &M,
        records: &Records<M::Detail>,
        record: u32,
        combinations: &mut Combinations,
        found: impl FnMut(u64),
    ) {
        let first = self.first(measure, records.size(record));
        let (skipped, combined) = (self.prefixes.0, self.combined);
        records.keys(record, skipped, first, combined, combinations, found);
    }
}

/// A table, and the memory that it takes.
pub(crate) type SharedTable = Shared<(Table, Reservation)>;

/// What is made by who needs it first, unless it turns out that it cannot be.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    made: OnceLock<Option<T>>,
    making: Mutex<()>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self {
            made: OnceLock::new(),
            making: Mutex::default(),
        }
    }
}

impl<T> Shared<T> {
    /// What was made, if it could be.
    #[inline]
    pub(crate) fn get(&self, make: impl FnOnce() -> Result<Option<T>>) -> Result<Option<&T>> {
        if self.made.get().is_none() {
            let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            if self.made.get().is_none() {
                let made = make()?;
                self.made.get_or_init(|| made);
            }
        }
        Ok(self.made.get().and_then(Option::as_ref))
    }
}
