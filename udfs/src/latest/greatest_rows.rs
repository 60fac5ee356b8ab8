//! The greatest row of each group, in one buffer for all.

use datafusion::logical_expr::EmitTo;

/// Below this much waste the buffer is not worth rewriting.
const LEAST_WASTE: usize = 1 << 16;

/// The greatest row of each group.
#[derive(Debug, Default)]
pub(super) struct GreatestRows {
    slots: Vec<Slot>,
    bytes: Vec<u8>,
    /// How many of the bytes no slot stands for any more.
    waste: usize,
}

/// Where the row of a group stands; one of length 0 is none.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    start: usize,
    length: usize,
    /// How many bytes a greater row may take in place.
    capacity: usize,
}

impl GreatestRows {
    /// Makes room for this many groups.
    pub(super) fn resize(&mut self, groups: usize) {
        if groups > self.slots.len() {
            self.slots.resize(groups, Slot::default());
        }
    }

    /// Keeps the row if it is the greatest of its group so far.
    #[inline]
    pub(super) fn offer(&mut self, group: usize, row: &[u8]) {
        let slot = self.slots[group];
        if slot.length != 0 && row <= &self.bytes[slot.start..slot.start + slot.length] {
            return;
        }
        if row.len() <= slot.capacity {
            self.bytes[slot.start..slot.start + row.len()].copy_from_slice(row);
            self.slots[group].length = row.len();
            return;
        }
        self.waste += slot.capacity;
        self.slots[group] = Slot {
            start: self.bytes.len(),
            length: row.len(),
            capacity: row.len(),
        };
        self.bytes.extend_from_slice(row);
        self.compact_if_worthwhile();
    }

    /// The row of a group.
    pub(super) fn get(&self, group: usize) -> Option<&[u8]> {
        let slot = self.slots.get(group)?;
        (slot.length != 0).then(|| &self.bytes[slot.start..slot.start + slot.length])
    }

    /// Takes the first groups out, and hands their rows to `read`.
    pub(super) fn emit<T>(
        &mut self,
        emit_to: EmitTo,
        read: impl FnOnce(&[Option<&[u8]>]) -> T,
    ) -> T {
        let slots = emit_to.take_needed(&mut self.slots);
        let rows: Vec<Option<&[u8]>> = slots
            .iter()
            .map(|slot| {
                (slot.length != 0).then(|| &self.bytes[slot.start..slot.start + slot.length])
            })
            .collect();
        let answer = read(&rows);
        drop(rows);
        if self.slots.is_empty() {
            *self = Self::default();
        } else {
            self.waste += slots.iter().map(|slot| slot.capacity).sum::<usize>();
            self.compact_if_worthwhile();
        }
        answer
    }

    /// Rewrites the buffer where more than half of it is waste.
    fn compact_if_worthwhile(&mut self) {
        if self.waste < LEAST_WASTE || self.waste <= self.bytes.len() / 2 {
            return;
        }
        let mut kept = Vec::with_capacity(self.bytes.len() - self.waste);
        for slot in &mut self.slots {
            let start = kept.len();
            kept.extend_from_slice(&self.bytes[slot.start..slot.start + slot.length]);
            slot.start = start;
            slot.capacity = slot.length;
        }
        self.bytes = kept;
        self.waste = 0;
    }

    /// Memory in bytes.
    pub(super) fn size(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>() + self.bytes.capacity()
    }
}
