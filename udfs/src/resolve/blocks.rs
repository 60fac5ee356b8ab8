//! The blocks of a rule: which records share a key.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use datafusion::error::Result;

use super::key_part::{NO_KEY, RARE_WORDS};
use super::key_tables::{KeyColumns, KeyTables};
use super::records::Records;
use super::rule::Rule;
use super::word_weights::WordCounts;
use crate::interrupt::listen;

/// Of how many records the keys are looked up at a time.
const CHUNK: usize = 1 << 10;

/// The place of a record in no block.
const NOWHERE: u32 = u32::MAX;
/// The number of members before one that is not told.
const MANY: u16 = u16::MAX;
/// Where fewer than one in so many records share a block, places are kept of these alone.
const OF_WHICH_FEW: usize = 4;
/// Of how many records it is known where the first of these is.
const TOGETHER: usize = 64;

/// The blocks of a rule.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    made: Arc<Made>,
    /// Records that have changed since the blocks were made, and the keys that they have now.
    changed: HashSet<u32>,
    added: HashMap<u64, Vec<u32>>,
}

/// The blocks as they were made. They stay as they are, so that all copies of them share these.
#[derive(Debug)]
struct Made {
    slots: usize,
    records: usize,
    /// The records that share a block, where they are few.
    sharing: Option<Sharing>,
    /// Where each record is among the members, in each slot; or each of those that share a block.
    places: Vec<u32>,
    /// How many members of its block are before it there. With these, whom a record is compared to
    /// is read at one place in memory; and at none, where it is the first.
    before: Vec<u16>,
    /// Where each block of several records starts among the members; one more for the end.
    starts: Vec<u32>,
    /// The records of these blocks, ascending in each.
    members: Vec<u32>,
    /// The key of each of them, ascending.
    keys: Vec<u64>,
    /// The keys of single records, ascending, and these records. They are most of some rules, and wait for
    /// what comes later.
    single_keys: Vec<u64>,
    singles: Vec<u32>,
    /// How many blocks there are of each number of records.
    sizes: BTreeMap<u32, u64>,
}

/// The few records that share a block.
#[derive(Debug)]
struct Sharing {
    /// Ascending, once for each of their blocks.
    records: Vec<u32>,
    /// Where those begin of each [`TOGETHER`] records, and where the last ones end.
    starts: Vec<u32>,
}

impl Sharing {
    /// Those of so many records.
    fn new(sharing: Vec<u32>, records: usize) -> Self {
        let mut starts = Vec::with_capacity(records / TOGETHER + 2);
        let mut start = 0;
        for group in 0..=records.div_ceil(TOGETHER) {
            let first = group * TOGETHER;
            let left = sharing[start..].iter();
            start += left.take_while(|it| (**it as usize) < first).count();
            starts.push(start as u32);
        }
        Self {
            records: sharing,
            starts,
        }
    }

    /// Where those of a record begin, or those behind it.
    #[inline]
    fn start(&self, record: u32) -> usize {
        let group = record as usize / TOGETHER;
        match self.starts.get(group..group + 2) {
            Some([from, to]) => {
                let of_group = &self.records[*from as usize..*to as usize];
                *from as usize + of_group.partition_point(|other| *other < record)
            }
            _ => self.records.len(),
        }
    }

    /// Where those of a record are.
    #[inline]
    fn of(&self, record: u32) -> Range<usize> {
        let start = self.start(record);
        let of_record = self.records[start..].iter();
        start..start + of_record.take_while(|other| **other == record).count()
    }
}

