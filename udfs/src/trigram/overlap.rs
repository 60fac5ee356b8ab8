//! How many distinct trigrams two texts have, and how many of them in common.

use super::ascii;
use super::table::Table;
use super::trigrams::{at_most, each};

/// The counts from which a similarity is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overlap {
    /// Distinct trigrams of the one text.
    pub(crate) left: u32,
    /// Distinct trigrams of the other text.
    pub(crate) right: u32,
    /// Distinct trigrams that both have.
    pub(crate) both: u32,
}

impl Overlap {
    /// Common trigrams by all trigrams; 0 where a text has none.
    #[inline]
    pub(crate) fn similarity(self) -> f32 {
        if self.left == 0 || self.right == 0 {
            return 0.0;
        }
        self.both as f32 / (self.left + self.right - self.both) as f32
    }
}

/// Counts the trigrams of pair after pair.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    ascii: Stamps,
    any: Table,
    /// The prepared text, and whether it is ASCII.
    prepared: Option<(String, bool)>,
    /// The trigrams of the prepared text, where it is ASCII.
    numbers: Vec<u16>,
}

impl Counter {
    /// Counts the trigrams of two texts.
    #[inline]
    pub(crate) fn count(&mut self, left: &str, right: &str) -> Overlap {
        if !(left.is_ascii() && right.is_ascii()) {
            return count_any(&mut self.any, left, right);
        }
        self.ascii.begin();
        let mut distinct = 0;
        ascii::each(left.as_bytes(), |number| {
            distinct += self.ascii.left(number)
        });
        self.ascii.against(distinct, right)
    }

    /// Takes in a text that is then compared with many.
    pub(crate) fn prepare(&mut self, text: &str) {
        self.numbers.clear();
        if text.is_ascii() {
            self.ascii.begin();
            ascii::each(text.as_bytes(), |number| {
                if self.ascii.left(number) == 1 {
                    self.numbers.push(number);
                }
            });
        }
        self.prepared = Some((text.to_owned(), text.is_ascii()));
    }

    /// Counts the trigrams of the prepared text, as the left one, and another.
    #[inline]
    pub(crate) fn count_prepared(&mut self, right: &str) -> Overlap {
        match &self.prepared {
            None => Overlap::default(),
            Some((left, is_ascii)) if !(*is_ascii && right.is_ascii()) => {
                count_any(&mut self.any, left, right)
            }
            Some(_) => {
                self.ascii.begin();
                for number in &self.numbers {
                    self.ascii.left(*number);
                }
                self.ascii.against(self.numbers.len() as u32, right)
            }
        }
    }
}

/// Which of two ASCII texts met each trigram last: each pair has two stamps, and any other stands
/// for neither, so that a new pair costs nothing.
#[derive(Debug)]
struct Stamps {
    stamps: Box<[u16; ascii::NUMBERS]>,
    /// The left text's; the right one's is the next.
    left: u16,
}

impl Default for Stamps {
    fn default() -> Self {
        Self {
            stamps: Box::new([0; ascii::NUMBERS]),
            left: 0,
        }
    }
}

impl Stamps {
    /// Begins with a pair.
    #[inline]
    fn begin(&mut self) {
        if self.left >= u16::MAX - 2 {
            self.stamps.fill(0);
            self.left = 0;
        }
        self.left += 2;
        // So that it never counts as new.
        self.stamps[usize::from(ascii::NONE)] = self.left;
    }

    /// 1 for a trigram of the left text that is new.
    #[inline]
    fn left(&mut self, number: u16) -> u32 {
        let stamp = &mut self.stamps[usize::from(number)];
        let new = *stamp != self.left;
        *stamp = self.left;
        u32::from(new)
    }

    /// Counts the right text's trigrams against the left one's, which have their stamps.
    #[inline]
    fn against(&mut self, distinct: u32, right: &str) -> Overlap {
        let mut overlap = Overlap {
            left: distinct,
            ..Overlap::default()
        };
        let here = self.left + 1;
        self.stamps[usize::from(ascii::NONE)] = here;
        ascii::each(right.as_bytes(), |number| {
            let stamp = &mut self.stamps[usize::from(number)];
            overlap.both += u32::from(*stamp == self.left);
            overlap.right += u32::from(*stamp != here);
            *stamp = here;
        });
        overlap
    }
}

/// In the table, the mark of a trigram that the right text has.
const OF_RIGHT: u32 = 1;

fn count_any(table: &mut Table, left: &str, right: &str) -> Overlap {
    table.begin(at_most(left.len()) + at_most(right.len()));
    let mut overlap = Overlap::default();
    each(left, |placed| {
        overlap.left += u32::from(table.entry(placed.trigram()).1);
    });
    each(right, |placed| {
        let (mark, new) = table.entry(placed.trigram());
        let first = *mark != OF_RIGHT;
        overlap.right += u32::from(first);
        overlap.both += u32::from(first & !new);
        *mark = OF_RIGHT;
    });
    overlap
}
