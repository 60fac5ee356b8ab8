//! Windows that go by names: `OVER w`, and `OVER (w ORDER BY a)`, which adds to what
//! `WINDOW w AS (...)` says. DataFusion knows the first among the columns alone, and passes over the name
//! in the second.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, Ident, NamedWindowExpr, OrderByKind, Query, Select, SetExpr, VisitorMut,
    WindowSpec, WindowType,
};

use super::cursor::folded;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow, visit_own_expressions_mut};

/// Says in full what windows are named for.
///
/// # Errors
/// 42704 for a window that does not exist; 42P20 for one that is there already, and for what cannot be
/// added to one.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Rewriter))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        flow(of_query(query))
    }
}

fn of_query(query: &mut Query) -> Result<()> {
    of_body(&mut query.body)?;
    let (SetExpr::Select(select), Some(order_by)) = (query.body.as_ref(), &mut query.order_by)
    else {
        return Ok(());
    };
    match &mut order_by.kind {
        OrderByKind::Expressions(keys) => say(keys, &windows(select)?),
        OrderByKind::All(_) => Ok(()),
    }
}

fn of_body(body: &mut SetExpr) -> Result<()> {
    match body {
        SetExpr::Select(select) => {
            let known = windows(select)?;
            say(&mut select.projection, &known)?;
            match &mut select.distinct {
                Some(Distinct::On(keys)) => say(keys, &known),
                _ => Ok(()),
            }
        }
        SetExpr::SetOperation { left, right, .. } => {
            of_body(left)?;
            of_body(right)
        }
        // A query is visited by itself.
        _ => Ok(()),
    }
}

/// A window of the clause `WINDOW`.
struct Window {
    name: String,
    /// What it says, and what the one says that it adds to.
    spec: WindowSpec,
}

fn windows(select: &Select) -> Result<Vec<Window>> {
    let mut known: Vec<Window> = Vec::new();
    for definition in &select.named_window {
        let NamedWindowExpr::WindowSpec(spec) = &definition.1 else {
            continue;
        };
        let name = folded(&definition.0);
        if known.iter().any(|window| window.name == name) {
            let message = format!("window \"{name}\" is already defined");
            return Err(Error::new(SqlState::WINDOWING_ERROR, message));
        }
        let mut spec = spec.clone();
        complete(&mut spec, &known)?;
        known.push(Window { name, spec });
    }
    Ok(known)
}

fn find<'a>(name: &Ident, known: &'a [Window]) -> Result<&'a Window> {
    let name = folded(name);
    let found = known.iter().find(|window| window.name == name);
    found.ok_or_else(|| {
        let message = format!("window \"{name}\" does not exist");
        Error::new(SqlState::UNDEFINED_OBJECT, message)
    })
}

/// Adds what the window says that a specification begins with.
fn complete(spec: &mut WindowSpec, known: &[Window]) -> Result<()> {
    let Some(name) = spec.window_name.take() else {
        return Ok(());
    };
    let window = find(&name, known)?;
    let refused = |what: &str| {
        let message = format!("cannot {what} window \"{}\"", window.name);
        Error::new(SqlState::WINDOWING_ERROR, message)
    };
    if !spec.partition_by.is_empty() {
        return Err(refused("override PARTITION BY clause of"));
    }
    if !spec.order_by.is_empty() && !window.spec.order_by.is_empty() {
        return Err(refused("override ORDER BY clause of"));
    }
    if window.spec.window_frame.is_some() {
        let message = format!(
            "cannot copy window \"{}\" because it has a frame clause",
            window.name
        );
        let error = Error::new(SqlState::WINDOWING_ERROR, message);
        return Err(match (spec.order_by.is_empty(), &spec.window_frame) {
            (true, None) => error.with_hint("Name it without parentheses."),
            _ => error.with_hint("Give the frame where the window is used."),
        });
    }
    spec.partition_by = window.spec.partition_by.clone();
    if spec.order_by.is_empty() {
        spec.order_by = window.spec.order_by.clone();
    }
    Ok(())
}

/// Says in full the windows in a part of a query; subqueries have windows of their own.
fn say(part: &mut impl VisitMut, known: &[Window]) -> Result<()> {
    let said = visit_own_expressions_mut(part, |expression| {
        if let Expr::Function(function) = expression
            && let Some(over) = &mut function.over
        {
            return flow(say_window(over, known));
        }
        ControlFlow::Continue(())
    });
    ended(said)
}

fn say_window(over: &mut WindowType, known: &[Window]) -> Result<()> {
    match over {
        WindowType::WindowSpec(spec) => complete(spec, known),
        WindowType::NamedWindow(name) => {
            let spec = find(name, known)?.spec.clone();
            *over = WindowType::WindowSpec(spec);
            Ok(())
        }
    }
}
