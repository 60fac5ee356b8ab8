//! Finds the value of a list that a text was meant to be.

use super::folding::fold_words;
use crate::similarity::kernel::edit::Prepared;

/// The position of the value most like a text, where it is at least as alike as the cutoff; of
/// equally alike ones the first.
pub(super) fn nearest<'a>(
    text: &str,
    values: impl Iterator<Item = Option<&'a str>>,
    cutoff: f64,
) -> Option<usize> {
    let text = fold_words(text);
    if text.is_empty() {
        return None;
    }
    let mut prepared = Prepared::<false>::new(&text);
    let length = text.chars().count();
    let mut best: Option<(usize, f64)> = None;
    for (at, value) in values.enumerate() {
        let Some(value) = value.map(fold_words).filter(|value| !value.is_empty()) else {
            continue;
        };
        let longer = length.max(value.chars().count());
        let alike = 1.0 - prepared.distance(&value) as f64 / longer as f64;
        if alike >= cutoff && best.is_none_or(|(_, greatest)| alike > greatest) {
            best = Some((at, alike));
        }
    }
    best.map(|(at, _)| at)
}
