//! The keys of a table by which its rows are found through an index.

use super::declared::of;
use crate::catalog::Object;
use crate::sql::constraint::Rule;
use crate::warehouse::IndexedKey;

/// The keys of an object's table, in the order of its constraints.
pub fn indexed(object: &Object) -> Vec<IndexedKey> {
    let keys = of(object).iter();
    let keys = keys.filter_map(|constraint| match &constraint.rule {
        Rule::Unique { columns, .. } => Some(IndexedKey::of(columns)),
        Rule::Check(_) => None,
    });
    keys.collect()
}
