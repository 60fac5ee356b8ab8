//! Which records have a key, of all sizes.
//!
//! Keys are sorted by their first bits into parts, and each part on its own into buckets, so that
//! memory is written in order (S. Manegold, P. Boncz, M. Kersten, "Optimizing main-memory join on
//! modern hardware", IEEE TKDE 14, 2002). Of each record a few bits stand beside its place: most of
//! those that share a key are told apart by them without another look at memory.

use std::ops::Range;

use datafusion::error::Result;
use multiversion::multiversion;

use super::grades::Prefix;
use super::sorting::{Counts, Keyed, Part, Source, sort_by_part};
use crate::join::threads::in_threads;

/// How many postings a part has, about: they fit into a core's cache.
const PART: f64 = 32_768.0;
const MOST_PART_BITS: u32 = 10;

/// Records by their keys. A bucket has about one key, and the records of a bucket are in order of
/// their places.
#[derive(Debug)]
pub(crate) struct Postings {
    bucket_bits: u32,
    /// Where the postings of each bucket begin, and where the last end.
    starts: Vec<u32>,
    places: Vec<u32>,
    /// The signatures of the records, folded.
    signatures: Vec<u64>,
    /// The places of the records that have no keys, in order.
    without_keys: Vec<u32>,
}

/// What a probe looks for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) places: Range<u32>,
    /// Its signature, folded.
    pub(crate) signature: u64,
    pub(crate) difference: u32,
}

/// The buckets of keys that are looked up together.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    pub(crate) keys: Vec<u64>,
    /// Where the postings of each begin and end.
    buckets: Vec<(usize, usize)>,
    /// The first place and signature in each.
    first: Vec<(u32, u64)>,
}

impl Lookups {
    /// The bytes of memory that this takes.
    pub(crate) fn memory(&self) -> usize {
        self.keys.capacity() * size_of::<u64>()
            + self.buckets.capacity() * size_of::<(usize, usize)>()
            + self.first.capacity() * size_of::<(u32, u64)>()
    }
}

/// The first bits of a key.
#[inline]
pub(super) fn first_bits(key: u64, bits: u32) -> usize {
    // In two steps, as it may be none.
    (key >> 1 >> (u64::BITS - 1 - bits)) as usize
}

