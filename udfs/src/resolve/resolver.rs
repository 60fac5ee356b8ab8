//! Records with a model: finds the pairs that match, and the entities that they make.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;

use super::best_candidates;
use super::blocks::Blocks;
use super::clusters::{Clusters, cluster};
use super::compare::Comparer;
use super::decisions::Decisions;
use super::group_scores::GroupScores;
use super::key_tables::KeyTables;
use super::many_copies;
use super::model::Model;
use super::one_to_one;
use super::options::ResolveOptions;
use super::pair::{Pair, least_log_odds};
use super::progress::{Progress, Stage};
use super::rarity::Equality;
use super::records::Records;
use super::scorer::Scorer;
use super::source_repeats;
use super::taught::Taught;
use super::threads;
use super::training::{is_small, may_match, train, words_of};
use crate::interrupt::listen;

/// How many records' candidates are found by one task.
const CHUNK: usize = 2048;
/// Of how many records it is read at a time whom they are compared to first.
const AHEAD: usize = 16;
/// Blocks of more records are split or left out.
const LARGEST_BLOCK: usize = 400;
/// Records with a model. It lives in memory, of which it takes as much from the pool.
#[derive(Debug)]
pub struct Resolver {
    pub(super) records: Records,
    pub(super) model: Model,
    pub(super) blocks: Vec<Blocks>,
    /// For each comparison, what equal values are told by, for each value that there was when changes were
    /// taken in last; nothing before.
    pub(super) equal: Vec<Vec<Equality>>,
    /// Copies of one record that are too many for a block: each such set, by their names.
    pub(super) copies: Vec<Vec<u32>>,
    /// The memory of the pairs that were found.
    found: MemoryReservation,
}

impl Resolver {
    /// Learns a model from records.
    ///
    /// # Errors
    /// Where memory does not suffice, or the work is interrupted.
    pub fn train(records: Records, options: &ResolveOptions) -> Result<Self> {
        Self::train_with(records, options, &Taught::default())
    }

    /// Learns a model from records, and from what it is told.
    ///
    /// # Errors
    /// For known parameters that do not fit; where memory does not suffice, or the work is
    /// interrupted.
    pub fn train_with(records: Records, options: &ResolveOptions, taught: &Taught) -> Result<Self> {
        if !one_to_one::is_open(&records, options, taught) {
            return Self::learn(records, options, taught);
        }
        let linked = ResolveOptions {
            one_to_one: Some(true),
            ..options.clone()
        };
        let resolver = Self::learn(records, &linked, taught)?;
        if !source_repeats::are_repeated(&resolver)? {
            return Ok(resolver);
        }
        Self::learn(resolver.records, options, taught)
    }

    fn learn(records: Records, options: &ResolveOptions, taught: &Taught) -> Result<Self> {
        records.progress.begin(Stage::Learn);
        let mut model = train(&records, options, taught)?;
        records.progress.begin(Stage::Block);
        let blocks = Self::blocks_of(&records, &mut model)?;
        let mut resolver = Self::with_blocks(records, model, blocks)?;
        if resolver.model.options.is_one_to_one() && !taught.tells_prior() {
            let told = best_candidates::told(&resolver)?;
            resolver.model.mixture.prior += told.shift;
            resolver.model.mixture.round();
            resolver.model.found_threshold = Some(told.threshold);
        }
        Ok(resolver)
    }

    /// Takes a model that stands, for records that were read for it. It is told of blocks that are too
    /// large by now.
    pub fn new(records: Records, mut model: Model) -> Result<Self> {
        records.progress.begin(Stage::Block);
        let blocks = Self::blocks_of(&records, &mut model)?;
        Self::with_blocks(records, model, blocks)
    }

    /// The blocks of each rule, which is told of those that are too large.
    pub(super) fn blocks_of(records: &Records, model: &mut Model) -> Result<Vec<Blocks>> {
        let workers = model.options.workers();
        let tables = KeyTables::of(model.rules.iter(), records, &model.words, workers)?;
        let most = most_of_a_block(records, &model.options);
        let made = threads::map(
            workers,
            model.rules.len(),
            || (),
            |(), at| {
                let _memory = memory_of_blocks(records)?;
                let mut rule = model.rules[at].clone();
                let blocks = Blocks::new(&mut rule, records, &model.words, &tables, most)?;
                Ok((rule, blocks))
            },
        )?;
        drop(tables);
        let (rules, blocks) = made.into_iter().unzip();
        model.rules = rules;
        Ok(blocks)
    }

