//! Similarities with a cutoff: what is less alike than that is 0, and need not be computed.

use arrow::datatypes::Float64Type;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::kernel::characters::{Character, Decoder, Pair};
use super::kernel::jaro::{self, Scratch};
use super::kernel::masks::{Masks, WORD};
use super::parameter;
use crate::FunctionError;
use crate::arguments::{Call, Metric};

/// What becomes of the Jaro similarity of two texts, given the characters that they begin with.
pub(super) trait Boost {
    /// The similarity to answer: no less than the one given, and growing with it.
    fn boost<C: Character>(similarity: f64, left: &[C], right: &[C]) -> f64;

    /// The highest that `boost` can answer.
    fn upper_bound(similarity: f64) -> f64;
}

/// Answers a call of a function of two texts and perhaps a cutoff.
pub(super) fn invoke<B: Boost>(function: &str, call: &Call<'_>) -> Result<ColumnarValue> {
    if call.count() == 2 {
        return call.pairs(Similarity::<B>::new(0.0));
    }
    parameter::pairs::<Float64Type, _>(call, 2, |cutoff| {
        if (0.0..=1.0).contains(&cutoff) {
            return Ok(Similarity::<B>::new(cutoff));
        }
        Err(FunctionError::invalid_argument(format!(
            "{function}: the cutoff {cutoff} is not between 0 and 1"
        )))
    })
}

/// Jaro similarity, boosted, or 0 where that is below the cutoff.
#[derive(Debug)]
struct Similarity<B> {
    cutoff: f64,
    decoder: Decoder,
    scratch: Scratch,
    constant: String,
    /// The masks of the constant, if it has 1 to 64 characters.
    masks: Masks,
    length: usize,
    boost: std::marker::PhantomData<B>,
}

impl<B: Boost> Similarity<B> {
    fn new(cutoff: f64) -> Self {
        Self {
            cutoff,
            decoder: Decoder::default(),
            scratch: Scratch::default(),
            constant: String::new(),
            masks: Masks::default(),
            length: 0,
            boost: std::marker::PhantomData,
        }
    }
}

/// The boosted similarity, or 0 below the cutoff; `compute` is asked only where it can be reached.
fn bounded<B: Boost, C: Character>(
    cutoff: f64,
    left: &[C],
    right: &[C],
    compute: impl FnOnce() -> f64,
) -> f64 {
    let bound = B::upper_bound(jaro::upper_bound(left.len(), right.len()));
    if bound < cutoff {
        return 0.0;
    }
    let similarity = B::boost(compute(), left, right);
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
}
