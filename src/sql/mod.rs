//! The SQL dialect: Postgres, and what a customer-data warehouse needs beyond it.
//!
//! One file a statement: its syntax tree, its parser and its display. What a statement does stands
//! in the file of the same name in `execute/`. Displaying a statement and parsing it again gives an
//! equal statement: the catalog keeps objects as their displayed `CREATE` statement.

pub mod alias_columns;
mod alias_words;
pub mod alter;
pub mod alter_attribute;
pub mod alter_default_privileges;
pub mod alter_domain;
pub mod alter_function;
pub mod alter_identity;
pub mod alter_role;
pub mod ambiguous_columns;
pub mod analyze;
mod array_leaves;
pub mod assigned_attributes;
pub mod assigned_elements;
pub mod assignment;
mod between_symmetric;
pub mod casts_in_names;
pub mod changed_rows;
pub mod character_length;
pub mod checkpoint;
pub mod close;
pub mod collation;
pub mod column_names;
pub mod column_storage;
mod columns;
pub mod comment;
pub mod condition_clause;
pub mod constant_keys;
pub mod constraint;
pub mod copy;
mod copy_options;
pub mod create_check;
pub mod create_composite;
pub mod create_domain;
pub mod create_extension;
pub mod create_external_table;
pub mod create_function;
pub mod create_index;
pub mod create_materialized_view;
pub mod create_model;
pub mod create_role;
pub mod create_schema;
pub mod create_sequence;
pub mod create_table;
pub mod create_type;
pub mod create_view;
pub mod cursor;
pub mod deallocate;
pub mod declare;
pub mod declared_operands;
mod definition;
pub mod delete;
pub mod derived_names;
pub mod describe_history;
pub mod dialect;
pub mod discard;
pub mod distinct_literals;
pub mod domain_casts;
pub mod drop;
pub mod drop_extension;
pub mod drop_function;
pub mod drop_other_kinds;
pub mod drop_role;
pub mod early_parameters;
mod escape_errors;
pub mod execute;
pub mod expanded_size;
pub mod explain;
mod exponents;
pub mod fetch;
pub mod float_width;
pub mod foreign_key;
mod frame_exclusions;
pub mod function_hints;
pub mod function_literals;
pub mod function_settings;
pub mod generated;
pub mod grant;
pub mod hidden_columns;
pub mod hypothetical_sets;
pub mod identity;
mod identity_options;
pub mod insert;
pub mod integer_literals;
mod known_columns;
pub mod lifted;
pub mod like;
mod limits;
pub mod listen;
pub mod literal_parameters;
mod literals;
pub mod lock;
mod lock_clauses;
pub mod merge;
pub mod merged_columns;
pub mod misplaced_defaults;
pub mod model_functions;
pub mod model_options;
pub mod moment_precision;
pub mod name;
pub mod named_arguments;
pub mod named_windows;
mod nested_joins;
mod nested_sets;
pub mod notify;
pub mod numeric_digits;
pub mod on_conflict;
pub mod one_group;
mod operators;
pub mod optimize;
pub mod option_expressions;
pub mod options;
pub mod order_names;
pub mod outer_aggregates;
pub mod outer_columns;
pub mod outer_relations;
pub mod owned;
pub mod parameters;
pub mod parser;
pub mod parts;
pub mod place;
pub mod plain_record;
pub mod prepare;
pub mod qualify;
mod quantified;
mod quantified_patterns;
mod query;
pub mod read_columns;
pub mod record_arguments;
pub mod recursive_terms;
pub mod references;
pub mod refresh;
pub mod reindex;
pub mod relation_literals;
pub mod relation_names;
pub mod relation_wildcards;
mod renamed_calls;
pub mod renamed_wildcards;
pub mod renaming;
pub mod repeated_columns;
pub mod repeated_groups;
pub mod restore;
pub mod returning;
mod row_comparison;
pub mod row_expansions;
pub mod row_locks;
pub mod row_membership;
pub mod row_values;
mod rows_from;
pub mod sampled;
mod schema_literals;
mod scope;
mod search_and_cycle;
mod security_label;
pub mod sequence_calls;
pub mod set;
pub mod set_operation_keys;
pub mod set_returning;
pub mod show;
pub mod shown;
mod similar_substring;
pub mod standard_forms;
mod storage_clauses;
mod syntax_error;
pub mod table_changes;
mod table_queries;
pub mod target_columns;
#[cfg(test)]
mod tests;
pub mod texts;
pub mod time_travel;
mod trailing_junk;
pub mod transaction;
pub mod truncate;
pub mod type_literals;
pub mod type_names;
mod type_places;
mod unicode_escapes;
pub mod unlisten;
pub mod unnested_rows;
pub mod untyped_texts;
pub mod update;
pub mod vacuum;
pub mod value_types;
pub mod values;
pub mod variadic;
pub mod view_columns;
pub mod walk;
pub mod whole_rows;
pub mod with;
pub mod with_changes;
pub mod with_ties;
mod write_command;
pub mod written_types;

