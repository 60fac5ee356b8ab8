//! True Damerau-Levenshtein distance, a pair a lane: the cells are those of the kernel for one
//! pair, where the last row in which a character stood is kept a column rather than a character.

use wide::u16x8;

use super::group::{Group, LONGEST, Lanes};
use super::word::Word;

/// What stands for a cell that no path reaches: more than any distance.
const UNREACHABLE: u16x8 = u16x8::splat(4 * LONGEST as u16);

const ONE: u16x8 = u16x8::FIRST;

/// What is kept of one column.
#[derive(Clone, Copy)]
struct Column {
    characters: u16x8,
    /// The cell of the row being filled, which is that of the row two above until then.
    cell: u16x8,
    /// The cell of the row above.
    above: u16x8,
    /// The last row in which the character of this column stood; 0 is none.
    last_row: u16x8,
    /// The cell before this column in the row above that one.
    before_match: u16x8,
}

/// The distances of the pairs of a group.
pub(crate) fn damerau_levenshtein(group: &Group) -> Lanes<u16> {
    let empty = Column {
        characters: u16x8::NONE,
        cell: UNREACHABLE,
        above: u16x8::NONE,
        last_row: u16x8::NONE,
        before_match: UNREACHABLE,
    };
    // The column before the first stands at 0.
    let mut columns = [empty; LONGEST + 1];
    let mut buffers = [[u16x8::NONE; LONGEST]; 2];
    let [left, right] = &mut buffers;
    let right = group.right.positions(right);
    for (index, (column, characters)) in columns[1..].iter_mut().zip(right).enumerate() {
        column.characters = *characters;
        column.above = u16x8::splat(index as u16 + 1);
    }
    let columns = &mut columns[..=right.len()];
    let mut distances = group.right.lengths;
    for (index, characters) in group.left.positions(left).iter().enumerate() {
        let number = index as u16 + 1;
        fill_row(u16x8::splat(number), *characters, columns);
        for (lane, distance) in distances.iter_mut().enumerate() {
            if group.left.lengths[lane] == number {
                let last = usize::from(group.right.lengths[lane]);
                if let Some(column) = columns.get(last) {
                    *distance = column.cell.to_array()[lane];
                }
            }
        }
        for column in &mut *columns {
            std::mem::swap(&mut column.cell, &mut column.above);
        }
    }
    distances
}

/// Fills the row of one character a lane.
#[inline(always)]
fn fill_row(number: u16x8, characters: u16x8, columns: &mut [Column]) {
    let Some((first, columns)) = columns.split_first_mut() else {
        return;
    };
    // The cells of the row two above and of the row above, one column back and two.
    let mut two_above = first.cell;
    let mut diagonal = first.above;
    let mut before_diagonal = UNREACHABLE;
    first.cell = number;
    let mut left = number;
    // The last column that matched in this row (0: none), and the cell two rows up and left of
    // it: the start of a swap that ends here.
    let mut last_match = u16x8::NONE;
    let mut before_last_match = UNREACHABLE;
    let mut place = u16x8::NONE;
    for column in columns {
        place += ONE;
        let equal = characters.simd_eq(column.characters);
        // Unequal characters cost one more: equality is all ones, which is -1.
        let edited = (left.min(column.above) + ONE).min(diagonal + ONE + equal);
        // A swap of neighbours in the right text, or one of neighbours in the left text.
        let from_row = number - column.last_row;
        let from_column = place - last_match;
        let across = column.before_match + from_row;
        let down = before_last_match + from_column;
        let is_across = from_column.simd_eq(ONE);
        let is_down = from_row.simd_eq(ONE);
        let known = !(column.last_row.simd_eq(u16x8::NONE) | last_match.simd_eq(u16x8::NONE));
        let swapped =
            (is_across & across) | (!is_across & ((is_down & down) | (!is_down & UNREACHABLE)));
        let allowed = known & !equal;
        let swapped = (allowed & swapped) | (!allowed & UNREACHABLE);
        let best = edited.min(swapped);
        last_match = (equal & place) | (!equal & last_match);
        before_last_match = (equal & two_above) | (!equal & before_last_match);
        column.before_match = (equal & before_diagonal) | (!equal & column.before_match);
        column.last_row = (equal & number) | (!equal & column.last_row);
        two_above = column.cell;
        before_diagonal = diagonal;
        diagonal = column.above;
        left = best;
        column.cell = best;
    }
}
