//! How much two sets share.

use crate::join::overlap::Token;

/// Whether two ascending lists of tokens have at least so many in common.
#[inline]
pub(crate) fn shares(left: &[Token], right: &[Token], required: usize) -> bool {
    let (Some(spare_left), Some(spare_right)) = (
        left.len().checked_sub(required),
        right.len().checked_sub(required),
    ) else {
        return false;
    };
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < left.len() && j < right.len() {
        // One comparison that the processor can foretell, at each step: whether there is hope.
        if i - common > spare_left || j - common > spare_right {
            return false;
        }
        let (first, second) = (left[i], right[j]);
        common += usize::from(first == second);
        i += usize::from(first <= second);
        j += usize::from(second <= first);
    }
    common >= required
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::shares;

    proptest! {
        #[test]
        fn shares_counts_what_both_have(
            left in prop::collection::btree_set(1..30_u32, 0..20),
            right in prop::collection::btree_set(1..30_u32, 0..20),
            required in 0..20_usize,
        ) {
            let common = left.intersection(&right).count();
            let (left, right): (Vec<_>, Vec<_>) =
                (left.into_iter().collect(), right.into_iter().collect());
            prop_assert_eq!(shares(&left, &right, required), common >= required);
        }
    }
}
