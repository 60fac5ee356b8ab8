//! Comparisons that would take minutes or more end when they are interrupted, with any answer.

use crate::interrupt::Interrupt;
use crate::similarity::cutoff::Similarity;
use crate::similarity::kernel::{damerau, diagonals, edit, subsequence, weighted};
use crate::similarity::monge_elkan::monge_elkan;

/// Does work that was interrupted before it began.
fn interrupted<T>(work: impl FnOnce() -> T) -> T {
    let interrupt = Interrupt::default();
    interrupt.raise();
    interrupt.within(work)
}

#[test]
fn distances_end() {
    let left = "ab".repeat(1_000_000);
    let right = "cd".repeat(1_000_000);
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let twice = [right, right].concat();
    let distance = interrupted(|| edit::Scratch::<false>::default().distance(left, &twice));
    assert!(distance < twice.len());
    let distance = interrupted(|| edit::Scratch::<true>::default().distance(left, &twice));
    assert!(distance < twice.len());
    let distance = interrupted(|| damerau::Scratch::default().distance(&twice, left));
    assert!(distance < twice.len());
    let costs = weighted::Costs {
        insert: 2,
        delete: 1,
        substitute: 1,
    };
    let cost = interrupted(|| weighted::distance(left, &twice, costs, &mut Vec::new()));
    assert!(cost < 3 * left.len() as i64);
}

#[test]
fn searches_up_to_a_bound_end() {
    let left = "ab".repeat(1_000_000);
    let right = "cd".repeat(1_000_000);
    let (left, right) = (left.as_bytes(), right.as_bytes());
    for (swaps, most) in [
        (diagonals::Swaps::None, left.len()),
        (diagonals::Swaps::Adjacent, left.len()),
        (diagonals::Swaps::Apart, 1000),
    ] {
        let within = || diagonals::Scratch::default().within(left, right, most, swaps);
        assert_eq!(interrupted(within), None);
    }
}

#[test]
fn ratios_end() {
    let left = "ab".repeat(1_000_000);
    let right = "cab".repeat(1_000_000);
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let common = interrupted(|| subsequence::Scratch::default().length(left, right));
    assert!(common < left.len());
    let pattern = &left[..4000];
    let ratio = || subsequence::Scratch::default().partial_ratio(pattern, right);
    assert!(interrupted(ratio) < 80.0);
}

#[test]
fn words_of_words_end() {
    let left = "ab ".repeat(1_000_000);
    let right = "cd ".repeat(1_000_000);
    let mut inner = Similarity::new(0.0);
    assert_eq!(interrupted(|| monge_elkan(&mut inner, &left, &right)), 0.0);
}

#[test]
fn what_is_not_interrupted_goes_on() {
    let left = "ab".repeat(3000);
    let right = "cb".repeat(3000);
    let distance = || edit::Scratch::<false>::default().distance(left.as_bytes(), right.as_bytes());
    let interrupt = Interrupt::default();
    assert_eq!(interrupt.within(distance), 3000);
    interrupt.raise();
    // The thread works for somebody else now.
    assert_eq!(distance(), 3000);
}
