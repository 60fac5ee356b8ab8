//! `pg_tables`: tables, as a view for people.

use super::name_functions::role_name;
use super::relation::relations;
use super::table::{Rows, Value, row};
use super::table_constraint::indexes_of;

pub static TABLE: Rows = Rows {
    of: "pg_tables",
    make: |sources| {
        Ok(relations(sources)
            .into_iter()
            .filter(|relation| relation.kind == "r")
            .map(|relation| {
                let object = relation.object.as_deref();
                let owner = role_name(sources, relation.owner);
                let has_indexes = object.into_iter().flat_map(indexes_of).next().is_some();
                row![
                    relation.schema.as_str(),
                    relation.name.as_str(),
                    owner,
                    Value::Null,
                    has_indexes,
                    false,
                    false,
                    false,
                ]
            })
            .collect())
    },
};
