//! The SQL dialect: Postgres, and what a customer-data warehouse needs beyond it.
//!
//! One file a statement: its syntax tree, its parser and its display. What a statement does stands
//! in the file of the same name in `execute/`. Displaying a statement and parsing it again gives an
//! equal statement: the catalog keeps objects as their displayed `CREATE` statement.

pub mod comment;
pub mod copy;
pub mod create_check;
pub mod create_external_table;
pub mod create_materialized_view;
pub mod create_schema;
pub mod create_table;
pub mod create_view;
pub mod describe_history;
pub mod drop;
pub mod explain;
pub mod insert;
pub mod name;
pub mod options;
pub mod refresh;
pub mod set;
pub mod show;

pub use name::QualifiedName;
pub use options::Options;

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
    /// `CREATE CHECK`.
    CreateCheck(create_check::CreateCheck),
    /// `DROP SCHEMA | TABLE | EXTERNAL TABLE | VIEW | MATERIALIZED VIEW | CHECK`.
    Drop(drop::Drop),
    /// `REFRESH MATERIALIZED VIEW`.
    Refresh(refresh::Refresh),
    /// `INSERT INTO`.
    Insert(insert::Insert),
    /// `COPY FROM STDIN` and `COPY TO STDOUT`.
    Copy(copy::Copy),
    /// `COMMENT ON`.
    Comment(comment::Comment),
    /// `DESCRIBE HISTORY`.
    DescribeHistory(describe_history::DescribeHistory),
    /// `SET` and `RESET`.
    Set(set::Set),
    /// `SHOW`.
    Show(show::Show),
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`.
    Commit,
    /// `ROLLBACK`, `ABORT`.
    Rollback,
}
