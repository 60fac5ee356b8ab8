//! Forms of standard SQL that DataFusion's planner does not know, said in those that it does:
//! `FETCH FIRST n ROWS ONLY` is `LIMIT n`, functions without parentheses get theirs,
//! `(record).field` is `(record)['field']`, `AT TIME ZONE` is the function `timezone`, the pattern of
//! `LIKE p ESCAPE e` is `like_escape(p, e)`, `x < ANY (a)`, of which DataFusion forgets the elements that
//! are NULL, is `NOT (x >= ALL (a))`, `x LIKE ANY (a)` is a function, `SIMILAR TO` is a regular expression,
//! operators such as `&&`, `|/` and `~` are functions, `x::bit(n)::bigint` is the number of the bits,
//! `1e308` is a `double precision`, `COLLATE` is left out, defaults of `lead` and `lag` that are computed stand in a `CASE`, and
//! keys of `ORDER BY` stand once.

mod arrays;
mod calls;
mod functions;
mod intervals;
mod moments;
mod numbers;
mod patterns;
mod windows;

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Fetch, FunctionArguments, LimitClause, OrderBy, OrderByExpr, OrderByKind,
    Query, TableFactor, Value, VisitorMut,
};

pub(super) use self::calls::{arguments, call};
pub(super) use self::functions::called_type;

use self::arrays::{
    any_by_all, are_as_long, as_deep_as, bound_slice, call_empty, call_of_read, cast_as_deep,
    cast_literals, quantify_leaves, slices,
};
use self::calls::no_arguments;
use self::functions::{as_function, is_function, number_of_bits};
use self::intervals::in_plain_units;
use self::moments::at_time_zone;
use self::patterns::{escape, is_match, match_as_written, match_each, unfinished};
use super::cursor::fold;
use super::type_names;
use super::{collation, written_types};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow, visit_expressions_mut};

/// Rewrites a query before it is planned; what is stored and displayed is the query as written.
///
/// # Errors
/// 22007 and 22008 for an interval that is none; 0A000 for `PERCENT`; 42601 for a query with both a `LIMIT` and
/// a `FETCH`; 42P18 for `ARRAY[]` without a cast; 42704 for a collation that does not exist.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Rewriter))
}

/// Names the fields of records within an expression that stands by itself.
pub fn name_all_fields(expression: &mut Expr) {
    let _ = visit_expressions_mut(expression, |part| {
        if let Expr::CompoundFieldAccess { root, access_chain } = part {
            name_fields(root, access_chain);
        }
        ControlFlow::<()>::Continue(())
    });
}

struct Rewriter;

/// Drops sort keys that are there before: they decide nothing, and DataFusion takes each column of
/// `DISTINCT ON` for one key.
fn drop_repeated(keys: &mut Vec<OrderByExpr>) {
    let mut known: Vec<Expr> = Vec::with_capacity(keys.len());
    keys.retain(|key| {
        let is_new = !known.contains(&key.expr);
        if is_new {
            known.push(key.expr.clone());
        }
        is_new
    });
}

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        for data_type in type_names::of_columns(factor) {
            written_types::as_meant(data_type);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        if let Some(OrderBy {
            kind: OrderByKind::Expressions(keys),
            ..
        }) = &mut query.order_by
        {
            drop_repeated(keys);
        }
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
        flow(collation::leave_out(expr))?;
        match expr {
            Expr::AtTimeZone { .. } => at_time_zone(expr),
            Expr::AnyOp { .. } | Expr::AllOp { .. } => {
                match_each(expr);
                any_by_all(expr);
                quantify_leaves(expr);
            }
            Expr::Like { .. } | Expr::ILike { .. } => {
                unfinished(expr);
                escape(expr);
            }
            Expr::BinaryOp { op, .. } if is_match(op) => {
                if let Err(error) = match_as_written(expr) {
                    return ControlFlow::Break(error);
                }
            }
            Expr::Identifier(name) if is_function(name) => {
                *expr = Expr::Function(call(name.clone()));
                as_function(expr);
            }
            Expr::Function(function) if matches!(function.args, FunctionArguments::None) => {
                function.args = no_arguments();
                as_function(expr);
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                name_fields(root, access_chain);
                access_chain.iter_mut().for_each(bound_slice);
                if let Some(slices) = slices(root, access_chain) {
                    *expr = slices;
                }
            }
            Expr::Array(array) if array.elem.is_empty() => {
                let message = "cannot determine type of empty array";
                let error = Error::new(SqlState::INDETERMINATE_DATATYPE, message).with_hint(
                    "Explicitly cast to the desired type, for example ARRAY[]::integer[].",
                );
                return ControlFlow::Break(error);
            }
            Expr::Array(array) if !are_as_long(&array.elem) => {
                let message =
                    "multidimensional arrays must have array expressions with matching dimensions";
                return ControlFlow::Break(Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, message));
            }
            Expr::Array(_) => call_of_read(expr),
            Expr::Interval(interval) => {
                if let Err(error) = in_plain_units(interval) {
                    return ControlFlow::Break(error);
                }
            }
            Expr::Cast {
                expr: inner,
                data_type,
                ..
            } => {
                if let Some(number) = number_of_bits(inner, data_type) {
                    **inner = number;
                }
                written_types::as_meant(data_type);
                as_deep_as(data_type, inner);
                cast_literals(inner, data_type);
                call_empty(inner);
                cast_as_deep(expr);
            }
            Expr::Extract { .. }
            | Expr::Function(_)
            | Expr::IsNormalized { .. }
            | Expr::SimilarTo { .. }
            | Expr::Substring { .. }
            | Expr::Overlay { .. }
            | Expr::Position { .. }
            | Expr::UnaryOp { .. }
            | Expr::BinaryOp { .. } => as_function(expr),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn limit(fetch: Fetch, clause: Option<LimitClause>) -> Result<LimitClause> {
    if fetch.percent {
        return Err(Error::unsupported("FETCH FIRST with PERCENT"));
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

/// Names fields by text again, once a query was displayed and read: there the text is a name in such quotes.
pub fn name_fields_again(part: &mut impl VisitMut) {
    let _ = visit_expressions_mut(part, |expression| {
        if let Expr::CompoundFieldAccess { access_chain, .. } = expression {
            for access in access_chain {
                if let AccessExpr::Dot(field) = access
                    && let Expr::Identifier(name) = field
                    && name.quote_style == Some('\'')
                {
                    let name = std::mem::take(&mut name.value);
                    *field = Expr::value(Value::SingleQuotedString(name));
                }
            }
        }
        ControlFlow::<Infallible>::Continue(())
    });
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
