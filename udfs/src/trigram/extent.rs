//! The part of a text that is most like a pattern: what `word_similarity` and
//! `strict_word_similarity` find.
//!
//! The part is an extent of the text's trigrams in their order. It grows from trigram to trigram;
//! wherever it may end, its beginning moves up to where the similarity is greatest. That is
//! PostgreSQL's way, and not every extent is tried: the answer is equal to PostgreSQL's, not
//! always the greatest that there is.

use super::numbering::{Numbering, Place};
use crate::interrupt::Watch;

/// Where an extent may begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Bounds {
    /// At any trigram; it ends at one that the pattern has.
    Trigrams,
    /// With words.
    Words,
}

/// An extent up to the trigram at hand.
#[derive(Clone, Copy, Debug)]
struct Extent {
    /// The place of its first trigram.
    start: usize,
    /// How many distinct trigrams it has.
    distinct: u32,
    /// How many of them the pattern has.
    common: u32,
}

/// Finds the extent most like a pattern in text after text.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    numbering: Numbering,
    /// The last place in the extent of each distinct trigram, counted from 1; 0 for none.
    last: Vec<u32>,
}

impl Finder {
    /// Takes in the pattern.
    pub(crate) fn prepare(&mut self, pattern: &str) {
        self.numbering.set_pattern(pattern);
    }

    /// The similarity of the pattern and the extent of the text most like it. Where it is at least
    /// `enough`, it may be that of another extent for which this is so.
    pub(crate) fn find(&mut self, text: &str, bounds: Bounds, enough: f64) -> f32 {
        let (places, pattern, distinct) = self.numbering.number(text);
        if pattern == 0 {
            return 0.0;
        }
        self.last.clear();
        self.last.resize(distinct, 0);
        let last = &mut self.last[..];
        let mut greatest = 0.0_f32;
        let mut extent = Extent {
            start: 0,
            distinct: 0,
            common: 0,
        };
        let mut begun = bounds == Bounds::Words;
        let mut watch = Watch::default();
        for (at, place) in places.iter().enumerate() {
            let of_pattern = place.number() < pattern;
            if !begun {
                if !of_pattern {
                    continue;
                }
                begun = true;
                extent.start = at;
            }
            let last_of_this = &mut last[place.number()];
            if *last_of_this == 0 {
                extent.distinct += 1;
                extent.common += u32::from(of_pattern);
            }
            *last_of_this = at as u32 + 1;
            let may_end = match bounds {
                Bounds::Trigrams => of_pattern,
                Bounds::Words => place.is_last(),
            };
            if !may_end {
                continue;
            }
            let start = extent.start;
            if watch.is_interrupted_after(at - start) {
                break;
            }
            let similarity = shrink(&mut extent, bounds, &places[..=at], last, pattern);
            greatest = greatest.max(similarity);
            if f64::from(greatest) >= enough {
                break;
            }
            for (left, place) in (start..).zip(&places[start..extent.start]) {
                let last = &mut last[place.number()];
                if *last == left as u32 + 1 {
                    *last = 0;
                }
            }
        }
        greatest
    }
}

/// Moves the beginning of an extent that ends with these places to where its similarity is
/// greatest, and gives that.
#[inline]
fn shrink(
    extent: &mut Extent,
    bounds: Bounds,
    places: &[Place],
    last: &[u32],
    pattern: usize,
) -> f32 {
    let similarity = |extent: &Extent| {
        extent.common as f32 / (pattern as u32 + extent.distinct - extent.common) as f32
    };
    let mut greatest = similarity(extent);
    let mut rest = *extent;
    for (start, place) in (extent.start..).zip(&places[extent.start..]) {
        // No later beginning has more in common, and at best it has nothing else; the order of
        // fractions is that of their quotients.
        if rest.common as f32 <= greatest * pattern as f32 * SLACK {
            break;
        }
        if bounds == Bounds::Trigrams || place.is_first() {
            rest.start = start;
            let shorter = similarity(&rest);
            if shorter > greatest {
                greatest = shorter;
                *extent = rest;
            }
        }
        if last[place.number()] == start as u32 + 1 {
            rest.distinct -= 1;
            rest.common -= u32::from(place.number() < pattern);
        }
    }
    greatest
}

/// Less than 1 by more than what rounding can make a product greater.
const SLACK: f32 = 1.0 - 4.0 * f32::EPSILON;
