//! The distinct texts of one side of a join.

use std::ops::{Range, RangeInclusive};

/// Distinct texts, sorted by their number of characters, then by their bytes. The id of a text is
/// its rank.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Texts {
    buffer: String,
    /// Where each text ends in the buffer.
    ends: Vec<usize>,
    /// The number of characters of each text.
    lengths: Vec<u32>,
}

/// What a text is sorted by, before the rest of its bytes.
type Rank = (u32, u64, u32);

impl Texts {
    /// Takes in distinct texts, in any order, and tells the id of each.
    pub(crate) fn new(texts: &[&str]) -> (Self, Vec<u32>) {
        let mut ranks: Vec<Rank> = texts
            .iter()
            .enumerate()
            .map(|(place, text)| (characters(text), head(text), place as u32))
            .collect();
        ranks.sort_unstable_by(|left, right| {
            (left.0, left.1).cmp(&(right.0, right.1)).then_with(|| {
                let (left, right) = (texts[left.2 as usize], texts[right.2 as usize]);
                left.as_bytes().cmp(right.as_bytes())
            })
        });
        let mut ids = vec![0; texts.len()];
        for (id, rank) in ranks.iter().enumerate() {
            ids[rank.2 as usize] = id as u32;
        }
        let sorted = Self::from_sorted(ranks.iter().map(|rank| texts[rank.2 as usize]));
        (sorted, ids)
    }

    /// Takes in distinct texts that are in order.
    pub(crate) fn from_sorted<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut sorted = Self {
            buffer: String::with_capacity(texts.clone().map(str::len).sum()),
            ..Self::default()
        };
        for text in texts {
            sorted.buffer.push_str(text);
            sorted.ends.push(sorted.buffer.len());
            sorted.lengths.push(characters(text));
        }
        sorted.ends.shrink_to_fit();
        sorted.lengths.shrink_to_fit();
        sorted
    }

    /// The bytes of memory that so many texts of so many bytes take while they are sorted.
    pub(crate) fn build_size(texts: usize, bytes: usize) -> usize {
        let sorting = size_of::<Rank>() + size_of::<&str>() + size_of::<u32>();
        bytes + texts * (sorting + 2 * (size_of::<usize>() + size_of::<u32>()))
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

    /// Whether every character is one byte.
    pub(crate) fn is_ascii(&self) -> bool {
        self.lengths.iter().map(|n| *n as usize).sum::<usize>() == self.buffer.len()
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

    /// The bytes of memory that this takes.
    pub(crate) fn size(&self) -> usize {
        self.buffer.capacity()
            + self.ends.capacity() * size_of::<usize>()
            + self.lengths.capacity() * size_of::<u32>()
    }
}

/// The number of characters of a text.
fn characters(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// The first bytes of a text, as a number that sorts like them.
fn head(text: &str) -> u64 {
    let mut head = [0; size_of::<u64>()];
    let length = text.len().min(head.len());
    head[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(head)
}

#[cfg(test)]
mod tests {
    use super::Texts;

    #[test]
    fn texts_are_ranked_by_characters_then_bytes() {
        let given = [
            "bb",
            "é",
            "",
            "日本語",
            "aa",
            "z",
            "\0",
            "123456789",
            "123456780",
        ];
        let (texts, ids) = Texts::new(&given);
        let sorted: Vec<&str> = texts.ids().map(|id| texts.get(id)).collect();
        assert_eq!(
            sorted,
            [
                "",
                "\0",
                "z",
                "é",
                "aa",
                "bb",
                "日本語",
                "123456780",
                "123456789"
            ]
        );
        for (text, id) in given.iter().zip(ids) {
            assert_eq!(texts.get(id), *text);
        }
        assert_eq!(texts.with_lengths(1..=2), 1..6);
        assert_eq!(texts.with_lengths(4..=8), 7..7);
        assert_eq!(texts.longest(), 9);
        assert_eq!(texts, Texts::from_sorted(sorted.into_iter()));
    }
}
