//! The distinct texts of one side of a join.

use std::ops::{Range, RangeInclusive};

/// Distinct texts, sorted by their number of characters, then by their bytes. The id of a text is
/// its rank.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    buffer: String,
    /// Where each text ends in the buffer.
    ends: Vec<usize>,
    /// The number of characters of each text.
    lengths: Vec<u32>,
}

impl Texts {
    /// Takes in distinct texts, in any order, and tells the id of each.
    pub(crate) fn new(texts: &[&str]) -> (Self, Vec<u32>) {
        let lengths: Vec<u32> = texts
            .iter()
            .map(|text| u32::try_from(text.chars().count()).unwrap_or(u32::MAX))
            .collect();
        let mut order: Vec<u32> = (0..lengths.len() as u32).collect();
        order.sort_unstable_by_key(|place| {
            let place = *place as usize;
            (lengths[place], texts[place].as_bytes())
        });
        let mut sorted = Self {
            buffer: String::with_capacity(texts.iter().map(|text| text.len()).sum()),
            ends: Vec::with_capacity(texts.len()),
            lengths: Vec::with_capacity(texts.len()),
        };
        let mut ids = vec![0; texts.len()];
        for (id, place) in order.iter().enumerate() {
            let place = *place as usize;
            sorted.buffer.push_str(texts[place]);
            sorted.ends.push(sorted.buffer.len());
            sorted.lengths.push(lengths[place]);
            ids[place] = id as u32;
        }
        (sorted, ids)
    }

    /// How many there are; ids are below it.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The ids of all texts.
    pub(crate) fn ids(&self) -> Range<u32> {
        0..self.ends.len() as u32
    }

    /// A text.
    #[inline]
    pub(crate) fn get(&self, id: u32) -> &str {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] };
        &self.buffer[start..self.ends[id]]
    }

    /// The number of characters of a text.
    #[inline]
    pub(crate) fn length(&self, id: u32) -> u32 {
        self.lengths[id as usize]
    }

    /// The number of characters of the longest text.
    pub(crate) fn longest(&self) -> u32 {
        self.lengths.last().copied().unwrap_or(0)
    }

    /// The ids of the texts whose numbers of characters lie in a range.
    pub(crate) fn with_lengths(&self, lengths: RangeInclusive<u32>) -> Range<u32> {
        let start = self.lengths.partition_point(|n| n < lengths.start());
        let end = self.lengths.partition_point(|n| n <= lengths.end());
        start as u32..end.max(start) as u32
    }

    /// The bytes of all texts, one after the other.
    pub(crate) fn buffer(&self) -> &str {
        &self.buffer
    }

    /// Whether every character is one byte.
    pub(crate) fn is_ascii(&self) -> bool {
        self.lengths.iter().map(|n| *n as usize).sum::<usize>() == self.buffer.len()
    }

    /// The bytes of memory that this takes.
    pub(crate) fn size(&self) -> usize {
        self.buffer.capacity()
            + self.ends.capacity() * size_of::<usize>()
            + self.lengths.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::Texts;

    #[test]
    fn texts_are_ranked_by_characters_then_bytes() {
        let (texts, ids) = Texts::new(&["bb", "é", "", "日本語", "aa", "z"]);
        let sorted: Vec<&str> = texts.ids().map(|id| texts.get(id)).collect();
        assert_eq!(sorted, ["", "z", "é", "aa", "bb", "日本語"]);
        assert_eq!(ids, [4, 2, 0, 5, 3, 1]);
        assert_eq!(texts.with_lengths(1..=2), 1..5);
        assert_eq!(texts.with_lengths(4..=9), 6..6);
        assert_eq!(texts.longest(), 3);
        assert!(!texts.is_ascii());
    }
}
