//! `pg_rewrite` and `pg_depend`: which relations the query of a view reads. To PostgreSQL a view is a
//! table with a rule, and the rule depends on what it reads; clients find what stands on what by that.
//! The type of a relation's rows depends on it, and what is of types on these. A sequence depends on the column that it goes with, the index of a key on its constraint, constraints
//! and other indexes on their columns.

use std::borrow::Cow;

use super::identity_sequence::identity_sequences;
use super::pg_extension;
use super::relation::{Relation, relations};
use super::table::{Row, Rows, Value, row};
use super::table_constraint::{
    TableIndex, column_number, constraints_of, defaults_of, identity_number, indexes_of,
    row_arrays, row_type, rule_of,
};
use super::type_dependencies;
use super::types::has_row_type;
use crate::catalog::{Kind, Object, Snapshot};
use crate::sql::Statement;

/// The number of `pg_class`.
const CLASS: i64 = 1259;
/// The number of `pg_type`.
const TYPE: i64 = 1247;
/// The number of `pg_proc`.
const PROCEDURE: i64 = 1255;
/// The number of `pg_constraint`.
const CONSTRAINT: i64 = 2606;
/// The number of `pg_attrdef`.
const DEFAULT: i64 = 2604;
/// The number of `pg_rewrite`.
const REWRITE: i64 = 2618;

pub static TABLE: Rows = Rows {
    of: "pg_rewrite",
    make: |sources| {
        let mut rows: Vec<Row> = Vec::new();
        for relation in relations(sources).iter().filter(|it| has_rule(it)) {
            if let Some(object) = &relation.object {
                let rule = rule_of(object);
                rows.push(row![
                    rule,
                    "_RETURN",
                    relation.oid,
                    "1",
                    "O",
                    true,
                    "<>",
                    Value::Null,
                ]);
            }
        }
        Ok(rows)
    },
};

pub static DEPENDENCIES: Rows = Rows {
    of: "pg_depend",
    make: |sources| {
        let mut rows: Vec<Row> = Vec::new();
        let all = relations(sources);
        for relation in all.iter().filter(|it| has_rule(it)) {
            let Some(object) = &relation.object else {
                continue;
            };
            let rule = rule_of(object);
            rows.push(row![REWRITE, rule, 0, CLASS, relation.oid, 0, "i"]);
            for read in &object.depends_on {
                let read = i64::from(*read);
                let snapshot = sources.snapshot();
                let kind = u32::try_from(read)
                    .ok()
                    .and_then(|oid| snapshot.object(oid));
                let class = match kind.map(|object| object.kind) {
                    Some(Kind::Function) => PROCEDURE,
                    _ => CLASS,
                };
                rows.push(row![REWRITE, rule, 0, class, read, 0, "n"]);
            }
        }
        let snapshot = sources.snapshot();
        for relation in all.iter().filter(|it| matches!(it.kind, "r" | "m")) {
            if let Some(object) = &relation.object {
                rows.extend(of_constraints(&snapshot, object));
                rows.extend(of_indexes(object));
            }
        }
        for object in snapshot.objects().filter(|object| has_row_type(object)) {
            let (own, arrays) = (row_type(object), row_arrays(object));
            rows.push(row![TYPE, own, 0, CLASS, i64::from(object.oid), 0, "i"]);
            rows.push(row![TYPE, arrays, 0, TYPE, own, 0, "i"]);
        }
        rows.extend(type_dependencies::rows(sources));
        rows.extend(of_sequences(&snapshot));
        rows.extend(pg_extension::members(&all));
        Ok(rows)
    },
};

/// The columns that constraints are of, and the columns and keys that foreign keys refer to.
fn of_constraints(snapshot: &Snapshot, table: &Object) -> Vec<Row> {
    let oid = i64::from(table.oid);
    let mut rows: Vec<Row> = Vec::new();
    for constraint in constraints_of(table) {
        let own = |class: i64, of: i64, column: i64, kind: &str| {
            row![CONSTRAINT, constraint.oid, 0, class, of, column, kind]
        };
        for column in &constraint.columns {
            rows.push(own(CLASS, oid, *column, "a"));
            // As PostgreSQL, of a condition once more for what it names.
            if constraint.kind() == "c" {
                rows.push(own(CLASS, oid, *column, "n"));
            }
        }
        if constraint.columns.is_empty() {
            rows.push(own(CLASS, oid, 0, "a"));
        }
        if let Some(referred) = constraint.referred(snapshot) {
            let other = i64::from(referred.table.oid);
            for column in &referred.columns {
                rows.push(own(CLASS, other, *column, "n"));
            }
            if let Some(index) = referred.index {
                rows.push(own(CLASS, index, 0, "n"));
            }
        }
    }
    rows
}

/// The constraints that indexes are of, and the columns of the other indexes.
fn of_indexes(table: &Object) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for index in indexes_of(table) {
        let oid = index.oid();
        match &index {
            TableIndex::Key(key) if matches!(key.constraint, Cow::Borrowed(_)) => {
                rows.push(row![CLASS, oid, 0, CONSTRAINT, key.oid, 0, "i"]);
            }
            TableIndex::Key(_) | TableIndex::Plain(..) => {
                let columns = index.parts(false).into_iter().map(|(_, number)| number);
                for column in columns.filter(|number| *number > 0) {
                    let table = i64::from(table.oid);
                    rows.push(row![CLASS, oid, 0, CLASS, table, column, "a"]);
                }
            }
        }
    }
    rows
}

/// The columns that sequences go with, and the defaults that take numbers of them.
fn of_sequences(snapshot: &Snapshot) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for object in snapshot.objects() {
        let oid = i64::from(object.oid);
        if let Statement::CreateSequence(create) = &object.definition
            && let Some(owner) = create.options.owner()
            && let Some(table) = snapshot.relation(&owner.table.qualify(&object.name.schema))
            && let Some(column) = column_number(table, &owner.column)
        {
            rows.push(row![
                CLASS,
                oid,
                0,
                CLASS,
                i64::from(table.oid),
                column,
                "a"
            ]);
        }
        for identity in identity_sequences(object) {
            let sequence = identity_number(object, identity.number);
            rows.push(row![CLASS, sequence, 0, CLASS, oid, identity.number, "i"]);
        }
        for default in defaults_of(object) {
            rows.push(row![
                DEFAULT,
                default.oid,
                0,
                CLASS,
                oid,
                default.column,
                "a"
            ]);
            for sequence in default.sequences(snapshot) {
                let sequence = i64::from(sequence);
                rows.push(row![DEFAULT, default.oid, 0, CLASS, sequence, 0, "n"]);
            }
        }
    }
    rows
}

/// Whether a relation is what a query answers.
fn has_rule(relation: &Relation) -> bool {
    matches!(relation.kind, "v" | "m")
}
