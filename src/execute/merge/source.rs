//! What a `MERGE` holds its table against: a table, a query, a function that gives rows, or a join of such,
//! whose relations keep their names.

use datafusion::sql::sqlparser::ast::TableFactor;

use super::super::modify::{self, Changing};
use crate::error::{Error, Result, SqlState};
use crate::sql::name::Quoted;
use crate::sql::shown::Shown;

/// The column that tells rows of the source from those that an outer join adds.
const COLUMN: &str = "tributary:source";

/// The relations of a source.
pub(super) struct Source {
    /// The names by which expressions know them.
    pub names: Vec<String>,
    /// The source as `FROM` has it, for its columns alone.
    pub read: String,
    /// The source as it is joined: each of its rows has the mark.
    pub joined: String,
    /// What is NULL where there is no row of the source.
    pub mark: String,
}

impl Source {
    /// The source as it is written.
    ///
    /// # Errors
    /// 42712 for one of the table's name; 42601 for one without a name.
    pub fn of(written: &TableFactor, changing: &Changing) -> Result<Self> {
        let mut names = Vec::new();
        modify::names_of(written, &mut names)?;
        if names.contains(&changing.name) {
            return Err(modify::named_twice(&changing.name));
        }
        let from = Shown(written).to_string();
        Ok(match (names.as_slice(), written) {
            (_, TableFactor::NestedJoin { alias: None, .. }) => Self {
                joined: format!(
                    "({from} CROSS JOIN (SELECT true AS \"{COLUMN}\") AS \"{COLUMN}\")"
                ),
                mark: format!("\"{COLUMN}\".\"{COLUMN}\""),
                read: from,
                names,
            },
            ([name], _) => {
                let name = Quoted(name);
                Self {
                    joined: format!("(SELECT *, true AS \"{COLUMN}\" FROM {from}) AS {name}"),
                    mark: format!("{name}.\"{COLUMN}\""),
                    read: match written {
                        TableFactor::Table { args: None, .. } | TableFactor::Derived { .. } => from,
                        _ => format!("(SELECT * FROM {from}) AS {name}"),
                    },
                    names,
                }
            }
            _ => {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "the source of MERGE must have a name",
                )
                .with_hint("Write USING (query) AS name."));
            }
        })
    }
}
