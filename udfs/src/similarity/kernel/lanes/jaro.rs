//! Jaro similarity, a pair a lane: the bits are those of the kernel for one pair.

use wide::{u16x8, u32x8, u64x8};

use super::super::jaro::from_counts;
use super::group::{Group, LONGEST, Lanes, MEDIUM, Texts};
use super::word::{NARROW, Word};

/// The Jaro similarities of the pairs of a group, and how many characters, of the first `longest`,
/// the texts of each pair begin with alike.
#[inline(always)]
pub(crate) fn jaro(group: &Group, longest: usize) -> (Lanes<f64>, Lanes<u16>) {
    let positions = group.left.longest();
    if positions <= NARROW {
        similarities::<u16x8>(&group.left, &group.right, longest)
    } else if positions <= MEDIUM {
        similarities::<u32x8>(&group.left, &group.right, longest)
    } else {
        similarities::<u64x8>(&group.left, &group.right, longest)
    }
}

#[inline(always)]
fn common_prefixes(left: &[u16x8], right: &[u16x8], lengths: u16x8, longest: usize) -> Lanes<u16> {
    let mut alike = !u16x8::NONE;
    let mut prefixes = u16x8::NONE;
    for (position, (left, right)) in left.iter().zip(right).take(longest).enumerate() {
        let inside = lengths.simd_gt(u16x8::splat(position as u16));
        alike = alike & left.simd_eq(*right) & inside;
        // Counts up where all bits are set.
        prefixes -= alike;
    }
    prefixes.to_array()
}

fn similarities<W: Word>(
    pattern: &Texts,
    text: &Texts,
    longest: usize,
) -> (Lanes<f64>, Lanes<u16>) {
    let mut buffers = [[u16x8::NONE; LONGEST]; 2];
    let [rows, columns] = &mut buffers;
    let (rows, columns) = (pattern.positions(rows), text.positions(columns));
    let lengths = u16x8::new(text.lengths);
    let reach: Lanes<u16> = std::array::from_fn(|lane| {
        let longer = pattern.lengths[lane].max(text.lengths[lane]);
        (longer / 2).saturating_sub(1)
    });
    let mut window = W::below(reach.map(|reach| reach + 1));
    let reach = u16x8::new(reach);
    let inside = W::below(pattern.lengths);
    let mut taken = W::NONE;
    // Where the character of each column stands, if it was matched; otherwise none.
    let mut matched = [W::NONE; LONGEST];
    for (column, (characters, matched)) in columns.iter().zip(&mut matched).enumerate() {
        let number = u16x8::splat(column as u16);
        let live = W::of_mask(lengths.simd_gt(number)) & inside;
        let here = W::matches(rows, 0, *characters) & live;
        let free = here & window & !taken;
        taken = taken | free.lowest();
        *matched = here & !free.is_none();
        window = window.next() | (W::FIRST & W::of_mask(reach.simd_gt(number)));
    }
    let mut left = taken;
    let mut misplaced = W::NONE;
    for here in &matched[..columns.len()] {
        let some = !here.is_none();
        let first = left.lowest() & some;
        // Counts up where all bits are set.
        misplaced = misplaced - (some & (*here & first).is_none());
        left = left ^ first;
    }
    let (matches, misplaced) = (taken.counts(), misplaced.numbers());
    let similarities = std::array::from_fn(|lane| {
        from_counts(
            usize::from(pattern.lengths[lane]),
            usize::from(text.lengths[lane]),
            usize::from(matches[lane]),
            usize::from(misplaced[lane]),
        )
    });
    let shorter = u16x8::new(pattern.lengths).min(lengths);
    (
        similarities,
        common_prefixes(rows, columns, shorter, longest),
    )
}
