//! `pg_tables`: tables, as a view for people.

use super::relation::relations;
use super::table::{Rows, Value, row};

pub static TABLE: Rows = Rows {
    of: "pg_tables",
    make: |sources| {
        Ok(relations(sources)
            .into_iter()
            .filter(|relation| relation.kind == "r")
            .map(|relation| {
                row![
                    relation.schema,
                    relation.name,
                    sources.owner(),
                    Value::Null,
                    false,
                    false,
                    false,
                    false,
                ]
            })
            .collect())
    },
};
