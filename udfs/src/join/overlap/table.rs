//! Which records have a key.

use multiversion::multiversion;

use super::combination::{place, without_place};
use super::signature::Signature;

/// Keys that are looked up together.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    pub(crate) keys: Vec<u64>,
    /// Where the entries of each key's bucket begin and end.
    buckets: Vec<(u32, u32)>,
    /// The place of the first entry.
    first: Vec<u32>,
}

impl Lookups {
    /// The bytes of memory that this takes.
    pub(crate) fn memory(&self) -> usize {
        self.keys.capacity() * size_of::<u64>()
            + self.buckets.capacity() * size_of::<(u32, u32)>()
            + self.first.capacity() * size_of::<u32>()
    }
}

/// The records of each key, in order.
#[derive(Debug)]
pub(crate) struct Table {
    /// The high bits of a key are its bucket.
    shift: u32,
    /// Where the entries of each bucket begin.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

/// A record that has a key.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// The low bits of the key.
    key: u32,
    place: u32,
    /// The record's signature, folded: most of those that share a key are told apart by it.
    signature: u64,
}

/// What a probe looks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Among how many of its rarest tokens a record has those of the key.
    pub(crate) within: usize,
    /// Where the places end that count.
    pub(crate) end: usize,
    pub(crate) signature: Signature,
    /// By how many bits signatures differ at most.
    pub(crate) difference: u32,
}

impl Table {
    /// The bytes of memory that a table of so many entries takes while it is made.
    pub(crate) fn memory(entries: f64) -> f64 {
        entries * (size_of::<(u64, u32)>() + size_of::<Entry>() + size_of::<u32>()) as f64
    }

    /// A table of keys and places, in ascending order of places, which have signatures. `None`
    /// where there are too many.
    pub(crate) fn new(keys: &[(u64, u32)], signatures: &[Signature]) -> Option<Self> {
        u32::try_from(keys.len()).ok()?;
        // One to two entries a bucket.
        let bits = keys.len().checked_ilog2().unwrap_or(0).max(1);
        let shift = u64::BITS - bits;
        let bucket = |key: u64| (key >> shift) as usize;
        let mut starts = vec![0_u32; (1 << bits) + 2];
        for (key, _) in keys {
            starts[bucket(*key) + 2] += 1;
        }
        for place in 2..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut entries = vec![Entry::default(); keys.len()];
        for (key, place) in keys {
            let next = &mut starts[bucket(*key) + 1];
            entries[*next as usize] = Entry {
                key: *key as u32,
                place: *place,
                signature: signatures[*place as usize].folded(),
            };
            *next += 1;
        }
        starts.pop();
        Some(Self {
            shift,
            starts,
            entries,
        })
    }

    /// Adds the places that have one of the keys looked up, and a few others by chance; some of
    /// them more than once. Returns how many there were before signatures told them apart.
    pub(crate) fn find(&self, lookups: &mut Lookups, wanted: Wanted, found: &mut Vec<u32>) -> u64 {
        find(self, lookups, wanted, found)
    }

    /// The bytes of memory that this takes.
    pub(crate) fn size(&self) -> usize {
        self.starts.capacity() * size_of::<u32>() + self.entries.capacity() * size_of::<Entry>()
    }
}

/// See [`Table::find`]. Tables do not fit caches. So all buckets are looked up before the first is
/// read, and the beginnings of all of these before the first is compared: memory answers many such
/// reads at a time, where no decision waits for one. Compiled for processors that count bits in one
/// instruction as well.
#[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"))]
fn find(table: &Table, lookups: &mut Lookups, wanted: Wanted, found: &mut Vec<u32>) -> u64 {
    lookups.buckets.clear();
    lookups.buckets.extend(lookups.keys.iter().map(|key| {
        let bucket = (key >> table.shift) as usize;
        (table.starts[bucket], table.starts[bucket + 1])
    }));
    lookups.first.clear();
    lookups
        .first
        .extend(lookups.buckets.iter().map(|(start, _)| {
            let first = table.entries.get(*start as usize);
            first.map_or(u32::MAX, |entry| entry.place)
        }));
    let (within, end) = (wanted.within as u64, wanted.end as u32);
    let signature = wanted.signature.folded();
    let mut candidates = 0;
    for ((bucket, first), key) in lookups
        .buckets
        .iter()
        .zip(&lookups.first)
        .zip(&lookups.keys)
    {
        if *first >= end {
            continue;
        }
        let low = without_place(*key) as u32;
        for entry in &table.entries[bucket.0 as usize..bucket.1 as usize] {
            if entry.place >= end {
                break;
            }
            let key = u64::from(entry.key);
            let same = without_place(key) as u32 == low && place(key) < within;
            candidates += u64::from(same);
            let difference = (entry.signature ^ signature).count_ones();
            if same && difference <= wanted.difference {
                found.push(entry.place);
            }
        }
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::{Lookups, Table, Wanted};
    use crate::join::overlap::combination::hash;
    use crate::join::overlap::signature::Signature;

    #[test]
    fn a_table_gives_the_places_of_a_key_in_order() {
        let keys: Vec<_> = (0..1000_u32)
            .map(|n| (hash(u64::from(n % 300)), n))
            .collect();
        let mut signatures = vec![Signature::default(); 1000];
        signatures[607].set(5);
        let table = Table::new(&keys, &signatures).unwrap();
        let find = |table: &Table, key, end, difference| {
            let mut lookups = Lookups::default();
            lookups.keys.push(key);
            let wanted = Wanted {
                within: 256,
                end,
                signature: Signature::default(),
                difference,
            };
            let mut places = Vec::new();
            table.find(&mut lookups, wanted, &mut places);
            places
        };
        assert_eq!(find(&table, hash(7), 1000, 1), [7, 307, 607, 907]);
        assert_eq!(find(&table, hash(7), 907, 1), [7, 307, 607]);
        assert_eq!(find(&table, hash(7), 1000, 0), [7, 307, 907]);
        assert!(find(&table, hash(300), 1000, 128).is_empty());
        assert!(find(&Table::new(&[], &[]).unwrap(), hash(1), 0, 0).is_empty());
    }
}
