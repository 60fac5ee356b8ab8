//! Joins on a similarity that do not compare every pair.
//!
//! `JOIN ... ON levenshtein(a.name, b.name) <= 2` is a nested loop in DataFusion. Here the distinct
//! texts of one side are put into an [`index::Index`], which is asked, for each distinct text of the
//! other, which of its own are as similar as the predicate wants.

#![expect(dead_code, reason = "the operator that uses this follows")]

mod all_pairs;
mod cancellation;
mod edit;
mod index;
mod jaro;
mod overlap;
mod pairs;
mod predicate;
#[cfg(test)]
mod reference;
mod set;
mod texts;
