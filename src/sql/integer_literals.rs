//! Integers in the text of a query, of the types that Postgres reads them as: `integer` where they
//! fit, else `bigint`, else `numeric`.
//!
//! DataFusion's planner reads all that fit as `bigint`. So a literal that is a value is written as the
//! left side of an operator of its own, which a planner of expressions puts the literal of the right
//! type in the place of (`instance/integer_literals.rs`). Places in lists, counts of rows, subscripts,
//! bounds of frames and arguments of table functions stay as the planner knows them.

use std::convert::Infallible;
use std::ops::{ControlFlow, Range};

use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    GroupByExpr, LimitClause, NamedWindowExpr, OrderByKind, Query, Select, SetExpr, Subscript,
    TableFactor, UnaryOperator, Value, VisitorMut, WindowFrameBound, WindowSpec, WindowType,
};

use super::cursor::folded;
use crate::sql::walk::VisitMut;

/// The operator whose left side is a literal to be read as Postgres does.
pub const OPERATOR: [&str; 2] = ["tributary", "integer"];

/// Functions of the planner's that take some of their arguments as `bigint` literals alone; the places of
/// those.
const TAKING_LITERALS: [(&str, Range<usize>); 4] = [
    ("count", 0..usize::MAX),
    ("lag", 1..2),
    ("lead", 1..2),
    ("nth_value", 1..2),
];

/// Marks the literals of a query that is to be planned; what is stored and displayed is the query as
/// written.
pub fn mark(query: &mut Query) {
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Marker);
}

/// Marks the literals of an expression.
pub fn mark_in(expression: &mut Expr) {
    let _ = VisitMut::visit(expression, &mut Marker);
}

/// [`mark`] of the rows that are put into a table: literals among `VALUES` are of its columns' types.
pub fn mark_assigned(query: &mut Query) {
    let mut rows = match query.body.as_mut() {
        SetExpr::Values(values) => std::mem::take(&mut values.rows),
        _ => Vec::new(),
    };
    mark(query);
    let cells = rows.iter_mut().flat_map(|row| &mut row.content);
    cells.filter(|cell| !is_literal(cell)).for_each(mark_in);
    if let SetExpr::Values(values) = query.body.as_mut() {
        values.rows = rows;
    }
}

fn is_literal(expression: &Expr) -> bool {
    match expression {
        Expr::Value(_) => true,
        Expr::UnaryOp { expr, .. } => matches!(expr.as_ref(), Expr::Value(_)),
        _ => false,
    }
}

/// Whether a number is read by Postgres as of another type than by the planner.
fn is_other(digits: &str, negative: bool) -> bool {
    let Ok(number) = digits.parse::<i128>() else {
        return false;
    };
    let number = if negative { -number } else { number };
    i32::try_from(number).is_ok() || i64::try_from(number).is_err() && u64::try_from(number).is_ok()
}

fn digits(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => Some(digits),
            _ => None,
        },
        _ => None,
    }
}

fn digits_behind_sign(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::UnaryOp { expr, .. } => digits(expr),
        _ => None,
    }
}

fn marked(literal: Expr) -> Expr {
    let operator = OPERATOR.map(str::to_owned).to_vec();
    Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(literal),
        op: BinaryOperator::PGCustomBinaryOperator(operator),
        right: Box::new(null()),
    }))
}

/// Takes a mark off again.
fn unmark(expression: &mut Expr) {
    if let Expr::Nested(inner) = expression
        && let Expr::BinaryOp {
            left,
            op: BinaryOperator::PGCustomBinaryOperator(name),
            ..
        } = inner.as_mut()
        && name.iter().eq(OPERATOR)
    {
        let literal = std::mem::replace(left.as_mut(), null());
        *expression = literal;
    }
}

fn null() -> Expr {
    Expr::value(Value::Null)
}

/// Takes all marks off again.
fn unmark_all(part: &mut impl VisitMut) {
    struct Unmarker;
    impl VisitorMut for Unmarker {
        type Break = Infallible;

        fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
            unmark(expression);
            ControlFlow::Continue(())
        }
    }
    let _ = VisitMut::visit(part, &mut Unmarker);
}

struct Marker;