pub use name::{ObjectName, QualifiedName};
pub use options::Options;
pub use parser::{StatementText, parse, parse_one, parse_with_text};
pub use references::relations;

use std::fmt;

use datafusion::sql::sqlparser::ast;

/// A statement that the server can execute.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `SELECT`, `VALUES`, `WITH`, `TABLE`.
    Query(Box<ast::Query>),
    /// `EXPLAIN [ANALYZE] query`.
    Explain(explain::Explain),
    /// `CREATE SCHEMA`.
    CreateSchema(create_schema::CreateSchema),
    /// `CREATE EXTERNAL TABLE`.
    CreateExternalTable(create_external_table::CreateExternalTable),
    /// `CREATE VIEW`.
    CreateView(create_view::CreateView),
    /// `CREATE MATERIALIZED VIEW`.
    CreateMaterializedView(create_materialized_view::CreateMaterializedView),
    /// `CREATE TABLE [AS]`.
    CreateTable(create_table::CreateTable),
    /// `CREATE SEQUENCE`.
    CreateSequence(create_sequence::CreateSequence),
    /// `CREATE TYPE`.
    CreateType(create_type::CreateType),
    /// `CREATE TYPE ... AS (...)`.
    CreateComposite(create_composite::CreateComposite),
    /// `CREATE DOMAIN`.
    CreateDomain(Box<create_domain::CreateDomain>),
    /// `CREATE FUNCTION`.
    CreateFunction(Box<create_function::CreateFunction>),
    /// `ALTER FUNCTION`.
    AlterFunction(alter_function::AlterFunction),
    /// `DROP FUNCTION`.
    DropFunction(drop_function::DropFunction),
    /// `CREATE EXTENSION`.
    CreateExtension(create_extension::CreateExtension),
    /// `DROP` of kinds of which nothing can be created.
    DropOtherKinds(drop_other_kinds::DropOtherKinds),
    /// `DROP EXTENSION`.
    DropExtension(drop_extension::DropExtension),
    /// `CREATE ROLE` and `CREATE USER`.
    CreateRole(create_role::CreateRole),
    /// `ALTER ROLE`.
    AlterRole(alter_role::AlterRole),
    /// `DROP ROLE`.
    DropRole(drop_role::DropRole),
    /// `GRANT` and `REVOKE`.
    Grant(grant::Grant),
    /// `ALTER DEFAULT PRIVILEGES`.
    AlterDefaultPrivileges(alter_default_privileges::AlterDefaultPrivileges),
    /// `REASSIGN OWNED` and `DROP OWNED`.
    Owned(owned::Owned),
    /// `CREATE INDEX`.
    CreateIndex(create_index::CreateIndex),
    /// `CREATE CHECK`.
    CreateCheck(create_check::CreateCheck),
    /// `CREATE MODEL`.
    CreateModel(create_model::CreateModel),
    /// `ALTER`.
    Alter(alter::Alter),
    /// `DROP SCHEMA | TABLE | EXTERNAL TABLE | VIEW | MATERIALIZED VIEW | MODEL | CHECK | SEQUENCE | TYPE | INDEX`.
    Drop(drop::Drop),
    /// `REFRESH MATERIALIZED VIEW | MODEL`.
    Refresh(refresh::Refresh),
    /// `INSERT INTO`.
    Insert(insert::Insert),
    /// `UPDATE`.
    Update(update::Update),
    /// `DELETE FROM`.
    Delete(delete::Delete),
    /// `MERGE INTO`.
    Merge(Box<merge::Merge>),
    /// `WITH`, of which clauses change rows.
    WithChanges(with_changes::WithChanges),
    /// `TRUNCATE`.
    Truncate(truncate::Truncate),
    /// `LOCK TABLE`.
    Lock(lock::Lock),
    /// `COPY FROM STDIN` and `COPY TO STDOUT`.
    Copy(copy::Copy),
    /// `COMMENT ON`.
    Comment(comment::Comment),
    /// `DESCRIBE HISTORY`.
    DescribeHistory(describe_history::DescribeHistory),
    /// `OPTIMIZE`.
    Optimize(optimize::Optimize),
    /// `ANALYZE`.
    Analyze(analyze::Analyze),
    /// `VACUUM`.
    Vacuum(vacuum::Vacuum),
    /// `REINDEX`.
    Reindex(reindex::Reindex),
    /// `CHECKPOINT`.
    Checkpoint(checkpoint::Checkpoint),
    /// `RESTORE`.
    Restore(restore::Restore),
    /// `SET` and `RESET`.
    Set(set::Set),
    /// `SHOW`.
    Show(show::Show),
    /// `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT` and the like.
    Transaction(transaction::Transaction),
    /// `PREPARE`.
    Prepare(prepare::Prepare),
    /// `EXECUTE`.
    Execute(execute::Execute),
    /// `DEALLOCATE`.
    Deallocate(deallocate::Deallocate),
    /// `DECLARE`.
    Declare(declare::Declare),
    /// `FETCH` and `MOVE`.
    Fetch(fetch::Fetch),
    /// `CLOSE`.
    Close(close::Close),
    /// `DISCARD`.
    Discard(discard::Discard),
    /// `LISTEN`.
    Listen(listen::Listen),
    /// `UNLISTEN`.
    Unlisten(unlisten::Unlisten),
    /// `NOTIFY`.
    Notify(notify::Notify),
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(query) => shown::Shown(query.as_ref()).fmt(f),
            Self::Explain(statement) => statement.fmt(f),
            Self::CreateSchema(statement) => statement.fmt(f),
            Self::CreateExternalTable(statement) => statement.fmt(f),
            Self::CreateView(statement) => statement.fmt(f),
            Self::CreateMaterializedView(statement) => statement.fmt(f),
            Self::CreateTable(statement) => statement.fmt(f),
            Self::CreateSequence(statement) => statement.fmt(f),
            Self::CreateType(statement) => statement.fmt(f),
            Self::CreateComposite(statement) => statement.fmt(f),
            Self::CreateDomain(statement) => statement.fmt(f),
            Self::CreateFunction(statement) => statement.fmt(f),
            Self::AlterFunction(statement) => statement.fmt(f),
            Self::DropFunction(statement) => statement.fmt(f),
            Self::CreateExtension(statement) => statement.fmt(f),
            Self::DropOtherKinds(statement) => statement.fmt(f),
            Self::DropExtension(statement) => statement.fmt(f),
            Self::CreateRole(statement) => statement.fmt(f),
            Self::AlterRole(statement) => statement.fmt(f),
            Self::DropRole(statement) => statement.fmt(f),
            Self::Grant(statement) => statement.fmt(f),
            Self::AlterDefaultPrivileges(statement) => statement.fmt(f),
            Self::Owned(statement) => statement.fmt(f),
            Self::CreateIndex(statement) => statement.fmt(f),
            Self::CreateCheck(statement) => statement.fmt(f),
            Self::CreateModel(statement) => statement.fmt(f),
            Self::Alter(statement) => statement.fmt(f),
            Self::Drop(statement) => statement.fmt(f),
            Self::Refresh(statement) => statement.fmt(f),
            Self::Insert(statement) => statement.fmt(f),
            Self::Update(statement) => statement.fmt(f),
            Self::Delete(statement) => statement.fmt(f),
            Self::Merge(statement) => statement.fmt(f),
            Self::WithChanges(statement) => statement.fmt(f),
            Self::Truncate(statement) => statement.fmt(f),
            Self::Lock(statement) => statement.fmt(f),
            Self::Copy(statement) => statement.fmt(f),
            Self::Comment(statement) => statement.fmt(f),
            Self::DescribeHistory(statement) => statement.fmt(f),
            Self::Optimize(statement) => statement.fmt(f),
            Self::Analyze(statement) => statement.fmt(f),
            Self::Vacuum(statement) => statement.fmt(f),
            Self::Reindex(statement) => statement.fmt(f),
            Self::Checkpoint(statement) => statement.fmt(f),
            Self::Restore(statement) => statement.fmt(f),
            Self::Set(statement) => statement.fmt(f),
            Self::Show(statement) => statement.fmt(f),
            Self::Transaction(statement) => statement.fmt(f),
            Self::Prepare(statement) => statement.fmt(f),
            Self::Execute(statement) => statement.fmt(f),
            Self::Deallocate(statement) => statement.fmt(f),
            Self::Declare(statement) => statement.fmt(f),
            Self::Fetch(statement) => statement.fmt(f),
            Self::Close(statement) => statement.fmt(f),
            Self::Discard(statement) => statement.fmt(f),
            Self::Listen(statement) => statement.fmt(f),
            Self::Unlisten(statement) => statement.fmt(f),
            Self::Notify(statement) => statement.fmt(f),
        }
    }
}
