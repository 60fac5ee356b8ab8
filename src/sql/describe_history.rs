//! `DESCRIBE HISTORY name [LIMIT number]`, as in Databricks.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::name::ObjectName;
use crate::error::Error;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeHistory {
    /// The table or materialized view.
    pub name: ObjectName,
    /// How many versions are told of, at most, the latest first.
    pub limit: Option<u64>,
}

impl DescribeHistory {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let failure = parser.error_here(
            Error::unsupported("DESCRIBE of anything but HISTORY")
                .with_hint("Query information_schema.columns, or use \\d in psql."),
        );
        parser.advance_token();
        if !parser.take_word("HISTORY") {
            return Err(failure);
        }
        let name = parser.object_name()?;
        let limit = match parser.take_word("LIMIT") {
            true => Some(parser.parse_literal_uint()?),
            false => None,
        };
        Ok(Self { name, limit })
    }
}

impl fmt::Display for DescribeHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DESCRIBE HISTORY {}", self.name)?;
        match self.limit {
            Some(limit) => write!(f, " LIMIT {limit}"),
            None => Ok(()),
        }
    }
}
