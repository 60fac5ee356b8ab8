//! `information_schema`: the catalog as the SQL standard shows it, in PostgreSQL's shape.
//!
//! All its relations are here with their columns, and those that clients read have the rows that
//! PostgreSQL's views would make of `pg_catalog`. The standard knows no materialized views, so that
//! they are not here: `pg_matviews` and `pg_class` have them.

mod columns;
mod composites;
mod constraints;
mod domains;
mod privileges;
mod routines;
mod schemata;
mod sequences;
mod tables;
pub mod type_figures;
mod usages;

use std::sync::{Arc, LazyLock};

use super::data;
use super::relation::{Relation, own_temporary, relations};
use super::table::{PgTable, Rows, Tables};
use crate::catalog::is_temporary_schema;
use crate::catalog::privilege::{Privilege, Rights};
use crate::catalog::system::SystemSources;

/// The name of the schema.
pub const INFORMATION_SCHEMA: &str = "information_schema";

static ROWS: [&Rows; 30] = [
    &columns::TABLE,
    &composites::ATTRIBUTES,
    &composites::TABLE,
    &constraints::CHECKS,
    &constraints::COLUMNS,
    &constraints::KEY_COLUMNS,
    &constraints::REFERENCES,
    &constraints::TABLE,
    &constraints::TABLES,
    &domains::COLUMNS,
    &domains::CONSTRAINTS,
    &domains::TABLE,
    &domains::TYPES,
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
    &usages::COLUMNS,
    &usages::GRANTS,
    &usages::TABLE,
    &usages::TYPES,
    &usages::TYPE_GRANTS,
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

/// The relations that are shown: types, indexes, sequences and materialized views are none to the standard, and
/// temporary ones are their session's.
fn shown(sources: &dyn SystemSources) -> impl Iterator<Item = Arc<Relation>> {
    let own = own_temporary(sources);
    let all = relations(sources).into_iter();
    all.filter(move |relation| {
        !matches!(relation.kind, "c" | "i" | "S" | "m")
            && (!is_temporary_schema(&relation.schema) || own.as_ref() == Some(&relation.schema))
    })
}

/// Whether a relation is shown to a role: one that it may do something with, or with a column of. The
/// server's own are shown to all.
fn may_see(rights: &Rights<'_>, relation: &Relation) -> bool {
    let Some(object) = &relation.object else {
        return true;
    };
    let access = &object.access;
    let has = |privilege| rights.has(access, privilege);
    Privilege::OF_TABLES.into_iter().any(has)
        || access.granted().iter().any(|grant| {
            let column = grant.column.as_deref();
            column.is_some_and(|column| rights.has_on_column(access, grant.privilege, column))
        })
}

/// Whether a column is shown to a role: one that it may do something with.
fn may_see_column(rights: &Rights<'_>, relation: &Relation, column: &str) -> bool {
    let Some(object) = &relation.object else {
        return true;
    };
    let has = |privilege| rights.has_on_column(&object.access, privilege, column);
    Privilege::OF_COLUMNS.into_iter().any(has)
}

/// A truth as the standard writes it.
fn yes_or_no(is_so: bool) -> &'static str {
    match is_so {
        true => "YES",
        false => "NO",
    }
}
