//! `information_schema`: the catalog as the SQL standard shows it, in PostgreSQL's shape.
//!
//! All its relations are here with their columns, and those that clients read have the rows that
//! PostgreSQL's views would make of `pg_catalog`. The standard knows no materialized views, so that
//! they are not here: `pg_matviews` and `pg_class` have them.

mod columns;
mod constraints;
mod privileges;
mod routines;
mod schemata;
mod sequences;
mod tables;
pub mod type_figures;

use std::sync::{Arc, LazyLock};

use super::data;
use super::relation::{Relation, relations};
use super::table::{PgTable, Rows, Tables};
use crate::catalog::system::SystemSources;

/// The name of the schema.
pub const INFORMATION_SCHEMA: &str = "information_schema";

static ROWS: [&Rows; 19] = [
    &columns::TABLE,
    &constraints::CHECKS,
    &constraints::COLUMNS,
    &constraints::KEY_COLUMNS,
    &constraints::REFERENCES,
    &constraints::TABLE,
    &constraints::TABLES,
    &privileges::COLUMN_GRANTS,
    &privileges::COLUMNS,
    &privileges::GRANTS,
    &privileges::TABLE,
    &routines::PARAMETERS,
    &routines::ROUTINES,
    &schemata::CATALOG,
    &schemata::ROLES,
    &schemata::TABLE,
    &sequences::TABLE,
    &tables::TABLE,
    &tables::VIEWS,
];

/// The relations of the schema.
pub static TABLES: LazyLock<Tables> =
    LazyLock::new(|| Tables::read(data::INFORMATION_SCHEMA, &ROWS, |_| None));

/// All relations of the schema.
pub fn tables() -> impl Iterator<Item = &'static PgTable> {
    TABLES.all()
}

/// A relation of the schema by name.
pub fn table(name: &str) -> Option<&'static PgTable> {
    TABLES.get(name)
}

/// The relations that are shown: indexes, sequences and materialized views are none to the standard.
fn shown(sources: &dyn SystemSources) -> impl Iterator<Item = Arc<Relation>> {
    let all = relations(sources).into_iter();
    all.filter(|relation| !matches!(relation.kind, "i" | "S" | "m"))
}

/// A truth as the standard writes it.
fn yes_or_no(is_so: bool) -> &'static str {
    match is_so {
        true => "YES",
        false => "NO",
    }
}
