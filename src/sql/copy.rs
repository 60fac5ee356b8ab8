//! `COPY name [(columns)] FROM STDIN | COPY name [(columns)] TO STDOUT | COPY (query) TO STDOUT
//! [WITH (FORMAT csv | text, DELIMITER, NULL, HEADER, QUOTE, ESCAPE, FORCE_QUOTE, ...)]`.

use datafusion::sql::sqlparser::ast::Query;

use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    /// From where, or to where.
    pub direction: Direction,
    /// How rows are written.
    pub format: CopyFormat,
}

/// Which way the rows go.
#[derive(Clone, Debug, PartialEq)]
pub enum Direction {
    /// `COPY table FROM STDIN`.
    FromStdin {
        /// The table that takes the rows.
        table: ObjectName,
        /// The columns given; empty for all, in order.
        columns: Vec<String>,
    },
    /// `COPY table TO STDOUT`.
    TableToStdout {
        /// The relation read.
        table: ObjectName,
        /// The columns read; empty for all.
        columns: Vec<String>,
    },
    /// `COPY (query) TO STDOUT`.
    QueryToStdout(Box<Query>),
}

/// The format of rows, with Postgres's defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyFormat {
    /// Tab-separated with backslash escapes.
    Text {
        /// Between fields.
        delimiter: u8,
        /// What stands for NULL.
        null: String,
        /// Whether the first line names the columns.
        header: bool,
    },
    /// Comma-separated.
    Csv {
        /// Between fields.
        delimiter: u8,
        /// What stands, unquoted, for NULL.
        null: String,
        /// Whether the first line names the columns.
        header: bool,
        /// Around fields.
        quote: u8,
        /// Before a quote within quotes.
        escape: u8,
    },
}
