//! Numbers for the distinct trigrams of a pattern and of texts held against it.

use super::ascii;
use super::table::Table;
use super::trigrams::{at_most, each};

/// A trigram of a text: its number, and whether a word begins or ends with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(u32);

const FIRST: u32 = 1 << 31;
const LAST: u32 = 1 << 30;

impl Place {
    #[inline]
    fn new(number: u32, first: bool, last: bool) -> Self {
        let first = if first { FIRST } else { 0 };
        Self(number | first | if last { LAST } else { 0 })
    }

    /// The trigram's number; equal trigrams have equal numbers.
    #[inline]
    pub(super) fn number(self) -> usize {
        (self.0 & (LAST - 1)) as usize
    }

    /// Whether a word begins here.
    #[inline]
    pub(super) fn is_first(self) -> bool {
        self.0 & FIRST != 0
    }

    /// Whether a word ends here.
    #[inline]
    pub(super) fn is_last(self) -> bool {
        self.0 & LAST != 0
    }
}

/// Numbers trigrams: those of the pattern first, then those that the text alone has.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    ascii: Numbers,
    any: Table,
    pattern: String,
    is_ascii: bool,
    /// The distinct trigrams of an ASCII pattern.
    pattern_numbers: Vec<u16>,
    places: Vec<Place>,
}

impl Numbering {
    /// Takes in the pattern.
    pub(super) fn set_pattern(&mut self, pattern: &str) {
        self.pattern.clear();
        self.pattern.push_str(pattern);
        self.is_ascii = pattern.is_ascii();
        self.pattern_numbers.clear();
        if self.is_ascii {
            self.ascii.begin();
            ascii::each(pattern.as_bytes(), |number| {
                if number != ascii::NONE && self.ascii.add(number) == self.pattern_numbers.len() {
                    self.pattern_numbers.push(number);
                }
            });
        }
    }

    /// The trigrams of a text in their order; how many distinct ones the pattern has, and how many
    /// pattern and text have together. Numbers below the first are those of the pattern.
    #[inline]
    pub(super) fn number(&mut self, text: &str) -> (&[Place], usize, usize) {
        self.places.clear();
        if !(self.is_ascii && text.is_ascii()) {
            return self.number_any(text);
        }
        self.places.reserve(at_most(text.len()));
        self.ascii.begin();
        for number in &self.pattern_numbers {
            self.ascii.add(*number);
        }
        ascii::each(text.as_bytes(), |number| {
            if number != ascii::NONE {
                let (first, last) = (ascii::is_first(number), ascii::is_last(number));
                let number = self.ascii.add(number) as u32;
                self.places.push(Place::new(number, first, last));
            }
        });
        let pattern = self.pattern_numbers.len();
        (&self.places, pattern, self.ascii.count())
    }

    fn number_any(&mut self, text: &str) -> (&[Place], usize, usize) {
        self.any
            .begin(at_most(self.pattern.len()) + at_most(text.len()));
        let mut count = 0;
        each(&self.pattern, |placed| {
            number_in(&mut self.any, placed.trigram(), &mut count);
        });
        let pattern = count as usize;
        each(text, |placed| {
            let number = number_in(&mut self.any, placed.trigram(), &mut count);
            self.places
                .push(Place::new(number, placed.is_first(), placed.is_last()));
        });
        (&self.places, pattern, count as usize)
    }
}

fn number_in(table: &mut Table, trigram: u32, count: &mut u32) -> u32 {
    let (number, new) = table.entry(trigram);
    if new {
        *number = *count;
        *count += 1;
    }
    *number
}

/// The numbers given to the trigrams of ASCII text: each use has a stamp, and numbers under other
/// stamps count as not given, so that a new use costs nothing.
#[derive(Debug)]
struct Numbers {
    /// Stamp and number.
    given: Box<[(u16, u16)]>,
    stamp: u16,
    count: u16,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            given: vec![(0, 0); ascii::NUMBERS].into(),
            stamp: 0,
            count: 0,
        }
    }
}

impl Numbers {
    fn begin(&mut self) {
        if self.stamp == u16::MAX {
            self.given.fill((0, 0));
            self.stamp = 0;
        }
        self.stamp += 1;
        self.count = 0;
    }

    /// The number of a trigram, which it is given where it has none. There are fewer trigrams of
    /// ASCII text than numbers.
    #[inline]
    fn add(&mut self, trigram: u16) -> usize {
        let (stamp, number) = &mut self.given[usize::from(trigram)];
        let new = *stamp != self.stamp;
        *number = if new { self.count } else { *number };
        *stamp = self.stamp;
        self.count += u16::from(new);
        usize::from(*number)
    }

    fn count(&self) -> usize {
        usize::from(self.count)
    }
}