impl Blocks {
    /// The blocks of all records; those of more than `limit` are split by the finer part of the
    /// rule, or left out, and the rule is told. What it knew of blocks that were too large before is
    /// forgotten: they may have become small again.
    pub(super) fn new(
        rule: &mut Rule,
        records: &Records,
        words: &[WordCounts],
        tables: &KeyTables<'_>,
        limit: usize,
    ) -> Result<Self> {
        rule.forget_large();
        let mut pairs = keyed(rule, tables, records.len() as u32)?;
        let mut finer = Vec::new();
        let mut oversized = Vec::new();
        each_block(&pairs, |block| {
            if block.len() <= limit {
                return;
            }
            oversized.push(block[0].0);
            finer.extend(block.iter().filter_map(|(key, record)| {
                let key = rule.finer_key(records, words, records.row(*record), *key);
                (key != NO_KEY).then_some((key, *record))
            }));
        });
        if !oversized.is_empty() {
            let is_left = |keys: &[u64], key: u64| keys.binary_search(&key).is_err();
            pairs.retain(|(key, _)| is_left(&oversized, *key));
            finer.sort_unstable();
            let mut still_too_large = Vec::new();
            each_block(&finer, |block| {
                if block.len() > limit {
                    still_too_large.push(block[0].0);
                }
            });
            finer.retain(|(key, _)| is_left(&still_too_large, *key));
            pairs.extend(finer);
            pairs.sort_unstable();
            rule.split(oversized, still_too_large);
        }
        Ok(Self::of(rule.slots(), records.len(), &pairs))
    }

    fn of(slots: usize, records: usize, pairs: &[(u64, u32)]) -> Self {
        let (mut blocks, mut shared) = (0, 0);
        each_block(pairs, |block| {
            if block.len() > 1 {
                blocks += 1;
                shared += block.len();
            }
        });
        let are_few = shared < records / OF_WHICH_FEW;
        let of_all = if are_few { 0 } else { records * slots };
        let mut few: Vec<(u32, u32, u16)> = Vec::with_capacity(if are_few { shared } else { 0 });
        let mut made = Made {
            slots,
            records,
            sharing: None,
            places: vec![NOWHERE; of_all],
            before: vec![0; of_all],
            starts: Vec::with_capacity(blocks + 1),
            members: Vec::with_capacity(shared),
            keys: Vec::with_capacity(blocks),
            single_keys: Vec::with_capacity(pairs.len() - shared),
            singles: Vec::with_capacity(pairs.len() - shared),
            sizes: BTreeMap::new(),
        };
        each_block(pairs, |block| {
            let (key, first) = block[0];
            *made.sizes.entry(block.len() as u32).or_default() += 1;
            if block.len() == 1 {
                made.single_keys.push(key);
                made.singles.push(first);
                return;
            }
            let start = made.members.len() as u32;
            made.keys.push(key);
            made.starts.push(start);
            for (at, (_, record)) in block.iter().enumerate() {
                let place = start + at as u32;
                let before = u16::try_from(at).unwrap_or(MANY);
                made.members.push(*record);
                if are_few {
                    few.push((*record, place, before));
                    continue;
                }
                let mut of_record = *record as usize * slots..(*record as usize + 1) * slots;
                let free = match slots {
                    1 => Some(of_record.start),
                    _ => of_record.find(|slot| made.places[*slot] == NOWHERE),
                };
                if let Some(free) = free {
                    made.places[free] = place;
                    made.before[free] = before;
                }
            }
        });
        made.starts.push(made.members.len() as u32);
        if are_few {
            few.sort_unstable();
            let sharing = few.iter().map(|(record, ..)| *record).collect();
            made.sharing = Some(Sharing::new(sharing, records));
            made.places = few.iter().map(|(_, place, _)| *place).collect();
            made.before = few.iter().map(|(.., before)| *before).collect();
        }
        Self {
            made: Arc::new(made),
            changed: HashSet::new(),
            added: HashMap::new(),
        }
    }

    /// Calls for the records that share a block with one, of which `keys` makes the keys.
    #[inline]
    pub(super) fn with(
        &self,
        record: u32,
        keys: impl Fn() -> [u64; RARE_WORDS],
        mut each: impl FnMut(u32),
    ) {
        if !self.changed.is_empty() {
            keys().iter().for_each(|key| self.find(*key, &mut each));
            return;
        }
        for (place, _) in self.places_of(record) {
            let members = self.members_of(self.block_at(place));
            members.iter().for_each(|other| each(*other));
        }
    }

    /// The same, for those of them that are at lower places.
    #[inline]
    pub(super) fn with_earlier(
        &self,
        record: u32,
        keys: impl Fn() -> [u64; RARE_WORDS],
        mut each: impl FnMut(u32),
    ) {
        if !self.changed.is_empty() {
            self.with(record, keys, |other| {
                if other < record {
                    each(other);
                }
            });
            return;
        }
        for (place, before) in self.places_of(record) {
            let start = match before {
                MANY => self.made.starts[self.block_at(place)],
                before => place - u32::from(before),
            };
            let members = &self.made.members[start as usize..place as usize];
            let others = members.iter().filter(|other| **other < record);
            others.for_each(|other| each(*other));
        }
    }

