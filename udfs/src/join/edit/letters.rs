//! Which characters a text has, as bits of a word: a bound of the edits between two texts.

use crate::similarity::kernel::characters::Character;

/// How many classes characters fall into: the low bits of their codes, so that letters of either
/// case are as many classes as there are letters.
const CLASSES: u32 = 32;

/// A bit for each class that occurs, and another for each that occurs twice.
///
/// An edit takes away one character at most, and with it one bit at most; so does it add one. (As
/// the alphabet bitmaps of MonetDB's text similarity joins, with counts.)
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Letters(u64);

impl Letters {
    /// The letters of a text.
    pub(super) fn new<C: Character>(text: impl IntoIterator<Item = C>) -> Self {
        text.into_iter().fold(Self(0), |letters, character| {
            let class = 1_u64 << (character.code() % CLASSES);
            let again = (letters.0 & class) << CLASSES;
            Self(letters.0 | class | again)
        })
    }

    /// The letters of a text of any characters.
    pub(super) fn of(text: &str) -> Self {
        if text.is_ascii() {
            Self::new(text.bytes())
        } else {
            Self::new(text.chars())
        }
    }

    /// Whether so many edits may make one text of the other.
    #[inline]
    pub(super) fn allow(self, other: Self, edits: u32) -> bool {
        let lost = (self.0 & !other.0).count_ones();
        let gained = (other.0 & !self.0).count_ones();
        lost <= edits && gained <= edits
    }
}
