//! One text a lane, position by position.

use super::transpose::{CHUNK, Chunks, transpose};
use super::{LANES, Lanes, vectors};
use crate::arguments::Strings;

/// The longest text that a lane takes, in bytes.
pub(crate) const LONGEST: usize = 64;

/// How many chunks the longest text has.
pub(super) const CHUNKS: usize = LONGEST / CHUNK;

/// Texts by row.
pub(super) trait Source {
    /// Hands over, for row after row, the bytes of the buffer that its text stands in, from the
    /// first byte of the text on: to read whole chunks is faster than to read as many bytes as the
    /// text has.
    fn each(&self, rows: impl Iterator<Item = usize>, take: impl FnMut(&[u8]));
}

impl Source for Strings<'_> {
    #[inline(always)]
    fn each(&self, rows: impl Iterator<Item = usize>, take: impl FnMut(&[u8])) {
        self.each_from(rows, take);
    }
}

/// The texts one behind the other, chunk by chunk.
pub(super) type Staged = [Chunks; CHUNKS];

pub(super) const UNSTAGED: Staged = [[[0; CHUNK]; LANES]; CHUNKS];

/// Puts the first chunks of a text, whose buffer begins with it, into a lane.
#[inline(always)]
pub(super) fn put<const N: usize>(staged: &mut Staged, lane: usize, bytes: &[u8]) {
    match bytes.as_chunks::<CHUNK>().0.first_chunk::<N>() {
        Some(chunks) => put_chunks(staged, lane, chunks),
        None => put_last::<N>(staged, lane, bytes),
    }
}

#[inline(always)]
fn put_chunks(staged: &mut Staged, lane: usize, chunks: &[[u8; CHUNK]]) {
    for (staged, chunk) in staged.iter_mut().zip(chunks) {
        staged[lane] = *chunk;
    }
}

/// As [`put`], of the last bytes of a buffer, and zeros behind them.
#[cold]
#[inline(never)]
fn put_last<const N: usize>(staged: &mut Staged, lane: usize, bytes: &[u8]) {
    let mut chunks = [[0; CHUNK]; N];
    for (place, byte) in chunks.as_flattened_mut().iter_mut().zip(bytes) {
        *place = *byte;
    }
    put_chunks(staged, lane, &chunks);
}

/// One text a lane.
#[derive(Debug)]
pub(crate) struct Texts {
    positions: [Lanes<u8>; LONGEST],
    pub(crate) lengths: Lanes<u8>,
    shortest: usize,
    longest: usize,
}

impl Texts {
    pub(crate) const EMPTY: Self = Self {
        positions: [Lanes::splat(0); LONGEST],
        lengths: Lanes::splat(0),
        shortest: 0,
        longest: 0,
    };

    /// Takes in the texts of rows from one on, as many as there are lanes or fewer, with zeros
    /// behind them; one that is too long counts as empty.
    pub(crate) fn read(&mut self, texts: &Strings<'_>, first: usize, lengths: &[u32]) {
        let fitting = |length: &u32| {
            u8::try_from(*length)
                .ok()
                .filter(|length| *length <= LONGEST as u8)
        };
        self.set_lengths(lengths.iter().map(|length| fitting(length).unwrap_or(0)));
        let mut staged = UNSTAGED;
        let rows = first..first + lengths.len().min(LANES);
        match self.longest.div_ceil(CHUNK) {
            0 => {}
            1 => stage::<1>(&mut staged, texts, rows),
            2 => stage::<2>(&mut staged, texts, rows),
            _ => stage::<CHUNKS>(&mut staged, texts, rows),
        }
        self.set_positions(&staged, 0);
    }

    #[inline(always)]
    fn set_lengths(&mut self, lengths: impl Iterator<Item = u8>) {
        let mut count = 0;
        for (place, length) in self.lengths.0.iter_mut().zip(lengths) {
            *place = length;
            count += 1;
        }
        self.measure(count);
    }

    /// Takes in how long the first texts are at least and at most, whose lengths were set.
    #[inline(always)]
    pub(super) fn measure(&mut self, count: usize) {
        let (mut shortest, mut longest) = (LONGEST as u8, 0);
        for length in &self.lengths.0[..count.min(LANES)] {
            shortest = shortest.min(*length);
            longest = longest.max(*length);
        }
        self.shortest = usize::from(shortest);
        self.longest = usize::from(longest);
    }

    /// Takes in the texts whose lengths were set; a byte stands behind each.
    #[inline(always)]
    pub(super) fn set_positions(&mut self, staged: &Staged, behind: u8) {
        let used = self.longest.div_ceil(CHUNK);
        let (parts, _) = self.positions.as_chunks_mut::<CHUNK>();
        for (part, chunks) in parts.iter_mut().zip(staged).take(used) {
            transpose(chunks, part);
        }
        // Kernels may read up to the next multiple of eight.
        let end = self.longest.next_multiple_of(8).min(LONGEST);
        let positions = &mut self.positions[self.shortest.min(end)..end];
        end_texts(positions, self.shortest, &self.lengths, behind);
    }

    /// The characters of all lanes, position by position, up to the end of the longest text.
    #[inline(always)]
    pub(crate) fn positions(&self) -> &[Lanes<u8>] {
        &self.positions[..self.longest()]
    }

    /// As `positions`, eight at a time: what stands behind a text is there too.
    #[inline(always)]
    pub(crate) fn eights(&self) -> &[[Lanes<u8>; 8]] {
        let (eights, _) = self.positions.as_chunks();
        &eights[..self.longest().div_ceil(8)]
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

/// Takes in N chunks of the texts of rows, as many as there are lanes or fewer.
#[inline(always)]
pub(super) fn stage<const N: usize>(
    staged: &mut Staged,
    texts: &impl Source,
    rows: std::ops::Range<usize>,
) {
    let mut lane = 0;
    texts.each(rows, |bytes| {
        put::<N>(staged, lane % LANES, bytes);
        lane += 1;
    });
}

vectors! {
    /// Puts a byte behind the end of each text, in the positions from one on.
    fn end_texts(positions: &mut [Lanes<u8>], from: usize, lengths: &Lanes<u8>, behind: u8) {
        for (position, characters) in positions.iter_mut().enumerate() {
            let position = (from + position) as u8;
            for lane in 0..LANES {
                let byte = characters.0[lane];
                characters.0[lane] = if lengths.0[lane] <= position { behind } else { byte };
            }
        }
    }
}
