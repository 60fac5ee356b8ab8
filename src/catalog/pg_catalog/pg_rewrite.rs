//! `pg_rewrite` and `pg_depend`: which relations the query of a view reads. To PostgreSQL a view is a
//! table with a rule, and the rule depends on what it reads; clients find what stands on what by that.

use super::relation::{Relation, relations};
use super::table::{Row, Rows, Value, row};
use super::table_constraint::rule_of;

/// The number of `pg_class`.
const CLASS: i64 = 1259;
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
        for relation in relations(sources).iter().filter(|it| has_rule(it)) {
            let Some(object) = &relation.object else {
                continue;
            };
            let rule = rule_of(object);
            rows.push(row![REWRITE, rule, 0, CLASS, relation.oid, 0, "i"]);
            for read in &object.depends_on {
                let read = i64::from(*read);
                rows.push(row![REWRITE, rule, 0, CLASS, read, 0, "n"]);
            }
        }
        Ok(rows)
    },
};

/// Whether a relation is what a query answers.
fn has_rule(relation: &Relation) -> bool {
    matches!(relation.kind, "v" | "m")
}
