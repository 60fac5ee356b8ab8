//! Tables that several threads use, and the probes of several classes.

use std::sync::{Mutex, OnceLock, PoisonError};

use datafusion::error::Result;

use super::class::Class;
use super::combination::Combinations;
use super::measure::Measure;
use super::memory::Reservation;
use super::plan::least_required;
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
            None => Self::smallest_similar(measure, prefix, size),
        };
        self.combined + size - least_required(measure, prefix, smallest, size).min(size)
    }

    /// The size of the smallest probe that can be similar, which shares the fewest tokens.
    fn smallest_similar<M: Measure>(measure: &M, prefix: usize, size: usize) -> usize {
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low.midpoint(high);
            if measure.required(prefix, middle, size).is_some() {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
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

/// A table that is made by who needs it first.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    table: OnceLock<Option<(Table, Reservation)>>,
    making: Mutex<()>,
}

impl Shared {
    /// The table; `None` where there is no memory for it.
    #[inline]
    pub(crate) fn get(
        &self,
        make: impl FnOnce() -> Result<Option<(Table, Reservation)>>,
    ) -> Result<Option<&Table>> {
        if self.table.get().is_none() {
            let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            if self.table.get().is_none() {
                let made = make()?;
                self.table.get_or_init(|| made);
            }
        }
        let made = self.table.get().and_then(Option::as_ref);
        Ok(made.map(|(table, _)| table))
    }
}