    /// Reads a first record that each of these is compared to by [`Self::with_earlier`]: each is at another
    /// place in memory, and to read several at once takes hardly longer than one.
    pub(super) fn fetch_earlier(&self, records: Range<u32>) -> u32 {
        if !self.changed.is_empty() {
            return 0;
        }
        let slots = self.made.slots;
        let places = match &self.made.sharing {
            None => records.start as usize * slots..records.end as usize * slots,
            Some(sharing) => sharing.start(records.start)..sharing.start(records.end),
        };
        let before = &self.made.before[places.clone()];
        let places = self.made.places[places].iter().zip(before);
        places.fold(0, |read, (place, before)| match before {
            0 => read,
            before => read ^ self.made.members[(place - u32::from(*before)) as usize],
        })
    }

    /// Where a record is among the members, and how many of its blocks are before it there.
    #[inline]
    fn places_of(&self, record: u32) -> impl Iterator<Item = (u32, u16)> {
        let slots = match &self.made.sharing {
            None => record as usize * self.made.slots..(record as usize + 1) * self.made.slots,
            Some(sharing) => sharing.of(record),
        };
        let places = self.made.places[slots.clone()].iter().copied();
        let places = places.zip(self.made.before[slots].iter().copied());
        places.take_while(|(place, _)| *place != NOWHERE)
    }

    /// The block that has a place among the members.
    fn block_at(&self, place: u32) -> usize {
        self.made.starts.partition_point(|start| *start <= place) - 1
    }

    /// Calls for the records of a key.
    pub(super) fn find(&self, key: u64, mut each: impl FnMut(u32)) {
        if key == NO_KEY {
            return;
        }
        let made = self.made_of(key).iter();
        let standing = made.filter(|record| !self.changed.contains(record));
        standing.for_each(|record| each(*record));
        if let Some(members) = self.added.get(&key) {
            members.iter().for_each(|record| each(*record));
        }
    }

    /// Takes these records out of their blocks, and puts them where their keys are now; answers these
    /// keys.
    pub(super) fn change(&mut self, records: &[u32], keys: impl Fn(u32) -> Vec<u64>) -> Vec<u64> {
        let before: HashSet<u32> = records
            .iter()
            .copied()
            .filter(|record| self.changed.contains(record))
            .collect();
        if !before.is_empty() {
            for members in self.added.values_mut() {
                members.retain(|record| !before.contains(record));
            }
        }
        let mut changed = Vec::new();
        for record in records {
            if self.changed.insert(*record) || before.contains(record) {
                for key in keys(*record) {
                    let members = self.added.entry(key).or_default();
                    if !members.contains(record) {
                        members.push(*record);
                        changed.push(key);
                    }
                }
            }
        }
        changed
    }

    /// The keys of all blocks that may have several records.
    pub(super) fn keys(&self) -> impl Iterator<Item = u64> {
        self.made.keys.iter().chain(self.added.keys()).copied()
    }

    /// Those blocks of some keys that have more than `limit` records: the keys, and the records.
    pub(super) fn larger_than(&self, limit: usize, mut keys: Vec<u64>) -> Vec<(u64, Vec<u32>)> {
        keys.sort_unstable();
        keys.dedup();
        let with_records = keys.into_iter().filter_map(|key| {
            let made = self.made_of(key).len();
            let added = self.added.get(&key).map_or(0, Vec::len);
            if made + added <= limit {
                return None;
            }
            let mut records = Vec::with_capacity(made + added);
            self.find(key, |record| records.push(record));
            (records.len() > limit).then_some((key, records))
        });
        with_records.collect()
    }

    /// How many records have changed since the blocks were made.
    pub(super) fn changed(&self) -> usize {
        self.changed.len()
    }

    /// The records of a key, as they were when the blocks were made.
    fn made_of(&self, key: u64) -> &[u32] {
        if let Ok(block) = self.made.keys.binary_search(&key) {
            return self.members_of(block);
        }
        match self.made.single_keys.binary_search(&key) {
            Ok(at) => &self.made.singles[at..=at],
            Err(_) => &[],
        }
    }

