//! The set of a text's character n-grams, and how much two sets have in common.

/// The longest n-grams there are.
pub(crate) const LONGEST: usize = 6;

/// How many bits a Unicode scalar value takes.
const CHARACTER_BITS: usize = 21;

/// The longest n-grams that fit 64 bits.
const NARROW: usize = 3;

/// The distinct runs of n neighbouring characters of a text, each as one number.
///
/// A text that has characters, but fewer than n, has itself as its only n-gram; the empty text
/// has none. A leading 1 tells n-grams of different lengths apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ngrams {
    /// The single characters of ASCII, as bits.
    ascii: u128,
    /// In ascending order, up to 3 characters each.
    narrow: Vec<u64>,
    /// In ascending order, of more characters each.
    wide: Vec<u128>,
}

impl Ngrams {
    /// Takes in a text in place of the one before; `n` is from 1 to [`LONGEST`].
    pub(crate) fn set(&mut self, text: &str, n: usize) {
        self.ascii = 0;
        self.narrow.clear();
        self.wide.clear();
        if n == 1 {
            self.set_characters(text);
        } else if text.is_ascii() {
            self.set_ngrams(text.bytes().map(u32::from), n);
        } else {
            self.set_ngrams(text.chars().map(u32::from), n);
        }
        sort(&mut self.narrow);
        sort(&mut self.wide);
    }

    #[inline]
    fn set_characters(&mut self, text: &str) {
        if text.is_ascii() {
            let mut halves = [0_u64; 2];
            for byte in text.bytes() {
                halves[usize::from(byte >> 6) % 2] |= 1 << (byte % 64);
            }
            self.ascii = u128::from(halves[0]) | u128::from(halves[1]) << 64;
            return;
        }
        for character in text.chars() {
            if character.is_ascii() {
                self.ascii |= 1 << u32::from(character);
            } else {
                self.narrow.push(u64::from(u32::from(character)));
            }
        }
    }

    #[inline]
    fn set_ngrams(&mut self, characters: impl Iterator<Item = u32>, n: usize) {
        let bits = n * CHARACTER_BITS;
        let mut length = 0;
        if n <= NARROW {
            let mut gram = 0;
            for character in characters {
                gram = (gram << CHARACTER_BITS | u64::from(character)) & ((1 << bits) - 1);
                length += 1;
                if length >= n {
                    self.narrow.push(gram | 1 << bits);
                }
            }
            if (1..n).contains(&length) {
                self.narrow.push(gram | 1 << (length * CHARACTER_BITS));
            }
        } else {
            let mut gram = 0;
            for character in characters {
                gram = (gram << CHARACTER_BITS | u128::from(character)) & ((1 << bits) - 1);
                length += 1;
                if length >= n {
                    self.wide.push(gram | 1 << bits);
                }
            }
            if (1..n).contains(&length) {
                self.wide.push(gram | 1 << (length * CHARACTER_BITS));
            }
        }
    }

    /// The n-grams as numbers, in ascending order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u128> {
        let mut left = self.ascii;
        let ascii = std::iter::from_fn(move || {
            let first = (left != 0).then(|| u128::from(left.trailing_zeros()));
            left &= left.wrapping_sub(1);
            first
        });
        let narrow = self.narrow.iter().copied().map(u128::from);
        ascii.chain(narrow).chain(self.wide.iter().copied())
    }

    /// How many there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.ascii.count_ones() as usize + self.narrow.len() + self.wide.len()
    }

    /// How many two sets share.
    #[inline]
    pub(crate) fn common(&self, other: &Self) -> usize {
        (self.ascii & other.ascii).count_ones() as usize
            + common(&self.narrow, &other.narrow)
            + common(&self.wide, &other.wide)
    }
}

#[inline]
fn sort<G: Ord>(grams: &mut Vec<G>) {
    grams.sort_unstable();
    grams.dedup();
}

#[inline]
fn common<G: Ord>(left: &[G], right: &[G]) -> usize {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < left.len() && j < right.len() {
        let order = left[i].cmp(&right[j]);
        common += usize::from(order.is_eq());
        i += usize::from(order.is_le());
        j += usize::from(order.is_ge());
    }
    common
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
        self.of_sizes(left as f64, right as f64, common as f64)
    }

    /// As `of`, of sizes that are whole numbers.
    #[inline(always)]
    pub(crate) fn of_sizes(self, left: f64, right: f64, common: f64) -> f64 {
        let alike = match self {
            Self::Jaccard => common / (left + right - common),
            Self::SorensenDice => 2.0 * common / (left + right),
            Self::Cosine => common / (left * right).sqrt(),
            Self::Overlap => common / left.min(right),
        };
        let none = if left == right { 1.0 } else { 0.0 };
        if left == 0.0 || right == 0.0 {
            none
        } else {
            alike
        }
    }
}
