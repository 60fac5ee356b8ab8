//! Forms of standard SQL that DataFusion's planner does not know, said in those that it does:
//! `FETCH FIRST n ROWS ONLY` is `LIMIT n`, functions without parentheses get theirs,
//! `(record).field` is `(record)['field']`, `AT TIME ZONE` is the function `timezone`, the pattern of
//! `LIKE p ESCAPE e` is `like_escape(p, e)`, and `1e308` is a `double precision`.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, CastKind, DataType, Expr, Fetch, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, LimitClause, ObjectName, Query, Value,
    VisitMut, VisitorMut,
};

use super::cursor::fold;
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

/// The most digits of a `numeric`: those of Arrow's Decimal256.
const NUMERIC_DIGITS: i64 = 76;

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
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => {
                let zone = std::mem::replace(time_zone.as_mut(), Expr::value(Value::Null));
                let moment = std::mem::replace(timestamp.as_mut(), Expr::value(Value::Null));
                let mut function = call(Ident::new("timezone"));
                function.args = arguments(vec![zone, moment]);
                *expr = Expr::Function(function);
            }
            Expr::Like {
                pattern,
                escape_char,
                ..
            }
            | Expr::ILike {
                pattern,
                escape_char,
                ..
            } => {
                if let Some(escape) = escape_char.take() {
                    let written = std::mem::replace(pattern.as_mut(), Expr::value(Value::Null));
                    let mut function = call(Ident::new("like_escape"));
                    function.args = arguments(vec![written, Expr::Value(escape)]);
                    **pattern = Expr::Function(function);
                }
            }
            Expr::Identifier(name) if is_function(name) => {
                *expr = Expr::Function(call(name.clone()));
            }
            Expr::Value(value) => {
                if let Value::Number(digits, _) = &value.value
                    && is_beyond_numeric(digits)
                {
                    *expr = double_precision(digits);
                }
            }
            Expr::Function(function) if matches!(function.args, FunctionArguments::None) => {
                function.args = no_arguments();
            }
            Expr::CompoundFieldAccess { root, access_chain } => name_fields(root, access_chain),
            _ => {}
        }
        ControlFlow::Continue(())
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

/// Names the fields of records by text. Identifiers behind an identifier are a table's column.
fn name_fields(root: &Expr, access: &mut [AccessExpr]) {
    let is_name = |access: &AccessExpr| matches!(access, AccessExpr::Dot(Expr::Identifier(_)));
    let column = match root {
        Expr::Identifier(_) => access.iter().take_while(|access| is_name(access)).count(),
        _ => 0,
    };
    for access in &mut access[column..] {
        if let AccessExpr::Dot(field) = access
            && let Expr::Identifier(name) = field
        {
            let name = fold(std::mem::take(&mut name.value), name.quote_style);
            *field = Expr::value(Value::SingleQuotedString(name));
        }
    }
}

/// Whether a literal has more digits, zeros that an exponent stands for included, than `numeric`
/// has here; it is a `double precision` then.
fn is_beyond_numeric(literal: &str) -> bool {
    let Some((mantissa, exponent)) = literal.split_once(['e', 'E']) else {
        return false;
    };
    let Ok(exponent) = exponent.parse::<i64>() else {
        return true;
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let before = (whole.len() as i64).saturating_add(exponent).max(0);
    let behind = (fraction.len() as i64).saturating_sub(exponent).max(0);
    before.saturating_add(behind) > NUMERIC_DIGITS
}

fn double_precision(literal: &str) -> Expr {
    let text = Value::SingleQuotedString(literal.to_owned());
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(Expr::value(text)),
        data_type: DataType::DoublePrecision,
        array: false,
        format: None,
    }
}

fn is_function(name: &Ident) -> bool {
    name.quote_style.is_none()
        && WITHOUT_PARENTHESES
            .iter()
            .any(|function| name.value.eq_ignore_ascii_case(function))
}

fn no_arguments() -> FunctionArguments {
    arguments(Vec::new())
}

pub(super) fn arguments(expressions: Vec<Expr>) -> FunctionArguments {
    let unnamed = |expression| FunctionArg::Unnamed(FunctionArgExpr::Expr(expression));
    FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: expressions.into_iter().map(unnamed).collect(),
        clauses: Vec::new(),
    })
}

pub(super) fn call(name: Ident) -> Function {
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
