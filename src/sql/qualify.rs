//! Finds the relations that a query reads, and writes their names in full.
//!
//! A stored definition must mean the same whatever the `search_path` of who reads it, so names are
//! resolved once, where the object is created. Names of common table expressions are left alone.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{ObjectName as AstName, Query, TableFactor, VisitorMut};

use super::QualifiedName;
use super::cursor::object_name_from;
use super::model_functions;
use super::name::ObjectName;
use super::renaming::identifier;
use super::scope::Scopes;
use super::table_changes;
use crate::error::{Error, Result};
use crate::sql::walk::{VisitMut, ended, flow};

/// What a place in a query names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A relation.
    Relation,
    /// A model, by a function that reads it.
    Model,
}

/// Replaces each relation's name by what `resolve` answers for it.
///
/// `resolve` is asked once for each place that reads a relation, or a model.
///
/// # Errors
/// The first error of `resolve`.
pub fn qualify(
    query: &mut Query,
    resolve: impl FnMut(ObjectName, Named) -> Result<QualifiedName>,
) -> Result<()> {
    let mut visitor = Qualifier {
        resolve,
        scopes: Scopes::default(),
    };
    ended(query.visit(&mut visitor))
}

struct Qualifier<F> {
    resolve: F,
    scopes: Scopes,
}

impl<F: FnMut(ObjectName, Named) -> Result<QualifiedName>> VisitorMut for Qualifier<F> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.scopes.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        let resolved = match factor {
            TableFactor::Table {
                name, args: None, ..
            } => {
                if self.scopes.hides(name) {
                    return ControlFlow::Continue(());
                }
                object_name_from(name)
                    .and_then(|name| (self.resolve)(name, Named::Relation))
                    .map(|full| *name = ast_name(&full))
            }
            factor => model_functions::qualify(factor, &mut self.resolve)
                .and_then(|()| table_changes::qualify(factor, &mut self.resolve)),
        };
        flow(resolved)
    }
}

/// A full name as the parser would have read it.
pub fn ast_name(name: &QualifiedName) -> AstName {
    AstName::from(vec![identifier(&name.schema), identifier(&name.name)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    fn qualified(sql: &str) -> String {
        let Statement::Query(mut query) = parse_one(sql).unwrap() else {
            panic!("not a query")
        };
        qualify(&mut query, |name, _| Ok(name.qualify("s"))).unwrap();
        query.to_string()
    }

    #[test]
    fn relations_get_their_schema_and_expressions_of_with_do_not() {
        assert_eq!(
            qualified("SELECT * FROM t, other.u AS x"),
            "SELECT * FROM s.t, other.u AS x"
        );
        assert_eq!(
            qualified("WITH t AS (SELECT * FROM t) SELECT * FROM t JOIN u ON u.a = t.a"),
            "WITH t AS (SELECT * FROM s.t) SELECT * FROM t JOIN s.u ON u.a = t.a"
        );
        assert_eq!(
            qualified(
                "SELECT * FROM a WHERE EXISTS (SELECT 1 FROM \"B\" WHERE x IN (SELECT y FROM c))"
            ),
            "SELECT * FROM s.a WHERE EXISTS (SELECT 1 FROM s.\"B\" WHERE x IN (SELECT y FROM s.c))"
        );
        assert_eq!(
            qualified("SELECT * FROM generate_series(1, 2)"),
            "SELECT * FROM generate_series(1, 2)"
        );
        assert_eq!(
            qualified(
                "SELECT * FROM entity_evaluate('m', 'x.\"T\"') JOIN Entity_Clusters('M') c ON true"
            ),
            "SELECT * FROM entity_evaluate('s.m', 'x.\"T\"') JOIN Entity_Clusters('s.m') c ON true"
        );
        assert_eq!(
            qualified(
                "SELECT * FROM table_changes('t', 3) JOIN Table_Changes('u.v', 1, '2026-01-01') ON true"
            ),
            "SELECT * FROM table_changes('s.t', 3) JOIN Table_Changes('u.v', 1, '2026-01-01') ON true"
        );
    }
}
