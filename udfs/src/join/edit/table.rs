//! A compact multimap from hashes to texts.
//!
//! Entries of 32 bits lie in order of the first bits of their hashes: the low bits of an entry are
//! the text, as few as there are texts for, and the others are further bits of the hash. Which
//! entries share their first bits is told by an array of ends, one for about four entries.
//!
//! A hash table of that many entries would miss the processor's caches at every access. Here both
//! building and looking up first sort hashes by their very first bits into parts (as in a radix
//! join: S. Manegold, P. Boncz, M. Kersten, "Optimizing main-memory join on modern hardware", IEEE
//! TKDE 14, 2002), and a part of the table lies in the cache.

use std::ops::Range;

use datafusion::error::Result;

use super::super::cancellation::Cancellation;

/// How many bytes of the table are worked on at a time: well within a core's second cache.
const PART_BYTES: u64 = 1 << 16;

/// Most bits by which hashes are sorted into parts: more places than this written to at a time
/// are slower than a larger part is.
const MOST_PART_BITS: u32 = 11;

/// Entries that share the bits that find them, on average.
const ENTRIES_PER_BUCKET: u64 = 4;

/// How many hashes are sorted at a time while a table is built, beyond what one part takes.
const HASHES_AT_A_TIME: usize = 1 << 22;

/// Bits of an entry that tell the text, at least, and of a looked up hash that tell who asks, at
/// most: then a looked up hash has at least the bits that an entry has.
const NUMBER_BITS: u32 = 16;

/// How many texts' hashes can be looked up at once.
pub(super) const MOST_LOOKED_UP: u32 = 1 << NUMBER_BITS;

/// After how many texts it is checked whether the query was cancelled.
const TEXTS_BETWEEN_CHECKS: u32 = 1024;

/// Hashes of texts.
#[derive(Debug)]
pub(super) struct Table {
    /// The texts that are in it.
    pub(super) ids: Range<u32>,
    /// How many bits of an entry tell the text.
    pub(super) id_bits: u32,
    pub(super) part_bits: u32,
    /// How many bits of a hash find a bucket, `part_bits` included.
    bucket_bits: u32,
    /// Where each bucket ends.
    ends: Vec<u32>,
    pub(super) entries: Vec<u32>,
}

/// The hashes of a text, as often as they are asked for.
pub(super) trait Hashes {
    /// Visits all hashes of a text.
    fn visit(&mut self, id: u32, visit: impl FnMut(u64));
}

/// How many bits numbers below a count take, at least one.
pub(super) fn bits_below(count: u64) -> u32 {
    (u64::BITS - count.saturating_sub(1).leading_zeros()).max(1)
}

/// The first bits of a hash.
#[inline]
pub(super) fn first_bits(hash: u64, bits: u32) -> usize {
    (hash >> (u64::BITS - bits)) as usize
}

/// How many bits find a part and a bucket of so many entries.
fn table_bits(entries: u64) -> (u32, u32) {
    let parts = entries * size_of::<u32>() as u64 / PART_BYTES;
    let part_bits = bits_below(parts).min(MOST_PART_BITS);
    let bucket_bits = bits_below(entries / ENTRIES_PER_BUCKET).max(part_bits);
    (part_bits, bucket_bits)
}

impl Table {
    /// An upper bound of the bytes that a table of so many entries takes.
    pub(super) fn size_of_entries(entries: u64) -> u64 {
        let (_, bucket_bits) = table_bits(entries);
        (entries + (1 << bucket_bits)) * size_of::<u32>() as u64
    }

    /// The bytes that building a table takes beside it.
    pub(super) fn building_size(entries: u64) -> u64 {
        entries.min(2 * HASHES_AT_A_TIME as u64) * size_of::<u64>() as u64
    }

    /// A table of texts, `most` being an upper bound of how many hashes they have: below 2^32.
    pub(super) fn new(
        ids: Range<u32>,
        most: u64,
        hashes: &mut impl Hashes,
        cancellation: &Cancellation,
    ) -> Result<Self> {
        let (part_bits, bucket_bits) = table_bits(most);
        let mut table = Self {
            id_bits: bits_below(ids.len() as u64).max(NUMBER_BITS),
            ids,
            part_bits,
            bucket_bits,
            ends: vec![0; 1 << bucket_bits],
            entries: Vec::new(),
        };
        let counts = table.count_parts(hashes, cancellation)?;
        table.entries = vec![0; counts.iter().sum()];
        let mut sorted = Vec::new();
        let (mut part, mut start) = (0, 0);
        while part < counts.len() {
            let mut end_part = part + 1;
            let mut count = counts[part];
            while end_part < counts.len() && count + counts[end_part] <= HASHES_AT_A_TIME {
                count += counts[end_part];
                end_part += 1;
            }
            sorted.clear();
            sorted.resize(count, 0);
            table.sort(part..end_part, &counts, hashes, &mut sorted, cancellation)?;
            let mut rest = sorted.as_slice();
            for (number, count) in counts[part..end_part].iter().enumerate() {
                let (these, others) = rest.split_at(*count);
                table.fill(part + number, these, start);
                start += these.len();
                rest = others;
            }
            part = end_part;
        }
        Ok(table)
    }

