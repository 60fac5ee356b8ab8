//! Expressions of Postgres's that sqlparser takes for something else: literals of types whose names are
//! no keywords, `name 'x'`, those of `interval(2)`, and `TRIM(BOTH FROM x)`.

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, Value,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

/// Types that sqlparser has no word for.
const TYPES: [&str; 5] = ["bpchar", "name", "oid", "regclass", "regtype"];

/// `name 'x'`, which is `'x'::name`.
pub(super) fn typed(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let Token::Word(word) = &parser.peek_token_ref().token else {
        return None;
    };
    let name = TYPES
        .iter()
        .find(|name| word.quote_style.is_none() && word.value.eq_ignore_ascii_case(name))?;
    let Token::SingleQuotedString(text) = parser.peek_nth_token(1).token else {
        return None;
    };
    parser.next_token();
    parser.next_token();
    let data_type = match *name {
        // As it is read behind `::`.
        "regclass" => DataType::Regclass,
        name => DataType::Custom(ObjectName::from(vec![Ident::new(name)]), Vec::new()),
    };
    Some(Ok(Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(Expr::value(Value::SingleQuotedString(text))),
        data_type,
        array: false,
        format: None,
    }))
}

/// `interval(2) 'x'`, which is `'x'::interval(2)`; sqlparser loses the digits.
pub(super) fn interval(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let Token::Word(word) = &parser.peek_token_ref().token else {
        return None;
    };
    if word.keyword != Keyword::INTERVAL || word.quote_style.is_some() {
        return None;
    }
    let [open, digits, close, text] = [1, 2, 3, 4].map(|nth| parser.peek_nth_token(nth).token);
    let (Token::LParen, Token::Number(digits, _), Token::RParen) = (open, digits, close) else {
        return None;
    };
    let Token::SingleQuotedString(text) = text else {
        return None;
    };
    let precision = Some(digits.parse().ok()?);
    for _ in 0..5 {
        parser.next_token();
    }
    Some(Ok(Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(Expr::value(Value::SingleQuotedString(text))),
        data_type: DataType::Interval {
            fields: None,
            precision,
        },
        array: false,
        format: None,
    }))
}

/// `TRIM(BOTH FROM x)`, which is `btrim(x)`.
pub(super) fn trimmed(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let keyword = |token: Token| match token {
        Token::Word(word) => word.keyword,
        _ => Keyword::NoKeyword,
    };
    if keyword(parser.peek_token_ref().token.clone()) != Keyword::TRIM
        || parser.peek_nth_token(1).token != Token::LParen
        || keyword(parser.peek_nth_token(3).token) != Keyword::FROM
    {
        return None;
    }
    let name = match keyword(parser.peek_nth_token(2).token) {
        Keyword::BOTH => "btrim",
        Keyword::LEADING => "ltrim",
        Keyword::TRAILING => "rtrim",
        _ => return None,
    };
    for _ in 0..4 {
        parser.next_token();
    }
    let text = match parser.parse_expr() {
        Ok(text) => text,
        Err(error) => return Some(Err(error)),
    };
    if let Err(error) = parser.expect_token(&Token::RParen) {
        return Some(Err(error));
    }
    Some(Ok(Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(text))],
            clauses: Vec::new(),
        }),
        null_treatment: None,
        filter: None,
        over: None,
        within_group: Vec::new(),
    })))
}
