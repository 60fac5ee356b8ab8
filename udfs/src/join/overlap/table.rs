//! Which records have a key.

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
        entries * 40.0
    }

    /// A table of keys and places, in ascending order of places. `None` where there are too many.
    pub(crate) fn new(keys: &[(u64, u32)]) -> Option<Self> {
        u32::try_from(keys.len()).ok()?;
        let bits = (usize::BITS - keys.len().leading_zeros()).max(1);
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

    /// The places that have a key; a few others, by chance, may be among them.
    #[inline]
    pub(crate) fn get(&self, key: u64) -> impl Iterator<Item = u32> + '_ {
        let bucket = (key >> self.shift) as usize;
        let entries = self.starts[bucket] as usize..self.starts[bucket + 1] as usize;
        self.entries[entries]
            .iter()
            .filter(move |(low, _)| *low == key as u32)
            .map(|(_, place)| *place)
    }

    /// The bytes of memory that this takes.
    pub(crate) fn size(&self) -> usize {
        self.starts.capacity() * size_of::<u32>()
            + self.entries.capacity() * size_of::<(u32, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::join::overlap::combination::hash;

    #[test]
    fn a_table_gives_the_places_of_a_key_in_order() {
        let keys: Vec<_> = (0..1000_u32)
            .map(|n| (hash(u64::from(n % 300)), n))
            .collect();
        let table = Table::new(&keys).unwrap();
        let places: Vec<_> = table.get(hash(7)).collect();
        assert_eq!(places, [7, 307, 607, 907]);
        assert_eq!(table.get(hash(300)).count(), 0);
        assert_eq!(Table::new(&[]).unwrap().get(hash(1)).count(), 0);
    }
}
