//! Rows of relations that calls in `FROM` are given: `FROM pair, again(pair)`. A call in `FROM` becomes a subquery,
//! in which no relation has that name; so the row is said by its columns.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, Select, SelectItem, SetExpr,
    TableFactor, VisitorMut,
};

use crate::catalog::pg_catalog::{functions_named, has_row_type};
use crate::catalog::{Object, Snapshot};
use crate::sql::cursor::{fold, object_name_from};
use crate::sql::drop_function::FunctionName;
use crate::sql::name::Quoted;
use crate::sql::walk::VisitMut;
use crate::sql::{Statement, parse_one};

/// Says such rows.
pub(super) fn name(node: &mut impl VisitMut, snapshot: &Snapshot, path: &[String]) {
    // Nothing breaks the walk.
    let _ = node.visit(&mut Namer { snapshot, path });
}

struct Namer<'a> {
    snapshot: &'a Snapshot,
    path: &'a [String],
}

/// A relation that stands before a call, by the name that it has there.
struct Before {
    name: String,
    object: Arc<Object>,
}

impl VisitorMut for Namer<'_> {
    type Break = Infallible;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        let mut before = Vec::new();
        for table in &mut select.from {
            let joined = table.joins.iter_mut().map(|join| &mut join.relation);
            for factor in std::iter::once(&mut table.relation).chain(joined) {
                if !before.is_empty() {
                    self.arguments(factor, &before);
                }
                before.extend(self.relation(factor));
            }
        }
        ControlFlow::Continue(())
    }
}

impl Namer<'_> {
    /// The relation that has rows of a type of their own.
    fn relation(&self, factor: &TableFactor) -> Option<Before> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = factor
        else {
            return None;
        };
        if alias
            .as_ref()
            .is_some_and(|alias| !alias.columns.is_empty())
        {
            return None;
        }
        let own = object_name_from(name).ok()?;
        let object = self.snapshot.resolve(&own, self.path).ok()?;
        let name = match alias {
            Some(alias) => folded(&alias.name),
            None => own.name,
        };
        has_row_type(&object).then_some(Before { name, object })
    }

    fn arguments(&self, factor: &mut TableFactor, before: &[Before]) {
        let (name, arguments) = match factor {
            TableFactor::Table {
                name,
                args: Some(arguments),
                ..
            } => (&*name, &mut arguments.args),
            TableFactor::Function { name, args, .. } => (&*name, args),
            _ => return,
        };
        if !self.is_known(name) {
            return;
        }
        for argument in arguments {
            let (FunctionArg::Unnamed(FunctionArgExpr::Expr(value))
            | FunctionArg::Named {
                arg: FunctionArgExpr::Expr(value),
                ..
            }) = argument
            else {
                continue;
            };
            let Expr::Identifier(meant) = &*value else {
                continue;
            };
            let meant = folded(meant);
            // A column comes before a relation.
            let is_column = |it: &Before| it.object.schema.field_with_name(&meant).is_ok();
            if before.iter().any(is_column) {
                continue;
            }
            if let Some(row) = before
                .iter()
                .rev()
                .find(|it| it.name == meant)
                .and_then(row)
            {
                *value = row;
            }
        }
    }

    /// Whether users have made a function of a name.
    fn is_known(&self, name: &ObjectName) -> bool {
        let Ok(name) = object_name_from(name) else {
            return false;
        };
        let function = FunctionName { name, types: None };
        !functions_named(self.snapshot, &function, self.path).is_empty()
    }
}

/// The row of a relation.
fn row(of: &Before) -> Option<Expr> {
    let fields = of.object.schema.fields().iter();
    let fields = fields.map(|field| format!("{}.{}", Quoted(&of.name), Quoted(field.name())));
    let fields = fields.collect::<Vec<_>>().join(", ");
    let text = format!("SELECT CAST(ROW({fields}) AS {})", of.object.name);
    let Ok(Statement::Query(query)) = parse_one(&text) else {
        return None;
    };
    match query.body.as_ref() {
        SetExpr::Select(select) => match select.projection.as_slice() {
            [SelectItem::UnnamedExpr(row) | SelectItem::ExprWithAlias { expr: row, .. }] => {
                Some(row.clone())
            }
            _ => None,
        },
        _ => None,
    }
}

fn folded(name: &Ident) -> String {
    fold(name.value.clone(), name.quote_style)
}
