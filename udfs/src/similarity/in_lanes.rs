//! Metrics that are computed for several pairs at once where the texts are short.

use super::kernel::lanes::group::{CHUNK, Group, LONGEST, Lanes, MEDIUM, Placed};
use crate::arguments::{Metric, Native, Sides};
use crate::interrupt;

/// A metric that has a kernel for groups of pairs.
pub(super) trait InLanes: Metric {
    /// The answer of two texts of these lengths, where the lengths say enough.
    fn by_lengths(&self, left: usize, right: usize) -> Option<Native<Self>>;

    /// Whether two texts of these lengths may go into a group.
    #[inline(always)]
    fn fits(&self, _left: usize, _right: usize) -> bool {
        true
    }

    /// The answers of the pairs of a group.
    fn group(&mut self, group: &Group) -> Lanes<Native<Self>>;
}

/// As [`Metric::many`], in groups, apart from what is too long for them.
///
/// Short, longer and long texts are kept in groups of their own, since a group takes as long as its
/// longest text.
#[inline(always)]
pub(super) fn many<M: InLanes>(
    metric: &mut M,
    sides: Sides<'_>,
    rows: impl Iterator<Item = usize>,
    answers: &mut [Native<M>],
) {
    let mut groups = [Group::default(), Group::default(), Group::default()];
    let mut padded = Vec::new();
    let listener = interrupt::listen();
    if let Sides::Prepared(constant, _) = sides {
        padded.extend_from_slice(constant.as_bytes());
        padded.resize(constant.len() + LONGEST, 0);
    }
    for row in rows {
        let (left, right) = match sides {
            Sides::Both(left, right) => (placed(left.placed(row)), placed(right.placed(row))),
            Sides::Prepared(constant, others) => {
                (placed((constant, &padded)), placed(others.placed(row)))
            }
        };
        let [short, longer, long] = &mut groups;
        let bytes = left.text.len().max(right.text.len());
        let group = if bytes <= CHUNK {
            short
        } else if bytes <= MEDIUM {
            longer
        } else {
            long
        };
        let mut taken = group.push(row, left, right);
        if taken {
            let (left, right) = group.last_lengths();
            if let Some(answer) = metric.by_lengths(left, right) {
                answers[row] = answer;
                group.pop();
                continue;
            }
            taken = metric.fits(left, right);
            if !taken {
                group.pop();
            } else if group.is_full() {
                flush(metric, group, answers);
            }
        }
        if !taken {
            if listener.is_interrupted() {
                return;
            }
            answers[row] = match sides {
                Sides::Both(..) => metric.pair(left.text, right.text),
                Sides::Prepared(..) => metric.prepared(right.text),
            };
        }
    }
    for group in &mut groups {
        flush(metric, group, answers);
    }
}

#[inline(always)]
fn placed<'a>((text, bytes): (&'a str, &'a [u8])) -> Placed<'a> {
    Placed { text, bytes }
}

#[inline(always)]
fn flush<M: InLanes>(metric: &mut M, group: &mut Group, answers: &mut [Native<M>]) {
    if group.is_empty() {
        return;
    }
    let computed = metric.group(group);
    for (row, answer) in group.take_rows().zip(computed) {
        answers[row] = answer;
    }
}
