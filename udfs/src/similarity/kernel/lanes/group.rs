//! A group of pairs of texts, one pair a lane.

use wide::{u8x16, u16x8};

/// How many pairs there are in a group: as many 16-bit numbers as a vector of SSE2 or NEON holds.
pub(crate) const LANES: usize = 8;

/// The longest text that a group takes.
pub(crate) const LONGEST: usize = 64;

/// One number a lane.
pub(crate) type Lanes<T> = [T; LANES];

/// The longest text whose positions are the bits of 32.
pub(crate) const MEDIUM: usize = 32;

/// How many bytes of ASCII are taken in at once.
pub(crate) const CHUNK: usize = 16;

/// The high bit of each byte of a chunk that belongs to a text of a length up to a chunk's.
pub(crate) const HIGH_BITS: [u128; CHUNK + 1] = {
    let mut bits = [0; CHUNK + 1];
    let mut length = 0;
    while length < CHUNK {
        bits[length + 1] = (bits[length] << 8) | 0x80;
        length += 1;
    }
    bits
};

/// A text, and the bytes of the buffer that it stands in, from its first byte on: reading whole
/// chunks of them is faster than reading as many bytes as the text has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'a> {
    pub(crate) text: &'a str,
    pub(crate) bytes: &'a [u8],
}

/// One text a lane, of characters of the Basic Multilingual Plane.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The characters of each text; what is behind its end means nothing.
    characters: Lanes<[u16x8; LONGEST / LANES]>,
    pub(crate) lengths: Lanes<u16>,
}

impl Texts {
    const EMPTY: Self = Self {
        characters: [[u16x8::splat(0); LONGEST / LANES]; LANES],
        lengths: [0; LANES],
    };

    /// Takes in a text; false where it does not fit.
    #[inline(always)]
    fn set(&mut self, lane: usize, text: Placed<'_>) -> bool {
        let lane = lane % LANES;
        let length = text.text.len();
        if length <= CHUNK
            && let Some(chunk) = text.bytes.first_chunk::<CHUNK>()
            && u128::from_le_bytes(*chunk) & HIGH_BITS[length] == 0
        {
            self.set_chunk(lane, 0, *chunk);
            self.lengths[lane] = length as u16;
            return true;
        }
        self.set_chunks(lane, text) || self.set_wide(lane, text.text)
    }

    #[inline(always)]
    fn set_chunk(&mut self, lane: usize, number: usize, chunk: [u8; CHUNK]) {
        let chunk = u8x16::new(chunk);
        let characters = &mut self.characters[lane];
        characters[2 * number] = u16x8::from_u8x16_low(chunk);
        characters[2 * number + 1] = u16x8::from_u8x16_high(chunk);
    }

    /// As `set`, for a text of ASCII that is longer than a chunk.
    #[inline(always)]
    fn set_chunks(&mut self, lane: usize, text: Placed<'_>) -> bool {
        let length = text.text.len();
        let (chunks, _) = text.bytes.as_chunks::<CHUNK>();
        let Some(chunks) = chunks.get(..length.div_ceil(CHUNK)) else {
            return false;
        };
        if length > LONGEST {
            return false;
        }
        let mut high_bits = 0;
        for (number, chunk) in chunks.iter().enumerate() {
            let inside = HIGH_BITS[(length - number * CHUNK).min(CHUNK)];
            high_bits |= u128::from_le_bytes(*chunk) & inside;
            self.set_chunk(lane, number, *chunk);
        }
        self.lengths[lane] = length as u16;
        high_bits == 0
    }

    /// As `set`, character by character.
    #[inline(never)]
    fn set_wide(&mut self, lane: usize, text: &str) -> bool {
        if text.len() > LONGEST && text.chars().count() > LONGEST {
            return false;
        }
        let mut characters = [0; LONGEST];
        let mut length = 0;
        for character in text.chars() {
            let (Some(place), Ok(code)) = (
                characters.get_mut(length),
                u16::try_from(u32::from(character)),
            ) else {
                return false;
            };
            *place = code;
            length += 1;
        }
        let (parts, _) = characters.as_chunks::<LANES>();
        for (part, characters) in self.characters[lane].iter_mut().zip(parts) {
            *part = u16x8::new(*characters);
        }
        self.lengths[lane] = length as u16;
        true
    }

    /// The characters of all lanes, position by position, up to the end of the longest text.
    #[inline(always)]
    pub(crate) fn positions<'a>(&self, buffer: &'a mut [u16x8; LONGEST]) -> &'a [u16x8] {
        let longest = self.longest();
        let (parts, _) = buffer.as_chunks_mut::<LANES>();
        for (part, positions) in parts.iter_mut().enumerate().take(longest.div_ceil(LANES)) {
            *positions = u16x8::transpose(std::array::from_fn(|lane| self.characters[lane][part]));
        }
        &buffer[..longest]
    }

    /// The length of the longest text.
    #[inline(always)]
    pub(crate) fn longest(&self) -> usize {
        let longest = self.lengths.into_iter().max().unwrap_or(0);
        usize::from(longest).min(LONGEST)
    }

    /// The length of the shortest text.
    #[inline(always)]
    pub(crate) fn shortest(&self) -> usize {
        usize::from(self.lengths.into_iter().min().unwrap_or(0))
    }
}

/// Pairs of texts, and the row that each belongs to.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) left: Texts,
    pub(crate) right: Texts,
    rows: [usize; LANES],
    filled: usize,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            left: Texts::EMPTY,
            right: Texts::EMPTY,
            rows: [0; LANES],
            filled: 0,
        }
    }
}

impl Group {
    /// Takes in the pair of a row; false where one of its texts does not fit.
    #[inline(always)]
    pub(crate) fn push(&mut self, row: usize, left: Placed<'_>, right: Placed<'_>) -> bool {
        let lane = self.filled;
        if !self.left.set(lane, left) || !self.right.set(lane, right) {
            return false;
        }
        self.rows[lane % LANES] = row;
        self.filled += 1;
        true
    }

    /// The lengths of the pair that was taken in last.
    #[inline(always)]
    pub(crate) fn last_lengths(&self) -> (usize, usize) {
        let lane = self.filled.wrapping_sub(1) % LANES;
        let (left, right) = (self.left.lengths[lane], self.right.lengths[lane]);
        (usize::from(left), usize::from(right))
    }

    /// Takes the pair that was taken in last out again.
    #[inline(always)]
    pub(crate) fn pop(&mut self) {
        self.filled = self.filled.saturating_sub(1);
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.filled == LANES
    }

    /// The rows whose pairs are in the lanes, in order; the group is to be filled anew.
    #[inline(always)]
    pub(crate) fn take_rows(&mut self) -> impl Iterator<Item = usize> + use<> {
        let filled = std::mem::take(&mut self.filled);
        self.rows.into_iter().take(filled)
    }
}
