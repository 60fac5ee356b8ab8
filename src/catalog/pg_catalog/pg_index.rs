//! `pg_index` and `pg_indexes`: the indexes that PostgreSQL would have made for keys.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::data;
use super::pg_attribute::type_of;
use super::relation::{Relation, relations};
use super::table::{Row, Rows, Value, row};
use super::table_constraint::{TableConstraint, keys_of};
use super::types::Type;
use crate::sql::name::Quoted;

/// PostgreSQL's number of the access method `btree`.
pub const BTREE: i64 = 403;

pub static TABLE: Rows = Rows {
    of: "pg_index",
    make: |sources| {
        let mut rows = Vec::new();
        for relation in relations(sources) {
            rows.extend(keys(&relation).map(|(index, key)| row_of(&relation, index, &key)));
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
            rows.extend(keys(&relation).map(|(_, key)| {
                row![
                    schema,
                    relation.name.as_str(),
                    key.constraint.name.as_str(),
                    Value::Null,
                    key.index_definition(&table),
                ]
            }));
        }
        Ok(rows)
    },
};

/// The keys of a table, with the numbers of their indexes.
fn keys(relation: &Relation) -> impl Iterator<Item = (i64, TableConstraint<'_>)> {
    let has_rows = matches!(relation.kind, "r" | "m");
    let object = relation.object.as_deref().filter(|_| has_rows);
    let all = object.into_iter().flat_map(keys_of);
    all.filter_map(|constraint| Some((constraint.index?, constraint)))
}

fn row_of(table: &Relation, index: i64, key: &TableConstraint<'_>) -> Row {
    let count = i64::try_from(key.columns.len()).unwrap_or(i64::MAX);
    let fields = table.columns.fields();
    let types: Vec<u32> = key
        .columns
        .iter()
        .filter_map(|number| fields.get(usize::try_from(number.checked_sub(1)?).ok()?))
        .map(|field| type_of(table, field).0)
        .collect();
    let collations = types.iter().map(|oid| Type::of(*oid).collation());
    row![
        index,
        table.oid,
        count,
        count,
        true,
        key.nulls_equal(),
        key.kind() == "p",
        false,
        true,
        false,
        true,
        false,
        true,
        true,
        false,
        Value::Numbers(key.columns.clone()),
        Value::Numbers(collations.collect()),
        Value::Numbers(types.iter().map(|oid| operator_class(*oid)).collect()),
        Value::Numbers(vec![0; key.columns.len()]),
        Value::Null,
        Value::Null,
    ]
}

/// The number of the class of operators by which PostgreSQL orders a type; 0 where it does not.
fn operator_class(of: u32) -> i64 {
    const TEXT: u32 = 25;
    const VARCHAR: u32 = 1043;
    const ANYARRAY: u32 = 2277;
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
        of => of,
    };
    DEFAULTS.get(&of).copied().unwrap_or(0)
}
