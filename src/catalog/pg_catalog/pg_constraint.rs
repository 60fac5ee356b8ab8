//! `pg_constraint`: keys, checks and foreign keys of tables, and checks of domains.

use super::domains::constraint_rows;
use super::relation::{Relation, wanted_relations};
use super::table::{Row, Rows, Value, row};
use super::table_constraint::{TableConstraint, constraints_of};
use crate::catalog::{Kind, Snapshot};
use crate::sql::foreign_key::{ForeignKey, ReferentialAction, Timing};

pub static TABLE: Rows = Rows {
    of: "pg_constraint",
    make: |sources| {
        let snapshot = sources.snapshot();
        let mut rows = Vec::new();
        for relation in wanted_relations(sources) {
            if let (Some(object), "r") = (&relation.object, relation.kind) {
                let all = constraints_of(object);
                rows.extend(all.map(|it| row_of(&snapshot, &relation, &it)));
            }
        }
        for object in snapshot.objects().filter(|it| it.kind == Kind::Type) {
            if let Some(schema) = snapshot.schema(&object.name.schema) {
                rows.extend(constraint_rows(object, schema.oid.into()));
            }
        }
        Ok(rows)
    },
};

fn row_of(snapshot: &Snapshot, table: &Relation, constraint: &TableConstraint<'_>) -> Row {
    let referred = constraint.referred(snapshot);
    let key = referred.as_ref().map(|referred| referred.key);
    let is_key = constraint.index.is_some() || key.is_some();
    let index = referred.as_ref().and_then(|referred| referred.index);
    let other = referred
        .as_ref()
        .map(|referred| i64::from(referred.table.oid));
    let letter = |action: fn(&ForeignKey) -> ReferentialAction| match key.map(action) {
        None => " ",
        Some(ReferentialAction::NoAction) => "a",
        Some(ReferentialAction::Restrict) => "r",
        Some(ReferentialAction::Cascade) => "c",
        Some(ReferentialAction::SetNull) => "n",
        Some(ReferentialAction::SetDefault) => "d",
    };
    row![
        constraint.oid,
        constraint.constraint.name.as_str(),
        table.namespace,
        constraint.kind(),
        key.is_some_and(|key| key.timing.is_deferrable()),
        key.is_some_and(|key| key.timing == Timing::Deferred),
        key.is_none_or(|key| !key.is_unproven),
        table.oid,
        0,
        constraint.index.or(index).unwrap_or(0),
        0,
        other.unwrap_or(0),
        letter(|key| key.on_update),
        letter(|key| key.on_delete),
        match key.map(|key| key.is_full) {
            None => " ",
            Some(true) => "f",
            Some(false) => "s",
        },
        true,
        0,
        is_key,
        Value::Numbers(constraint.columns.clone()),
        referred.map_or(Value::Null, |referred| Value::Numbers(referred.columns)),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        constraint.tree().map_or(Value::Null, Value::Text),
    ]
}
