//! Levenshtein and optimal string alignment distances up to a few edits, a pair a lane.
//!
//! A path that leaves the diagonals up to the bound costs more than that (E. Ukkonen, "Algorithms
//! for approximate string matching", 1985), so that of each column only the cells near the main
//! diagonal are kept: H. Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit
//! distances" (2003). The word moves down by a row with each column, its highest bit on the lowest
//! diagonal, and a byte does for texts of any length.

use crate::lanes::{BEHIND_FIRST, BEHIND_SECOND, Group, Lanes};

/// The greatest bound whose diagonals fit a byte.
pub(super) const MOST: usize = 3;

const BITS: usize = u8::BITS as usize;

/// What stands above the first row, and what below the last. What stands behind the ends of both
/// texts of a group must match, as an end that two texts share costs no edit: so all lanes have as
/// many columns.
const ABOVE: Lanes<u8> = Lanes::splat(BEHIND_SECOND);
const BELOW: Lanes<u8> = Lanes::splat(BEHIND_FIRST);

/// The distances of the pairs of a group, those up to a bound of [`MOST`] or less; what is more may
/// come out as another that is more.
#[inline(always)]
pub(super) fn distances<const SWAPS: bool>(group: &Group, bound: usize) -> Lanes<u8> {
    match bound {
        0 | 1 => of_diagonals::<SWAPS, 3>(group),
        2 => of_diagonals::<SWAPS, 5>(group),
        _ => of_diagonals::<SWAPS, 7>(group),
    }
}

/// What is kept of a column. The bits of the cells are where those of the next column will be.
struct Column {
    /// The cells that are one more than the one above.
    rises: Lanes<u8>,
    /// The cells that are one less than the one above.
    falls: Lanes<u8>,
    /// The cells that equal the one up left of them.
    equals: Lanes<u8>,
    /// The rows whose character is that of the column.
    matches: Lanes<u8>,
    /// The cell of the lowest diagonal.
    lowest: Lanes<u8>,
}

#[inline(always)]
fn of_diagonals<const SWAPS: bool, const DIAGONALS: usize>(group: &Group) -> Lanes<u8> {
    let most = DIAGONALS / 2;
    let pattern = group.first.positions();
    let mut column = Column {
        rises: Lanes::splat(!0 << (BITS - 1 - most)),
        falls: Lanes::splat(0),
        equals: Lanes::splat(0),
        matches: Lanes::splat(0),
        lowest: Lanes::splat(most as u8),
    };
    // The rows of a column, from the highest diagonal to the lowest.
    let row = |place: usize| pattern.get(place).unwrap_or(&BELOW);
    let mut rows: [&Lanes<u8>; DIAGONALS] =
        std::array::from_fn(|place| place.checked_sub(most + 1).map_or(&ABOVE, row));
    for (number, characters) in group.second.positions().iter().enumerate() {
        rows.rotate_left(1);
        rows[DIAGONALS - 1] = row(number + most);
        advance::<SWAPS, DIAGONALS>(&mut column, &rows, characters);
    }
    Lanes::of(|lane| {
        let (first, second) = (group.first.lengths.0[lane], group.second.lengths.0[lane]);
        // How many rows are between that of the distance and the lowest diagonal.
        let between = second.wrapping_sub(first).wrapping_add(most as u8);
        let mut below = 0;
        for number in 1..DIAGONALS {
            let row = 1 << (BITS - 1 - number);
            below |= if usize::from(between) >= number {
                row
            } else {
                0
            };
        }
        let rises = (column.rises.0[lane] & below).count_ones() as u8;
        let falls = (column.falls.0[lane] & below).count_ones() as u8;
        let distance = column.lowest.0[lane]
            .wrapping_add(falls)
            .wrapping_sub(rises);
        if usize::from(between) < DIAGONALS {
            distance
        } else {
            most as u8 + 1
        }
    })
}

#[inline(always)]
fn advance<const SWAPS: bool, const DIAGONALS: usize>(
    column: &mut Column,
    rows: &[&Lanes<u8>; DIAGONALS],
    characters: &Lanes<u8>,
) {
    for lane in 0..crate::lanes::LANES {
        let character = characters.0[lane];
        let mut matches = 0;
        for (diagonal, row) in rows.iter().enumerate() {
            matches |= u8::from(row.0[lane] == character) << (BITS - DIAGONALS + diagonal);
        }
        let (rises, falls) = (column.rises.0[lane], column.falls.0[lane]);
        let mut equals = ((matches & rises).wrapping_add(rises) ^ rises) | matches | falls;
        if SWAPS {
            let free = !column.equals.0[lane] & matches;
            equals |= (free << 1) & column.matches.0[lane];
            column.equals.0[lane] = equals >> 1;
            column.matches.0[lane] = matches >> 1;
        }
        let across_rises = falls | !(equals | rises);
        let across_falls = rises & equals;
        let moved = equals >> 1;
        column.rises.0[lane] = across_falls | !(moved | across_rises);
        column.falls.0[lane] = moved & across_rises;
        let lowest = column.lowest.0[lane];
        column.lowest.0[lane] = lowest.wrapping_add(1).wrapping_sub(equals >> (BITS - 1));
    }
}
