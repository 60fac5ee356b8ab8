//! `pg_views`: views, as a view for people.

use super::functions::view_definition;
use super::name_functions::role_name;
use super::relation::relations;
use super::table::{Rows, row};

pub static TABLE: Rows = Rows {
    of: "pg_views",
    make: |sources| {
        Ok(relations(sources)
            .into_iter()
            .filter(|relation| relation.kind == "v")
            .map(|relation| {
                let definition = view_definition(&relation);
                let owner = role_name(sources, relation.owner);
                row![
                    relation.schema.as_str(),
                    relation.name.as_str(),
                    owner,
                    definition
                ]
            })
            .collect())
    },
};
