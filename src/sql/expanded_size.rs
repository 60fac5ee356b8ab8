//! How large a query becomes once its `WITH` clauses are put where they are read.
//!
//! DataFusion's planner puts the plan of such a clause wherever its name is read, and walks all of it
//! each time, so clauses that each read the one before twice double the work with every line. How much
//! that is can be told from the text, before any of it is planned.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Cte, ObjectName, Query, Select, Visitor};

use super::cursor::folded;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::Visit as _;

/// The most relations that a query reads, clauses as often as they are read.
const MAX_RELATIONS: usize = 10_000;

/// The most columns of a select list, as in PostgreSQL.
const MAX_COLUMNS: usize = 1_664;

/// Refuses a query that becomes too large.
///
/// # Errors
/// 54001 for too many relations; 54011 for too many columns.
pub fn check(query: &Query) -> Result<()> {
    let mut counting = Counting {
        open: vec![Open::default()],
        largest: 0,
        widest: 0,
    };
    let _ = query.visit(&mut counting);
    if counting.widest > MAX_COLUMNS {
        let message = format!("target lists can have at most {MAX_COLUMNS} entries");
        return Err(Error::new(SqlState::TOO_MANY_COLUMNS, message));
    }
    if counting.largest <= MAX_RELATIONS {
        return Ok(());
    }
    let message = format!("the query reads more than {MAX_RELATIONS} relations");
    Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, message)
        .with_detail(
            "A WITH query that is read several times is planned as often, and so is what it reads.",
        )
        .with_hint("Make a temporary table of the WITH query that is read most."))
}

/// Counts relations.
struct Counting {
    /// The queries that are being looked at, the innermost last.
    open: Vec<Open>,
    /// The most relations that a query or clause reads.
    largest: usize,
    /// The most columns that a select list has written.
    widest: usize,
}

/// A query that is being looked at.
#[derive(Default)]
struct Open {
    relations: usize,
    /// The clauses that have been looked at, by their names: how many relations they read.
    known: HashMap<String, usize>,
    /// The clauses' names, by their queries.
    names: HashMap<*const Query, String>,
}

impl Counting {
    fn read(&mut self, relations: usize) {
        if let Some(open) = self.open.last_mut() {
            open.relations = open.relations.saturating_add(relations);
        }
    }
}

impl Visitor for Counting {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let clauses = query.with.iter().flat_map(|with| &with.cte_tables);
        let named = |cte: &Cte| (std::ptr::from_ref(cte.query.as_ref()), name_of(cte));
        self.open.push(Open {
            names: clauses.map(named).collect(),
            ..Open::default()
        });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let relations = self.open.pop().map_or(0, |open| open.relations);
        self.largest = self.largest.max(relations);
        let Some(around) = self.open.last_mut() else {
            return ControlFlow::Continue(());
        };
        match around.names.remove(&std::ptr::from_ref(query)) {
            Some(name) => {
                around.known.insert(name, relations.max(1));
            }
            None => self.read(relations),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let clause = match relation.0.as_slice() {
            [name] => name.as_ident(),
            _ => None,
        };
        let clause = clause.map(folded);
        let known = clause.and_then(|name| {
            let mut scopes = self.open.iter().rev();
            scopes.find_map(|open| open.known.get(&name).copied())
        });
        self.read(known.unwrap_or(1));
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.widest = self.widest.max(select.projection.len());
        ControlFlow::Continue(())
    }
}

fn name_of(cte: &Cte) -> String {
    let name = &cte.alias.name;
    folded(name)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::error::SqlState;
    use crate::sql::{Statement, parse_one};

    fn refused(text: &str) -> Option<SqlState> {
        match parse_one(text).unwrap() {
            Statement::Query(query) => check(&query).err().map(|error| error.sqlstate()),
            _ => panic!("no query"),
        }
    }

    /// Clauses that each read the one before twice.
    fn doubled(levels: usize) -> String {
        let more = (1..=levels).map(|level| {
            let below = level - 1;
            format!(", c{level} AS (SELECT x.a FROM c{below} x, c{below} y)")
        });
        let more: String = more.collect();
        format!("WITH c0 AS (SELECT 1 AS a){more} SELECT count(*) FROM c{levels}")
    }

    #[test]
    fn clauses_count_as_often_as_they_are_read() {
        assert_eq!(refused(&doubled(13)), None);
        assert_eq!(refused(&doubled(14)), Some(SqlState::STATEMENT_TOO_COMPLEX));
        assert_eq!(
            refused(&doubled(400)),
            Some(SqlState::STATEMENT_TOO_COMPLEX)
        );
    }

    #[test]
    fn a_name_is_that_of_the_nearest_clause() {
        let reading = |from: &str| doubled(13).replace("SELECT count(*) FROM c13", from);
        let twice = "SELECT x.a FROM c13 x, c13 y";
        let known = Some(SqlState::STATEMENT_TOO_COMPLEX);
        assert_eq!(refused(&reading(twice)), known);
        let inner = format!("SELECT * FROM (WITH c13 AS (SELECT 1 AS a) {twice}) t");
        assert_eq!(refused(&reading(&inner)), None);
    }

    #[test]
    fn wide_lists_are_refused() {
        let columns = |count: usize| vec!["1"; count].join(", ");
        assert_eq!(refused(&format!("SELECT {}", columns(1_664))), None);
        let wide = format!("SELECT * FROM (SELECT {}) t", columns(1_665));
        assert_eq!(refused(&wide), Some(SqlState::TOO_MANY_COLUMNS));
    }
}
