//! Calls of functions that users have made: they become what the functions compute, as PostgreSQL
//! inlines such functions, before a query runs.
//!
//! A call that gives a value is planned as one of a function of the planner's (`call`), whose
//! arguments belong to the query around it; then the plan of the body takes its place (`expansion`).
//! A call in `FROM` is a lateral subquery from the start (`body`), and one that gives rows in a list of answers is
//! put there (`selected`).

mod body;
mod call;
mod expansion;
mod fields_of_arguments;
mod ordinality;
mod own_settings;
mod resolution;
mod selected;
mod told_arguments;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, ObjectName, TableAlias, TableFactor, VisitorMut};

use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow};
pub use body::{gathered, plain_type, probe, row_named, with_current_row};
pub use call::FUNCTION;
pub use expansion::expand;
pub use own_settings::asked as asked_setting;
use resolution::{Candidate, full_name, plain_arguments, resolve, unnamed};
pub(super) use resolution::{Given, Place, choose};

/// How deep functions may call functions.
const MAX_DEPTH: usize = 32;

/// Gives calls of functions their full names; answers the functions that they may mean.
///
/// # Errors
/// 42883 for a call with arguments that no function of the name takes; 42725 where several do.
pub fn qualify(
    node: &mut impl VisitMut,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<BTreeSet<Oid>> {
    let mut found = BTreeSet::new();
    if !snapshot.has_functions() {
        return Ok(found);
    }
    let mut visitor = Calls {
        snapshot,
        path,
        act: |call: Call<'_, '_>| {
            found.extend(call.candidates.iter().map(|it| it.function.oid));
            Ok(None)
        },
    };
    ended(node.visit(&mut visitor))?;
    Ok(found)
}

/// Writes calls so that they can be planned: those in `FROM` as subqueries, others as calls of a
/// function of the planner's, which [`expand`] puts bodies in the place of.
///
/// # Errors
/// Those of [`qualify`]; 54001 where functions call each other without end; 0A000 for a function that gives rows where a value is expected.
pub fn mark(node: &mut impl VisitMut, snapshot: &Snapshot, path: &[String]) -> Result<()> {
    if !snapshot.has_functions() {
        return Ok(());
    }
    mark_within(node, snapshot, path, &mut Vec::new())
}

fn mark_within(
    node: &mut impl VisitMut,
    snapshot: &Snapshot,
    path: &[String],
    open: &mut Vec<Oid>,
) -> Result<()> {
    selected::put_into_from(node, snapshot, path);
    let mut visitor = Calls {
        snapshot,
        path,
        act: |call: Call<'_, '_>| {
            let Some(rows) = call.rows else {
                let value = call::written(&call.name, call.candidates)?;
                return Ok(Some(Put::Value(Box::new(value))));
            };
            let [candidate] = call.candidates else {
                return Err(resolution::ambiguous(&call.name.to_string()));
            };
            let mut rows = body::rows(candidate, snapshot, rows)?;
            enter(open, candidate.function.oid)?;
            mark_within(&mut rows, snapshot, path, open)?;
            open.pop();
            Ok(Some(Put::Rows(Box::new(rows))))
        },
    };
    ended(node.visit(&mut visitor))
}

/// Notes that the body of a function is looked into.
fn enter(open: &mut Vec<Oid>, function: Oid) -> Result<()> {
    if open.len() >= MAX_DEPTH || open.contains(&function) {
        return Err(Error::new(
            SqlState::STATEMENT_TOO_COMPLEX,
            format!("functions call themselves, or each other more than {MAX_DEPTH} deep"),
        )
        .with_detail("What functions compute is put in the place of their calls.")
        .with_hint("WITH RECURSIVE computes step after step."));
    }
    open.push(function);
    Ok(())
}

/// What a call becomes.
enum Put {
    Value(Box<Expr>),
    Rows(Box<TableFactor>),
}

/// A call of a function, and the functions that it may mean.
struct Call<'a, 'b> {
    name: ObjectName,
    candidates: &'b [Candidate<'a>],
    /// How it stands in `FROM`.
    rows: Option<Rows>,
}

/// A call in `FROM`.
struct Rows {
    alias: Option<TableAlias>,
    /// Whether it may read what stands before it.
    lateral: bool,
    /// Whether its rows are numbered.
    with_ordinality: bool,
}

struct Calls<'a, F> {
    snapshot: &'a Snapshot,
    path: &'a [String],
    act: F,
}

impl<'a, F: FnMut(Call<'a, '_>) -> Result<Option<Put>>> VisitorMut for Calls<'a, F> {
    type Break = Error;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        flow(self.value(expr))
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        flow(self.rows(factor))
    }
}

impl<'a, F: FnMut(Call<'a, '_>) -> Result<Option<Put>>> Calls<'a, F> {
    fn value(&mut self, expr: &mut Expr) -> Result<()> {
        let Expr::Function(function) = expr else {
            return Ok(());
        };
        let Some(arguments) = plain_arguments(function) else {
            return Ok(());
        };
        let candidates = resolve(self.snapshot, self.path, &function.name, &arguments)?;
        let Some(first) = candidates.first() else {
            return Ok(());
        };
        function.name = full_name(first.function, first.create);
        let call = Call {
            name: function.name.clone(),
            candidates: &candidates,
            rows: None,
        };
        if let Some(Put::Value(value)) = (self.act)(call)? {
            *expr = *value;
        }
        Ok(())
    }

    fn rows(&mut self, factor: &mut TableFactor) -> Result<()> {
        let (name, arguments, alias, lateral, with_ordinality) = match factor {
            TableFactor::Table {
                name,
                args: Some(arguments),
                alias,
                with_ordinality,
                ..
            } => (name, &arguments.args, alias, false, *with_ordinality),
            TableFactor::Function {
                name,
                args,
                alias,
                lateral,
                with_ordinality,
            } => (name, &*args, alias, *lateral, *with_ordinality),
            _ => return Ok(()),
        };
        let Some(arguments) = unnamed(arguments) else {
            return Ok(());
        };
        let candidates = resolve(self.snapshot, self.path, name, &arguments)?;
        let Some(first) = candidates.first() else {
            return Ok(());
        };
        *name = full_name(first.function, first.create);
        let call = Call {
            name: name.clone(),
            candidates: &candidates,
            rows: Some(Rows {
                alias: alias.clone(),
                lateral,
                with_ordinality,
            }),
        };
        if let Some(Put::Rows(rows)) = (self.act)(call)? {
            *factor = *rows;
        }
        Ok(())
    }
}
