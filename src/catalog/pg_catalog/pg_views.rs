//! `pg_views`: views, as a view for people.

use super::functions::view_definition;
use super::relation::relations;
use super::table::{PgTable, column, row};
use crate::catalog::system::ColumnType::Text;

pub static TABLE: PgTable = PgTable {
    name: "pg_views",
    oid: 12103,
    columns: &[
        column("schemaname", Text),
        column("viewname", Text),
        column("viewowner", Text),
        column("definition", Text),
    ],
    rows: Some(|sources| {
        Ok(relations(sources)
            .into_iter()
            .filter(|relation| relation.kind == "v")
            .map(|relation| {
                let definition = view_definition(&relation);
                row![relation.schema, relation.name, sources.owner(), definition]
            })
            .collect())
    }),
};
