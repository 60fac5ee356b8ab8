//! `pg_catalog`: the catalog as PostgreSQL shows it, true of the objects that are there.
//!
//! All tables of PostgreSQL 15 are here with their columns (`data`), and those of built-in types,
//! functions and the like with PostgreSQL's rows. What tells of this server is one file each, named
//! like the table. What it has nothing of (triggers, rules, policies) is empty. The queries of psql
//! and other clients use forms that DataFusion's planner does not know; `rewrite` says them in ones
//! that it does.

mod acl_default;
mod acl_explode;
mod advisory_lock_functions;
mod array_dimensions;
mod assignment_casts;
pub mod built_in_objects;
mod compared_names;
mod data;
mod definition_functions;
mod domains;
mod empty_queries;
mod expand_array;
mod expression_text;
mod function;
mod function_names;
mod functions;
mod identity_sequence;
pub mod information_schema;
mod keywords;
mod like_escape;
mod name_functions;
mod named_functions;
mod named_literals;
mod named_types;
mod notification_functions;
mod pg_attrdef;
mod pg_attribute;
mod pg_cancel_backend;
mod pg_class;
mod pg_constraint;
mod pg_cursors;
mod pg_database;
mod pg_default_acl;
mod pg_description;
mod pg_enum;
mod pg_extension;
mod pg_foreign_table;
mod pg_hba_file_rules;
mod pg_index;
mod pg_locks;
mod pg_matviews;
mod pg_namespace;
mod pg_prepared_statements;
mod pg_proc;
mod pg_rewrite;
mod pg_roles;
mod pg_sequence;
mod pg_settings;
mod pg_sleep;
mod pg_stat_activity;
mod pg_stat_ssl;
mod pg_tables;
mod pg_terminate_backend;
mod pg_timezone_names;
mod pg_type;
mod pg_typeof;
mod pg_views;
mod privilege_functions;
mod random_functions;
mod reg_casts;
mod relation;
mod rewrite;
mod sequence_functions;
mod session_functions;
mod size_functions;
mod statistics;
mod subqueries;
mod table;
mod table_constraint;
mod table_numbers;
mod type_dependencies;
mod type_functions;
mod types;
mod updatable_functions;

#[cfg(test)]
mod tests;

pub use assignment_casts::is_assigned;
pub use data::argument_oids;
pub use expression_text::column_type;
pub use function::StatementCatalog;
pub use functions::functions;
pub use identity_sequence::sequence_type;
pub use name_functions::{function_answers, function_text};
pub use named_functions::{function_named, functions_named, is_ambiguous};
pub use named_literals::check_named;
pub use pg_attribute::type_among;
pub use pg_extension::{extension_comment, is_extension};
pub use rewrite::{EmptyQuery, never_has_rows, rewrite};
use table::Rows;
pub use table::{PgTable, Tables, table, tables};
pub use table_constraint::{renamed_parts, table_of_index};
pub use types::{
    format_type, has_row_type, is_built_in, relation_of_rows, row_type_numbers, type_name,
};

/// The schema of these tables.
pub const PG_CATALOG: &str = "pg_catalog";

/// The tables of a schema, if it is `pg_catalog` or `information_schema`.
pub fn schema(name: &str) -> Option<&'static Tables> {
    match name {
        PG_CATALOG => Some(&table::TABLES),
        information_schema::INFORMATION_SCHEMA => Some(&information_schema::TABLES),
        _ => None,
    }
}

/// The number of the one role that owns everything.
const OWNER: i64 = 10;

/// The rows that tell of this server.
static ROWS: [&Rows; 56] = [
    &pg_attrdef::TABLE,
    &pg_attribute::TABLE,
    &pg_class::TABLE,
    &pg_constraint::TABLE,
    &pg_cursors::TABLE,
    &pg_database::TABLE,
    &pg_database::SHARED_DESCRIPTION,
    &pg_default_acl::TABLE,
    &pg_description::TABLE,
    &pg_enum::TABLE,
    &pg_extension::AVAILABLE,
    &pg_extension::AVAILABLE_VERSIONS,
    &pg_extension::TABLE,
    &pg_foreign_table::SERVER,
    &pg_foreign_table::TABLE,
    &pg_foreign_table::WRAPPER,
    &pg_hba_file_rules::MAPPINGS,
    &pg_hba_file_rules::TABLE,
    &pg_index::INDEXES,
    &pg_index::TABLE,
    &pg_locks::TABLE,
    &pg_matviews::TABLE,
    &pg_namespace::TABLE,
    &pg_prepared_statements::TABLE,
    &pg_proc::TABLE,
    &pg_rewrite::DEPENDENCIES,
    &pg_rewrite::TABLE,
    &pg_roles::AUTHORIZATION,
    &pg_roles::GROUPS,
    &pg_roles::MEMBERS,
    &pg_roles::SETTINGS,
    &pg_roles::SHADOW,
    &pg_roles::TABLE,
    &pg_roles::USERS,
    &pg_sequence::SEQUENCES,
    &pg_sequence::TABLE,
    &pg_settings::TABLE,
    &pg_stat_activity::TABLE,
    &pg_stat_ssl::GSSAPI,
    &pg_stat_ssl::TABLE,
    &pg_tables::TABLE,
    &pg_timezone_names::TABLE,
    &pg_type::TABLE,
    &pg_views::TABLE,
    &statistics::ALL_INDEXES,
    &statistics::ALL_TABLES,
    &statistics::ARCHIVER,
    &statistics::BACKGROUND_WRITER,
    &statistics::BLOCKS_OF_ALL_INDEXES,
    &statistics::BLOCKS_OF_ALL_TABLES,
    &statistics::BLOCKS_OF_USER_INDEXES,
    &statistics::BLOCKS_OF_USER_TABLES,
    &statistics::GSSAPI,
    &statistics::OF_DATABASE,
    &statistics::USER_INDEXES,
    &statistics::USER_TABLES,
];
