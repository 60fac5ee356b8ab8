//! `EXPLAIN [ANALYZE] [VERBOSE] query` and `EXPLAIN (ANALYZE, VERBOSE, ...) query`.

use datafusion::sql::sqlparser::ast::Query;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    /// Whether the query runs, to report what it did.
    pub analyze: bool,
    /// Whether every detail is shown.
    pub verbose: bool,
    /// The query explained.
    pub query: Box<Query>,
}
