//! A hash table of trigrams that many texts use one after the other.

/// A table from trigram to number.
///
/// Each use has a generation, and what an earlier one has left in a slot counts as empty, so that
/// a new use costs nothing. It is at most half full; collisions go to the next slot.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<Slot>,
    /// How far a hash is shifted to be a slot's index.
    shift: u32,
    generation: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// The generation, and in the lowest 24 bits the trigram.
    key: u64,
    value: u32,
}

/// The slots of a new table: enough for pairs of names.
const SLOTS: usize = 64;

impl Default for Table {
    fn default() -> Self {
        let mut table = Self {
            slots: Vec::new(),
            shift: 0,
            generation: 0,
        };
        table.resize(SLOTS);
        table
    }
}

impl Table {
    /// Empties the table and makes room for so many trigrams.
    #[inline]
    pub(super) fn begin(&mut self, trigrams: usize) {
        if trigrams * 2 > self.slots.len() {
            self.resize((trigrams * 2).next_power_of_two());
        }
        self.generation += 1;
    }

    /// The number of a trigram, and whether the trigram is new; a new one's is 0.
    #[inline]
    pub(super) fn entry(&mut self, trigram: u32) -> (&mut u32, bool) {
        let key = self.generation << 24 | u64::from(trigram);
        let mask = self.slots.len() - 1;
        // Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4).
        let mut index = (trigram.wrapping_mul(0x9E37_79B1) >> self.shift) as usize;
        let new = loop {
            let found = self.slots[index & mask].key;
            if found == key {
                break false;
            }
            if found >> 24 != self.generation {
                break true;
            }
            index += 1;
        };
        let slot = &mut self.slots[index & mask];
        if new {
            *slot = Slot { key, value: 0 };
        }
        (&mut slot.value, new)
    }

    fn resize(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, Slot::default());
        self.shift = 32 - slots.ilog2().min(32);
    }
}
