//! `pg_description`: comments.

use super::relation::{namespaces, relations};
use super::table::{Row, Rows, row};
use super::table_constraint::constraints_of;
use super::{PG_CATALOG, domains, pg_extension};
use crate::catalog::Kind;

/// The number of `pg_class`, where relations and their columns have their comments.
const CLASS: i64 = 1259;
/// The number of `pg_proc`.
const PROCEDURE: i64 = 1255;
/// The number of `pg_constraint`.
const CONSTRAINT: i64 = 2606;
/// The number of `pg_namespace`.
const NAMESPACE: i64 = 2615;
/// The number of `pg_type`.
const TYPE: i64 = 1247;

pub static TABLE: Rows = Rows {
    of: "pg_description",
    make: |sources| {
        let mut rows: Vec<Row> = pg_extension::descriptions();
        for schema in namespaces(&sources.snapshot()) {
            if let Some(comment) = schema.comment {
                rows.push(row![schema.oid, NAMESPACE, 0, comment]);
            }
        }
        for object in sources.snapshot().objects() {
            let class = match object.kind {
                Kind::Function => PROCEDURE,
                Kind::Type => TYPE,
                _ => continue,
            };
            if let Some(comment) = &object.comment {
                rows.push(row![i64::from(object.oid), class, 0, comment.as_str()]);
            }
        }
        for object in sources.snapshot().objects() {
            let comments = &object.part_comments.constraints;
            for constraint in domains::constraints_of(object) {
                if let Some(comment) = comments.get(&constraint.check.name) {
                    rows.push(row![constraint.oid, CONSTRAINT, 0, comment.as_str()]);
                }
            }
            for constraint in constraints_of(object) {
                if let Some(comment) = comments.get(&constraint.constraint.name) {
                    rows.push(row![constraint.oid, CONSTRAINT, 0, comment.as_str()]);
                }
            }
        }
        for relation in relations(sources) {
            if relation.schema == PG_CATALOG {
                continue;
            }
            if let Some(comment) = &relation.comment {
                rows.push(row![relation.oid, CLASS, 0, comment.as_str()]);
            }
            for (field, number) in relation.columns.fields().iter().zip(1_i64..) {
                if let Some(comment) = relation.column_comments.get(field.name()) {
                    rows.push(row![relation.oid, CLASS, number, comment.as_str()]);
                }
            }
        }
        Ok(rows)
    },
};
