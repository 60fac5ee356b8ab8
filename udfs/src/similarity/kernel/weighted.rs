//! Levenshtein distance with a price for each kind of edit.

use super::characters::without_common_affixes;
use crate::interrupt::Watch;

/// What each kind of edit costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Costs {
    /// Putting in a character.
    pub(crate) insert: i32,
    /// Leaving out a character.
    pub(crate) delete: i32,
    /// Putting another character in the place of one.
    pub(crate) substitute: i32,
}

impl Costs {
    /// The price of every edit, where it is the same for all and not negative.
    pub(crate) fn uniform(self) -> Option<i32> {
        let same = self.insert == self.delete && self.delete == self.substitute;
        (same && self.insert >= 0).then_some(self.insert)
    }
}

/// The cheapest way from one text to another, over the whole table, one row at a time.
///
/// Costs may be negative, as in PostgreSQL; then even an unchanged beginning may be worth editing.
pub(crate) fn distance<C: Eq>(source: &[C], target: &[C], costs: Costs, row: &mut Vec<i64>) -> i64 {
    let (source, target) = if costs.insert < 0 || costs.delete < 0 || costs.substitute < 0 {
        (source, target)
    } else {
        without_common_affixes(source, target)
    };
    let insert = i64::from(costs.insert);
    let delete = i64::from(costs.delete);
    let substitute = i64::from(costs.substitute);

    row.clear();
    row.push(0);
    for _ in source {
        row.push(row.last().map_or(0, |before| before + delete));
    }
    let mut watch = Watch::default();
    for wanted in target {
        if watch.is_interrupted_after(source.len()) {
            break;
        }
        // The cell up left of the one to fill.
        let mut diagonal = row[0];
        row[0] += insert;
        let mut left = row[0];
        for (cell, given) in row[1..].iter_mut().zip(source) {
            let replaced = diagonal + if given == wanted { 0 } else { substitute };
            diagonal = *cell;
            left = replaced.min(*cell + insert).min(left + delete);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}
