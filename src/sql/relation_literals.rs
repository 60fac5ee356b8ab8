//! Relations that literals of a definition name: `'orders'::regclass`, and the sequence of
//! `nextval('numbers')` and the like.
//!
//! As in PostgreSQL these are looked up where the definition is made, and go by their full names from then
//! on, so that they mean the same whoever reads it, and follow when what they name is renamed. What an
//! expression computes, a `text` that is cast among it, is looked up where it is computed.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::Expr;

use super::model_functions::parse_name;
use super::name::ObjectName;
use super::{QualifiedName, sequence_calls};
use crate::error::Result;
use crate::sql::walk::{Visit, VisitMut, ended, flow, visit_expressions, visit_expressions_mut};

/// Gives each literal that names a relation to `act`, with the name. Numbers, and what is no name, are none.
///
/// # Errors
/// The first of `act`.
pub fn for_each(
    part: &mut impl VisitMut,
    mut act: impl FnMut(&mut Expr, ObjectName) -> Result<()>,
) -> Result<()> {
    let found = visit_expressions_mut(part, |expression| {
        let literal = match sequence_calls::is_call(expression) {
            true => sequence_calls::first_argument(expression),
            false => matches!(expression, Expr::Cast { .. }).then_some(expression),
        };
        let Some(literal) = literal else {
            return ControlFlow::Continue(());
        };
        let Some(name) = sequence_calls::written(literal).and_then(|text| parse_name(text).ok())
        else {
            return ControlFlow::Continue(());
        };
        flow(act(literal, name))
    });
    ended(found)
}

/// Whether there may be any.
pub fn has_any(part: &impl Visit) -> bool {
    let found = visit_expressions(part, |expression| {
        let is_cast = matches!(expression, Expr::Cast { .. });
        let names = sequence_calls::is_call(expression)
            || is_cast && sequence_calls::written(expression).is_some();
        match names {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    found.is_break()
}

/// The names.
pub fn names(part: &mut impl VisitMut) -> Vec<ObjectName> {
    let mut names = Vec::new();
    let _ = for_each(part, |_, name| {
        names.push(name);
        Ok(())
    });
    names
}

/// Has literals name a relation by its new name; those of definitions are full.
///
/// # Errors
/// None so far.
pub fn rename(part: &mut impl VisitMut, old: &QualifiedName, new: &QualifiedName) -> Result<()> {
    let old = ObjectName::from(old.clone());
    for_each(part, |literal, name| {
        if name == old {
            *literal = sequence_calls::argument(new);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::ast::Query;

    use super::*;
    use crate::sql::{Statement, parse_one};

    fn query(sql: &str) -> Box<Query> {
        let Ok(Statement::Query(query)) = parse_one(sql) else {
            unreachable!("{sql} is a query");
        };
        query
    }

    #[test]
    fn literals_name_relations_and_what_is_computed_does_not() {
        for (sql, expected) in [
            (
                "SELECT nextval('t'), CurrVal('\"T\"'), setval('t'::regclass, 3)",
                "SELECT nextval('s.t'::REGCLASS), CurrVal('s.\"T\"'::REGCLASS), setval('s.t'::REGCLASS, 3)",
            ),
            (
                "SELECT 't'::regclass::oid, CAST('x.t' AS regclass) FROM (SELECT ('t')::regclass) q",
                "SELECT 's.t'::REGCLASS::oid, 'x.t'::REGCLASS FROM (SELECT 's.t'::REGCLASS) q",
            ),
            (
                "SELECT 't'::text::regclass, nextval('t'::text), to_regclass('t'), 't', t::regclass",
                "SELECT 't'::TEXT::REGCLASS, nextval('t'::TEXT), to_regclass('t'), 't', t::REGCLASS",
            ),
            (
                "SELECT '12'::regclass, '-'::regclass, nextval('12'), 'a b'::regclass",
                "SELECT '12'::REGCLASS, '-'::REGCLASS, nextval('12'), 'a b'::REGCLASS",
            ),
        ] {
            let mut read = query(sql);
            assert!(has_any(&read));
            for_each(&mut read, |literal, name| {
                *literal = sequence_calls::argument(&name.qualify("s"));
                Ok(())
            })
            .unwrap();
            assert_eq!(read.to_string(), expected);
        }
    }

    #[test]
    fn other_literals_are_no_names() {
        assert!(!has_any(&query(
            "SELECT 't', 't'::text, to_regclass('t'), t::regclass"
        )));
    }

    #[test]
    fn what_is_renamed_is_named_anew() {
        let (old, new) = (QualifiedName::new("s", "t"), QualifiedName::new("u", "V"));
        let mut read = query("SELECT nextval('s.t'), 's.t'::regclass, 'o.t'::regclass, 's.t'");
        rename(&mut read, &old, &new).unwrap();
        assert_eq!(
            read.to_string(),
            "SELECT nextval('u.\"V\"'::REGCLASS), 'u.\"V\"'::REGCLASS, 'o.t'::REGCLASS, 's.t'"
        );
    }
}
