//! A sort that hears when the query is cancelled.

use std::cmp::Ordering;

use datafusion::error::Result;

use super::cancellation::Cancellation;

/// How many items are sorted or merged between two checks, where to compare two takes a few bytes.
const RUN: usize = 1 << 17;

/// The most bytes that sorting a run compares, about.
const RUN_BYTES: usize = 1 << 24;

/// Sorts items in runs, and merges those. `bytes` is how many two of them are compared by, about.
///
/// Beside the items it takes their memory once more.
pub(super) fn sort<T: Copy>(
    items: &mut [T],
    bytes: usize,
    cancellation: &Cancellation,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Result<()> {
    let run = (RUN_BYTES / bytes.max(1)).clamp(2, RUN);
    for items in items.chunks_mut(run) {
        cancellation.check()?;
        items.sort_unstable_by(&compare);
    }
    let mut length = run;
    let mut merged = Vec::new();
    while length < items.len() {
        merged.clear();
        merged.reserve_exact(items.len());
        for both in items.chunks(2 * length) {
            let (left, right) = both.split_at(length.min(both.len()));
            merge(left, right, &mut merged, run, cancellation, &compare)?;
        }
        items.copy_from_slice(&merged);
        length *= 2;
    }
    Ok(())
}

/// Merges what is sorted.
pub(super) fn merged<T: Copy>(
    left: Vec<T>,
    right: Vec<T>,
    cancellation: &Cancellation,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Result<Vec<T>> {
    if left.is_empty() {
        return Ok(right);
    }
    let mut all = Vec::with_capacity(left.len() + right.len());
    merge(&left, &right, &mut all, RUN, cancellation, &compare)?;
    Ok(all)
}

fn merge<T: Copy>(
    mut left: &[T],
    mut right: &[T],
    merged: &mut Vec<T>,
    run: usize,
    cancellation: &Cancellation,
    compare: &impl Fn(&T, &T) -> Ordering,
) -> Result<()> {
    loop {
        cancellation.check()?;
        for _ in 0..run {
            let (Some(first), Some(second)) = (left.first(), right.first()) else {
                merged.extend_from_slice(left);
                merged.extend_from_slice(right);
                return Ok(());
            };
            if compare(first, second).is_le() {
                merged.push(*first);
                left = &left[1..];
            } else {
                merged.push(*second);
                right = &right[1..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cancellation::Cancellation;
    use super::{RUN_BYTES, sort};

    proptest! {
        #[test]
        fn items_are_in_order(
            items in prop::collection::vec(0..100_u32, 0..300),
            bytes in prop_oneof![Just(4), Just(RUN_BYTES / 7), Just(usize::MAX)],
        ) {
            let mut expected = items.clone();
            expected.sort_unstable();
            let mut sorted = items;
            sort(&mut sorted, bytes, &Cancellation::default(), Ord::cmp).unwrap();
            prop_assert_eq!(sorted, expected);
        }
    }

    #[test]
    fn a_cancelled_sort_ends() {
        let cancellation = Cancellation::default();
        cancellation.cancel();
        assert!(sort(&mut [2, 1], 4, &cancellation, Ord::cmp).is_err());
    }
}
