//! `array_agg((a, 'b'))`: a record among the arguments of a function may go without `ROW`. DataFusion takes
//! records without it only of columns alone, or of literals alone.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, Query, VisitorMut,
};

use crate::sql::walk::VisitMut;

/// Writes `ROW` before them.
pub fn rewrite(query: &mut Query) {
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Rewriter);
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Infallible;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::Function(Function {
            args: FunctionArguments::List(list),
            ..
        }) = expr
        {
            for argument in &mut list.args {
                if let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = argument
                    && let Expr::Tuple(fields) = value
                {
                    *value = row(std::mem::take(fields));
                }
            }
        }
        ControlFlow::Continue(())
    }
}

fn row(fields: Vec<Expr>) -> Expr {
    let unnamed = |field| FunctionArg::Unnamed(FunctionArgExpr::Expr(field));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("row")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: fields.into_iter().map(unnamed).collect(),
            clauses: Vec::new(),
        }),
        null_treatment: None,
        filter: None,
        over: None,
        within_group: Vec::new(),
    })
}
