//! True Damerau-Levenshtein distance, a pair a lane: the cells are those of the kernel for one
//! pair, where the last row in which a character stood is kept a column rather than a character.

use super::band;
use crate::lanes::{Group, LANES, LONGEST, Lanes, vectors};

/// What stands for a cell that no path reaches: more than any distance, and a row more still fits
/// a byte.
const UNREACHABLE: u8 = 2 * LONGEST as u8;

/// What is kept of one column.
#[derive(Clone, Copy)]
struct Column {
    /// The cell of the row above.
    above: Lanes<u8>,
    /// The cell of the row two above.
    two_above: Lanes<u8>,
    /// The last row in which the character of this column stood; 0 is none.
    last_row: Lanes<u8>,
    /// The cell before this column in the row above that one.
    before_match: Lanes<u8>,
}

/// What goes from column to column of a row.
struct Row {
    /// The cell of the column before.
    left: Lanes<u8>,
    /// The cells of the column before in the row above and in that two above.
    diagonal: Lanes<u8>,
    above_diagonal: Lanes<u8>,
    /// The cell of the row above, two columns before.
    before_diagonal: Lanes<u8>,
    /// The last column that matched in this row (0: none), and the cell two rows up and left of
    /// it: the start of a swap that ends here.
    last_match: Lanes<u8>,
    before_last_match: Lanes<u8>,
}

vectors! {
    /// The distances of the pairs of a group, those up to a bound; what is more may come out as
    /// another that is more.
    pub(crate) fn damerau_levenshtein(group: &Group, bound: usize) -> Lanes<u8> {
        if looks_at_a_band(bound) {
            near(group)
        } else {
            distances(group)
        }
    }
}

/// Whether a narrow band is all that is looked at for distances up to a bound.
pub(crate) fn looks_at_a_band(bound: usize) -> bool {
    bound <= NEAR
}

/// Up to which distance optimal string alignment tells nearly all: one edit between two neighbours
/// that are swapped costs 2, and 3 where no text is edited twice.
const NEAR: usize = 2;

/// The distances up to [`NEAR`]; what is more comes out as more.
#[inline(always)]
fn near(group: &Group) -> Lanes<u8> {
    let mut distances = band::distances::<true>(group, NEAR + 1);
    let (first, second) = (&group.first.lengths, &group.second.lengths);
    let may_be_apart = Lanes::of(|lane| {
        let apart = first.0[lane].abs_diff(second.0[lane]);
        usize::from(distances.0[lane]) == NEAR + 1 && apart == 1
    });
    for (lane, may_be_apart) in may_be_apart.0.iter().enumerate() {
        if *may_be_apart && is_a_swap_apart(group, lane) {
            distances.0[lane] = NEAR as u8;
        }
    }
    distances
}

/// Whether the texts of a lane, of which one is a character longer, differ by two neighbours of one
/// that are swapped in the other and have a character between them there.
fn is_a_swap_apart(group: &Group, lane: usize) -> bool {
    let (first, second) = (&group.first, &group.second);
    let (shorter, longer) = if first.lengths.0[lane] < second.lengths.0[lane] {
        (first, second)
    } else {
        (second, first)
    };
    let length = usize::from(shorter.lengths.0[lane]);
    let in_shorter = |place: usize| shorter.positions().get(place).map(|lanes| lanes.0[lane]);
    let in_longer = |place: usize| longer.positions().get(place).map(|lanes| lanes.0[lane]);
    let same = |place: usize, other: usize| in_shorter(place) == in_longer(other);
    let begin = (0..length).take_while(|place| same(*place, *place)).count();
    begin + 2 <= length
        && same(begin, begin + 2)
        && same(begin + 1, begin)
        && (begin + 2..length).all(|place| same(place, place + 1))
}

#[inline(always)]
fn distances(group: &Group) -> Lanes<u8> {
    let empty = Column {
        above: Lanes::splat(0),
        two_above: Lanes::splat(UNREACHABLE),
        last_row: Lanes::splat(0),
        before_match: Lanes::splat(UNREACHABLE),
    };
    let text = group.second.positions();
    let mut columns = [empty; LONGEST];
    let columns = &mut columns[..text.len()];
    for (index, column) in columns.iter_mut().enumerate() {
        column.above = Lanes::splat(index as u8 + 1);
    }
    let (shorter, longer) = (&group.first.lengths, &group.second.lengths);
    let mut distances = *longer;
    for (number, characters) in (1..).zip(group.first.positions()) {
        fill_row(number, characters, text, columns);
        if usize::from(number) < group.first.shortest() {
            continue;
        }
        // The last row of some text: its last cell is the distance.
        for (end, column) in (1..)
            .zip(&*columns)
            .skip(group.second.shortest().saturating_sub(1))
        {
            for lane in 0..LANES {
                if shorter.0[lane] == number && longer.0[lane] == end {
                    distances.0[lane] = column.above.0[lane];
                }
            }
        }
    }
    distances
}

/// Fills the row of one character a lane, the row `number` counted from 1.
#[inline(always)]
fn fill_row(number: u8, characters: &Lanes<u8>, text: &[Lanes<u8>], columns: &mut [Column]) {
    let mut row = Row {
        left: Lanes::splat(number),
        diagonal: Lanes::splat(number - 1),
        above_diagonal: Lanes::splat(if number > 1 { number - 2 } else { UNREACHABLE }),
        before_diagonal: Lanes::splat(UNREACHABLE),
        last_match: Lanes::splat(0),
        before_last_match: Lanes::splat(UNREACHABLE),
    };
    for (place, (column, other)) in (1..).zip(columns.iter_mut().zip(text)) {
        for lane in 0..LANES {
            fill_cell(
                (number, place),
                characters.0[lane] == other.0[lane],
                &mut row,
                column,
                lane,
            );
        }
    }
}

#[inline(always)]
fn fill_cell(
    (number, place): (u8, u8),
    equal: bool,
    row: &mut Row,
    column: &mut Column,
    lane: usize,
) {
    let (above, two_above) = (column.above.0[lane], column.two_above.0[lane]);
    let (last_row, before_match) = (column.last_row.0[lane], column.before_match.0[lane]);
    let (last_match, before_last) = (row.last_match.0[lane], row.before_last_match.0[lane]);
    let diagonal = row.diagonal.0[lane];
    let edited = (row.left.0[lane].min(above) + 1).min(diagonal + u8::from(!equal));
    // A swap of neighbours in the right text, or one of neighbours in the left text.
    let (from_row, from_column) = (number - last_row, place - last_match);
    let across = before_match + from_row;
    let down = before_last + from_column;
    let down = if from_row == 1 { down } else { UNREACHABLE };
    let swapped = if from_column == 1 { across } else { down };
    let known = (last_row != 0) & (last_match != 0) & !equal;
    let best = edited.min(if known { swapped } else { UNREACHABLE });
    row.last_match.0[lane] = if equal { place } else { last_match };
    row.before_last_match.0[lane] = if equal {
        row.above_diagonal.0[lane]
    } else {
        before_last
    };
    column.before_match.0[lane] = if equal {
        row.before_diagonal.0[lane]
    } else {
        before_match
    };
    column.last_row.0[lane] = if equal { number } else { last_row };
    row.above_diagonal.0[lane] = two_above;
    row.before_diagonal.0[lane] = diagonal;
    row.diagonal.0[lane] = above;
    row.left.0[lane] = best;
    column.two_above.0[lane] = above;
    column.above.0[lane] = best;
}
