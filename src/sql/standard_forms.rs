//! Forms of standard SQL that DataFusion's planner does not know, said in those that it does:
//! `FETCH FIRST n ROWS ONLY` is `LIMIT n`, functions without parentheses get theirs, and the field
//! of a record is taken by `(record).field`.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Fetch, Function, FunctionArgumentList, FunctionArguments, Ident, LimitClause,
    ObjectName, Query, Value, VisitMut, VisitorMut,
};

use crate::error::{Error, Result, SqlState};

/// Functions that are called without parentheses, which no column can be named for unless quoted.
const WITHOUT_PARENTHESES: [&str; 6] = [
    "current_catalog",
    "current_role",
    "current_schema",
    "current_user",
    "session_user",
    "user",
];

/// Rewrites a query before it is planned; what is stored and displayed is the query as written.
///
/// # Errors
/// 0A000 for `WITH TIES`; 42601 for a query with both a `LIMIT` and a `FETCH`.
pub fn rewrite(query: &mut Query) -> Result<()> {
    match query.visit(&mut Rewriter) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let Some(fetch) = query.fetch.take() else {
            return ControlFlow::Continue(());
        };
        match limit(fetch, query.limit_clause.take()) {
            Ok(limit) => {
                query.limit_clause = Some(limit);
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match expr {
            Expr::Identifier(name) if is_function(name) => {
                *expr = Expr::Function(call(name.clone()));
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                name_fields(root, access_chain);
            }
            Expr::Function(function) if matches!(function.args, FunctionArguments::None) => {
                function.args = no_arguments();
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Names the fields of records as DataFusion's planner knows them: by text. What follows a name and
/// dots may be a column of a table, which it looks for itself.
fn name_fields(root: &Expr, access_chain: &mut [AccessExpr]) {
    let mut is_value = !matches!(root, Expr::Identifier(_));
    for access in access_chain {
        match access {
            AccessExpr::Dot(Expr::Identifier(name)) if is_value => {
                let name = match name.quote_style {
                    Some(_) => name.value.clone(),
                    None => name.value.to_lowercase(),
                };
                *access = AccessExpr::Dot(Expr::value(Value::SingleQuotedString(name)));
            }
            AccessExpr::Dot(_) => {}
            AccessExpr::Subscript(_) => is_value = true,
        }
    }
}

fn limit(fetch: Fetch, clause: Option<LimitClause>) -> Result<LimitClause> {
    if fetch.with_ties || fetch.percent {
        return Err(Error::unsupported("FETCH FIRST with WITH TIES or PERCENT"));
    }
    let one = || Expr::value(Value::Number("1".to_owned(), false));
    let limit = Some(fetch.quantity.unwrap_or_else(one));
    match clause {
        None => Ok(LimitClause::LimitOffset {
            limit,
            offset: None,
            limit_by: Vec::new(),
        }),
        Some(LimitClause::LimitOffset {
            limit: None,
            offset,
            limit_by,
        }) => Ok(LimitClause::LimitOffset {
            limit,
            offset,
            limit_by,
        }),
        Some(_) => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "a query has one LIMIT or one FETCH, not both",
        )),
    }
}

fn is_function(name: &Ident) -> bool {
    name.quote_style.is_none()
        && WITHOUT_PARENTHESES
            .iter()
            .any(|function| name.value.eq_ignore_ascii_case(function))
}

fn no_arguments() -> FunctionArguments {
    FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: Vec::new(),
        clauses: Vec::new(),
    })
}

fn call(name: Ident) -> Function {
    Function {
        name: ObjectName::from(vec![name]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: no_arguments(),
        null_treatment: None,
        filter: None,
        over: None,
        within_group: Vec::new(),
    }
}
