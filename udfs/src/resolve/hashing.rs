//! Hashes that are the same in every process and on every machine: keys of blocks and samples of
//! records are kept in models.

/// The odd constants of "wyhash" by Wang Yi: no more than numbers with well-mixed bits.
const SECRET: [u64; 2] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];

/// Mixes two numbers by the halves of their product.
#[inline]
pub(super) fn mix(left: u64, right: u64) -> u64 {
    let product = u128::from(left ^ SECRET[0]) * u128::from(right ^ SECRET[1]);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The hash of a text; never 0, which stands for what is missing.
#[inline]
pub(super) fn hash_text(text: &str) -> u64 {
    hash_bytes(text.as_bytes())
}

/// The hash of bytes; never 0.
#[inline]
pub(super) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = mix(hash, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(hash, u64::from_le_bytes(last)).max(1)
}