    /// How many hashes each part has.
    fn count_parts(
        &self,
        hashes: &mut impl Hashes,
        cancellation: &Cancellation,
    ) -> Result<Vec<usize>> {
        let mut counts = vec![0; 1 << self.part_bits];
        for id in self.ids.clone() {
            if id % TEXTS_BETWEEN_CHECKS == 0 {
                cancellation.check()?;
            }
            hashes.visit(id, |hash| counts[first_bits(hash, self.part_bits)] += 1);
        }
        Ok(counts)
    }

    /// Sorts the hashes of some parts by part.
    fn sort(
        &self,
        parts: Range<usize>,
        counts: &[usize],
        hashes: &mut impl Hashes,
        sorted: &mut [u64],
        cancellation: &Cancellation,
    ) -> Result<()> {
        let mut places: Vec<usize> = counts[parts.clone()]
            .iter()
            .scan(0, |start, count| {
                *start += count;
                Some(*start - count)
            })
            .collect();
        for id in self.ids.clone() {
            if id % TEXTS_BETWEEN_CHECKS == 0 {
                cancellation.check()?;
            }
            let number = u64::from(id - self.ids.start);
            hashes.visit(id, |hash| {
                let part = first_bits(hash, self.part_bits).wrapping_sub(parts.start);
                if let Some(place) = places.get_mut(part) {
                    sorted[*place] = self.rest_with(hash, number, self.id_bits);
                    *place += 1;
                }
            });
        }
        Ok(())
    }

    /// The bits of a hash after those of its part, the last of them given away for a number.
    #[inline]
    pub(super) fn rest_with(&self, hash: u64, number: u64, number_bits: u32) -> u64 {
        (hash << self.part_bits) >> number_bits << number_bits | number
    }

    /// Where the buckets of a part lie among all.
    pub(super) fn buckets(&self, part: usize) -> Range<usize> {
        let bits = self.bucket_bits - self.part_bits;
        part << bits..(part + 1) << bits
    }

    /// The bucket of what is left of a hash, counted within its part.
    #[inline]
    pub(super) fn bucket_in_part(&self, rest: u64) -> usize {
        // In two steps, as there may be no bits left to tell buckets apart.
        (rest >> 1 >> (u64::BITS - 1 - (self.bucket_bits - self.part_bits))) as usize
    }

    /// The bits of a hash that an entry keeps, at the entry's upper end.
    #[inline]
    pub(super) fn tag(&self, rest: u64) -> u32 {
        let bits = rest << (self.bucket_bits - self.part_bits);
        (bits >> 32) as u32 >> self.id_bits << self.id_bits
    }

    /// Puts the hashes of a part into its buckets, the first of which starts at `start`.
    fn fill(&mut self, part: usize, hashes: &[u64], start: usize) {
        let buckets = self.buckets(part);
        for hash in hashes {
            let bucket = buckets.start + self.bucket_in_part(*hash);
            self.ends[bucket] += 1;
        }
        let mut end = start as u32;
        for bucket in &mut self.ends[buckets.clone()] {
            // From here on, where the bucket starts; each entry moves it towards its end.
            let count = *bucket;
            *bucket = end;
            end += count;
        }
        let id_mask = (1_u64 << self.id_bits) - 1;
        for hash in hashes {
            let bucket = buckets.start + self.bucket_in_part(*hash);
            let place = self.ends[bucket] as usize;
            self.entries[place] = self.tag(*hash) | (hash & id_mask) as u32;
            self.ends[bucket] += 1;
        }
    }

    /// Where the entries of a bucket lie.
    #[inline]
    pub(super) fn bucket(&self, bucket: usize) -> Range<usize> {
        let start = if bucket == 0 {
            0
        } else {
            self.ends[bucket - 1]
        };
        start as usize..self.ends[bucket] as usize
    }

    /// The bytes that the table takes.
    pub(super) fn size(&self) -> usize {
        (self.ends.capacity() + self.entries.capacity()) * size_of::<u32>()
    }
}
