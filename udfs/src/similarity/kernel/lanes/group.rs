//! A group of pairs of texts, one pair a lane.

use super::characters::{BEHIND_LONGER, BEHIND_SHORTER};
use super::pairs::Pair;
use super::transpose::{CHUNK, Chunks, transpose};
use super::{LANES, Lanes, vectors};

/// The longest text that a group takes.
pub(crate) const LONGEST: usize = 64;

/// How many chunks the longest text has.
const CHUNKS: usize = LONGEST / CHUNK;

/// Texts with a byte a character.
pub(crate) trait Source {
    /// Hands over, for row after row, the bytes of the buffer that its text stands in, from the
    /// first byte of the text on: to read whole chunks is faster than to read as many bytes as the
    /// text has.
    fn each(&self, rows: impl Iterator<Item = usize>, take: impl FnMut(&[u8]));
}

/// One text a lane.
#[derive(Debug)]
pub(crate) struct Texts {
    positions: [Lanes<u8>; LONGEST],
    pub(crate) lengths: Lanes<u8>,
    shortest: usize,
    longest: usize,
}

/// Pairs of texts: the shorter and the longer of each.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) shorter: Texts,
    pub(crate) longer: Texts,
    staged: Staged,
}

/// The texts one behind the other, chunk by chunk: first the shorter ones, then the longer.
#[derive(Debug)]
struct Staged([[Chunks; CHUNKS]; 2]);

impl Default for Group {
    fn default() -> Self {
        Self {
            shorter: Texts::EMPTY,
            longer: Texts::EMPTY,
            staged: Staged([[[[0; CHUNK]; LANES]; CHUNKS]; 2]),
        }
    }
}

impl Group {
    /// Takes in up to [`LANES`] pairs. What the other lanes hold means nothing.
    #[inline(never)]
    pub(crate) fn fill(&mut self, pairs: &[Pair], left: &impl Source, right: &impl Source) {
        let shorter = pairs.iter().map(|pair| pair.shorter);
        self.shorter.set_lengths(shorter);
        let longer = pairs.iter().map(|pair| pair.longer);
        self.longer.set_lengths(longer);
        let chunks = self.longer.longest.div_ceil(CHUNK);
        match chunks {
            0 => {}
            1 => self.staged.take::<1>(pairs, left, right),
            2 => self.staged.take::<2>(pairs, left, right),
            3 => self.staged.take::<3>(pairs, left, right),
            _ => self.staged.take::<CHUNKS>(pairs, left, right),
        }
        let [shorter, longer] = &self.staged.0;
        self.shorter.set_positions(shorter, BEHIND_SHORTER);
        self.longer.set_positions(longer, BEHIND_LONGER);
    }
}

impl Staged {
    #[inline(always)]
    fn take<const N: usize>(&mut self, pairs: &[Pair], left: &impl Source, right: &impl Source) {
        self.take_side::<N>(pairs, 0, left);
        self.take_side::<N>(pairs, 1, right);
    }

    /// Takes in the left texts (side 0) or the right ones (side 1) with N chunks of each.
    #[inline(always)]
    fn take_side<const N: usize>(&mut self, pairs: &[Pair], side: usize, source: &impl Source) {
        let rows = pairs.iter().map(|pair| pair.row());
        let mut lanes = pairs.iter().zip(0..LANES);
        source.each(rows, |bytes| {
            let Some((pair, lane)) = lanes.next() else {
                return;
            };
            let chunks = match bytes.as_chunks::<CHUNK>().0.first_chunk::<N>() {
                Some(chunks) => *chunks,
                None => at_the_end(bytes),
            };
            let staged = &mut self.0[(side ^ usize::from(pair.swapped)) & 1];
            for (staged, chunk) in staged.iter_mut().zip(chunks) {
                staged[lane] = chunk;
            }
        });
    }
}

/// The last bytes of a buffer, and zeros.
#[cold]
fn at_the_end<const N: usize>(bytes: &[u8]) -> [[u8; CHUNK]; N] {
    let mut chunks = [[0; CHUNK]; N];
    for (place, byte) in chunks.as_flattened_mut().iter_mut().zip(bytes) {
        *place = *byte;
    }
    chunks
}

impl Texts {
    const EMPTY: Self = Self {
        positions: [Lanes::splat(0); LONGEST],
        lengths: Lanes::splat(0),
        shortest: 0,
        longest: 0,
    };

    #[inline(always)]
    fn set_lengths(&mut self, lengths: impl Iterator<Item = u8>) {
        let (mut shortest, mut longest) = (LONGEST as u8, 0);
        for (place, length) in self.lengths.0.iter_mut().zip(lengths) {
            *place = length;
            shortest = shortest.min(length);
            longest = longest.max(length);
        }
        self.shortest = usize::from(shortest);
        self.longest = usize::from(longest);
    }

    #[inline(always)]
    fn set_positions(&mut self, staged: &[Chunks; CHUNKS], behind: u8) {
        let used = self.longest.div_ceil(CHUNK);
        let (parts, _) = self.positions.as_chunks_mut::<CHUNK>();
        for (part, chunks) in parts.iter_mut().zip(staged).take(used) {
            transpose(chunks, part);
        }
        // Kernels may read up to the next multiple of eight.
        let end = self.longest.next_multiple_of(8).min(LONGEST);
        end_texts(
            &mut self.positions[self.shortest..end],
            self.shortest,
            &self.lengths,
            behind,
        );
    }

    /// The characters of all lanes, position by position, up to the end of the longest text.
    #[inline(always)]
    pub(crate) fn positions(&self) -> &[Lanes<u8>] {
        &self.positions[..self.longest.min(LONGEST)]
    }

    /// As `positions`, eight at a time: behind the longest text stands what is equal to nothing.
    #[inline(always)]
    pub(crate) fn eights(&self) -> &[[Lanes<u8>; 8]] {
        let (eights, _) = self.positions.as_chunks();
        &eights[..self.longest.div_ceil(8).min(LONGEST / 8)]
    }

    /// The length of the shortest text.
    #[inline(always)]
    pub(crate) fn shortest(&self) -> usize {
        self.shortest
    }

    /// The length of the longest text.
    #[inline(always)]
    pub(crate) fn longest(&self) -> usize {
        self.longest.min(LONGEST)
    }
}

vectors! {
    /// Puts a byte behind the end of each text, in the positions from one on.
    fn end_texts(positions: &mut [Lanes<u8>], from: usize, lengths: &Lanes<u8>, behind: u8) {
        for (position, characters) in positions.iter_mut().enumerate() {
            let position = (from + position) as u8;
            for lane in 0..LANES {
                if lengths.0[lane] <= position {
                    characters.0[lane] = behind;
                }
            }
        }
    }
}
