//! How far the furthest of the nearest rows is.

use std::collections::BinaryHeap;

use arrow::array::{BooleanArray, Float64Array};

/// The distances of the nearest rows so far; a similarity counts as its negative.
#[derive(Debug)]
pub(super) struct Furthest {
    rows: usize,
    nearest: BinaryHeap<Distance>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Distance(f64);

impl Eq for Distance {}

impl PartialOrd for Distance {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Distance {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Furthest {
    /// Of so many rows.
    pub(super) fn new(rows: usize) -> Self {
        Self {
            rows,
            nearest: BinaryHeap::with_capacity(rows + 1),
        }
    }

    /// The distance beyond which rows are of no interest; `None` while all are.
    pub(super) fn bound(&self) -> Option<f64> {
        if self.nearest.len() < self.rows {
            return None;
        }
        self.nearest.peek().map(|distance| distance.0)
    }

    /// Which of these may be among the nearest: those that are no further than the furthest of
    /// them, since what decides between equals is not known here. NULL is the furthest of all,
    /// unless `keep_nulls`.
    pub(super) fn take(&mut self, distances: &Float64Array, keep_nulls: bool) -> BooleanArray {
        let taken = distances.iter().map(|distance| {
            let Some(distance) = distance else {
                return keep_nulls || self.nearest.len() < self.rows;
            };
            let distance = Distance(distance);
            if self.nearest.len() < self.rows {
                self.nearest.push(distance);
                return true;
            }
            let Some(mut furthest) = self.nearest.peek_mut() else {
                return true;
            };
            if distance < *furthest {
                *furthest = distance;
                return true;
            }
            distance == *furthest
        });
        let taken: Vec<bool> = taken.collect();
        BooleanArray::from(taken)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Float64Array;

    use super::Furthest;

    #[test]
    fn rows_that_are_no_further_than_the_furthest_are_taken() {
        let mut furthest = Furthest::new(2);
        let batch =
            Float64Array::from(vec![Some(5.0), None, Some(3.0), None, Some(5.0), Some(6.0)]);
        let taken: Vec<bool> = furthest.take(&batch, false).iter().flatten().collect();
        assert_eq!(taken, [true, true, true, false, true, false]);
        assert_eq!(furthest.bound(), Some(5.0));
        let batch = Float64Array::from(vec![Some(4.0), Some(5.0), None]);
        let taken: Vec<bool> = furthest.take(&batch, true).iter().flatten().collect();
        assert_eq!(taken, [true, false, true]);
        assert_eq!(furthest.bound(), Some(4.0));
    }
}
