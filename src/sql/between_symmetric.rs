//! `x [NOT] BETWEEN [ASYMMETRIC | SYMMETRIC] a AND b`, where sqlparser knows the plain form. Symmetric is
//! between the two in either order, as PostgreSQL's grammar says it too.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

use crate::sql::walk::visit_expressions;

/// How many expressions the three may have: each is said twice, so that what is nested doubles again.
const MOST: usize = 1000;

/// Parses what stands behind `x`, if that is one.
pub(super) fn between(
    parser: &mut Parser,
    value: &Expr,
    precedence: u8,
) -> Option<Result<Expr, ParserError>> {
    let negated = if parser.parse_keywords(&[Keyword::BETWEEN, Keyword::SYMMETRIC]) {
        false
    } else if parser.parse_keywords(&[Keyword::NOT, Keyword::BETWEEN, Keyword::SYMMETRIC]) {
        true
    } else if parser.parse_keywords(&[Keyword::BETWEEN, Keyword::ASYMMETRIC]) {
        return Some(parser.parse_between(value.clone(), false));
    } else if parser.parse_keywords(&[Keyword::NOT, Keyword::BETWEEN, Keyword::ASYMMETRIC]) {
        return Some(parser.parse_between(value.clone(), true));
    } else {
        return None;
    };
    Some(symmetric(parser, value, precedence, negated))
}

fn symmetric(
    parser: &mut Parser,
    value: &Expr,
    precedence: u8,
    negated: bool,
) -> Result<Expr, ParserError> {
    let first = parser.parse_subexpr(precedence)?;
    parser.expect_keyword(Keyword::AND)?;
    let second = parser.parse_subexpr(precedence)?;
    let mut left = MOST;
    for operand in [value, &first, &second] {
        let counted = visit_expressions(operand, |_| match left.checked_sub(1) {
            Some(fewer) => {
                left = fewer;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        });
        if counted.is_break() {
            return Err(ParserError::RecursionLimitExceeded);
        }
    }
    let between = |low: &Expr, high: &Expr| {
        Box::new(Expr::Between {
            expr: Box::new(value.clone()),
            negated: false,
            low: Box::new(low.clone()),
            high: Box::new(high.clone()),
        })
    };
    let either = Expr::Nested(Box::new(Expr::BinaryOp {
        left: between(&first, &second),
        op: BinaryOperator::Or,
        right: between(&second, &first),
    }));
    Ok(match negated {
        true => Expr::Nested(Box::new(Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: Box::new(either),
        })),
        false => either,
    })
}
