//! The set of a text's character n-grams, and how much two sets have in common.

/// The longest n-grams there are.
pub(crate) const LONGEST: usize = 6;

/// How many bits a Unicode scalar value takes.
const CHARACTER_BITS: usize = 21;

/// The distinct runs of n neighbouring characters of a text, in ascending order, each as one
/// number.
///
/// A text that has characters, but fewer than n, has itself as its only n-gram; the empty text
/// has none. A leading 1 tells n-grams of different lengths apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ngrams(Vec<u128>);

impl Ngrams {
    /// Takes in a text in place of the one before; `n` is from 1 to [`LONGEST`].
    pub(crate) fn set(&mut self, text: &str, n: usize) {
        let grams = &mut self.0;
        grams.clear();
        let lead = 1_u128 << (n * CHARACTER_BITS);
        let mut gram = 0;
        let mut length = 0;
        for character in text.chars() {
            gram = ((gram << CHARACTER_BITS) | u128::from(u32::from(character))) & (lead - 1);
            length += 1;
            if length >= n {
                grams.push(gram | lead);
            }
        }
        if (1..n).contains(&length) {
            grams.push(gram | 1 << (length * CHARACTER_BITS));
        }
        grams.sort_unstable();
        grams.dedup();
    }

    /// The n-grams as numbers.
    pub(crate) fn numbers(&self) -> &[u128] {
        &self.0
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many two sets share.
    pub(crate) fn common(&self, other: &Self) -> usize {
        let (left, right) = (&self.0, &other.0);
        let (mut i, mut j, mut common) = (0, 0, 0);
        while i < left.len() && j < right.len() {
            let order = left[i].cmp(&right[j]);
            common += usize::from(order.is_eq());
            i += usize::from(order.is_le());
            j += usize::from(order.is_ge());
        }
        common
    }
}

/// How alike two sets are, from the sizes of both and of what they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coefficient {
    /// What is shared for what either has: P. Jaccard (1901).
    Jaccard,
    /// What is shared for the mean of both sizes: L. R. Dice (1945), T. Sørensen (1948).
    SorensenDice,
    /// What is shared for the geometric mean of both sizes, the cosine of two vectors of 0 and 1:
    /// A. Ochiai (1957).
    Cosine,
    /// What is shared for the smaller size: D. Szymkiewicz (1934), G. G. Simpson (1943).
    Overlap,
}

impl Coefficient {
    /// From 0 (nothing is shared) to 1; two empty sets are equal, one empty set shares nothing.
    #[inline]
    pub(crate) fn of(self, left: usize, right: usize, common: usize) -> f64 {
        if left == 0 || right == 0 {
            return if left == right { 1.0 } else { 0.0 };
        }
        let shared = common as f64;
        match self {
            Self::Jaccard => shared / (left + right - common) as f64,
            Self::SorensenDice => 2.0 * shared / (left + right) as f64,
            Self::Cosine => shared / ((left * right) as f64).sqrt(),
            Self::Overlap => shared / left.min(right) as f64,
        }
    }
}
