//! Texts that stand one behind the other, put side by side.

use super::{LANES, Lanes, vectors};

/// How many bytes of a text are taken in at once.
pub(crate) const CHUNK: usize = 16;

/// A chunk of the text of each lane.
pub(crate) type Chunks = [[u8; CHUNK]; LANES];

/// Makes one row a position of what is one row a lane.
pub(crate) fn transpose(chunks: &Chunks, positions: &mut [Lanes<u8>; CHUNK]) {
    in_vectors(chunks, positions);
}

vectors! {
    fn in_vectors(chunks: &Chunks, positions: &mut [Lanes<u8>; CHUNK]) {
        shuffled(chunks, positions);
    }
}

const BYTES: usize = LANES * CHUNK;

/// A perfect shuffle moves the highest bit of each byte's index to the lowest place. After one for
/// each bit of the lane, these bits have changed places with those of the position.
#[inline(always)]
fn shuffled(chunks: &Chunks, positions: &mut [Lanes<u8>; CHUNK]) {
    let mut one = [0; BYTES];
    let mut other = [0; BYTES];
    shuffle(chunks.as_flattened(), &mut one);
    shuffle(&one, &mut other);
    shuffle(&other, &mut one);
    shuffle(&one, &mut other);
    shuffle(&other, &mut one);
    shuffle(&one, &mut other);
    for (position, row) in positions.iter_mut().zip(other.as_chunks::<LANES>().0) {
        position.0 = *row;
    }
}

/// Takes bytes of both halves in turn.
#[inline(always)]
fn shuffle(bytes: &[u8], shuffled: &mut [u8; BYTES]) {
    let (first, second) = bytes.split_at(BYTES / 2);
    for place in 0..BYTES / 2 {
        shuffled[2 * place] = first[place];
        shuffled[2 * place + 1] = second[place];
    }
}
