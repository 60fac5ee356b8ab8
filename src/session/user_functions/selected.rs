//! Calls of functions that give rows in a list of answers: `SELECT a, f(a) FROM t`, `(f(a)).field` and
//! `(f(a)).*`. Each row of the query is there with each row that the function gives for it, as if the function
//! stood in `FROM` behind everything else; so it is put there.
//!
//! That is not so where a list has several such calls, whose rows PostgreSQL puts side by side, nor where windows
//! or groups are computed before them. Such calls are left, and refused as values.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, GroupByExpr, Ident, ObjectName, Query, Select, SelectItem, SetExpr,
    TableAlias, TableAliasColumnDef, TableFactor, TableWithJoins, Value, VisitorMut,
};

use super::body::row_named;
use super::resolution::{plain_arguments, resolve};
use crate::catalog::Snapshot;
use crate::sql::column_names;
use crate::sql::create_function::Returns;
use crate::sql::cursor::folded;
use crate::sql::row_expansions::row_of;
use crate::sql::walk::{VisitMut, visit_own_expressions, visit_own_expressions_mut};

/// The relation of the rows that a call gives. No name that a user would write.
const ROWS: &str = "tributary:rows";
/// What the names of its columns begin with, so that they are none of another relation's.
const COLUMN: &str = "tributary:row:";
/// The function that makes a record of names and values.
const RECORD: &str = "tributary_row";

/// Puts such calls into `FROM`.
pub(super) fn put_into_from(node: &mut impl VisitMut, snapshot: &Snapshot, path: &[String]) {
    let _ = VisitMut::visit(node, &mut Lists { snapshot, path });
}

struct Lists<'a> {
    snapshot: &'a Snapshot,
    path: &'a [String],
}

impl VisitorMut for Lists<'_> {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        self.within(&mut query.body);
        ControlFlow::Continue(())
    }
}

impl Lists<'_> {
    fn within(&self, body: &mut SetExpr) {
        match body {
            SetExpr::Select(select) => self.rewrite(select),
            SetExpr::SetOperation { left, right, .. } => {
                self.within(left);
                self.within(right);
            }
            _ => {}
        }
    }

    fn rewrite(&self, select: &mut Select) {
        let Some(call) = self.only_call(select) else {
            return;
        };
        let items = std::mem::take(&mut select.projection).into_iter();
        select.projection = items.flat_map(|item| call.item(item)).collect();
        let arguments = match &call.function.args {
            FunctionArguments::List(list) => list.args.clone(),
            _ => Vec::new(),
        };
        let columns = call.columns.iter();
        let columns = columns.map(|column| TableAliasColumnDef {
            name: own_name(column),
            data_type: None,
        });
        select.from.push(TableWithJoins {
            relation: TableFactor::Function {
                lateral: false,
                name: call.function.name.clone(),
                args: arguments,
                with_ordinality: false,
                alias: Some(TableAlias {
                    explicit: true,
                    name: Ident::with_quote('"', ROWS),
                    columns: columns.collect(),
                    at: None,
                }),
            },
            joins: Vec::new(),
        });
    }

    /// The one call of a list, however often it is said.
    fn only_call(&self, select: &Select) -> Option<Call> {
        let has_groups = match &select.group_by {
            GroupByExpr::All(_) => true,
            GroupByExpr::Expressions(keys, modifiers) => !keys.is_empty() || !modifiers.is_empty(),
        };
        if has_groups || select.having.is_some() {
            return None;
        }
        let mut found: Vec<Call> = Vec::new();
        let mut has_window = false;
        let mut see = |part: &Expr| -> ControlFlow<Infallible> {
            if let Expr::Function(function) = part {
                has_window |= function.over.is_some();
                let is_known = found.iter().any(|it| it.function == *function);
                if !is_known && let Some(columns) = self.columns_of(function) {
                    found.push(Call {
                        function: function.clone(),
                        columns,
                    });
                }
            }
            ControlFlow::Continue(())
        };
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    let _ = visit_own_expressions(expr, &mut see);
                }
                // It would be all columns of the rows, too.
                SelectItem::Wildcard(_) => return None,
                _ => {}
            }
        }
        let is_one = found.len() == 1 && !has_window;
        found.pop().filter(|_| is_one)
    }

    /// The columns of the rows that a call of a user's function gives; none for any other call.
    fn columns_of(&self, function: &Function) -> Option<Vec<String>> {
        let arguments = plain_arguments(function)?;
        let candidates = resolve(self.snapshot, self.path, &function.name, &arguments).ok()?;
        let [candidate] = candidates.as_slice() else {
            return None;
        };
        let value = || vec![candidate.create.name.name.clone()];
        match &candidate.create.returns {
            Returns::Type(_) => None,
            Returns::Table(columns) => Some(columns.iter().map(|(name, _)| name.clone()).collect()),
            Returns::SetOf(of) => Some(match row_named(self.snapshot, of) {
                Some(relation) => {
                    let fields = relation.schema.fields().iter();
                    fields.map(|field| field.name().clone()).collect()
                }
                None => value(),
            }),
        }
    }
}

