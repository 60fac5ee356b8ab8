//! An index over the tokens of texts.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

use super::class::{Class, classes};
use super::graded::{Graded, GradedSearch, Making};
use super::measure::Measure;
use super::memory::Budget;
use super::plan::Plan;
use super::records::{Records, TEXTS_BETWEEN_CHECKS};
use super::shared::{Scope, Shared, SharedTable};
use super::visit::Buffers;
use crate::join::index::{Build, Index, Scratch, Search};
use crate::join::pairs::Pairs;
use crate::join::texts::Texts;

/// How many bytes of tables a text may take, and all texts together at least.
const TABLES_PER_TEXT: usize = 1024;
const TABLES_AT_LEAST: usize = 1 << 20;

/// How many bytes of tables a text mostly takes at most: of 4,000 distinct names, between 6 and 284
/// at the usual thresholds.
const USUAL_TABLES_PER_TEXT: usize = 256;

/// How many pairs are worked off between two looks whether the query was cancelled.
pub(crate) const PAIRS_BETWEEN_CHECKS: usize = 4096;

/// For how many texts to be searched for it is worth while to make keys of all: about as long it
/// takes to look at all for each.
const FEWEST_GRADED: usize = 2000;

/// Finds the texts that share enough tokens.
#[derive(Debug)]
pub(crate) struct OverlapIndex<M: Measure> {
    pub(crate) measure: M,
    pub(crate) texts: Arc<Texts>,
    pub(crate) records: Records<M::Detail>,
    pub(super) classes: Vec<(Class, Range<usize>)>,
    /// Whether the larger of two records is the later one.
    pub(super) by_size: bool,
    pub(super) plans: Mutex<HashMap<(Class, bool), Arc<Plan>>>,
    /// The tables that plans use.
    pub(super) tables: Mutex<HashMap<Scope, Weak<SharedTable>>>,
    pub(super) budget: Budget,
    /// The keys of all records, for probes of other texts and for those of the index itself.
    graded: [Shared<Graded>; 2],
    /// How many other texts were searched for.
    searched: AtomicUsize,
    threads: usize,
    /// How many tokens are combined wherever as many are needed.
    #[cfg(test)]
    pub(super) combined: Option<usize>,
    /// The grades of tokens, however few texts there are.
    #[cfg(test)]
    grades: Option<super::graded::Grades>,
}

/// The bytes of memory that tables mostly take, which are reserved with the index. They may take
/// more while there is more.
pub(crate) fn tables_size(texts: usize) -> usize {
    texts * USUAL_TABLES_PER_TEXT
}

impl<M: Measure> OverlapIndex<M> {
    /// An index over texts.
    pub(crate) fn new(measure: M, build: &Build) -> Result<Self> {
        let texts = &build.texts;
        let prefixes = measure.longest_prefix() > 0;
        let mut records = Records::with_capacity(texts.len(), texts.buffer().len(), prefixes);
        for id in texts.ids() {
            if (id as usize).is_multiple_of(TEXTS_BETWEEN_CHECKS) {
                build.cancellation.check()?;
            }
            measure.append(texts.get(id), &mut records);
        }
        Ok(Self::over_records(measure, build, records))
    }

    /// An index over records of all the texts.
    pub(crate) fn over_records(measure: M, build: &Build, mut records: Records<M::Detail>) -> Self {
        records.sort();
        let sizes = records.order.iter().map(|record| records.size(*record));
        Self {
            classes: classes(sizes),
            by_size: records.sizes.is_sorted(),
            plans: Mutex::default(),
            tables: Mutex::default(),
            budget: Budget::new(
                tables_size(build.texts.len()),
                (build.texts.len() * TABLES_PER_TEXT).max(TABLES_AT_LEAST),
                build.memory.new_empty(),
            ),
            graded: Default::default(),
            searched: AtomicUsize::new(0),
            threads: build.threads,
            #[cfg(test)]
            combined: None,
            #[cfg(test)]
            grades: None,
            measure,
            texts: Arc::clone(&build.texts),
            records,
        }
    }

    /// The same index, which combines so many tokens wherever as many are needed.
    #[cfg(test)]
    pub(crate) fn with_combined(mut self, combined: Option<usize>) -> Self {
        self.combined = combined;
        self
    }

    /// The same index, with these grades however few texts there are.
    #[cfg(test)]
    pub(crate) fn with_grades(mut self, grades: super::graded::Grades) -> Self {
        self.grades = Some(grades);
        self
    }

    /// The keys of all records, where the measure and the number of texts are such that they are
    /// worth while.
    fn graded(&self, search: &Search<'_>) -> Result<Option<&Graded>> {
        if !self.measure.has_sorted_tokens() {
            return Ok(None);
        }
        let mut probes = self.records.len();
        if !search.self_join {
            let now = search.ids.len();
            let searched = now + self.searched.fetch_add(now, Ordering::Relaxed);
            probes = searched.max(search.texts.len());
        }
        let few = probes < FEWEST_GRADED && !search.self_join;
        #[cfg(test)]
        let few = few && self.grades.is_none();
        if few {
            return Ok(None);
        }
        self.graded[usize::from(search.self_join)].get(|| {
            Graded::new(&Making {
                measure: &self.measure,
                records: &self.records,
                self_join: search.self_join,
                probes,
                threads: self.threads,
                budget: &self.budget,
                cancellation: search.cancellation,
                #[cfg(test)]
                forced: self.grades,
            })
        })
    }
}

impl<M: Measure> Index for OverlapIndex<M> {
    fn scratch(&self) -> Scratch {
        Box::new(Buffers::<M>::new(self.records.len()))
    }

    fn search(&self, search: &Search<'_>, scratch: &mut Scratch, pairs: &mut Pairs) -> Result<u32> {
        let Some(buffers) = scratch.downcast_mut::<Buffers<M>>() else {
            return Err(exec_datafusion_err!("the scratch is that of another index"));
        };
        match self.graded(search)? {
            None => self.search_blocks(search, buffers, pairs),
            Some(graded) => {
                let search = GradedSearch {
                    index: self,
                    graded,
                    search,
                };
                search.run(buffers, pairs)
            }
        }
    }

    fn scratch_size(&self, scratch: &Scratch) -> usize {
        scratch.downcast_ref().map_or(0, Buffers::<M>::memory)
    }

    fn size(&self) -> usize {
        size_of::<Self>()
            + self.measure.memory()
            + self.records.memory()
            + tables_size(self.texts.len())
    }

    fn strategy(&self) -> &'static str {
        self.measure.strategy()
    }
}
