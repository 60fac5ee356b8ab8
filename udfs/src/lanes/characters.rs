//! Texts of any characters as bytes: kernels ask of two characters only whether they are equal.

use super::texts::{LONGEST, Source};

/// What stands behind the end of the first text of a pair, and behind that of the second: no byte
/// of ASCII, no number of a character, and never equal.
pub(crate) const BEHIND_FIRST: u8 = 0xFF;
pub(crate) const BEHIND_SECOND: u8 = 0xFE;

/// The number of the first character of a pair that is not of ASCII.
const FIRST: u8 = 0x80;

/// Pairs of texts with a byte a character: ASCII stands for itself, other characters have numbers
/// in the order in which they appear in their pair.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    left: Texts,
    right: Texts,
    /// The characters of the pair at hand that have numbers.
    characters: Vec<char>,
}

/// The texts of one side.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Numbered {
    /// Takes in a pair, and gives the lengths of its texts; `None` where it does not fit.
    pub(super) fn push(&mut self, left: &str, right: &str) -> Option<(usize, usize)> {
        self.characters.clear();
        let before = (self.left.bytes.len(), self.right.bytes.len());
        let lengths = (
            self.left.push(left, &mut self.characters),
            self.right.push(right, &mut self.characters),
        );
        if let (Some(left), Some(right)) = lengths {
            self.left.starts.push(before.0);
            self.right.starts.push(before.1);
            return Some((left, right));
        }
        self.left.bytes.truncate(before.0);
        self.right.bytes.truncate(before.1);
        None
    }

    /// The texts of both sides, by the number of the pair in the order taken in.
    pub(super) fn sides(&self) -> (&Texts, &Texts) {
        (&self.left, &self.right)
    }
}

impl Texts {
    /// Writes a text and gives its length, if it fits.
    fn push(&mut self, text: &str, characters: &mut Vec<char>) -> Option<usize> {
        let before = self.bytes.len();
        for character in text.chars() {
            if self.bytes.len() - before == LONGEST {
                return None;
            }
            if character.is_ascii() {
                self.bytes.push(character as u8);
                continue;
            }
            let known = characters.iter().position(|known| *known == character);
            let number = known.unwrap_or(characters.len());
            if number >= usize::from(BEHIND_SECOND - FIRST) {
                return None;
            }
            if known.is_none() {
                characters.push(character);
            }
            self.bytes.push(FIRST + number as u8);
        }
        Some(self.bytes.len() - before)
    }
}

impl Source for Texts {
    fn each(&self, rows: impl Iterator<Item = usize>, mut take: impl FnMut(&[u8])) {
        for row in rows {
            take(&self.bytes[self.starts[row]..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many different characters from one on.
    fn distinct(first: char, count: usize) -> String {
        (first..).take(count).collect()
    }

    #[test]
    fn equal_characters_have_one_number() {
        let mut numbered = Numbered::default();
        assert_eq!(numbered.push("aé日é", "日b"), Some((4, 2)));
        assert_eq!(numbered.left.bytes, [b'a', 0x80, 0x81, 0x80]);
        assert_eq!(numbered.right.bytes, [0x81, b'b']);
    }

    #[test]
    fn what_has_too_many_characters_does_not_fit() {
        let mut numbered = Numbered::default();
        let (cyrillic, han) = (distinct('а', 63), distinct('一', 63));
        assert_eq!(numbered.push(&cyrillic, &han), Some((63, 63)));
        assert_eq!(numbered.push(&cyrillic, &distinct('一', 64)), None);
        assert_eq!(numbered.push(&"é".repeat(65), ""), None);
        assert_eq!(numbered.push("", &"é".repeat(64)), Some((0, 64)));
        assert_eq!(numbered.left.starts, [0, 63]);
        assert_eq!(numbered.right.starts, [0, 63]);
    }
}