    fn members_of(&self, block: usize) -> &[u32] {
        &self.made.members[self.made.starts[block] as usize..self.made.starts[block + 1] as usize]
    }

    /// How many pairs of records share a block.
    pub(super) fn pairs(&self) -> u64 {
        let pairs = |size: u32| u64::from(size) * u64::from(size.saturating_sub(1)) / 2;
        let sizes = self.sizes().into_iter();
        sizes.map(|(size, blocks)| blocks * pairs(size)).sum()
    }

    /// How many records the largest block has.
    pub(super) fn largest(&self) -> u32 {
        let sizes = self.sizes();
        sizes.last_key_value().map_or(0, |(size, _)| *size)
    }

    /// How many blocks there are of each number of records. What has not changed is known from when they
    /// were made. One that has lost its only record counts as it was: no pair is of it.
    fn sizes(&self) -> BTreeMap<u32, u64> {
        let mut sizes = self.made.sizes.clone();
        let of_changed = self.changed.iter();
        let of_changed = of_changed.filter(|at| (**at as usize) < self.made.records);
        let left = of_changed.flat_map(|record| self.places_of(*record));
        let left = left.map(|(place, _)| self.made.keys[self.block_at(place)]);
        let is_made = |key: &&u64| !self.made_of(**key).is_empty();
        let joined = self.added.keys().filter(is_made).copied();
        let mut touched: Vec<u64> = left.chain(joined).collect();
        touched.sort_unstable();
        touched.dedup();
        for key in touched {
            let mut size = 0;
            self.find(key, |_| size += 1);
            let before = self.made_of(key).len() as u32;
            if let Some(blocks) = sizes.get_mut(&before) {
                *blocks -= 1;
            }
            *sizes.entry(size).or_default() += 1;
        }
        let new = self.added.iter();
        let new = new.filter(|(key, _)| self.made_of(**key).is_empty());
        for (_, members) in new {
            *sizes.entry(members.len() as u32).or_default() += 1;
        }
        sizes.retain(|_, blocks| *blocks > 0);
        sizes
    }

    pub(super) fn bytes(&self) -> usize {
        let made = &self.made;
        let sharing = made.sharing.as_ref();
        let sharing = sharing.map_or(0, |few| few.records.len() + few.starts.len());
        let places = made.places.len() + sharing;
        let numbers = places + made.starts.len() + made.members.len() + made.singles.len();
        let keys = made.keys.len() + made.single_keys.len();
        numbers * 4 + made.before.len() * 2 + keys * 8
    }
}

/// Key and record, ascending.
fn keyed(rule: &Rule, tables: &KeyTables<'_>, records: u32) -> Result<Vec<(u64, u32)>> {
    let keys = tables.of_rule(rule);
    let mut columns = KeyColumns::of(std::iter::once(&keys));
    let mut pairs = Vec::with_capacity(records as usize);
    let listener = listen();
    for start in (0..records).step_by(CHUNK) {
        listener.check()?;
        columns.look_up(
            tables,
            start..records.min(start.saturating_add(CHUNK as u32)),
        );
        keys.each(&columns, |record, key| pairs.push((key, record)));
    }
    Ok(sort(pairs))
}

/// Sorts by buckets of the highest bits of the keys, each small enough for the caches.
fn sort(pairs: Vec<(u64, u32)>) -> Vec<(u64, u32)> {
    const BITS: u32 = 11;
    if pairs.len() < 1 << BITS {
        let mut pairs = pairs;
        pairs.sort_unstable();
        return pairs;
    }
    let bucket = |key: u64| (key >> (64 - BITS)) as usize;
    let mut ends = vec![0_usize; 1 << BITS];
    for (key, _) in &pairs {
        ends[bucket(*key)] += 1;
    }
    let mut next = Vec::with_capacity(ends.len());
    let mut end = 0;
    for count in &mut ends {
        next.push(end);
        end += *count;
        *count = end;
    }
    let mut sorted = vec![(0, 0); pairs.len()];
    for pair in &pairs {
        let place = &mut next[bucket(pair.0)];
        sorted[*place] = *pair;
        *place += 1;
    }
    drop(pairs);
    let mut start = 0;
    for end in ends {
        sorted[start..end].sort_unstable();
        start = end;
    }
    sorted
}

