//! `information_schema.table_constraints` and the relations that tell more of constraints.
//!
//! To the standard, `NOT NULL` is a check, whose name PostgreSQL makes of numbers.

use std::sync::Arc;

use super::super::domains::constraints_of as domain_constraints;
use super::super::functions::without_visible_schemas;
use super::super::relation::Relation;
use super::super::table::{Row, Rows, Value, row};
use super::super::table_constraint::{TableConstraint, constraints_of};
use super::{domains, shown, yes_or_no};
use crate::catalog::Snapshot;
use crate::catalog::system::SystemSources;
use crate::sql::QualifiedName;
use crate::sql::foreign_key::Timing;
use crate::sql::name::Quoted;

pub static TABLE: Rows = Rows {
    of: "table_constraints",
    make: |sources| {
        let database = sources.database();
        let mut rows = Vec::new();
        for table in tables(sources) {
            let mut add = |name: &str, kind: &str, timing: Timing, nulls_distinct: Value| {
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
                    yes_or_no(timing.is_deferrable()),
                    yes_or_no(timing == Timing::Deferred),
                    "YES",
                    nulls_distinct,
                ]);
            };
            for constraint in all(&table) {
                let (kind, nulls_distinct) = match constraint.kind() {
                    "p" => ("PRIMARY KEY", Value::Null),
                    "u" => ("UNIQUE", yes_or_no(!constraint.nulls_equal()).into()),
                    "f" => ("FOREIGN KEY", Value::Null),
                    _ => ("CHECK", Value::Null),
                };
                let key = constraint.constraint.rule.foreign_key();
                let timing = key.map(|key| key.timing).unwrap_or_default();
                add(&constraint.constraint.name, kind, timing, nulls_distinct);
            }
            for (name, _) in not_null(&table) {
                add(&name, "CHECK", Timing::Immediate, Value::Null);
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
        for domain in domains::all(sources) {
            let schema = domain.name.schema.as_str();
            rows.extend(domain_constraints(&domain).map(|constraint| {
                let condition = without_visible_schemas(sources, constraint.condition(false));
                let name = constraint.check.name.as_str();
                row![database.as_str(), schema, name, format!("({condition})")]
            }));
        }
        Ok(rows)
    },
};

pub static KEY_COLUMNS: Rows = Rows {
    of: "key_column_usage",
    make: |sources| {
        let (database, snapshot) = (sources.database(), sources.snapshot());
        let mut rows = Vec::new();
        for table in tables(sources) {
            for constraint in all(&table) {
                let places = places_in_key(&snapshot, &constraint);
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
                        places
                            .get(usize::try_from(place - 1).unwrap_or_default())
                            .map_or(Value::Null, |place| (*place).into()),
                    ]
                }));
            }
        }
        Ok(rows)
    },
};

/// Where the columns of a foreign key are among those of the key that it refers to.
fn places_in_key(snapshot: &Snapshot, constraint: &TableConstraint<'_>) -> Vec<i64> {
    let Some(referred) = constraint.referred(snapshot) else {
        return Vec::new();
    };
    let mut keys = constraints_of(&referred.table);
    let Some(key) = keys.find(|key| key.constraint.name == referred.name) else {
        return Vec::new();
    };
    let places = referred.columns.iter().filter_map(|column| {
        let place = key.columns.iter().position(|own| own == column)?;
        i64::try_from(place + 1).ok()
    });
    places.collect()
}

pub static REFERENCES: Rows = Rows {
    of: "referential_constraints",
    make: |sources| {
        let (database, snapshot) = (sources.database(), sources.snapshot());
        let mut rows = Vec::new();
        for table in tables(sources) {
            for constraint in all(&table) {
                let Some(referred) = constraint.referred(&snapshot) else {
                    continue;
                };
                let database = database.as_str();
                rows.push(row![
                    database,
                    table.schema.as_str(),
                    constraint.constraint.name.as_str(),
                    database,
                    referred.table.name.schema.as_str(),
                    referred.name.as_str(),
                    if referred.key.is_full { "FULL" } else { "NONE" },
                    referred.key.on_update.words(),
                    referred.key.on_delete.words(),
                ]);
            }
        }
        Ok(rows)
    },
};

pub static COLUMNS: Rows = Rows {
    of: "constraint_column_usage",
    make: |sources| {
        let (database, snapshot) = (sources.database(), sources.snapshot());
        let mut rows = Vec::new();
        for table in tables(sources) {
            for constraint in all(&table) {
                // As in PostgreSQL, a foreign key uses the columns that it refers to.
                let referred = constraint.referred(&snapshot);
                let (name, fields, columns) = match &referred {
                    Some(it) => (&it.table.name, it.table.schema.fields(), &it.columns),
                    None => (
                        &table_name(&table),
                        table.columns.fields(),
                        &constraint.columns,
                    ),
                };
                let places = columns.iter();
                let places = places.filter_map(|number| usize::try_from(number - 1).ok());
                let columns = places.filter_map(|place| fields.get(place));
                rows.extend(columns.map(|column| {
                    let columns = Some(column.name().as_str());
                    usage(&database, &table, name, columns, &constraint)
                }));
            }
        }
        Ok(rows)
    },
};

pub static TABLES: Rows = Rows {
    of: "constraint_table_usage",
    make: |sources| {
        let (database, snapshot) = (sources.database(), sources.snapshot());
        let mut rows = Vec::new();
        for table in tables(sources) {
            let keys = all(&table).filter(|constraint| constraint.kind() != "c");
            rows.extend(keys.map(|key| {
                let referred = key.referred(&snapshot);
                let own = table_name(&table);
                let name = referred.as_ref().map_or(&own, |it| &it.table.name);
                usage(&database, &table, name, None, &key)
            }));
        }
        Ok(rows)
    },
};

fn table_name(table: &Relation) -> QualifiedName {
    QualifiedName::new(&table.schema, &table.name)
}

/// What a constraint of a table uses, a table or a column of it, and the constraint.
fn usage(
    database: &str,
    table: &Relation,
    used: &QualifiedName,
    column: Option<&str>,
    constraint: &TableConstraint<'_>,
) -> Row {
    let schema = table.schema.as_str();
    let name = constraint.constraint.name.as_str();
    let parts = [database, used.schema.as_str(), used.name.as_str()];
    let parts = parts.into_iter().chain(column);
    parts
        .chain([database, schema, name])
        .map(Value::from)
        .collect()
}

fn tables(sources: &dyn SystemSources) -> impl Iterator<Item = Arc<Relation>> {
    let is_table = |relation: &Arc<Relation>| relation.kind == "r" && relation.object.is_some();
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
