//! `pg_constraint`: keys and checks of tables.

use super::relation::relations;
use super::table::{Row, Rows, Value, row};
use super::table_constraint::{TableConstraint, constraints_of};

pub static TABLE: Rows = Rows {
    of: "pg_constraint",
    make: |sources| {
        let mut rows = Vec::new();
        for relation in relations(sources) {
            if let (Some(object), "r") = (&relation.object, relation.kind) {
                let all = constraints_of(object);
                rows.extend(
                    all.map(|constraint| row_of(relation.oid, relation.namespace, &constraint)),
                );
            }
        }
        Ok(rows)
    },
};

fn row_of(table: i64, namespace: i64, constraint: &TableConstraint<'_>) -> Row {
    let is_key = constraint.index.is_some();
    row![
        constraint.oid,
        constraint.constraint.name.as_str(),
        namespace,
        constraint.kind(),
        false,
        false,
        true,
        table,
        0,
        constraint.index.unwrap_or(0),
        0,
        0,
        " ",
        " ",
        " ",
        true,
        0,
        is_key,
        Value::Numbers(constraint.columns.clone()),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        constraint.tree().map_or(Value::Null, Value::Text),
    ]
}