fn each_block(pairs: &[(u64, u32)], mut each: impl FnMut(&[(u64, u32)])) {
    for block in pairs.chunk_by(|left, right| left.0 == right.0) {
        each(block);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const RECORDS: u32 = 20;

    /// The keys of a record, of so many.
    fn keys(of: u64) -> impl Strategy<Value = BTreeSet<u64>> {
        proptest::collection::btree_set(100..100 + of, 0..=2)
    }

    /// Those of all records, of which many share some, or few.
    fn all_keys() -> impl Strategy<Value = Vec<BTreeSet<u64>>> {
        let all = |of| proptest::collection::vec(keys(of), RECORDS as usize);
        prop_oneof![all(8), all(300)]
    }

    #[test]
    fn few_records_are_found_among_many() {
        let sharing = vec![0, 0, 3, 63, 64, 64, 64, 200, 299];
        let few = Sharing::new(sharing.clone(), 300);
        for record in 0..500 {
            let start = sharing.partition_point(|other| *other < record);
            let end = sharing.partition_point(|other| *other <= record);
            assert_eq!(few.of(record), start..end, "{record}");
        }
        let none = Sharing::new(Vec::new(), 0);
        assert_eq!(none.of(0), 0..0);
    }

    proptest! {
        /// What is told of blocks that have changed is what their records say.
        #[test]
        fn sizes_are_those_of_blocks_that_are_made_anew(
            first in all_keys(),
            changes in proptest::collection::vec((0..RECORDS + 5, keys(8)), 0..30),
        ) {
            let mut known: BTreeMap<u32, BTreeSet<u64>> = (0..).zip(first).collect();
            let keyed = |known: &BTreeMap<u32, BTreeSet<u64>>| {
                let of_record = |(record, keys): (&u32, &BTreeSet<u64>)| {
                    let record = *record;
                    keys.iter().map(move |key| (*key, record)).collect::<Vec<_>>()
                };
                let mut pairs: Vec<(u64, u32)> = known.iter().flat_map(of_record).collect();
                pairs.sort_unstable();
                pairs
            };
            let mut blocks = Blocks::of(2, RECORDS as usize, &keyed(&known));
            for (record, keys) in changes {
                blocks.change(&[record], |_| keys.iter().copied().collect());
                known.insert(record, keys);
                let anew = Blocks::of(2, RECORDS as usize + 5, &keyed(&known));
                let (mut pairs, mut largest) = (0, 0);
                each_block(&keyed(&known), |block| {
                    pairs += block.len() as u64 * (block.len() as u64 - 1) / 2;
                    largest = largest.max(block.len() as u32);
                });
                prop_assert_eq!((anew.pairs(), anew.largest()), (pairs, largest));
                prop_assert_eq!(blocks.pairs(), pairs);
                if pairs > 0 {
                    prop_assert_eq!(blocks.largest(), largest);
                }
            }
        }

        /// Records share a block with those that have a key of theirs.
        #[test]
        fn records_of_a_key_are_found(all in all_keys()) {
            let of_records = (0..).zip(&all);
            let mut pairs: Vec<(u64, u32)> = of_records
                .flat_map(|(record, keys)| keys.iter().map(move |key| (*key, record)))
                .collect();
            pairs.sort_unstable();
            let blocks = Blocks::of(2, all.len(), &pairs);
            for record in 0..RECORDS {
                let own = &all[record as usize];
                let shares = |other: &u32| own.intersection(&all[*other as usize]).count();
                let others = (0..RECORDS).filter(|other| *other != record);
                let expected: Vec<u32> = others
                    .flat_map(|other| std::iter::repeat_n(other, shares(&other)))
                    .collect();
                blocks.fetch_earlier(record..RECORDS);
                let (mut found, mut earlier) = (Vec::new(), Vec::new());
                let keys = || [NO_KEY; RARE_WORDS];
                blocks.with(record, keys, |other| found.push(other));
                blocks.with_earlier(record, keys, |other| earlier.push(other));
                found.retain(|other| *other != record);
                found.sort_unstable();
                earlier.sort_unstable();
                prop_assert_eq!(&found, &expected);
                found.retain(|other| *other < record);
                prop_assert_eq!(earlier, found);
            }
        }
    }
}