impl VisitorMut for Marker {
    type Break = Infallible;

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        if let Some(order_by) = &mut query.order_by
            && let OrderByKind::Expressions(keys) = &mut order_by.kind
        {
            keys.iter_mut().for_each(|key| unmark(&mut key.expr));
        }
        match &mut query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                limit.iter_mut().for_each(unmark_all);
                let offset = offset.iter_mut();
                offset.for_each(|offset| unmark_all(&mut offset.value));
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                unmark_all(offset);
                unmark_all(limit);
            }
            None => {}
        }
        let quantity = query.fetch.iter_mut().filter_map(|it| it.quantity.as_mut());
        quantity.for_each(unmark_all);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        if let GroupByExpr::Expressions(groups, _) = &mut select.group_by {
            groups.iter_mut().for_each(unmark_places);
        }
        for definition in &mut select.named_window {
            if let NamedWindowExpr::WindowSpec(window) = &mut definition.1 {
                unmark_frame(window);
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Infallible> {
        match factor {
            TableFactor::Table {
                args: Some(given), ..
            } => given.args.iter_mut().for_each(unmark_all),
            TableFactor::Function { args, .. } => args.iter_mut().for_each(unmark_all),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
        match expression {
            Expr::Value(_) => mark_if(expression, digits, false),
            Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr: operand,
            } => {
                let mut inner = Expr::clone(operand);
                unmark(&mut inner);
                if digits(&inner).is_some() {
                    **operand = inner;
                    mark_if(expression, digits_behind_sign, true);
                }
            }
            Expr::Tuple(values) => values.iter_mut().for_each(unmark),
            // A cast reads the number itself.
            Expr::Cast { expr, .. } => unmark(expr),
            Expr::Interval(interval) => unmark(&mut interval.value),
            Expr::CompoundFieldAccess { access_chain, .. } => {
                access_chain.iter_mut().for_each(unmark_subscript);
            }
            Expr::Function(function) => unmark_arguments(function),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn mark_if(expression: &mut Expr, number: fn(&Expr) -> Option<&str>, negative: bool) {
    if number(expression).is_some_and(|digits| is_other(digits, negative)) {
        let literal = std::mem::replace(expression, null());
        *expression = marked(literal);
    }
}

/// `GROUP BY 1` is of the first column.
fn unmark_places(group: &mut Expr) {
    match group {
        Expr::Rollup(sets) | Expr::Cube(sets) | Expr::GroupingSets(sets) => {
            sets.iter_mut().flatten().for_each(unmark);
        }
        other => unmark(other),
    }
}

fn unmark_subscript(access: &mut AccessExpr) {
    let AccessExpr::Subscript(subscript) = access else {
        return;
    };
    match subscript {
        Subscript::Index { index } => unmark(index),
        Subscript::Slice {
            lower_bound,
            upper_bound,
            stride,
        } => {
            let bounds = [lower_bound, upper_bound, stride].into_iter().flatten();
            bounds.for_each(unmark);
        }
    }
}

fn unmark_arguments(function: &mut Function) {
    if let Some(WindowType::WindowSpec(window)) = &mut function.over {
        unmark_frame(window);
    }
    let [part] = function.name.0.as_slice() else {
        return;
    };
    let name = part.as_ident();
    let name = name.map(folded);
    let known = TAKING_LITERALS
        .iter()
        .find(|(own, _)| name.as_deref() == Some(*own));
    if let (Some((_, places)), FunctionArguments::List(list)) = (known, &mut function.args) {
        for argument in list.args.iter_mut().skip(places.start).take(places.len()) {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = argument {
                unmark(value);
            }
        }
    }
}

fn unmark_frame(window: &mut WindowSpec) {
    let Some(frame) = &mut window.window_frame else {
        return;
    };
    let bounds = std::iter::once(&mut frame.start_bound).chain(&mut frame.end_bound);
    for bound in bounds {
        if let WindowFrameBound::Preceding(Some(value)) | WindowFrameBound::Following(Some(value)) =
            bound
        {
            unmark_all(value.as_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    /// The query with marks shown as `(value#`.
    fn shown(sql: &str) -> String {
        let Ok(Statement::Query(mut query)) = parse_one(sql) else {
            unreachable!("{sql} is a query");
        };
        mark(&mut query);
        query
            .to_string()
            .replace(" OPERATOR(tributary.integer) NULL)", "#")
    }

    #[test]
    fn values_are_marked() {
        let marked = [
            ("SELECT 1, a + 2 FROM t", "SELECT (1#, a + (2# FROM t"),
            ("SELECT -5, - 2147483648", "SELECT (-5#, (-2147483648#"),
            ("SELECT 2147483648, 1.5", "SELECT 2147483648, 1.5"),
            ("SELECT 9223372036854775808", "SELECT (9223372036854775808#"),
            ("SELECT -9223372036854775808", "SELECT -9223372036854775808"),
            ("VALUES (1), (2)", "VALUES ((1#), ((2#)"),
            ("SELECT f(ARRAY[1])", "SELECT f(ARRAY[(1#])"),
        ];
        for (sql, expected) in marked {
            assert_eq!(shown(sql), expected, "{sql}");
        }
    }

    #[test]
    fn places_and_counts_are_not() {
        for sql in [
            "SELECT a FROM t GROUP BY 1 ORDER BY 1 LIMIT 1 OFFSET 2",
            "SELECT a[1], a[1:2], 1::BIGINT, count(1) FROM t",
            "SELECT lag(a, 1) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING) FROM t",
            "SELECT * FROM generate_series(1, 2 + 3)",
            "SELECT a FROM t GROUP BY ROLLUP (1, 2)",
            "SELECT a FROM t WHERE (a, b) IN ((1, 2))",
        ] {
            assert_eq!(shown(sql), sql, "{sql}");
        }
    }

    #[test]
    fn assigned_literals_are_not() {
        let Ok(Statement::Query(mut query)) = parse_one("VALUES (1, -2, 1 + 1)") else {
            unreachable!("it is a query");
        };
        mark_assigned(&mut query);
        let shown = query.to_string();
        assert!(shown.starts_with("VALUES (1, -2, (1 OPERATOR("), "{shown}");
    }
}
