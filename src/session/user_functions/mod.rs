//! Calls of functions that users have made: they become what the functions compute, as PostgreSQL
//! inlines such functions, before a query is planned.
//!
//! What is put in stands between the names of the query around it. So an argument that reads columns
//! must not be taken for columns of what the body reads: where it could be, the call is refused.

mod putting;
mod resolution;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    Expr, Query, TableAlias, TableFactor, Value, VisitMut, VisitorMut,
};

use crate::catalog::{Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::sql::create_function::CreateFunction;
use putting::body;
pub use putting::{cast, relation_named};
use resolution::{full_name, plain_arguments, resolve, unnamed};

/// How deep functions may call functions.
const MAX_DEPTH: usize = 32;

/// Gives calls of functions their full names; answers these functions.
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
        act: |call: Call<'_>| {
            found.insert(call.function.oid);
            Ok(None)
        },
    };
    finished(node.visit(&mut visitor))?;
    Ok(found)
}

/// Puts what functions compute in the place of their calls.
///
/// # Errors
/// Those of [`qualify`]; 54001 where functions call each other without end; 0A000 for a call that
/// cannot be put so.
pub fn inline(node: &mut impl VisitMut, snapshot: &Snapshot, path: &[String]) -> Result<()> {
    if !snapshot.has_functions() {
        return Ok(());
    }
    inline_within(node, snapshot, path, 0)
}

fn inline_within(
    node: &mut impl VisitMut,
    snapshot: &Snapshot,
    path: &[String],
    depth: usize,
) -> Result<()> {
    let mut visitor = Calls {
        snapshot,
        path,
        act: |call: Call<'_>| {
            if depth >= MAX_DEPTH {
                return Err(Error::new(
                    SqlState::STATEMENT_TOO_COMPLEX,
                    format!("functions call each other more than {MAX_DEPTH} deep"),
                ));
            }
            let mut put = call.put(snapshot)?;
            match &mut put {
                Put::Value(value) => inline_within(value, snapshot, path, depth + 1)?,
                Put::Rows(rows) => inline_within(rows, snapshot, path, depth + 1)?,
            }
            Ok(Some(put))
        },
    };
    finished(node.visit(&mut visitor))
}

fn finished(flow: ControlFlow<Error>) -> Result<()> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// The body of a function with arguments that are NULL, to see what it answers.
///
/// # Errors
/// Those of the body's text.
pub fn probe(create: &CreateFunction, snapshot: &Snapshot) -> Result<Box<Query>> {
    let nulls = create.arguments.iter();
    let nulls = nulls.map(|it| cast(Expr::value(Value::Null), it.data_type.clone()));
    let values: Vec<Expr> = nulls.collect();
    body(create, &values, snapshot).map(|(body, _)| body)
}

/// What a call becomes.
enum Put {
    Value(Box<Expr>),
    Rows(Box<TableFactor>),
}

/// A call of a function.
struct Call<'a> {
    function: &'a Arc<Object>,
    create: &'a CreateFunction,
    /// By argument, its value.
    values: Vec<Expr>,
    /// In `FROM`: the alias, and whether it may read what stands before it.
    rows: Option<(Option<TableAlias>, bool)>,
}

struct Calls<'a, F> {
    snapshot: &'a Snapshot,
    path: &'a [String],
    act: F,
}

impl<'a, F: FnMut(Call<'a>) -> Result<Option<Put>>> VisitorMut for Calls<'a, F> {
    type Break = Error;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match self.value(expr) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        match self.rows(factor) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

impl<'a, F: FnMut(Call<'a>) -> Result<Option<Put>>> Calls<'a, F> {
    fn value(&mut self, expr: &mut Expr) -> Result<()> {
        let Expr::Function(function) = expr else {
            return Ok(());
        };
        let Some(arguments) = plain_arguments(function) else {
            return Ok(());
        };
        let Some((found, create, values)) =
            resolve(self.snapshot, self.path, &function.name, arguments)?
        else {
            return Ok(());
        };
        function.name = full_name(found, create);
        let call = Call {
            function: found,
            create,
            values,
            rows: None,
        };
        if let Some(Put::Value(value)) = (self.act)(call)? {
            *expr = *value;
        }
        Ok(())
    }

    fn rows(&mut self, factor: &mut TableFactor) -> Result<()> {
        let (name, arguments, alias, lateral) = match factor {
            TableFactor::Table {
                name,
                args: Some(arguments),
                alias,
                ..
            } => (name, &arguments.args, alias, false),
            TableFactor::Function {
                name,
                args,
                alias,
                lateral,
                ..
            } => (name, &*args, alias, *lateral),
            _ => return Ok(()),
        };
        let Some(arguments) = unnamed(arguments) else {
            return Ok(());
        };
        let Some((found, create, values)) = resolve(self.snapshot, self.path, name, arguments)?
        else {
            return Ok(());
        };
        *name = full_name(found, create);
        let call = Call {
            function: found,
            create,
            values,
            rows: Some((alias.clone(), lateral)),
        };
        if let Some(Put::Rows(rows)) = (self.act)(call)? {
            *factor = *rows;
        }
        Ok(())
    }
}
