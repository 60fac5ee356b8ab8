//! The distinct texts of one side of a join.

use std::ops::{Range, RangeInclusive};

use datafusion::error::Result;

use super::cancellation::Cancellation;
use super::sorting::{merged, sort};
use super::threads::in_threads;

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

/// What a text is sorted by: its number of characters, eight of its bytes, and its place among the
/// texts that were given, from the highest bits to the lowest.
type Rank = u128;

/// How many texts are worth a thread.
const FEWEST_SHARED: usize = if cfg!(test) { 8 } else { 1 << 15 };

/// How many bytes are taken into ranks, before texts that still seem equal are compared as such.
const RANKED_BYTES: usize = 32;

impl Texts {
    /// Takes in texts in any order, some of which may be equal, and tells the id of each. Many are
    /// sorted by some threads, this one among them.
    pub(crate) fn in_threads(
        texts: &[&str],
        threads: usize,
        cancellation: &Cancellation,
    ) -> Result<(Self, Vec<u32>)> {
        let share = texts.len().div_ceil(threads.max(1)).max(FEWEST_SHARED);
        let shares = (0..texts.len()).step_by(share);
        let shares: Vec<_> = shares.map(|at| at..texts.len().min(at + share)).collect();
        let sorted = in_threads(shares, threads, |places| {
            let mut steps = cancellation.steps();
            let mut ranks: Vec<Rank> = Vec::with_capacity(places.len());
            for place in places {
                let text = texts[place];
                steps.step(text.len())?;
                ranks.push(rank(characters(text), head(text, 0), place));
            }
            sort(&mut ranks, size_of::<Rank>(), cancellation, Ord::cmp)?;
            Ok(ranks)
        })?;
        let mut ranks = Vec::new();
        for share in sorted {
            ranks = merged(ranks, share, cancellation, Ord::cmp)?;
        }
        in_threads(shares_of_alike(&mut ranks, share), threads, |ranks| {
            sort_alike(texts, ranks, size_of::<u64>(), cancellation)
        })?;
        Self::of_ranks(texts, &ranks, cancellation)
    }

    /// The texts in order of their sorted ranks, and the id of each.
    fn of_ranks(
        texts: &[&str],
        ranks: &[Rank],
        cancellation: &Cancellation,
    ) -> Result<(Self, Vec<u32>)> {
        let mut steps = cancellation.steps();
        let mut ids = vec![0; texts.len()];
        let (mut distinct, mut bytes) = (0_u32, 0);
        let mut last = None;
        for rank in ranks {
            let text = texts[place(*rank)];
            steps.step(text.len())?;
            if last != Some(text) {
                last = Some(text);
                distinct += 1;
                bytes += text.len();
            }
            ids[place(*rank)] = distinct - 1;
        }
        let mut sorted = Self {
            buffer: String::with_capacity(bytes),
            ends: Vec::with_capacity(distinct as usize),
            lengths: Vec::with_capacity(distinct as usize),
        };
        for rank in ranks {
            let place = place(*rank);
            steps.step(texts[place].len())?;
            if ids[place] as usize == sorted.ends.len() {
                sorted.push(texts[place], length(*rank));
            }
        }
        Ok((sorted, ids))
    }

