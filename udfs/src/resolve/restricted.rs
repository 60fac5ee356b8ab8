//! Sets of records that are joined two by two, under restrictions.

use std::collections::{HashMap, HashSet};

use datafusion::error::Result;

use super::decisions::Decisions;
use super::pair::Pair;
use super::records::Records;
use super::resolver::Resolver;
use crate::interrupt::listen;

/// The pairs of records to be joined within a component that is too large to be refined, the
/// strongest links first; never two that a decision, or a source that has each entity once, keeps
/// apart.
pub(super) fn join_restricted(
    resolver: &Resolver,
    group: &[u32],
    edges: &[Pair],
    decisions: &Decisions,
) -> Result<Vec<(u32, u32)>> {
    let records = resolver.records();
    let inside: HashSet<u32> = group.iter().copied().collect();
    let edges = edges.iter().filter(|pair| inside.contains(&pair.left));
    let mut edges: Vec<Pair> = edges.copied().collect();
    strongest_first(records, &mut edges);
    let one_to_one = resolver.model().options().is_one_to_one();
    let mut sets = RestrictedSets::new(decisions, one_to_one.then_some(records));
    let mut joined = Vec::new();
    let listener = listen();
    for pair in edges {
        listener.check()?;
        if sets.join(pair.left, pair.right) {
            joined.push((pair.left, pair.right));
        }
    }
    Ok(joined)
}

/// Sorts pairs, equal ones by the names of their records: their order does not matter.
pub(super) fn strongest_first(records: &Records, pairs: &mut [Pair]) {
    pairs.sort_unstable_by(|one, other| {
        let names = |pair: &Pair| (records.key(pair.left), records.key(pair.right));
        let by_odds = other.log_odds.total_cmp(&one.log_odds);
        by_odds.then_with(|| names(one).cmp(&names(other)))
    });
}

/// Sets of records, none of which has two that are kept apart.
pub(super) struct RestrictedSets<'a> {
    decisions: &'a Decisions,
    /// Where no set may have two records of one source.
    once: Option<&'a Records>,
    set_of: HashMap<u32, usize>,
    sets: Vec<Set>,
}

/// The records of a set, and what it must not meet.
#[derive(Default)]
struct Set {
    members: Vec<u32>,
    sources: HashSet<u32>,
    /// The sets of decisions that its records are of, those that are kept apart from others.
    restricted: HashSet<u32>,
}

impl<'a> RestrictedSets<'a> {
    /// Each record is a set of its own; `once` are the records where a source has each entity once.
    pub(super) fn new(decisions: &'a Decisions, once: Option<&'a Records>) -> Self {
        Self {
            decisions,
            once,
            set_of: HashMap::new(),
            sets: Vec::new(),
        }
    }

    /// Joins the sets of two records, where nothing keeps these apart; answers whether it did.
    pub(super) fn join(&mut self, left: u32, right: u32) -> bool {
        let (left, right) = (self.place_of(left), self.place_of(right));
        if left == right {
            return false;
        }
        let is_larger = self.sets[left].members.len() > self.sets[right].members.len();
        let (small, large) = if is_larger {
            (right, left)
        } else {
            (left, right)
        };
        if self.are_apart(&self.sets[small], &self.sets[large]) {
            return false;
        }
        let small = std::mem::take(&mut self.sets[small]);
        for record in &small.members {
            self.set_of.insert(*record, large);
        }
        let large = &mut self.sets[large];
        large.members.extend(small.members);
        large.sources.extend(small.sources);
        large.restricted.extend(small.restricted);
        true
    }

    fn place_of(&mut self, record: u32) -> usize {
        if let Some(place) = self.set_of.get(&record) {
            return *place;
        }
        let restricted = self.decisions.apart_from(record).is_some();
        let restricted = restricted.then(|| self.decisions.set_of(record));
        self.sets.push(Set {
            members: vec![record],
            sources: self
                .once
                .map(|all| all.source_code(record))
                .into_iter()
                .collect(),
            restricted: restricted.into_iter().collect(),
        });
        self.set_of.insert(record, self.sets.len() - 1);
        self.sets.len() - 1
    }

    fn are_apart(&self, small: &Set, large: &Set) -> bool {
        if small
            .sources
            .iter()
            .any(|source| large.sources.contains(source))
        {
            return true;
        }
        let (few, many) = match small.restricted.len() > large.restricted.len() {
            true => (large, small),
            false => (small, large),
        };
        few.restricted.iter().any(|set| {
            let mut others = self.decisions.apart_from(*set).into_iter().flatten();
            others.any(|other| many.restricted.contains(other))
        })
    }
}
