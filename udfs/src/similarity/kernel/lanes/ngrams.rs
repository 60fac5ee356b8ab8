//! Sets of character n-grams, a pair a lane: which n-grams are equal is told by the positions at
//! which their characters stand, n of them in a row.

use wide::{u16x8, u32x8, u64x8};

use super::group::{Group, LONGEST, Lanes, MEDIUM};
use super::word::{NARROW, Word};

/// How many distinct n-grams the texts of each pair have, and how many both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) left: Lanes<u16>,
    pub(crate) right: Lanes<u16>,
    pub(crate) common: Lanes<u16>,
}

/// Counts n-grams of n characters; every text has as many, or none at all.
pub(crate) fn counts(group: &Group, n: usize) -> Counts {
    let longest = group.left.longest().max(group.right.longest());
    if longest <= NARROW {
        of_width::<u16x8>(group, n)
    } else if longest <= MEDIUM {
        of_width::<u32x8>(group, n)
    } else {
        of_width::<u64x8>(group, n)
    }
}

fn of_width<W: Word>(group: &Group, n: usize) -> Counts {
    let mut buffers = [[u16x8::NONE; LONGEST]; 2];
    let [left, right] = &mut buffers;
    let (left, right) = (group.left.positions(left), group.right.positions(right));
    let mut left_in_right = [W::NONE; LONGEST];
    for (place, characters) in left_in_right.iter_mut().zip(left) {
        *place = W::matches(right, 0, *characters);
    }
    let (left, common) = distinct::<W>(left, group.left.lengths, n, |position| {
        let ends = W::below(
            group
                .right
                .lengths
                .map(|length| (length + 1).saturating_sub(n as u16)),
        );
        !(in_a_row(&left_in_right, position, n) & ends).is_none()
    });
    let (right, _) = distinct::<W>(right, group.right.lengths, n, |_| W::NONE);
    Counts {
        left,
        right,
        common,
    }
}

/// Where all of the n characters from a position on stand in a row.
#[inline(always)]
fn in_a_row<W: Word>(places: &[W; LONGEST], position: usize, n: usize) -> W {
    let mut row = places[position];
    for further in 1..n {
        row = row & places[position + further].down(further);
    }
    row
}

/// How many distinct n-grams each text has, and how many of those are `found`, which is asked for
/// the n-grams at a position.
#[inline(always)]
fn distinct<W: Word>(
    text: &[u16x8],
    lengths: Lanes<u16>,
    n: usize,
    found: impl Fn(usize) -> W,
) -> (Lanes<u16>, Lanes<u16>) {
    let lengths = u16x8::new(lengths);
    // Where each character stood before.
    let mut before = [W::NONE; LONGEST];
    for (position, place) in before.iter_mut().enumerate().take(text.len()) {
        *place = W::matches(&text[..position], 0, text[position]);
    }
    let mut count = W::NONE;
    let mut common = W::NONE;
    for position in 0..(text.len() + 1).saturating_sub(n) {
        let inside = W::of_mask(lengths.simd_gt(u16x8::splat((position + n - 1) as u16)));
        let new = inside & in_a_row(&before, position, n).is_none();
        // Counts up where all bits are set.
        count = count - new;
        common = common - (new & found(position));
    }
    (count.numbers(), common.numbers())
}
