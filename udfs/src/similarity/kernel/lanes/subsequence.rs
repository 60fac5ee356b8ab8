//! The longest common subsequence, a pair a lane: the bits are those of the kernel for one pair.

use wide::{u16x8, u32x8, u64x8};

use super::group::{Group, LONGEST, Lanes, MEDIUM, Texts};
use super::word::{NARROW, Word};

/// How many characters the longest common subsequence of each pair has.
pub(crate) fn lengths(group: &Group) -> Lanes<u16> {
    let longest = group.left.longest();
    if longest <= NARROW {
        of_width::<u16x8>(&group.left, &group.right)
    } else if longest <= MEDIUM {
        of_width::<u32x8>(&group.left, &group.right)
    } else {
        of_width::<u64x8>(&group.left, &group.right)
    }
}

fn of_width<W: Word>(pattern: &Texts, text: &Texts) -> Lanes<u16> {
    let mut buffers = [[u16x8::NONE; LONGEST]; 2];
    let [rows, columns] = &mut buffers;
    let (rows, columns) = (pattern.positions(rows), text.positions(columns));
    let lengths = u16x8::new(text.lengths);
    let mut level = !W::NONE;
    for (column, characters) in columns.iter().enumerate() {
        // A text that has ended matches nothing more.
        let live = W::of_mask(lengths.simd_gt(u16x8::splat(column as u16)));
        let matches = level & live & W::matches(rows, 0, *characters);
        level = (level + matches) | (level - matches);
    }
    (!level & W::below(pattern.lengths)).counts()
}