    /// Takes in distinct texts that are in order.
    pub(crate) fn from_sorted<'a>(
        texts: impl ExactSizeIterator<Item = &'a str> + Clone,
        cancellation: &Cancellation,
    ) -> Result<Self> {
        let mut sorted = Self {
            buffer: String::with_capacity(texts.clone().map(str::len).sum()),
            ends: Vec::with_capacity(texts.len()),
            lengths: Vec::with_capacity(texts.len()),
        };
        let mut steps = cancellation.steps();
        for text in texts {
            steps.step(text.len())?;
            sorted.push(text, characters(text));
        }
        Ok(sorted)
    }

    /// Takes in texts in any order, and tells the id of each.
    #[cfg(test)]
    pub(crate) fn new(texts: &[&str]) -> (Self, Vec<u32>) {
        Self::in_threads(texts, 1, &Cancellation::default()).unwrap()
    }

    fn push(&mut self, text: &str, characters: u32) {
        self.buffer.push_str(text);
        self.ends.push(self.buffer.len());
        self.lengths.push(characters);
    }

    /// The bytes of memory that so many texts of so many bytes take while they are sorted.
    pub(crate) fn build_size(texts: usize, bytes: usize) -> usize {
        let sorting = 2 * size_of::<Rank>() + size_of::<&str>() + size_of::<u32>();
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

/// The bytes of a text from an offset on, as many as fit into a number that sorts like them.
fn head(text: &str, offset: usize) -> u64 {
    let rest = text.as_bytes().get(offset..).unwrap_or_default();
    match rest.first_chunk() {
        Some(head) => u64::from_be_bytes(*head),
        None => {
            let mut head = [0; size_of::<u64>()];
            head[..rest.len()].copy_from_slice(rest);
            u64::from_be_bytes(head)
        }
    }
}

fn rank(length: u32, head: u64, place: usize) -> Rank {
    Rank::from(length) << 96 | Rank::from(head) << 32 | place as Rank
}

fn length(rank: Rank) -> u32 {
    (rank >> 96) as u32
}

fn place(rank: Rank) -> usize {
    rank as u32 as usize
}

/// Divides sorted ranks into shares of about so many, none of which ends between two that are equal
/// but for their places.
fn shares_of_alike(mut ranks: &mut [Rank], share: usize) -> Vec<&mut [Rank]> {
    let mut shares = Vec::new();
    while ranks.len() > share {
        let last = ranks[share - 1] >> 32;
        let end = share + ranks[share..].partition_point(|rank| *rank >> 32 == last);
        let (own, others) = ranks.split_at_mut(end);
        shares.push(own);
        ranks = others;
    }
    shares.push(ranks);
    shares
}

/// Sorts texts whose ranks are equal but for their places by the bytes from an offset on. Texts of
/// as many characters of which one begins with all of the other are equal.
fn sort_alike(
    texts: &[&str],
    ranks: &mut [Rank],
    offset: usize,
    cancellation: &Cancellation,
) -> Result<()> {
    let mut steps = cancellation.steps();
    for alike in ranks.chunk_by_mut(|left, right| left >> 32 == right >> 32) {
        steps.step(0)?;
        let length_of_one = texts[place(alike[0])].len();
        if alike.len() == 1 || length_of_one <= offset {
            continue;
        }
        if offset >= RANKED_BYTES {
            let rest = |rank: &Rank| texts[place(*rank)].as_bytes().get(offset..);
            sort(alike, length_of_one, cancellation, |left, right| {
                let bytes = rest(left).cmp(&rest(right));
                bytes.then_with(|| left.cmp(right))
            })?;
            continue;
        }
        for alike in alike.iter_mut() {
            steps.step(0)?;
            let place = place(*alike);
            *alike = rank(length(*alike), head(texts[place], offset), place);
        }
        sort(alike, size_of::<Rank>(), cancellation, Ord::cmp)?;
        sort_alike(texts, alike, offset + size_of::<u64>(), cancellation)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cancellation::Cancellation;
    use super::Texts;

    proptest! {
        #[test]
        fn equal_texts_have_one_id_and_ids_are_ranks(
            given in prop::collection::vec("(a{0,2}|[ab]{7,10}|a{30,34}[bé]{0,3}|[aé\u{0}]{0,9})", 0..40),
        ) {
            let given: Vec<&str> = given.iter().map(String::as_str).collect();
            let (texts, ids) = Texts::in_threads(&given, 3, &Cancellation::default()).unwrap();
            let mut sorted = given.clone();
            sorted.sort_by_key(|text| (text.chars().count(), text.as_bytes()));
            sorted.dedup();
            let copied = Texts::from_sorted(sorted.into_iter(), &Cancellation::default());
            prop_assert_eq!(&texts, &copied.unwrap());
            for (text, id) in given.iter().zip(ids) {
                prop_assert_eq!(texts.get(id), *text);
            }
        }
    }

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
        let copied = Texts::from_sorted(sorted.into_iter(), &Cancellation::default());
        assert_eq!(texts, copied.unwrap());
    }
}