fn bits_below(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

impl Postings {
    /// The bytes of memory that so many postings take while they are sorted.
    fn size_of(postings: usize) -> usize {
        let each = size_of::<Keyed>() + size_of::<u32>() + size_of::<u64>();
        postings * each + (1 << bits_below(postings)) * size_of::<u32>()
    }

    /// The postings of all records; `None` where there is no memory for them.
    pub(crate) fn new<F: Fn(usize, &mut Prefix) -> bool + Sync>(
        source: &Source<'_, F>,
        reserve: impl FnOnce(usize) -> bool,
    ) -> Result<Option<Self>> {
        let part_bits = bits_below((source.expected / PART) as usize + 1).min(MOST_PART_BITS);
        let records = source.signatures.len();
        let share = records.div_ceil(source.threads.max(1)).max(1);
        let shares = (0..records).step_by(share);
        let shares: Vec<_> = shares.map(|at| at..records.min(at + share)).collect();
        let counts = in_threads(shares.clone(), source.threads, |places| {
            let mut counts = Counts {
                parts: vec![0; 1 << part_bits],
                without_keys: Vec::new(),
            };
            source.visit(places, |place, key| match key {
                Some(key) => counts.parts[first_bits(key, part_bits)] += 1,
                None => counts.without_keys.push(place),
            })?;
            Ok(counts)
        })?;
        let parts: Vec<usize> = (0..1 << part_bits)
            .map(|part| counts.iter().map(|counts| counts.parts[part]).sum())
            .collect();
        let total = parts.iter().sum();
        if u32::try_from(total).is_err() || !reserve(Self::size_of(total)) {
            return Ok(None);
        }
        let mut keyed = vec![Keyed::default(); total];
        sort_by_part(source, shares, &counts, part_bits, &mut keyed)?;
        let without_keys = counts.into_iter().flat_map(|own| own.without_keys);
        let mut postings = Self {
            bucket_bits: bits_below(total).max(part_bits),
            starts: Vec::new(),
            places: vec![0; total],
            signatures: vec![0; total],
            without_keys: without_keys.collect(),
        };
        postings.sort_by_bucket(source, &parts, part_bits, &keyed)?;
        Ok(Some(postings))
    }

    /// Takes in the keys of each part in order of their buckets.
    fn sort_by_bucket<F: Sync>(
        &mut self,
        source: &Source<'_, F>,
        parts: &[usize],
        part_bits: u32,
        keyed: &[Keyed],
    ) -> Result<()> {
        let bits = self.bucket_bits - part_bits;
        let mut starts = vec![0; (1 << self.bucket_bits) + 1];
        let mut tasks = Vec::with_capacity(parts.len());
        let mut rest = Part {
            keyed,
            first: 0,
            starts: &mut starts,
            places: &mut self.places,
            signatures: &mut self.signatures,
        };
        for count in parts {
            let (part, others) = rest.split(*count, 1 << bits);
            tasks.push(part);
            rest = others;
        }
        in_threads(tasks, source.threads, |part| {
            source.cancellation.check()?;
            part.sort(bits, source.signatures);
            Ok(())
        })?;
        let last = starts.len() - 1;
        starts[last] = keyed.len() as u32;
        self.starts = starts;
        Ok(())
    }

    /// Adds the wanted records that have one of the keys looked up, some of them more than once,
    /// and a few others by chance. Returns how many there were before signatures told them apart.
    pub(crate) fn find(&self, lookups: &mut Lookups, wanted: &Wanted, found: &mut Vec<u32>) -> u64 {
        find(self, lookups, wanted, found)
    }

    /// The places, of some, of the records that have no keys.
    pub(crate) fn without_keys(&self, places: &Range<u32>) -> &[u32] {
        let place = |bound: u32| self.without_keys.partition_point(|place| *place < bound);
        &self.without_keys[place(places.start)..place(places.end)]
    }
}

/// See [`Postings::find`]. Postings do not fit caches: so all buckets are looked up before the first
/// is read, and the beginnings of all of these before the first is compared. Memory answers many
/// such reads at a time, where no decision waits for one.
#[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"))]
fn find(all: &Postings, lookups: &mut Lookups, wanted: &Wanted, found: &mut Vec<u32>) -> u64 {
    lookups.buckets.clear();
    lookups.buckets.extend(lookups.keys.iter().map(|key| {
        let bucket = first_bits(*key, all.bucket_bits);
        (all.starts[bucket] as usize, all.starts[bucket + 1] as usize)
    }));
    lookups.first.clear();
    let first = |(start, _): &(usize, usize)| {
        let signature = all.signatures.get(*start).copied().unwrap_or(0);
        (all.places.get(*start).copied().unwrap_or(0), signature)
    };
    lookups.first.extend(lookups.buckets.iter().map(first));
    let Range { start, end } = wanted.places;
    let mut candidates = 0;
    for ((from, to), (first, _)) in lookups.buckets.iter().zip(&lookups.first) {
        if from == to || *first >= end {
            continue;
        }
        let places = &all.places[*from..*to];
        let last = places.last().copied().unwrap_or(0);
        let skipped = if *first >= start {
            0
        } else {
            places.partition_point(|place| *place < start)
        };
        let count = if last < end {
            places.len()
        } else {
            places.partition_point(|place| *place < end)
        };
        let places = &places[skipped..count.max(skipped)];
        let signatures = &all.signatures[*from..*to][skipped..count.max(skipped)];
        candidates += places.len() as u64;
        for (places, signatures) in places.chunks(64).zip(signatures.chunks(64)) {
            let mut alike = 0_u64;
            for (bit, other) in signatures.iter().enumerate() {
                let difference = (other ^ wanted.signature).count_ones();
                alike |= u64::from(difference <= wanted.difference) << bit;
            }
            while alike != 0 {
                found.push(places[alike.trailing_zeros() as usize]);
                alike &= alike - 1;
            }
        }
    }
    candidates
}
