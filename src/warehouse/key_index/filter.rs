//! Which hashes a run may have, so that blocks are read only where something is likely to be found.
//!
//! A blocked Bloom filter (Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient Bloom
//! Filters", 2007): each hash has its bits in one line of 512 bits. The line is chosen by the
//! hash's first bits in their order, so that sorted hashes pass over the filter once, from its
//! beginning to its end; the bits in the line by its last ones.

use super::entry::high;

/// Bits of the filter for each hash. With [`PROBES`] of them set, about one hash in a hundred that
/// the run does not have passes.
const BITS_PER_HASH: u64 = 10;

/// Bits that are set for a hash, 9 bits of the hash for each.
const PROBES: u32 = 6;

/// The words of a line: as many as a processor's cache line has.
const LINE_WORDS: usize = 8;

const LINE_BITS: u64 = 64 * LINE_WORDS as u64;

/// The bytes of a line.
pub(super) const LINE_BYTES: usize = 8 * LINE_WORDS;

/// A set of hashes that knows for sure only what is not in it.
#[derive(Debug)]
pub(super) struct Filter(Vec<[u64; LINE_WORDS]>);

impl Filter {
    /// The lines that a filter of this many hashes has.
    pub fn lines_for(hashes: u64) -> u64 {
        (hashes * BITS_PER_HASH).div_ceil(LINE_BITS)
    }

    /// An empty filter of this many lines.
    pub fn new(lines: u64) -> Self {
        Self(vec![[0; LINE_WORDS]; lines as usize])
    }

    /// Takes in a hash.
    pub fn insert(&mut self, hash: u128) {
        let line = self.line(hash);
        if let Some(line) = self.0.get_mut(line) {
            for (word, bit) in bits(hash) {
                line[word] |= bit;
            }
        }
    }

    /// Whether the hash may be in the set.
    pub fn may_have(&self, hash: u128) -> bool {
        let line = self.0.get(self.line(hash));
        line.is_some_and(|line| bits(hash).all(|(word, bit)| line[word] & bit != 0))
    }

    fn line(&self, hash: u128) -> usize {
        ((u128::from(high(hash)) * self.0.len() as u128) >> 64) as usize
    }

    /// The lines that this one has.
    pub fn lines(&self) -> usize {
        self.0.len()
    }

    /// All words of all lines.
    pub fn words(&self) -> &[u64] {
        self.0.as_flattened()
    }

    /// The filter that these bytes are.
    pub fn read(bytes: &[u8]) -> Self {
        let (lines, _) = bytes.as_chunks::<LINE_BYTES>();
        let line = |bytes: &[u8; LINE_BYTES]| {
            let (words, _) = bytes.as_chunks::<8>();
            std::array::from_fn(|word| u64::from_le_bytes(words[word]))
        };
        Self(lines.iter().map(line).collect())
    }
}

/// The bits of a hash in its line.
fn bits(hash: u128) -> impl Iterator<Item = (usize, u64)> {
    let last = hash as u64;
    (0..PROBES).map(move |probe| {
        let bit = (last >> (9 * probe)) % LINE_BITS;
        ((bit / 64) as usize, 1 << (bit % 64))
    })
}