    fn with_blocks(records: Records, model: Model, blocks: Vec<Blocks>) -> Result<Self> {
        let found = records.reservation.new_empty();
        let copies = many_copies::copies(&records, &model)?;
        let resolver = Self {
            records,
            model,
            blocks,
            equal: Vec::new(),
            copies,
            found,
        };
        resolver.reserve()?;
        Ok(resolver)
    }

    pub(super) fn reserve(&self) -> Result<()> {
        let bytes = self.records.bytes() + self.bytes_beside();
        self.records.reservation.try_resize(bytes)
    }

    /// How many bytes there are beside the records.
    fn bytes_beside(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(Blocks::bytes).sum();
        let equal = self
            .equal
            .iter()
            .map(|values| size_of_val(values.as_slice()));
        blocks + equal.sum::<usize>()
    }

    /// Finds out what equal values are told by, of values that have come since it was.
    pub(super) fn know_equal(&mut self) {
        let (features, comparisons) = (self.records.features(), &self.model.comparisons);
        self.equal.resize_with(comparisons.len(), Vec::new);
        for (comparison, known) in comparisons.iter().zip(&mut self.equal) {
            comparison.add_equalities(&features[comparison.feature], known);
        }
    }

    /// Has [copies](Self::fork) share what they need not change, lest each takes as long as all of it.
    ///
    /// # Errors
    /// Where memory does not suffice.
    pub fn share(&mut self) -> Result<()> {
        self.records.share();
        self.reserve()
    }

    /// The same once more, to be changed while this one is asked. It tells how far it is.
    ///
    /// # Errors
    /// Where memory does not suffice.
    pub fn fork(&self, progress: &Arc<Progress>) -> Result<Self> {
        let found = self.records.reservation.new_empty();
        let records = self.records.fork(progress)?;
        records.reservation.try_grow(self.bytes_beside())?;
        Ok(Self {
            records,
            model: self.model.clone(),
            blocks: self.blocks.clone(),
            equal: self.equal.clone(),
            copies: self.copies.clone(),
            found,
        })
    }

    /// Has it tell another one how far it is.
    pub fn tell(&mut self, progress: &Arc<Progress>) {
        self.records.progress = Arc::clone(progress);
    }

    /// Takes those of other options that nothing was learned from.
    pub fn adopt(&mut self, said: &ResolveOptions) {
        self.model.adopt(said);
    }

    /// Has the pool know as much memory for what is kept beside the records, in the place of what it
    /// knew of before.
    ///
    /// # Errors
    /// Where there is not as much.
    pub fn keep(&self, bytes: usize) -> Result<()> {
        self.found.try_resize(bytes)
    }

    /// Takes memory from the pool for what is kept beside the records, until the resolver goes.
    ///
    /// # Errors
    /// Where there is not as much.
    pub fn hold(&self, bytes: usize) -> Result<()> {
        self.found.try_grow(bytes)
    }

    /// The records.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The pairs that are probable enough to be shown, by their records. Their memory is taken from
    /// the pool until the resolver goes.
    ///
    /// # Errors
    /// Where memory does not suffice, or the work is interrupted.
    pub fn pairs(&self) -> Result<Vec<Pair>> {
        let records = self.records.len() as u64;
        self.records
            .progress
            .expect_pairs(match self.model.compares_all {
                true => records * records.saturating_sub(1) / 2,
                false => self.blocks.iter().map(Blocks::pairs).sum(),
            });
        let find = |task: usize, others: &mut Vec<u32>| {
            let record = task as u32;
            (record, self.earlier(record, others))
        };
        self.score(self.records.len(), |tasks| self.fetch_earlier(tasks), find)
    }

