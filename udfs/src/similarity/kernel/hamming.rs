//! Hamming distance.

/// How many bytes are compared at once.
const CHUNK: usize = 16;

/// All but the high bit of each byte.
const LOW_BITS: u128 = u128::from_le_bytes([0x7F; CHUNK]);

/// The high bit of each byte of a chunk that belongs to a text of a length up to a chunk's.
const HIGH_BITS: [u128; CHUNK + 1] = {
    let mut bits = [0; CHUNK + 1];
    let mut length = 0;
    while length < CHUNK {
        bits[length + 1] = (bits[length] << 8) | 0x80;
        length += 1;
    }
    bits
};

/// At how many positions two texts differ; `None` where they are not of one length.
pub(crate) fn distance<C: Eq>(left: &[C], right: &[C]) -> Option<usize> {
    if left.len() != right.len() {
        return None;
    }
    let pairs = left.iter().zip(right);
    Some(pairs.filter(|(left, right)| left != right).count())
}

/// At how many positions two texts of ASCII of one length differ, whose buffers go on behind them.
#[inline(always)]
pub(crate) fn of_ascii(mut left: &[u8], mut right: &[u8], mut length: usize) -> usize {
    let mut distance = 0;
    while length > 0
        && let Some((left_chunk, left_rest)) = left.split_first_chunk::<CHUNK>()
        && let Some((right_chunk, right_rest)) = right.split_first_chunk::<CHUNK>()
    {
        let differences = u128::from_le_bytes(*left_chunk) ^ u128::from_le_bytes(*right_chunk);
        // What is not 0 carries into the high bit of its byte.
        let different = (differences & LOW_BITS) + LOW_BITS;
        distance += (different & HIGH_BITS[length.min(CHUNK)]).count_ones() as usize;
        length = length.saturating_sub(CHUNK);
        (left, right) = (left_rest, right_rest);
    }
    let rest = left.iter().zip(right).take(length);
    distance + rest.filter(|(left, right)| left != right).count()
}