/// A call that gives rows, and the columns of these.
struct Call {
    function: Function,
    columns: Vec<String>,
}

impl Call {
    /// An item of the list with columns of the rows in the place of the call; it keeps its name.
    fn item(&self, item: SelectItem) -> Vec<SelectItem> {
        match item {
            SelectItem::UnnamedExpr(expr) if row_of(&expr).is_some_and(|row| self.is(row)) => {
                let columns = self.columns.iter();
                let items = columns.map(|name| SelectItem::ExprWithAlias {
                    expr: column(name),
                    alias: Ident::with_quote('"', name),
                });
                items.collect()
            }
            SelectItem::UnnamedExpr(mut expr) => {
                let name = column_names::name_of(&expr);
                match self.put_within(&mut expr) {
                    true => vec![SelectItem::ExprWithAlias {
                        expr,
                        alias: Ident::with_quote('"', name),
                    }],
                    false => vec![SelectItem::UnnamedExpr(expr)],
                }
            }
            SelectItem::ExprWithAlias { mut expr, alias } => {
                self.put_within(&mut expr);
                vec![SelectItem::ExprWithAlias { expr, alias }]
            }
            other => vec![other],
        }
    }

    /// Puts columns of the rows in the place of the call within an expression; answers whether it is there.
    fn put_within(&self, expr: &mut Expr) -> bool {
        let mut is_there = false;
        let _: ControlFlow<Infallible> = visit_own_expressions_mut(expr, |part| {
            if let Some(placed) = self.placed(part) {
                *part = placed;
                is_there = true;
            }
            ControlFlow::Continue(())
        });
        is_there
    }

    fn is(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Nested(inner) => self.is(inner),
            Expr::Function(function) => *function == self.function,
            _ => false,
        }
    }

    /// What an expression that is the call, or a field of what it gives, becomes.
    fn placed(&self, expr: &Expr) -> Option<Expr> {
        if self.is(expr) && matches!(expr, Expr::Function(_)) {
            return Some(match self.columns.as_slice() {
                [only] => column(only),
                columns => record(columns),
            });
        }
        let Expr::CompoundFieldAccess { root, access_chain } = expr else {
            return None;
        };
        let [AccessExpr::Dot(Expr::Identifier(name))] = access_chain.as_slice() else {
            return None;
        };
        let name = folded(name);
        let is_column = self.columns.len() > 1 && self.columns.contains(&name);
        (is_column && self.is(root)).then(|| column(&name))
    }
}

/// The name of a column among those of the rows.
fn own_name(column: &str) -> Ident {
    Ident::with_quote('"', format!("{COLUMN}{column}"))
}

/// A column of the rows.
fn column(name: &str) -> Expr {
    Expr::CompoundIdentifier(vec![Ident::with_quote('"', ROWS), own_name(name)])
}

/// A whole row.
fn record(columns: &[String]) -> Expr {
    let members = columns.iter().flat_map(|name| {
        let told = Expr::value(Value::SingleQuotedString(name.clone()));
        [told, column(name)]
    });
    let members = members.map(|value| FunctionArg::Unnamed(FunctionArgExpr::Expr(value)));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(RECORD)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: members.collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
