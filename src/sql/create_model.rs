//! `CREATE [OR REPLACE] MODEL [IF NOT EXISTS] name
//! OPTIONS (model_type = 'entity_resolution', unique_id = 'column', option = value, ...) AS query [WITH [NO] DATA]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::Query;

use super::cursor::{Parsed, Parser};
use super::model_options::ModelOptions;
use super::name::{ObjectName, write_create};
use super::query;
use super::shown::Shown;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateModel {
    /// The model.
    pub name: ObjectName,
    /// What is learned, and how.
    pub options: ModelOptions,
    /// What it is learned from.
    pub query: Box<Query>,
    /// Whether it is trained at once; `run` and `REFRESH` train it otherwise.
    pub with_data: bool,
    /// Whether an existing one is fine.
    pub if_not_exists: bool,
    /// Whether an existing one is replaced.
    pub or_replace: bool,
}

impl CreateModel {
    /// Parses the statement after `CREATE [OR REPLACE]`.
    pub(super) fn parse(parser: &mut Parser, or_replace: bool) -> Parsed<Self> {
        parser.expect_words(&["MODEL"])?;
        let if_not_exists = parser.take_if_not_exists(or_replace)?;
        let name = parser.object_name()?;
        parser.expect_words(&["OPTIONS"])?;
        let options = ModelOptions::parse(parser)?;
        parser.expect_words(&["AS"])?;
        let query = query::parse(parser)?;
        let with_data = if parser.take_words(&["WITH", "NO", "DATA"]) {
            false
        } else {
            let _ = parser.take_words(&["WITH", "DATA"]);
            true
        };
        Ok(Self {
            name,
            options,
            query,
            with_data,
            if_not_exists,
            or_replace,
        })
    }
}

impl fmt::Display for CreateModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_create(f, self.or_replace, "MODEL", self.if_not_exists, &self.name)?;
        write!(f, " {} AS {}", self.options, Shown(self.query.as_ref()))?;
        if self.with_data {
            Ok(())
        } else {
            f.write_str(" WITH NO DATA")
        }
    }
}
