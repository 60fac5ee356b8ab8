//! `pg_catalog`: the catalog as PostgreSQL shows it, true of the objects that are there.
//!
//! Tables are one file each, named like the table. What this server has nothing of (triggers,
//! indexes, policies) stands in `empty`, with its columns. The queries of psql and other clients use
//! forms that DataFusion's planner does not know; `rewrite` says them in ones that it does.

mod empty;
mod function;
mod functions;
mod pg_am;
mod pg_attribute;
mod pg_class;
mod pg_database;
mod pg_description;
mod pg_foreign_table;
mod pg_matviews;
mod pg_namespace;
mod pg_roles;
mod pg_tables;
mod pg_type;
mod pg_views;
mod relation;
mod rewrite;
mod table;
mod types;

#[cfg(test)]
mod tests;

pub use functions::functions;
pub use rewrite::rewrite;
pub use table::PgTable;
pub use types::format_type;

/// The schema of these tables.
pub const PG_CATALOG: &str = "pg_catalog";

/// The number of the one role that owns everything.
const OWNER: i64 = 10;

/// The tables that have rows.
static TABLES: [&PgTable; 15] = [
    &pg_am::TABLE,
    &pg_attribute::TABLE,
    &pg_class::TABLE,
    &pg_database::TABLE,
    &pg_description::TABLE,
    &pg_foreign_table::SERVER,
    &pg_foreign_table::TABLE,
    &pg_matviews::TABLE,
    &pg_namespace::TABLE,
    &pg_roles::TABLE,
    &pg_roles::USERS,
    &pg_tables::TABLE,
    &pg_type::TABLE,
    &pg_views::TABLE,
    &pg_database::SHARED_DESCRIPTION,
];

/// All tables of `pg_catalog`.
pub fn tables() -> impl Iterator<Item = &'static PgTable> {
    TABLES.into_iter().chain(&empty::TABLES)
}

/// A table of `pg_catalog` by name.
pub fn table(name: &str) -> Option<&'static PgTable> {
    tables().find(|table| table.name == name)
}
