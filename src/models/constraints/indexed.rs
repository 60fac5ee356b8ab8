//! The keys of a table by which its rows are found through an index.

use super::declared::of;
use crate::catalog::Object;
use crate::models::keyed;
use crate::sql::constraint::Rule;
use crate::warehouse::IndexedKey;

/// The keys of an object's table, in the order of its constraints.
pub fn indexed(object: &Object) -> Vec<IndexedKey> {
    // A keyed table has no other key.
    if let Ok(Some(keyed)) = keyed::of(object) {
        return vec![keyed.indexed()];
    }
    let keys = of(object).iter();
    let keys = keys.filter_map(|constraint| match &constraint.rule {
        Rule::Unique { columns, .. } => Some(IndexedKey::of(columns)),
        Rule::Check(_) => None,
    });
    keys.collect()
}
