//! Jaro similarities with a cutoff: what is less alike than that is 0, and need not be computed.

use std::marker::PhantomData;

use arrow::datatypes::Float64Type;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::kernel::characters::{Character, Decoder, Pair, common_prefix};
use super::kernel::jaro::{self, Scratch};
use super::kernel::lanes::jaro::{common_prefixes, jaro};
use super::kernel::masks::{Masks, WORD};
use super::parameter;
use crate::FunctionError;
use crate::arguments::{Call, Metric, Sides};
use crate::lanes::{self, Group, InLanes, LONGEST, Lanes};

/// What becomes of the Jaro similarity of two texts.
pub(super) trait Boost {
    /// How many characters count that two texts begin with alike.
    const LONGEST_PREFIX: usize;

    /// The similarity to answer: no less than the one given, and growing with it and with the
    /// number of characters that both begin with.
    fn boost(similarity: f64, prefix: usize) -> f64;
}

/// Answers a call of a function of two texts and perhaps a cutoff.
pub(super) fn invoke<B: Boost>(function: &str, call: &Call<'_>) -> Result<ColumnarValue> {
    if call.count() == 2 {
        return call.pairs(Similarity::<B>::new(0.0));
    }
    parameter::pairs::<Float64Type, _>(call, 2, |cutoff| {
        Ok(Similarity::<B>::new(checked(function, cutoff)?))
    })
}

/// A cutoff, if it is one.
pub(super) fn checked(function: &str, cutoff: f64) -> Result<f64, FunctionError> {
    if (0.0..=1.0).contains(&cutoff) {
        return Ok(cutoff);
    }
    Err(FunctionError::invalid_argument(format!(
        "{function}: the cutoff {cutoff} is not between 0 and 1"
    ))
    .with_hint("Give the least similarity that counts, such as 0.9."))
}

/// Jaro similarity, boosted, or 0 where that is below the cutoff.
#[derive(Debug)]
pub(super) struct Similarity<B> {
    cutoff: f64,
    decoder: Decoder,
    scratch: Scratch,
    constant: String,
    /// The shortest text that can reach the cutoff beside one of each length that lanes take.
    least: [u8; LONGEST + 1],
    /// The masks of the constant, if it has 1 to 64 characters.
    masks: Masks,
    length: usize,
    boost: PhantomData<B>,
}

impl<B: Boost> Similarity<B> {
    pub(super) fn new(cutoff: f64) -> Self {
        Self {
            cutoff,
            least: [0; LONGEST + 1],
            decoder: Decoder::default(),
            scratch: Scratch::default(),
            constant: String::new(),
            masks: Masks::default(),
            length: 0,
            boost: PhantomData,
        }
    }
}

/// The highest that the similarity of two texts of these lengths can be, once it is boosted.
#[inline(always)]
fn upper_bound<B: Boost>(left: usize, right: usize) -> f64 {
    B::boost(jaro::upper_bound(left, right), B::LONGEST_PREFIX)
}

/// The shortest text that can reach a cutoff beside one of a length: the longer it is, the more
/// alike they can be.
fn least<B: Boost>(cutoff: f64, longer: usize) -> u8 {
    let (mut begin, mut end) = (0, longer);
    while begin < end {
        let shorter = (begin + end) / 2;
        if upper_bound::<B>(shorter, longer) < cutoff {
            begin = shorter + 1;
        } else {
            end = shorter;
        }
    }
    begin as u8
}

/// The boosted similarity, or 0 below the cutoff; `compute` is asked only where it can be reached.
fn bounded<B: Boost, C: Character>(
    cutoff: f64,
    left: &[C],
    right: &[C],
    compute: impl FnOnce() -> f64,
) -> f64 {
    if upper_bound::<B>(left.len(), right.len()) < cutoff {
        return 0.0;
    }
    let beginning = &left[..left.len().min(B::LONGEST_PREFIX)];
    let similarity = B::boost(compute(), common_prefix(beginning, right));
    if similarity < cutoff { 0.0 } else { similarity }
}

impl<B: Boost> Metric for Similarity<B> {
    type Answer = Float64Type;

    #[inline]
    fn pair(&mut self, left: &str, right: &str) -> f64 {
        let scratch = &mut self.scratch;
        match self.decoder.decode(left, right) {
            Pair::Ascii(left, right) => {
                bounded::<B, _>(self.cutoff, left, right, || scratch.similarity(left, right))
            }
            Pair::Unicode(left, right) => {
                bounded::<B, _>(self.cutoff, left, right, || scratch.similarity(left, right))
            }
        }
    }

    fn prepare(&mut self, constant: &str) {
        let characters: Vec<char> = constant.chars().collect();
        self.constant = constant.to_string();
        self.length = characters.len();
        self.masks = Masks::default();
        if self.length <= WORD {
            self.masks.set(&characters);
        }
    }

    #[inline]
    fn prepared(&mut self, other: &str) -> f64 {
        let constant = std::mem::take(&mut self.constant);
        let fits = (1..=WORD).contains(&self.length);
        let similarity = match self.decoder.decode(&constant, other) {
            Pair::Ascii(left, right) if fits && (1..=WORD).contains(&right.len()) => {
                bounded::<B, _>(self.cutoff, left, right, || {
                    jaro::similarity_to_masks(&self.masks, self.length, right)
                })
            }
            Pair::Unicode(left, right) if fits && (1..=WORD).contains(&right.len()) => {
                bounded::<B, _>(self.cutoff, left, right, || {
                    jaro::similarity_to_masks(&self.masks, self.length, right)
                })
            }
            _ => self.pair(&constant, other),
        };
        self.constant = constant;
        similarity
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [f64]) {
        self.least = std::array::from_fn(|longer| least::<B>(self.cutoff, longer));
        lanes::many(self, sides, rows, answers);
    }
}

impl<B: Boost> InLanes for Similarity<B> {
    #[inline(always)]
    fn by_lengths(&self, shorter: usize, longer: usize) -> Option<f64> {
        let least = self.least.get(longer).copied().unwrap_or_default();
        (shorter < usize::from(least)).then_some(0.0)
    }

    fn group(&mut self, group: &Group) -> Lanes<f64> {
        let similarities = jaro(group);
        let prefixes = common_prefixes(group, B::LONGEST_PREFIX);
        Lanes::of(|lane| {
            let boosted = B::boost(similarities.0[lane], usize::from(prefixes.0[lane]));
            if boosted < self.cutoff { 0.0 } else { boosted }
        })
    }
}
