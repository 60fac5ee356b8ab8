//! `SUBSTRING(text SIMILAR pattern ESCAPE escape)`, which is `SUBSTRING(text FROM pattern FOR escape)`.

use datafusion::sql::sqlparser::ast::{CastKind, DataType, Expr, Value};
use datafusion::sql::sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

/// Parses such a form, if there is one.
pub(super) fn substring(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    is_similar(parser).then(|| similar(parser))
}

fn keyword(token: &Token) -> Keyword {
    match token {
        Token::Word(word) => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

/// Whether `SUBSTRING` stands here, and `SIMILAR` without `TO` between its parentheses.
fn is_similar(parser: &Parser) -> bool {
    if keyword(&parser.peek_token_ref().token) != Keyword::SUBSTRING
        || parser.peek_nth_token_ref(1).token != Token::LParen
    {
        return false;
    }
    let (mut depth, mut at, mut is_behind) = (0_usize, 0, false);
    loop {
        let token = parser.peek_nth_token_no_skip(at).token;
        at += 1;
        match token {
            Token::Whitespace(_) => continue,
            other if is_behind => return keyword(&other) != Keyword::TO,
            Token::EOF => return false,
            Token::LParen => depth += 1,
            Token::RParen if depth <= 1 => return false,
            Token::RParen => depth -= 1,
            other => is_behind = depth == 1 && keyword(&other) == Keyword::SIMILAR,
        }
    }
}

fn similar(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.next_token();
    parser.expect_token(&Token::LParen)?;
    let postgres = PostgreSqlDialect {};
    let text = parser.parse_subexpr(postgres.prec_value(Precedence::Like))?;
    parser.expect_keyword_is(Keyword::SIMILAR)?;
    let pattern = parser.parse_expr()?;
    parser.expect_keyword_is(Keyword::ESCAPE)?;
    let escape = parser.parse_expr()?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Substring {
        expr: Box::new(text),
        substring_from: Some(Box::new(as_text(pattern))),
        substring_for: Some(Box::new(escape)),
        special: false,
        shorthand: false,
    })
}

/// A pattern that is seen to be no number.
fn as_text(pattern: Expr) -> Expr {
    let is_literal = matches!(
        &pattern,
        Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_))
    );
    if is_literal {
        return pattern;
    }
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(pattern),
        data_type: DataType::Text,
        array: false,
        format: None,
    }
}
