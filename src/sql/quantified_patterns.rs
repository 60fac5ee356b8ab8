//! `x [NOT] LIKE ANY (patterns)`, of which sqlparser makes a list or a call of a function named `all`: it is
//! the operator beside `ANY`, `x ~~ ANY (patterns)`, as PostgreSQL says it too.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

/// Parses what stands behind `x`, if that is one.
pub(super) fn quantified(parser: &mut Parser, left: &Expr) -> Option<Result<Expr, ParserError>> {
    let negated = keyword(parser, 0) == Some(Keyword::NOT);
    let start = usize::from(negated);
    let compare_op = match (keyword(parser, start)?, negated) {
        (Keyword::LIKE, false) => BinaryOperator::PGLikeMatch,
        (Keyword::LIKE, true) => BinaryOperator::PGNotLikeMatch,
        (Keyword::ILIKE, false) => BinaryOperator::PGILikeMatch,
        (Keyword::ILIKE, true) => BinaryOperator::PGNotILikeMatch,
        _ => return None,
    };
    let quantifier = keyword(parser, start + 1)?;
    if !matches!(quantifier, Keyword::ANY | Keyword::SOME | Keyword::ALL)
        || parser.peek_nth_token_ref(start + 2).token != Token::LParen
    {
        return None;
    }
    for _ in 0..start + 2 {
        parser.next_token();
    }
    let left = Box::new(left.clone());
    Some(patterns(parser).map(|right| match quantifier {
        Keyword::ALL => Expr::AllOp {
            left,
            compare_op,
            right: Box::new(right),
        },
        _ => Expr::AnyOp {
            left,
            compare_op,
            right: Box::new(right),
            is_some: quantifier == Keyword::SOME,
        },
    }))
}

/// An array, or a query, within its parentheses.
fn patterns(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let right = match keyword(parser, 0) {
        Some(Keyword::SELECT | Keyword::WITH | Keyword::VALUES) => {
            parser.parse_query().map(Expr::Subquery)?
        }
        _ => parser.parse_expr()?,
    };
    parser.expect_token(&Token::RParen)?;
    Ok(right)
}

/// The keyword that comes as this one of the next words.
fn keyword(parser: &Parser, nth: usize) -> Option<Keyword> {
    match &parser.peek_nth_token_ref(nth).token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.keyword),
        _ => None,
    }
}
