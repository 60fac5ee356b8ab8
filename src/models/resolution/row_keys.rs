//! The keys by which rows of a model's tables are found that name records, through indexes: what a change
//! costs follows the records that have changed, and not all of the table.
//!
//! The first refresh that takes in what has changed makes these indexes.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::catalog::Session;
use tokio::task::yield_now;
use tributary_udfs::resolve::Records;

use super::Companion;
use super::columns::columns_of_pairs;
use crate::catalog::Object;
use crate::error::Result;
use crate::instance::TracedKeys;
use crate::models::table_id;
use crate::warehouse::{IndexedKey, Modification, Places, TableId};

/// The tables of a model that have indexes, and the keys of these; none of a model that has taken in
/// nothing so far.
pub fn indexed(traced: &TracedKeys, model: &Object) -> Vec<(TableId, Vec<IndexedKey>)> {
    let Some(names) = traced.of(model.oid) else {
        return Vec::new();
    };
    let width = names.len();
    let clusters = keys(&model.schema, 0..width, width);
    let pairs = keys(&columns_of_pairs(model), 0..2 * width, width);
    let records = clusters.as_ref().map(|_| vec![IndexedKey::of(&names)]);
    let tables = [
        (Companion::Records.table_id(model), records),
        (Companion::Pairs.table_id(model), pairs),
        (table_id(model), clusters),
    ];
    let tables = tables.into_iter();
    tables
        .filter_map(|(table, keys)| Some((table, keys?)))
        .collect()
}

/// The keys of columns that name records, so many of which name one; none where there are not as many,
/// or identifiers whose texts differ may be equal there.
pub(super) fn keys(
    schema: &Schema,
    columns: Range<usize>,
    width: usize,
) -> Option<Vec<IndexedKey>> {
    let columns = schema.fields().get(columns)?;
    let is_plain = |data_type: &DataType| data_type.is_string() || data_type.is_integer();
    if width == 0 || !columns.iter().all(|column| is_plain(column.data_type())) {
        return None;
    }
    let key = |columns: &[FieldRef]| {
        let names: Vec<String> = columns.iter().map(|column| column.name().clone()).collect();
        IndexedKey::of(&names)
    };
    Some(columns.chunks(width).map(key).collect())
}

/// The names of some records, as columns of these types have them: their identifiers and, where there are
/// two, their sources. A record of none has NULL or an empty text there. None where a column has no such
/// value.
fn names(records: &Records, some: &[u32], types: &[DataType]) -> Result<Option<Vec<ArrayRef>>> {
    let [of_id, of_source @ ..] = types else {
        return Ok(None);
    };
    let may_be_empty = of_source.first().is_some_and(DataType::is_string);
    let mut named: Vec<(&str, Option<&str>)> = Vec::with_capacity(some.len());
    for record in some {
        let (id, source) = (records.id(*record), records.source(*record));
        named.push((id, Some(source).filter(|source| !source.is_empty())));
        if source.is_empty() && may_be_empty {
            named.push((id, Some("")));
        }
    }
    let ids: StringArray = named.iter().map(|(id, _)| Some(*id)).collect();
    let mut columns = vec![typed(ids, of_id)?];
    if let Some(of_source) = of_source.first() {
        let sources: StringArray = named.iter().map(|(_, source)| *source).collect();
        columns.push(typed(sources, of_source)?);
    }
    Ok(columns.into_iter().collect())
}

/// Texts as values of a type; none where these are not of those texts.
fn typed(texts: StringArray, data_type: &DataType) -> Result<Option<ArrayRef>> {
    let texts: ArrayRef = Arc::new(texts);
    let typed = cast(&texts, data_type)?;
    let again = cast(&typed, &DataType::Utf8)?;
    let is_same = again.as_string::<i32>() == texts.as_string::<i32>();
    Ok(is_same.then_some(typed))
}

/// So many records are named and looked for at once, lest others wait for the thread that does.
const AT_ONCE: usize = 8192;

/// The places of the rows that name some records in one of several keys, whose columns are of these types;
/// none where an index does not know them all, or a record has no such name.
///
/// # Errors
/// What the store and the disk say; 53200 without memory.
pub(super) async fn places(
    modification: &Modification,
    session: &dyn Session,
    keys: &[IndexedKey],
    records: &Records,
    some: &[u32],
    types: &[DataType],
) -> Result<Option<Places>> {
    let mut indexes = Vec::with_capacity(keys.len());
    for key in keys {
        let covered = modification.covered(session, key).await?;
        let Some(covered) = covered.filter(|covered| covered.is_complete()) else {
            return Ok(None);
        };
        indexes.push(covered);
    }
    let mut places = Places::default();
    for some in some.chunks(AT_ONCE) {
        let Some(names) = names(records, some, types)? else {
            return Ok(None);
        };
        for covered in &indexes {
            places.take_in(covered.places(&names).await?);
        }
        yield_now().await;
    }
    Ok(Some(places))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;

    #[test]
    fn only_identifiers_that_are_equal_as_their_texts_are_have_keys() {
        let columns = |id: DataType| {
            let names = ["left_id", "left_system", "right_id", "right_system"];
            let fields = names.iter().enumerate().map(|(at, name)| {
                let data_type = if at % 2 == 0 {
                    id.clone()
                } else {
                    DataType::Utf8View
                };
                Field::new(*name, data_type, true)
            });
            Schema::new(fields.collect::<Vec<_>>())
        };
        let of_pairs = keys(&columns(DataType::Int64), 0..4, 2).unwrap();
        let of_pairs: Vec<Vec<String>> = of_pairs.into_iter().map(|key| key.columns).collect();
        assert_eq!(
            of_pairs,
            [["left_id", "left_system"], ["right_id", "right_system"]]
        );
        // 0 and -0 are equal, and 1.0 and 1 are not as texts.
        assert_eq!(keys(&columns(DataType::Float64), 0..4, 2), None);
        assert_eq!(keys(&columns(DataType::Int64), 0..6, 2), None);
    }

    #[test]
    fn texts_that_a_type_does_not_give_back_are_no_names() {
        let texts = |texts: [&str; 2]| StringArray::from(texts.to_vec());
        let numbers = typed(texts(["7", "-12"]), &DataType::Int64).unwrap();
        assert!(numbers.is_some_and(|numbers| numbers.data_type() == &DataType::Int64));
        for other in [["7", "x"], ["7", "012"]] {
            assert!(typed(texts(other), &DataType::Int64).unwrap().is_none());
        }
    }
}
