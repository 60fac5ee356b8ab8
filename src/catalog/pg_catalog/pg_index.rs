//! `pg_index` and `pg_indexes`: the indexes that PostgreSQL would have made for keys, and those that
//! clients have made.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::data;
use super::pg_attribute::type_of;
use super::relation::{Relation, relations, wanted_relations};
use super::table::{Row, Rows, Value, row};
use super::table_constraint::{TableIndex, indexes_of};
use super::types::Type;
use crate::sql::name::Quoted;

/// PostgreSQL's number of the type `text`.
const TEXT: u32 = 25;

/// PostgreSQL's number of an access method of indexes, and of that of most indexes for one that is
/// not PostgreSQL's own.
pub fn method(name: &str) -> i64 {
    match name {
        "hash" => 405,
        "gist" => 783,
        "gin" => 2742,
        "brin" => 3580,
        "spgist" => 4000,
        _ => BTREE,
    }
}

/// PostgreSQL's number of the access method `btree`.
const BTREE: i64 = 403;

pub static TABLE: Rows = Rows {
    of: "pg_index",
    make: |sources| {
        let mut rows = Vec::new();
        for relation in wanted_relations(sources) {
            rows.extend(indexes(&relation).map(|index| row_of(&relation, &index)));
        }
        Ok(rows)
    },
};

pub static INDEXES: Rows = Rows {
    of: "pg_indexes",
    make: |sources| {
        let mut rows = Vec::new();
        for relation in relations(sources) {
            let schema = relation.schema.as_str();
            let table = format!("{}.{}", Quoted(schema), Quoted(&relation.name));
            rows.extend(indexes(&relation).map(|index| {
                row![
                    schema,
                    relation.name.as_str(),
                    index.name(),
                    Value::Null,
                    index.definition(&table, false),
                ]
            }));
        }
        Ok(rows)
    },
};

/// The indexes of a relation that has some.
fn indexes(relation: &Relation) -> impl Iterator<Item = TableIndex<'_>> {
    let has_rows = matches!(relation.kind, "r" | "m");
    let object = relation.object.as_deref().filter(|_| has_rows);
    object.into_iter().flat_map(indexes_of)
}

fn row_of(table: &Relation, index: &TableIndex<'_>) -> Row {
    /// Bits of `indoption`.
    const DESCENDING: i64 = 1;
    const NULLS_FIRST: i64 = 2;
    let columns: Vec<i64> = index
        .parts(false)
        .into_iter()
        .map(|(_, number)| number)
        .collect();
    let count = |all: usize| i64::try_from(all).unwrap_or(i64::MAX);
    let fields = table.columns.fields();
    let (key, plain) = match index {
        TableIndex::Key(key) => (Some(key), None),
        TableIndex::Plain(_, _, index) => (None, Some(*index)),
    };
    let keys = plain.map_or(columns.len(), |index| index.keys.len());
    let types: Vec<u32> = columns
        .iter()
        .take(keys)
        .map(|number| {
            let place = usize::try_from(number - 1).ok();
            let field = place.and_then(|place| fields.get(place));
            field.map_or(TEXT, |field| type_of(table, field).0)
        })
        .collect();
    let collations = types.iter().map(|oid| Type::of(*oid).collation());
    let mut options = vec![0; keys];
    for (option, key) in options.iter_mut().zip(plain.iter().flat_map(|it| &it.keys)) {
        *option = if key.descending { DESCENDING } else { 0 };
        *option += if key.nulls_first { NULLS_FIRST } else { 0 };
    }
    let [expressions, condition] = index.trees();
    row![
        index.oid(),
        table.oid,
        count(columns.len()),
        count(keys),
        key.is_some() || plain.is_some_and(|index| index.is_unique),
        key.is_some_and(|key| key.nulls_equal()) || plain.is_some_and(|index| index.nulls_equal),
        key.is_some_and(|key| key.kind() == "p"),
        false,
        true,
        false,
        true,
        false,
        true,
        true,
        false,
        Value::Numbers(columns),
        Value::Numbers(collations.collect()),
        Value::Numbers(types.iter().map(|oid| operator_class(*oid)).collect()),
        Value::Numbers(options),
        expressions,
        condition,
    ]
}

/// The number of the class of operators by which PostgreSQL orders a type; 0 where it does not.
fn operator_class(of: u32) -> i64 {
    const VARCHAR: u32 = 1043;
    const ANYARRAY: u32 = 2277;
    /// That of `anyenum`.
    const ANYENUM: u32 = 3500;
    /// The first number of a type that users have made.
    const FIRST_OWN: u32 = 16_384;
    /// Places of fields in `pg_opclass`.
    const METHOD: usize = 1;
    const TYPE: usize = 6;
    const IS_DEFAULT: usize = 7;
    static DEFAULTS: LazyLock<HashMap<u32, i64>> = LazyLock::new(|| {
        let rows = data::rows_of("pg_opclass").unwrap_or_default().lines();
        let classes = rows.filter_map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let is_default =
                fields.get(IS_DEFAULT) == Some(&"t") && fields.get(METHOD)?.parse() == Ok(BTREE);
            let of = fields.get(TYPE)?.parse().ok()?;
            is_default.then_some((of, fields.first()?.parse().ok()?))
        });
        classes.collect()
    });
    let of = match of {
        VARCHAR => TEXT,
        of if Type::is_array(of) => ANYARRAY,
        of if of >= FIRST_OWN => ANYENUM,
        of => of,
    };
    DEFAULTS.get(&of).copied().unwrap_or(0)
}
