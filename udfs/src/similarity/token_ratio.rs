//! Ratios of texts as words: the words are joined text by text, and then the longest common
//! subsequences are found for many pairs at once.

use arrow::array::{StringArray, StringBuilder};
use arrow::datatypes::{Float64Type, Int32Type};

use super::kernel::characters::{Decoder, Pair};
use super::kernel::lanes::subsequence;
use super::kernel::subsequence::Scratch;
use super::kernel::words::{Joined, Words};
use crate::arguments::{Metric, Sides, Strings};
use crate::lanes::{self, Group, InLanes, Lanes};

/// What is as long in bytes, or shorter, is sooner compared than put aside.
const SHORT: usize = 16;

/// A ratio of two texts as words.
pub(super) struct TokenRatio {
    words: Words,
    join: fn(&mut Words, &str, &str) -> Joined,
    common: Common,
    constant: String,
}

impl TokenRatio {
    pub(super) fn new(join: fn(&mut Words, &str, &str) -> Joined) -> Self {
        Self {
            words: Words::default(),
            join,
            common: Common::default(),
            constant: String::new(),
        }
    }
}

impl Metric for TokenRatio {
    type Answer = Float64Type;

    fn pair(&mut self, left: &str, right: &str) -> f64 {
        let joined = (self.join)(&mut self.words, left, right);
        self.words.ratio(joined)
    }

    fn prepare(&mut self, constant: &str) {
        self.constant = constant.to_string();
    }

    fn prepared(&mut self, other: &str) -> f64 {
        let joined = (self.join)(&mut self.words, &self.constant, other);
        self.words.ratio(joined)
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [f64]) {
        let (mut lefts, mut rights) = (StringBuilder::new(), StringBuilder::new());
        let mut waiting = Vec::new();
        for row in rows {
            let (left, right) = match sides {
                Sides::Both(left, right) => (left.value(row), right.value(row)),
                Sides::Prepared(left, others) => (left, others.value(row)),
            };
            match (self.join)(&mut self.words, left, right) {
                Joined::Known(ratio) => answers[row] = ratio,
                joined if self.words.longest() <= SHORT => {
                    answers[row] = self.words.ratio(joined);
                }
                joined => {
                    let (left, right) = self.words.joined();
                    lefts.append_value(left);
                    rights.append_value(right);
                    waiting.push((row, joined));
                }
            }
        }
        let (lefts, rights) = (lefts.finish(), rights.finish());
        let mut common = vec![0; waiting.len()];
        let both = (Strings::Utf8(&lefts), Strings::Utf8(&rights));
        let sides = Sides::Both(&both.0, &both.1);
        self.common.many(sides, 0..waiting.len(), &mut common);
        for (number, (row, joined)) in waiting.into_iter().enumerate() {
            let lengths = [&lefts, &rights].map(|texts| length(texts, number));
            answers[row] = joined.ratio(lengths, common[number] as usize);
        }
    }
}

/// How many characters a text has.
fn length(texts: &StringArray, row: usize) -> usize {
    let text = texts.value(row);
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// How many characters the longest common subsequence of two texts has.
#[derive(Default)]
struct Common {
    decoder: Decoder,
    scratch: Scratch,
    constant: String,
}

impl Metric for Common {
    type Answer = Int32Type;

    fn pair(&mut self, left: &str, right: &str) -> i32 {
        let common = match self.decoder.decode(left, right) {
            Pair::Ascii(left, right) => self.scratch.length(left, right),
            Pair::Unicode(left, right) => self.scratch.length(left, right),
        };
        i32::try_from(common).unwrap_or(i32::MAX)
    }

    fn prepare(&mut self, constant: &str) {
        self.constant = constant.to_string();
    }

    fn prepared(&mut self, other: &str) -> i32 {
        let constant = std::mem::take(&mut self.constant);
        let common = self.pair(&constant, other);
        self.constant = constant;
        common
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [i32]) {
        lanes::many(self, sides, rows, answers);
    }
}

impl InLanes for Common {
    fn group(&mut self, group: &Group) -> Lanes<i32> {
        let common = subsequence::common(group);
        Lanes::of(|lane| i32::from(common.0[lane]))
    }
}
