//! Hamming distance.

use super::lanes::group::{CHUNK, HIGH_BITS, Placed};

/// All but the high bit of each byte.
const LOW_BITS: u128 = u128::from_le_bytes([0x7F; CHUNK]);

/// At how many positions two texts differ; `None` where they are not of one length.
pub(crate) fn distance<C: Eq>(left: &[C], right: &[C]) -> Option<usize> {
    if left.len() != right.len() {
        return None;
    }
    let pairs = left.iter().zip(right);
    Some(pairs.filter(|(left, right)| left != right).count())
}

/// The distance of two texts of ASCII of one length, up to that of a chunk; `None` where they are
/// something else.
#[inline(always)]
pub(crate) fn of_chunks(left: Placed<'_>, right: Placed<'_>) -> Option<u32> {
    let length = left.text.len();
    if length > CHUNK || length != right.text.len() {
        return None;
    }
    let left = u128::from_le_bytes(*left.bytes.first_chunk::<CHUNK>()?);
    let right = u128::from_le_bytes(*right.bytes.first_chunk::<CHUNK>()?);
    let inside = HIGH_BITS[length];
    if (left | right) & inside != 0 {
        return None;
    }
    // What is not 0 carries into the high bit of its byte.
    let different = ((left ^ right) & LOW_BITS) + LOW_BITS;
    Some((different & inside).count_ones())
}
