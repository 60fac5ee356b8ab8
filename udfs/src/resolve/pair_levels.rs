//! What each comparison says of pairs, of many at a time.

use std::borrow::Cow;

use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;

use super::compare::{Comparer, PAIRS_AT_A_TIME, equalities};
use super::levels::Scratch;
use super::rarity::Equality;
use super::resolver::Resolver;
use super::training::words_of;

/// Tells the levels of pairs of a resolver's records. It is made once for all of them, and takes its
/// memory from the pool.
#[derive(Debug)]
pub struct PairLevels {
    /// For each comparison, what equal values are told by, for each value.
    pub(super) equal: Vec<Vec<Equality>>,
    _memory: MemoryReservation,
}

impl PairLevels {
    /// Prepares to compare the records of a resolver.
    ///
    /// # Errors
    /// Where memory does not suffice.
    pub fn new(resolver: &Resolver) -> Result<Self> {
        let memory = resolver.records.reservation.new_empty();
        let equal = equalities(&resolver.records, &resolver.model.comparisons);
        memory.try_grow(equal.iter().map(Vec::len).sum())?;
        Ok(Self {
            equal,
            _memory: memory,
        })
    }

    /// The numbers of the levels of each comparison, pair after pair, in the order of the model's
    /// comparisons: those that [`Resolver::explain`] tells. The records are those of the resolver.
    ///
    /// # Errors
    /// What comparing by levels of their own meets.
    pub fn of(&self, resolver: &Resolver, pairs: &[(u32, u32)]) -> Result<Vec<u8>> {
        let (records, model) = (&resolver.records, &resolver.model);
        let weights = words_of(&model.comparisons, &model.words);
        let equal = Cow::Borrowed(self.equal.as_slice());
        let comparer = Comparer::knowing(records, records, &model.comparisons, weights, equal);
        let comparisons = model.comparisons.len();
        let mut levels = Vec::with_capacity(pairs.len() * comparisons);
        let (mut scratch, mut patterns) = (Scratch::default(), Vec::new());
        for pairs in pairs.chunks(PAIRS_AT_A_TIME) {
            comparer.patterns(pairs, &mut scratch, &mut patterns)?;
            for pattern in &patterns {
                levels.extend((0..comparisons).map(|at| pattern.level(at)));
            }
        }
        Ok(levels)
    }
}
