//! Texts that stand one behind the other, put side by side, and back.

use super::{LANES, Lanes, vectors};

/// How many bytes of a text are taken in at once.
pub(crate) const CHUNK: usize = 16;

/// A chunk of the text of each lane.
pub(crate) type Chunks = [[u8; CHUNK]; LANES];

const BYTES: usize = LANES * CHUNK;

vectors! {
    /// Makes one row a position of what is one row a lane.
    pub(super) fn transpose(chunks: &Chunks, positions: &mut [Lanes<u8>; CHUNK]) {
        // After as many deals as a position's number has bits, these have changed places with those
        // of the lane.
        let rows = dealt(&dealt(&dealt(&dealt(chunks.as_flattened()))));
        for (position, row) in positions.iter_mut().zip(rows.as_chunks::<LANES>().0) {
            position.0 = *row;
        }
    }

    /// Makes one row a lane of what is one row a position.
    pub(crate) fn transpose_back(positions: &[Lanes<u8>; CHUNK]) -> Chunks {
        let mut rows = [0; BYTES];
        for (row, position) in rows.as_chunks_mut::<LANES>().0.iter_mut().zip(positions) {
            *row = position.0;
        }
        // As many shuffles as a position's number has bits.
        let rows = shuffled(&shuffled(&shuffled(&shuffled(&rows))));
        let mut chunks = [[0; CHUNK]; LANES];
        chunks.copy_from_slice(rows.as_chunks::<CHUNK>().0);
        chunks
    }
}

/// Puts every other byte into the first half: the lowest bit of each byte's index moves to the
/// highest place.
#[inline(always)]
fn dealt(bytes: &[u8]) -> [u8; BYTES] {
    let mut dealt = [0; BYTES];
    let (first, second) = dealt.split_at_mut(BYTES / 2);
    for place in 0..BYTES / 2 {
        first[place] = bytes[2 * place];
        second[place] = bytes[2 * place + 1];
    }
    dealt
}

/// Takes bytes of both halves in turn: the highest bit of each byte's index moves to the lowest
/// place.
#[inline(always)]
fn shuffled(bytes: &[u8]) -> [u8; BYTES] {
    let mut shuffled = [0; BYTES];
    let (first, second) = bytes.split_at(BYTES / 2);
    for place in 0..BYTES / 2 {
        shuffled[2 * place] = first[place];
        shuffled[2 * place + 1] = second[place];
    }
    shuffled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns_and_rows_again() {
        let mut chunks = [[0; CHUNK]; LANES];
        for (place, byte) in chunks.as_flattened_mut().iter_mut().enumerate() {
            *byte = (place * 7 % 251) as u8;
        }
        let mut positions = [Lanes::splat(0); CHUNK];
        transpose(&chunks, &mut positions);
        for (position, lanes) in positions.iter().enumerate() {
            for (lane, chunk) in chunks.iter().enumerate() {
                assert_eq!(lanes.0[lane], chunk[position]);
            }
        }
        assert_eq!(transpose_back(&positions), chunks);
    }
}