    /// Those of them that have one of these records: what is to be scored when these are new, or
    /// have changed. All others of [`Self::pairs`] are what they were.
    ///
    /// # Errors
    /// Those of [`Self::pairs`].
    pub fn pairs_of(&self, changed: &[u32]) -> Result<Vec<Pair>> {
        let mut changed = changed.to_vec();
        changed.sort_unstable();
        changed.dedup();
        let is_changed = |record: u32| changed.binary_search(&record).is_ok();
        let find = |task: usize, others: &mut Vec<u32>| {
            let record = changed[task];
            // A pair of two of them is found once.
            let wanted = |other| other < record || !is_changed(other);
            (record, self.candidates(record, wanted, others))
        };
        let counted = threads::map(
            self.model.options.workers(),
            changed.len().div_ceil(CHUNK),
            Vec::new,
            |others, chunk| {
                let tasks = chunk * CHUNK..changed.len().min((chunk + 1) * CHUNK);
                Ok(tasks.map(|task| find(task, others).1).sum::<u64>())
            },
        )?;
        self.records.progress.expect_pairs(counted.iter().sum());
        self.score(changed.len(), |_| (), find)
    }

    /// Scores pairs, whether or not they share a block, and however little probable they are.
    ///
    /// # Errors
    /// Where the work is interrupted.
    pub fn weigh(&self, pairs: &[(u32, u32)]) -> Result<Vec<Pair>> {
        let comparer = self.comparer();
        let mut scorer = Scorer::new(&comparer, &self.model.mixture);
        let mut weighed = Vec::with_capacity(pairs.len());
        scorer.score(pairs, |(left, right), _, log_odds| {
            weighed.push(Pair {
                left: left.max(right),
                right: left.min(right),
                log_odds: log_odds as f32,
            });
        })?;
        Ok(weighed)
    }

    /// Scores the candidates of as many tasks: `find` gives the record of one, whom it is to be
    /// compared to, and how often it met them; `fetch` is told of some before they are done.
    fn score(
        &self,
        tasks: usize,
        fetch: impl Fn(Range<usize>) + Sync,
        find: impl Fn(usize, &mut Vec<u32>) -> (u32, u64) + Sync,
    ) -> Result<Vec<Pair>> {
        self.records.progress.begin(Stage::Compare);
        let comparer = self.comparer();
        let options = &self.model.options;
        let least = least_log_odds();
        let listener = listen();
        // The pairs of a record are scored as they come, unless many at a time are faster.
        let worth = comparer.worth();
        let found = threads::map(
            options.workers(),
            tasks.div_ceil(CHUNK),
            || {
                let scorer = Scorer::new(&comparer, &self.model.mixture);
                (scorer, Vec::new(), Vec::new())
            },
            |(scorer, others, batch), chunk| {
                let mut pairs = Vec::new();
                let mut score = |batch: &mut Vec<(u32, u32)>| {
                    let scored = scorer.score(batch, |(left, right), _, log_odds| {
                        if log_odds >= least {
                            pairs.push(Pair {
                                left: left.max(right),
                                right: left.min(right),
                                log_odds: log_odds as f32,
                            });
                        }
                    });
                    batch.clear();
                    scored
                };
                for task in chunk * CHUNK..tasks.min((chunk + 1) * CHUNK) {
                    listener.check()?;
                    if task % AHEAD == 0 {
                        fetch(task..tasks.min(task + AHEAD));
                    }
                    let (record, met) = find(task, others);
                    self.records.fetch(others);
                    let may_match =
                        |other: &&u32| may_match(&self.records, options, record, **other);
                    batch.extend(
                        others
                            .iter()
                            .filter(may_match)
                            .map(|other| (record, *other)),
                    );
                    if batch.len() >= worth {
                        score(batch)?;
                    }
                    self.records.progress.compared(met);
                }
                score(batch)?;
                self.found.try_grow(pairs.len() * size_of::<Pair>())?;
                Ok(pairs)
            },
        )?;
        Ok(found.concat())
    }

