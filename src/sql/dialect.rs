//! The dialect that sqlparser reads queries in: Postgres, with table versions and named arguments.

use std::any::TypeId;
use std::cell::Cell;

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};
use datafusion::sql::sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::{
    between_symmetric, collation, exponents, literals, quantified_patterns, similar_substring,
    variadic,
};

/// Postgres's dialect and `VERSION AS OF`.
///
/// sqlparser asks some questions of a dialect by its type; the answer is Postgres's. What is not
/// delegated here is the trait's default, which Postgres's dialect does not override, or a part of
/// it that DataFusion would skip in silence (aliases of `*`, hints in comments).
///
/// sqlparser tries one reading after another where the first fails, also within each other, which
/// takes time exponential in the depth of some texts. One instance therefore serves one text and
/// counts the expressions begun.
#[derive(Debug, Default)]
pub struct TributaryDialect {
    expressions_left: Cell<usize>,
}

impl TributaryDialect {
    /// Allows this many expressions to be begun from now on.
    pub fn allow_expressions(&self, count: usize) {
        self.expressions_left.set(count);
    }
}

/// How `?` is read where it is no operator: Postgres has no such parameters.
fn exists() -> Token {
    Token::Placeholder("?".to_owned())
}

/// `VALUES` in parentheses, which sqlparser takes for a function's name but for behind `IN`.
fn values(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let is_one = matches!(
        &parser.peek_token_ref().token,
        Token::Word(word) if word.keyword == Keyword::VALUES && word.quote_style.is_none()
    );
    let is_query = is_one && parser.peek_nth_token_ref(1).token == Token::LParen;
    is_query.then(|| parser.parse_query().map(Expr::Subquery))
}

/// `((SELECT 1) UNION SELECT 2)`, of which sqlparser takes the first query for an expression in parentheses.
fn set_operation(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let is_open = |at: usize| parser.peek_nth_token_ref(at).token == Token::LParen;
    if !is_open(0) || !is_open(1) {
        return None;
    }
    let behind = (1..).find(|at| !is_open(*at))?;
    let is_word = |at: usize, known: &[Keyword]| {
        matches!(&parser.peek_nth_token_ref(at).token, Token::Word(word)
            if word.quote_style.is_none() && known.contains(&word.keyword))
    };
    if !is_word(behind, &[Keyword::SELECT, Keyword::VALUES, Keyword::WITH]) {
        return None;
    }
    let mut depth = 0_usize;
    let close = (1..).find(|at| match parser.peek_nth_token_ref(*at).token {
        Token::LParen => {
            depth += 1;
            false
        }
        Token::RParen => {
            depth -= 1;
            depth == 0
        }
        Token::EOF => true,
        _ => false,
    })?;
    let operations = [Keyword::UNION, Keyword::INTERSECT, Keyword::EXCEPT];
    is_word(close + 1, &operations).then(|| {
        parser.expect_token(&Token::LParen)?;
        let query = parser.parse_query()?;
        parser.expect_token(&Token::RParen)?;
        Ok(Expr::Subquery(query))
    })
}

/// What binds tighter than a sign: `::`, subscripts and fields, but neither `COLLATE` nor `^`.
const SIGN_PRECEDENCE: u8 = 120;

/// `-x`, which sqlparser lets take `x ^ 2` for its operand. Parentheses keep it together where it is
/// displayed, and an interval, of which the planner would take the sign for that of its first unit.
fn signed(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let op = match parser.peek_token_ref().token {
        Token::Minus => UnaryOperator::Minus,
        Token::Plus => UnaryOperator::Plus,
        _ => return None,
    };
    parser.next_token();
    Some(parser.parse_subexpr(SIGN_PRECEDENCE).map(|operand| {
        let operand = Box::new(operand);
        let expr = match operand.as_ref() {
            Expr::Interval(_) => Box::new(Expr::Nested(operand)),
            _ => operand,
        };
        let signed = Expr::UnaryOp { op, expr };
        match parser.peek_token_ref().token {
            Token::Caret => Expr::Nested(Box::new(signed)),
            _ => signed,
        }
    }))
}

fn binary(left: Box<Expr>, op: BinaryOperator, right: Box<Expr>) -> Expr {
    Expr::BinaryOp { left, op, right }
}

const POSTGRES: PostgreSqlDialect = PostgreSqlDialect {};

const DISTINCT_FROM: [Keyword; 3] = [Keyword::IS, Keyword::DISTINCT, Keyword::FROM];

const NOT_DISTINCT_FROM: [Keyword; 4] =
    [Keyword::IS, Keyword::NOT, Keyword::DISTINCT, Keyword::FROM];

impl Dialect for TributaryDialect {
    fn dialect(&self) -> TypeId {
        POSTGRES.dialect()
    }

    fn supports_table_versioning(&self) -> bool {
        true
    }

    /// How definitions read all columns of a table of which one was renamed.
    fn supports_select_wildcard_rename(&self) -> bool {
        true
    }

