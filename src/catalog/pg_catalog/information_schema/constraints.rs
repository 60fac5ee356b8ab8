//! `information_schema.table_constraints` and the relations that tell more of constraints.
//!
//! To the standard, `NOT NULL` is a check, whose name PostgreSQL makes of numbers.

use super::super::relation::Relation;
use super::super::table::{Row, Rows, Value, row};
use super::super::table_constraint::{TableConstraint, constraints_of};
use super::{shown, yes_or_no};
use crate::catalog::system::SystemSources;
use crate::sql::name::Quoted;

pub static TABLE: Rows = Rows {
    of: "table_constraints",
    make: |sources| {
        let database = sources.database();
        let mut rows = Vec::new();
        for table in tables(sources) {
            let mut add = |name: &str, kind: &str, nulls_distinct: Value| {
                let (schema, table) = (table.schema.as_str(), table.name.as_str());
                let database = database.as_str();
                rows.push(row![
                    database,
                    schema,
                    name,
                    database,
                    schema,
                    table,
                    kind,
                    "NO",
                    "NO",
                    "YES",
                    nulls_distinct,
                ]);
            };
            for constraint in all(&table) {
                let (kind, nulls_distinct) = match constraint.kind() {
                    "p" => ("PRIMARY KEY", Value::Null),
                    "u" => ("UNIQUE", yes_or_no(!constraint.nulls_equal()).into()),
                    _ => ("CHECK", Value::Null),
                };
                add(&constraint.constraint.name, kind, nulls_distinct);
            }
            for (name, _) in not_null(&table) {
                add(&name, "CHECK", Value::Null);
            }
        }
        Ok(rows)
    },
};

pub static CHECKS: Rows = Rows {
    of: "check_constraints",
    make: |sources| {
        let database = sources.database();
        let mut rows = Vec::new();
        for table in tables(sources) {
            let mut add = |name: &str, clause: String| {
                rows.push(row![database.as_str(), table.schema.as_str(), name, clause]);
            };
            for constraint in all(&table) {
                if let Some(condition) = constraint.condition(false) {
                    add(&constraint.constraint.name, format!("({condition})"));
                }
            }
            for (name, column) in not_null(&table) {
                add(&name, format!("{} IS NOT NULL", Quoted(&column)));
            }
        }
        Ok(rows)
    },
};

pub static KEY_COLUMNS: Rows = Rows {
    of: "key_column_usage",
    make: |sources| {
        let database = sources.database();
        let mut rows = Vec::new();
        for table in tables(sources) {
            for constraint in all(&table) {
                rows.extend(constraint.key().iter().zip(1_i64..).map(|(column, place)| {
                    let (schema, database) = (table.schema.as_str(), database.as_str());
                    row![
                        database,
                        schema,
                        constraint.constraint.name.as_str(),
                        database,
                        schema,
                        table.name.as_str(),
                        column.as_str(),
                        place,
                        Value::Null,
                    ]
                }));
            }
        }
        Ok(rows)
    },
};

pub static COLUMNS: Rows = Rows {
    of: "constraint_column_usage",
    make: |sources| {
        let database = sources.database();
        let mut rows = Vec::new();
        for table in tables(sources) {
            let fields = table.columns.fields();
            for constraint in all(&table) {
                let places = constraint.columns.iter();
                let places = places.filter_map(|number| usize::try_from(number - 1).ok());
                let columns = places.filter_map(|place| fields.get(place));
                rows.extend(columns.map(|column| {
                    let named = [table.name.as_str(), column.name().as_str()];
                    usage(&database, &table, &named, &constraint)
                }));
            }
        }
        Ok(rows)
    },
};

pub static TABLES: Rows = Rows {
    of: "constraint_table_usage",
    make: |sources| {
        let database = sources.database();
        let mut rows = Vec::new();
        for table in tables(sources) {
            let keys = all(&table).filter(|constraint| constraint.index.is_some());
            rows.extend(keys.map(|key| usage(&database, &table, &[table.name.as_str()], &key)));
        }
        Ok(rows)
    },
};

/// What a constraint uses, and the constraint.
fn usage(
    database: &str,
    table: &Relation,
    named: &[&str],
    constraint: &TableConstraint<'_>,
) -> Row {
    let schema = table.schema.as_str();
    let name = constraint.constraint.name.as_str();
    let parts = [database, schema].into_iter().chain(named.iter().copied());
    parts
        .chain([database, schema, name])
        .map(Value::from)
        .collect()
}

fn tables(sources: &dyn SystemSources) -> impl Iterator<Item = Relation> {
    let is_table = |relation: &Relation| relation.kind == "r" && relation.object.is_some();
    shown(sources).filter(is_table)
}

fn all(table: &Relation) -> impl Iterator<Item = TableConstraint<'_>> {
    table.object.as_deref().into_iter().flat_map(constraints_of)
}

/// The columns of a table that take no NULL, with the names of the checks.
fn not_null(table: &Relation) -> impl Iterator<Item = (String, String)> {
    let fields = table.columns.fields().iter().zip(1..);
    let required = fields.filter(|(field, _)| !field.is_nullable());
    required.map(|(field, number)| {
        let name = format!("{}_{}_{number}_not_null", table.namespace, table.oid);
        (name, field.name().clone())
    })
}
