//! `pg_matviews`: materialized views, as a view for people.

use super::functions::view_definition;
use super::name_functions::role_name;
use super::relation::relations;
use super::table::{Rows, Value, row};

pub static TABLE: Rows = Rows {
    of: "pg_matviews",
    make: |sources| {
        let states = sources.journal().model_states()?;
        Ok(relations(sources)
            .into_iter()
            .filter(|relation| relation.kind == "m")
            .map(|relation| {
                let definition = view_definition(&relation);
                let owner = role_name(sources, relation.owner);
                let object = relation.object.as_ref();
                let state = object.and_then(|object| states.get(&object.oid));
                let is_emptied = object.is_some_and(|object| object.is_emptied);
                let is_populated =
                    state.is_some_and(|state| state.version.is_some()) && !is_emptied;
                row![
                    relation.schema.as_str(),
                    relation.name.as_str(),
                    owner,
                    Value::Null,
                    false,
                    is_populated,
                    definition,
                ]
            })
            .collect())
    },
};
