//! Levenshtein and optimal string alignment distances, a pair a lane.
//!
//! The bits are those of the kernel for one pair, and for swaps those of H. Hyyrö, "A bit-vector
//! algorithm for computing Levenshtein and Damerau edit distances" (2003). The distance is not
//! counted along the way: it is the length of the text and what the last column rises and falls.

use wide::{u16x8, u32x8, u64x8};

use super::group::{Group, LONGEST, Lanes, MEDIUM, Texts};
use super::word::{NARROW, Word};

/// The distances of the pairs of a group, those up to a bound; what is more may come out as more
/// than it is. With `SWAPS`, swapping two neighbours is one edit.
#[inline(always)]
pub(crate) fn distances<const SWAPS: bool>(group: &Group, bound: usize) -> Lanes<u16> {
    let longest = group.left.longest();
    if longest <= NARROW {
        of_width::<u16x8, SWAPS>(&group.left, &group.right, bound)
    } else if longest <= MEDIUM {
        of_width::<u32x8, SWAPS>(&group.left, &group.right, bound)
    } else {
        of_width::<u64x8, SWAPS>(&group.left, &group.right, bound)
    }
}

fn of_width<W: Word, const SWAPS: bool>(pattern: &Texts, text: &Texts, bound: usize) -> Lanes<u16> {
    let mut buffers = [[u16x8::NONE; LONGEST]; 2];
    let [rows, columns] = &mut buffers;
    let (rows, columns) = (pattern.positions(rows), text.positions(columns));
    let shortest = text.shortest();
    let lengths = u16x8::new(text.lengths);
    let mut rises = !W::NONE;
    let mut falls = W::NONE;
    let mut equals_before = W::NONE;
    let mut matches_before = W::NONE;
    for (column, characters) in columns.iter().enumerate() {
        // A path that leaves the diagonals up to the bound costs more than that, so that what
        // matches elsewhere does not count (E. Ukkonen, "Algorithms for approximate string
        // matching", 1985).
        let begin = column.saturating_sub(bound).min(rows.len());
        let end = rows
            .len()
            .min(column.saturating_add(bound).saturating_add(1));
        let matches = W::matches(&rows[begin..end], begin, *characters);
        // The cells that equal the one up left of them.
        let mut equal = (((matches & rises) + rises) ^ rises) | matches | falls;
        if SWAPS {
            equal = equal | (((!equals_before & matches).next()) & matches_before);
            equals_before = equal;
            matches_before = matches;
        }
        let across_rises = (falls | !(equal | rises)).next() | W::FIRST;
        let across_falls = (rises & equal).next();
        let new_rises = across_falls | !(equal | across_rises);
        let new_falls = across_rises & equal;
        if column < shortest {
            rises = new_rises;
            falls = new_falls;
        } else {
            // The column of a text that has ended stays as it is.
            let live = W::of_mask(lengths.simd_gt(u16x8::splat(column as u16)));
            rises = (new_rises & live) | (rises & !live);
            falls = (new_falls & live) | (falls & !live);
        }
    }
    let inside = W::below(pattern.lengths);
    let rises = (rises & inside).counts();
    let falls = (falls & inside).counts();
    std::array::from_fn(|lane| text.lengths[lane] + rises[lane] - falls[lane])
}
