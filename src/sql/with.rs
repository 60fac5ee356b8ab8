//! `WITH [RECURSIVE] name [(columns)] AS (query), ...` in front of a statement.

use std::fmt;

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{Cte, With};

use super::shown::Shown;

/// The clause of these queries.
pub(super) fn of_queries(recursive: bool, cte_tables: Vec<Cte>) -> With {
    With {
        with_token: AttachedToken::empty(),
        recursive,
        cte_tables,
    }
}

/// The clause of a statement that has one around the clause of its query.
pub(super) fn joined(outer: Option<With>, inner: Option<With>) -> Option<With> {
    match (outer, inner) {
        (Some(mut outer), Some(inner)) => {
            outer.recursive |= inner.recursive;
            outer.cte_tables.extend(inner.cte_tables);
            Some(outer)
        }
        (outer, inner) => outer.or(inner),
    }
}

/// The clause with a blank behind it, where it is there.
pub struct Clause<'a>(pub Option<&'a With>);

impl fmt::Display for Clause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(with) => write!(f, "{} ", Shown(with)),
            None => Ok(()),
        }
    }
}
