//! Which records have a key.

use super::combination::{place, without_place};

/// Keys that are looked up together.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    pub(crate) keys: Vec<u64>,
    /// Where the entries of each key's bucket begin and end, and the low bits of the key.
    buckets: Vec<(u32, u32, u32)>,
    /// The low bits of the first entry.
    first: Vec<u32>,
}

/// The records of each key, in order.
#[derive(Debug)]
pub(crate) struct Table {
    /// The high bits of a key are its bucket.
    shift: u32,
    /// Where the entries of each bucket begin.
    starts: Vec<u32>,
    /// The low bits of a key, and a place.
    entries: Vec<(u32, u32)>,
}

impl Table {
    /// The bytes of memory that a table of so many entries takes while it is made.
    pub(crate) fn memory(entries: f64) -> f64 {
        entries * 32.0
    }

    /// A table of keys and places, in ascending order of places. `None` where there are too many.
    pub(crate) fn new(keys: &[(u64, u32)]) -> Option<Self> {
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
        let mut entries = vec![(0, 0); keys.len()];
        for (key, place) in keys {
            let next = &mut starts[bucket(*key) + 1];
            entries[*next as usize] = (*key as u32, *place);
            *next += 1;
        }
        starts.pop();
        Some(Self {
            shift,
            starts,
            entries,
        })
    }

    /// Calls `found` with the places that have one of some keys, the last token of which is within
    /// the first so many of the record; a few others, by chance, may be among them.
    ///
    /// Tables do not fit caches. So all buckets are looked up before the first is read, and the
    /// beginnings of all of these before the first is compared: memory answers many such reads at a
    /// time, where no decision waits for one.
    #[inline]
    pub(crate) fn find(&self, lookups: &mut Lookups, within: usize, mut found: impl FnMut(u32)) {
        let within = within as u64;
        let is_found = |entry: u32, low: u32| {
            without_place(u64::from(entry)) as u32 == low && place(u64::from(entry)) < within
        };
        lookups.buckets.clear();
        lookups.buckets.extend(lookups.keys.iter().map(|key| {
            let bucket = (key >> self.shift) as usize;
            let low = without_place(*key) as u32;
            (self.starts[bucket], self.starts[bucket + 1], low)
        }));
        lookups.first.clear();
        lookups.first.extend(
            lookups
                .buckets
                .iter()
                .map(|(start, ..)| self.entries.get(*start as usize).map_or(0, |entry| entry.0)),
        );
        for ((start, end, low), first) in lookups.buckets.iter().zip(&lookups.first) {
            if end - start == 1 && !is_found(*first, *low) {
                continue;
            }
            for (_, place) in self.entries[*start as usize..*end as usize]
                .iter()
                .filter(|entry| is_found(entry.0, *low))
            {
                found(*place);
            }
        }
    }

    /// The bytes of memory that this takes.
    pub(crate) fn size(&self) -> usize {
        self.starts.capacity() * size_of::<u32>()
            + self.entries.capacity() * size_of::<(u32, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::{Lookups, Table};
    use crate::join::overlap::combination::hash;

    #[test]
    fn a_table_gives_the_places_of_a_key_in_order() {
        let keys: Vec<_> = (0..1000_u32)
            .map(|n| (hash(u64::from(n % 300)), n))
            .collect();
        let table = Table::new(&keys).unwrap();
        let find = |table: &Table, key| {
            let mut lookups = Lookups::default();
            lookups.keys.push(key);
            let mut places = Vec::new();
            table.find(&mut lookups, 256, |place| places.push(place));
            places
        };
        assert_eq!(find(&table, hash(7)), [7, 307, 607, 907]);
        assert!(find(&table, hash(300)).is_empty());
        assert!(find(&Table::new(&[]).unwrap(), hash(1)).is_empty());
    }
}
