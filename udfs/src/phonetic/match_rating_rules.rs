//! The Match Rating Approach (Gwendolyn Moore and others, "Accessing Individual Records from
//! Personal Data Files Using Non-Unique Identifiers", NBS Special Publication 500-2, 1977).

/// A codex has so many letters at most: the first three and the last three.
const LONGEST: usize = 6;

/// A name without vowels, but for one at the beginning, and without doubled consonants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Codex {
    letters: [u8; LONGEST],
    length: usize,
}

impl Codex {
    /// The codex of a name, which is given in upper case letters of ASCII.
    pub(super) fn of(name: &[u8]) -> Self {
        let mut codex = Self::default();
        let mut previous = 0;
        for (at, letter) in name.iter().enumerate() {
            let is_vowel = matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U');
            if at == 0 || !is_vowel && *letter != previous {
                if codex.length == LONGEST {
                    codex.letters.copy_within(LONGEST / 2 + 1.., LONGEST / 2);
                    codex.length -= 1;
                }
                codex.letters[codex.length] = *letter;
                codex.length += 1;
            }
            previous = *letter;
        }
        codex
    }

    /// The letters.
    pub(super) fn letters(&self) -> &[u8] {
        &self.letters[..self.length]
    }

    /// Whether two names are alike; `None` where the lengths of their codices differ by three or
    /// more, which the approach does not compare.
    pub(super) fn is_like(&self, other: &Self) -> Option<bool> {
        if self.length.abs_diff(other.length) >= 3 {
            return None;
        }
        let least = match self.length + other.length {
            0..=4 => 5,
            5..=7 => 4,
            8..=11 => 3,
            _ => 2,
        };
        let (mut left, mut right) = (*self, *other);
        left.strike_equal(&mut right);
        left.reverse();
        right.reverse();
        left.strike_equal(&mut right);
        Some(LONGEST - left.length.max(right.length) >= least)
    }

    /// Strikes the letters that are equal at the same place.
    fn strike_equal(&mut self, other: &mut Self) {
        let (left, right) = (*self, *other);
        let stays = |at: usize| left.letters().get(at) != right.letters().get(at);
        *self = left.keep(stays);
        *other = right.keep(stays);
    }

    fn keep(&self, stays: impl Fn(usize) -> bool) -> Self {
        let mut kept = Self::default();
        for (at, letter) in self.letters().iter().enumerate() {
            if stays(at) {
                kept.letters[kept.length] = *letter;
                kept.length += 1;
            }
        }
        kept
    }

    fn reverse(&mut self) {
        self.letters[..self.length].reverse();
    }
}
