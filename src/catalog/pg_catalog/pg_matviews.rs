//! `pg_matviews`: materialized views, as a view for people.

use super::functions::view_definition;
use super::relation::relations;
use super::table::{PgTable, Value, column, row};
use crate::catalog::system::ColumnType::{Boolean, Text};

pub static TABLE: PgTable = PgTable {
    name: "pg_matviews",
    oid: 12104,
    columns: &[
        column("schemaname", Text),
        column("matviewname", Text),
        column("matviewowner", Text),
        column("tablespace", Text),
        column("hasindexes", Boolean),
        column("ispopulated", Boolean),
        column("definition", Text),
    ],
    rows: Some(|sources| {
        let states = sources.journal().model_states()?;
        Ok(relations(sources)
            .into_iter()
            .filter(|relation| relation.kind == "m")
            .map(|relation| {
                let definition = view_definition(&relation);
                let object = relation.object.as_ref();
                let state = object.and_then(|object| states.get(&object.oid));
                let is_populated = state.is_some_and(|state| state.version.is_some());
                row![
                    relation.schema,
                    relation.name,
                    sources.owner(),
                    Value::Null,
                    false,
                    is_populated,
                    definition,
                ]
            })
            .collect())
    }),
};
