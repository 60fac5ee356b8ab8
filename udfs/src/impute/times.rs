//! What values stand over: times, numbers, or the places of rows in their order.

use std::cmp::Ordering;

use super::amounts::{Way, canonical};

/// A point on the axis of interpolation: an `i128` of whole units, or an `f64`.
pub(super) trait Time: Copy + 'static {
    /// Two points of the axis in their order.
    fn compare(self, other: Self) -> Ordering;

    /// How far this point, which lies between two others, is from the first of them.
    fn way(self, from: Self, to: Self) -> Way;

    /// Half of how far it is to a later point: of the whole a float may have no idea.
    fn half_distance(self, to: Self) -> f64;
}

impl Time for i128 {
    fn compare(self, other: Self) -> Ordering {
        self.cmp(&other)
    }

    fn way(self, from: Self, to: Self) -> Way {
        match (self.checked_sub(from), to.checked_sub(from)) {
            (Some(parts), Some(of)) => Way::Parts(parts, of),
            _ => Way::Share(from.half_distance(self) / from.half_distance(to)),
        }
    }

    fn half_distance(self, to: Self) -> f64 {
        match to.checked_sub(self) {
            Some(distance) => distance as f64 / 2.0,
            None => to as f64 / 2.0 - self as f64 / 2.0,
        }
    }
}

impl Time for f64 {
    fn compare(self, other: Self) -> Ordering {
        canonical(self).total_cmp(&canonical(other))
    }

    fn way(self, from: Self, to: Self) -> Way {
        let (part, whole) = (self - from, to - from);
        Way::Share(if whole.is_finite() {
            part / whole
        } else {
            from.half_distance(self) / from.half_distance(to)
        })
    }

    fn half_distance(self, to: Self) -> f64 {
        to / 2.0 - self / 2.0
    }
}