    /// Counts the expression, and reads forms of Postgres's that sqlparser does not know.
    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        match self.expressions_left.get().checked_sub(1) {
            Some(left) => {
                self.expressions_left.set(left);
                literals::typed(parser)
                    .or_else(|| literals::interval(parser))
                    .or_else(|| literals::trimmed(parser))
                    .or_else(|| exponents::number(parser))
                    .or_else(|| values(parser))
                    .or_else(|| set_operation(parser))
                    .or_else(|| signed(parser))
                    .or_else(|| variadic::argument(parser))
                    .or_else(|| similar_substring::substring(parser))
            }
            None => Some(Err(ParserError::RecursionLimitExceeded)),
        }
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        POSTGRES.identifier_quote_style(identifier)
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        POSTGRES.is_delimited_identifier_start(character)
    }

    fn is_identifier_start(&self, character: char) -> bool {
        POSTGRES.is_identifier_start(character)
    }

    fn is_identifier_part(&self, character: char) -> bool {
        POSTGRES.is_identifier_part(character)
    }

    fn is_custom_operator_part(&self, character: char) -> bool {
        POSTGRES.is_custom_operator_part(character)
    }

    /// Reads `<->`, and `?`, `?|` and `?&` of documents, which sqlparser takes for operators only
    /// together with geometric types, `LIKE ANY`, `COLLATE` behind casts, and `IS [NOT] DISTINCT FROM`,
    /// of which it takes all that follows for the right side.
    fn parse_infix(
        &self,
        parser: &mut Parser,
        left: &Expr,
        precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        if let Some(between) = between_symmetric::between(parser, left, precedence) {
            return Some(between);
        }
        if let Some(collated) = collation::of(parser, left) {
            return Some(collated);
        }
        if let Some(matched) = quantified_patterns::quantified(parser, left) {
            return Some(matched);
        }
        let infix: fn(Box<Expr>, Box<Expr>) -> Expr = if parser.parse_keywords(&DISTINCT_FROM) {
            Expr::IsDistinctFrom
        } else if parser.parse_keywords(&NOT_DISTINCT_FROM) {
            Expr::IsNotDistinctFrom
        } else if parser.consume_token(&Token::TwoWayArrow) {
            |left, right| binary(left, BinaryOperator::LtDashGt, right)
        } else if parser.consume_token(&exists()) {
            if parser.consume_token(&Token::Pipe) {
                |left, right| binary(left, BinaryOperator::QuestionPipe, right)
            } else if parser.consume_token(&Token::Ampersand) {
                |left, right| binary(left, BinaryOperator::QuestionAnd, right)
            } else {
                |left, right| binary(left, BinaryOperator::Question, right)
            }
        } else {
            return None;
        };
        let right = parser.parse_subexpr(precedence);
        Some(right.map(|right| infix(Box::new(left.clone()), Box::new(right))))
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        POSTGRES.is_reserved_for_identifier(keyword)
    }

    /// `SELECT 1 ON CONFLICT` of an INSERT is no column named `on`, and `SELECT 1 FOR UPDATE` none named
    /// `for`: words that Postgres reserves.
    fn is_column_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        const RESERVED: [Keyword; 4] = [Keyword::ON, Keyword::FOR, Keyword::CREATE, Keyword::GRANT];
        !RESERVED.contains(keyword) && POSTGRES.is_column_alias(keyword, parser)
    }

    /// What follows in `CREATE SCHEMA s CREATE VIEW v AS SELECT a FROM t CREATE TABLE t (a int)` is no other name of
    /// the table: words that Postgres reserves.
    fn is_table_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        !matches!(keyword, Keyword::CREATE | Keyword::GRANT)
            && POSTGRES.is_table_alias(keyword, parser)
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        if parser.peek_token_ref().token == exists() {
            return Some(Ok(POSTGRES.prec_value(Precedence::PgOther)));
        }
        POSTGRES.get_next_precedence(parser)
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        POSTGRES.prec_value(precedence)
    }

    /// Which sqlparser reads without `UESCAPE`, and never as names: see `unicode_escapes.rs`.
    fn supports_unicode_string_literal(&self) -> bool {
        false
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        POSTGRES.supports_filter_during_aggregation()
    }

    fn supports_group_by_expr(&self) -> bool {
        POSTGRES.supports_group_by_expr()
    }

    fn allow_extract_custom(&self) -> bool {
        POSTGRES.allow_extract_custom()
    }

    fn allow_extract_single_quotes(&self) -> bool {
        POSTGRES.allow_extract_single_quotes()
    }

    fn supports_factorial_operator(&self) -> bool {
        POSTGRES.supports_factorial_operator()
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        POSTGRES.supports_bitwise_shift_operators()
    }

    fn supports_named_fn_args_with_assignment_operator(&self) -> bool {
        true
    }

    fn supports_empty_projections(&self) -> bool {
        POSTGRES.supports_empty_projections()
    }

    fn supports_nested_comments(&self) -> bool {
        POSTGRES.supports_nested_comments()
    }

    fn supports_string_escape_constant(&self) -> bool {
        POSTGRES.supports_string_escape_constant()
    }

    fn supports_string_literal_concatenation_with_newline(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        POSTGRES.supports_numeric_literal_underscores()
    }

    fn supports_array_typedef_with_brackets(&self) -> bool {
        POSTGRES.supports_array_typedef_with_brackets()
    }

    fn supports_notnull_operator(&self) -> bool {
        POSTGRES.supports_notnull_operator()
    }

    fn supports_interval_options(&self) -> bool {
        POSTGRES.supports_interval_options()
    }

    fn supports_comma_separated_trim(&self) -> bool {
        POSTGRES.supports_comma_separated_trim()
    }

    fn supports_xml_expressions(&self) -> bool {
        POSTGRES.supports_xml_expressions()
    }
}
