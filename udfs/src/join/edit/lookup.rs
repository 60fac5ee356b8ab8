//! Looks hashes up in a table, part by part.

use std::ops::{ControlFlow, Range};

use datafusion::error::Result;

use super::super::cancellation::Cancellation;
use super::table::{Hashes, Table, bits_below, first_bits};

/// After how many entries that are looked at in one part that is checked again.
const ENTRIES_BETWEEN_CHECKS: usize = 1 << 20;

/// Hashes to look up at once, each with the number of who asks.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    /// The bits of a hash after the part's, then the number.
    sorted: Vec<u64>,
    /// Where each part ends.
    ends: Vec<usize>,
}

impl Lookup {
    /// The bytes of memory that this takes.
    pub(super) fn size(&self) -> usize {
        self.sorted.capacity() * size_of::<u64>() + self.ends.capacity() * size_of::<usize>()
    }
}

impl Table {
    /// Looks up the hashes of at most [`super::table::MOST_LOOKED_UP`] texts, which are numbered from `ids.start`,
    /// and visits each with the id of every text of the table that may have the same hash; or only of
    /// those `below` its own, in order of which the texts of a bucket are.
    pub(super) fn look_up(
        &self,
        ids: Range<u32>,
        hashes: &mut impl Hashes,
        lookup: &mut Lookup,
        cancellation: &Cancellation,
        below: bool,
        mut visit: impl FnMut(u32, u32) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let number_bits = bits_below(ids.len() as u64);
        lookup.ends.clear();
        lookup.ends.resize(1 << self.part_bits, 0);
        for id in ids.clone() {
            hashes.visit(id, |hash| {
                lookup.ends[first_bits(hash, self.part_bits)] += 1
            });
        }
        let mut end = 0;
        for place in &mut lookup.ends {
            let count = *place;
            *place = end;
            end += count;
        }
        lookup.sorted.clear();
        lookup.sorted.resize(end, 0);
        for id in ids.clone() {
            let number = u64::from(id - ids.start);
            hashes.visit(id, |hash| {
                let place = &mut lookup.ends[first_bits(hash, self.part_bits)];
                lookup.sorted[*place] = self.rest_with(hash, number, number_bits);
                *place += 1;
            });
        }
        let mut start = 0;
        let number_mask = (1_u64 << number_bits) - 1;
        // Not all bits, as there are fewer texts than that.
        let id_mask = ((1_u64 << self.id_bits) - 1) as u32;
        for (part, end) in lookup.ends.iter().enumerate() {
            cancellation.check()?;
            let first_bucket = self.buckets(part).start;
            let mut unchecked = 0;
            for hash in &lookup.sorted[start..*end] {
                let bucket = self.bucket(first_bucket + self.bucket_in_part(*hash));
                unchecked += bucket.len();
                if unchecked > ENTRIES_BETWEEN_CHECKS {
                    cancellation.check()?;
                    unchecked = 0;
                }
                let tag = self.tag(*hash);
                let number = ids.start + (hash & number_mask) as u32;
                let end = if below {
                    number.saturating_sub(self.ids.start)
                } else {
                    u32::MAX
                };
                for entry in &self.entries[bucket] {
                    let id = entry & id_mask;
                    if id >= end {
                        break;
                    }
                    if entry ^ id == tag && visit(number, self.ids.start + id).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
            start = *end;
        }
        Ok(ControlFlow::Continue(()))
    }
}