    pub(super) fn comparer(&self) -> Comparer<'_> {
        let (records, comparisons) = (&self.records, &self.model.comparisons);
        let weights = words_of(comparisons, &self.model.words);
        let features = records.features();
        let is_known = self.equal.len() == comparisons.len()
            && comparisons.iter().zip(&self.equal).all(|(of, known)| {
                let values = features[of.feature].dictionary();
                values.len() == known.len()
            });
        if is_known {
            let equal = Cow::Borrowed(self.equal.as_slice());
            return Comparer::knowing(records, records, comparisons, weights, equal);
        }
        Comparer::new(records, records, comparisons, weights)
    }

    /// The records that one is to be compared to, each once. Answers how often it met them: once in
    /// each block that they share.
    pub(super) fn candidates(
        &self,
        record: u32,
        wanted: impl Fn(u32) -> bool,
        others: &mut Vec<u32>,
    ) -> u64 {
        others.clear();
        if self.records.is_removed(record) {
            return 0;
        }
        if self.model.compares_all {
            let all = (0..self.records.len() as u32).filter(|other| *other != record);
            others.extend(all.filter(|other| wanted(*other) && !self.records.is_removed(*other)));
            return others.len() as u64;
        }
        for (rule, blocks) in self.model.rules.iter().zip(&self.blocks) {
            let keys = || rule.keys(&self.records, &self.model.words, record);
            blocks.with(record, keys, |other| {
                if other != record && wanted(other) {
                    others.push(other);
                }
            });
        }
        each_once(others)
    }

    /// The same, of those at lower places.
    fn earlier(&self, record: u32, others: &mut Vec<u32>) -> u64 {
        if self.model.compares_all || self.records.is_removed(record) {
            return self.candidates(record, |other| other < record, others);
        }
        others.clear();
        for (rule, blocks) in self.model.rules.iter().zip(&self.blocks) {
            let keys = || rule.keys(&self.records, &self.model.words, record);
            blocks.with_earlier(record, keys, |other| others.push(other));
        }
        each_once(others)
    }

    /// Reads what [`Self::earlier`] reads first of these records.
    fn fetch_earlier(&self, records: Range<usize>) {
        if !self.model.compares_all {
            let records = records.start as u32..records.end as u32;
            let blocks = self.blocks.iter();
            let read = blocks.fold(0, |read, it| read ^ it.fetch_earlier(records.clone()));
            std::hint::black_box(read);
        }
    }

    /// The entities that pairs make.
    ///
    /// # Errors
    /// Where the work is interrupted.
    pub fn clusters(&self, pairs: &[Pair], decisions: &Decisions) -> Result<Clusters> {
        self.clusters_at(pairs, decisions, self.model.threshold())
    }

    /// The entities that pairs make at another threshold.
    ///
    /// # Errors
    /// Those of [`Self::clusters`].
    pub fn clusters_at(
        &self,
        pairs: &[Pair],
        decisions: &Decisions,
        threshold: f64,
    ) -> Result<Clusters> {
        self.cluster(pairs, decisions, threshold, None)
    }

    /// [`Self::clusters`], where it is known what groups of records said when entities were made of them
    /// before, and which records have changed since. What they say now is known then.
    ///
    /// # Errors
    /// Those of [`Self::clusters`].
    pub fn clusters_knowing(
        &self,
        pairs: &[Pair],
        decisions: &Decisions,
        known: &mut GroupScores,
    ) -> Result<Clusters> {
        self.cluster(pairs, decisions, self.model.threshold(), Some(known))
    }

    fn cluster(
        &self,
        pairs: &[Pair],
        decisions: &Decisions,
        threshold: f64,
        known: Option<&mut GroupScores>,
    ) -> Result<Clusters> {
        self.records.progress.begin(Stage::Cluster);
        // The pairs are copied twice, and there are some numbers of each record.
        let memory = self.found.new_empty();
        let of_groups = known.as_deref().map_or(0, GroupScores::bytes);
        memory.try_resize(2 * size_of_val(pairs) + self.records.len() * 24 + of_groups)?;
        cluster(self, pairs, threshold, decisions, known)
    }
}

/// Of how many records a block is not too large. Where all pairs could be compared, none is.
pub(super) fn most_of_a_block(records: &Records, options: &ResolveOptions) -> usize {
    match is_small(records, options) {
        true => usize::MAX,
        false => LARGEST_BLOCK,
    }
}

/// Leaves each record once, and tells how many there were.
fn each_once(records: &mut Vec<u32>) -> u64 {
    let met = records.len() as u64;
    records.sort_unstable();
    records.dedup();
    met
}

/// The memory that making the blocks of a rule takes: keys and records, unsorted and sorted.
fn memory_of_blocks(records: &Records) -> Result<MemoryReservation> {
    let memory = records.reservation.new_empty();
    memory.try_resize(2 * records.len() * size_of::<(u64, u32)>())?;
    Ok(memory)
}
