//! Levenshtein and optimal string alignment distances, a pair a lane.
//!
//! The bits are those of the kernel for one pair, and for swaps those of H. Hyyrö, "A bit-vector
//! algorithm for computing Levenshtein and Damerau edit distances" (2003). The distance is not
//! counted along the way: it is the length of the text and what the last column rises and falls.

use super::band;
use super::word::{Matches, Word};
use crate::lanes::{Group, LANES, Lanes, vectors};

vectors! {
    /// The Levenshtein distances of the pairs of a group, those up to a bound; what is more may
    /// come out as more than it is.
    pub(crate) fn levenshtein(group: &Group, bound: usize) -> Lanes<u8> {
        distances::<false>(group, bound)
    }

    /// As `levenshtein`, with swaps of two neighbours as one edit.
    pub(crate) fn optimal_string_alignment(group: &Group, bound: usize) -> Lanes<u8> {
        distances::<true>(group, bound)
    }
}

/// Whether a narrow band is all that is looked at for distances up to a bound.
pub(crate) fn looks_at_a_band(bound: usize) -> bool {
    bound <= band::MOST
}

#[inline(always)]
fn distances<const SWAPS: bool>(group: &Group, bound: usize) -> Lanes<u8> {
    if looks_at_a_band(bound) {
        return band::distances::<SWAPS>(group, bound);
    }
    match group.first.longest() {
        0..=8 => of_width::<u8, SWAPS>(group, bound),
        9..=16 => of_width::<u16, SWAPS>(group, bound),
        17..=32 => of_width::<u32, SWAPS>(group, bound),
        _ => of_width::<u64, SWAPS>(group, bound),
    }
}

/// What is kept of a column.
struct Column<W> {
    /// The cells that are one more than the one above.
    rises: Lanes<W>,
    /// The cells that are one less than the one above.
    falls: Lanes<W>,
    /// The cells that equal the one up left of them.
    equals: Lanes<W>,
    /// The rows whose character is that of the column.
    matches: Lanes<W>,
}

#[inline(always)]
fn of_width<W: Word, const SWAPS: bool>(group: &Group, bound: usize) -> Lanes<u8> {
    let (pattern, text) = (&group.first, &group.second);
    let mut found = Matches::NONE;
    let mut column = Column {
        rises: Lanes::splat(!W::NONE),
        falls: Lanes::splat(W::NONE),
        equals: Lanes::splat(W::NONE),
        matches: Lanes::splat(W::NONE),
    };
    for (number, characters) in text.positions().iter().enumerate() {
        // A path that leaves the diagonals up to the bound costs more than that, so that what
        // matches elsewhere does not count (E. Ukkonen, "Algorithms for approximate string
        // matching", 1985).
        let begin = number.saturating_sub(bound);
        let end = number.saturating_add(bound).saturating_add(1);
        found.find(pattern.eights(), characters, begin, end);
        if number < text.shortest() {
            advance::<W, SWAPS>(&mut column, &found, |_| true);
        } else {
            // The column of a text that has ended stays as it is.
            let number = number as u8;
            advance::<W, SWAPS>(&mut column, &found, |lane| text.lengths.0[lane] > number);
        }
    }
    Lanes::of(|lane| {
        let inside = W::below(pattern.lengths.0[lane]);
        let rises = (column.rises.0[lane] & inside).count();
        let falls = (column.falls.0[lane] & inside).count();
        text.lengths.0[lane].wrapping_add(rises).wrapping_sub(falls)
    })
}

#[inline(always)]
fn advance<W: Word, const SWAPS: bool>(
    column: &mut Column<W>,
    found: &Matches,
    is_live: impl Fn(usize) -> bool,
) {
    for lane in 0..LANES {
        let (rises, falls) = (column.rises.0[lane], column.falls.0[lane]);
        let matches: W = found.word(lane);
        let mut equal = ((matches & rises).plus(rises) ^ rises) | matches | falls;
        if SWAPS {
            let swap = (!column.equals.0[lane] & matches).next() & column.matches.0[lane];
            equal = equal | swap;
            column.equals.0[lane] = equal;
            column.matches.0[lane] = matches;
        }
        let across_rises = (falls | !(equal | rises)).next() | W::FIRST;
        let across_falls = (rises & equal).next();
        let live = is_live(lane);
        let new_rises = across_falls | !(equal | across_rises);
        let new_falls = across_rises & equal;
        column.rises.0[lane] = if live { new_rises } else { rises };
        column.falls.0[lane] = if live { new_falls } else { falls };
    }
}
