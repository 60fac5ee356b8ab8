//! `TABLESAMPLE BERNOULLI | SYSTEM (percent)`: each row of a relation is read as probably as that. Files
//! have no blocks that were worth to be drawn, so both are the same.
//!
//! With `REPEATABLE (seed)` it is the row and the seed that tell whether a row is read: the rows of a table
//! that has not changed are the same each time, on however many threads and from whatever files they come.
//! Rows that are equal are all read, or none. sqlparser knows numbers as seeds alone, so that another expression
//! is handed to it as a number of that text.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, Query, SelectItem, SetExpr, TableAlias, TableFactor, TableSample,
    TableSampleKind, TableSampleMethod, TableSampleSeed, TableSampleSeedModifier, UnaryOperator,
    Value, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace};

use super::options::Literal;
use super::shown::Shown;
use super::{Statement, parse_one};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow, visit_expressions};

/// What draws rows.
const METHODS: [&str; 2] = ["BERNOULLI", "SYSTEM"];

/// The schema that these are of.
const SCHEMA: &str = "PG_CATALOG";

/// What the relation is called within a sample.
const ROW: &str = "tributary_sampled";

/// The bits of a hash that a double holds.
const MANTISSA: i64 = (1 << 53) - 1;

/// How many numbers these bits tell apart, with a point, as that of a double.
const SHARES: &str = "9007199254740992.0";

/// Makes one token of each seed, and leaves out the schema of the method.
pub(super) fn one_seed(tokens: &mut [TokenWithSpan]) {
    if !tokens.iter().any(|token| is(&token.token, "TABLESAMPLE")) {
        return;
    }
    let is_solid = |token: &TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    let solid: Vec<usize> = (0..tokens.len())
        .filter(|place| is_solid(&tokens[*place]))
        .collect();
    let blank = || Token::Whitespace(Whitespace::Space);
    for at in 0..solid.len() {
        let token = |at: usize| {
            solid
                .get(at)
                .map_or(&Token::EOF, |place| &tokens[*place].token)
        };
        if !is(token(at), "TABLESAMPLE") {
            continue;
        }
        let has_schema = is(token(at + 1), SCHEMA) && *token(at + 2) == Token::Period;
        let method = if has_schema { at + 3 } else { at + 1 };
        if !METHODS.iter().any(|known| is(token(method), known)) {
            continue;
        }
        let seed = closing(tokens, &solid, method + 1)
            .filter(|close| is(token(close + 1), "REPEATABLE"))
            .and_then(|close| Some((close + 3, closing(tokens, &solid, close + 2)?)))
            .filter(|(first, close)| first < close);
        if has_schema {
            for place in &solid[at + 1..at + 3] {
                tokens[*place].token = blank();
            }
        }
        if let Some((first, close)) = seed {
            let parts = &mut tokens[solid[first]..solid[close]];
            let text: String = parts.iter().map(|part| written(&part.token)).collect();
            parts.iter_mut().for_each(|part| part.token = blank());
            if let Some(part) = parts.first_mut() {
                part.token = Token::Number(text.trim_end().to_owned(), false);
            }
        }
    }
}

/// Where the parenthesis that is opened at a place is closed.
fn closing(tokens: &[TokenWithSpan], solid: &[usize], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, place) in solid.iter().enumerate().skip(open) {
        match tokens[*place].token {
            Token::LParen => depth += 1,
            Token::RParen if depth <= 1 => return (depth == 1).then_some(at),
            Token::RParen => depth -= 1,
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// A token as text that is read back as it.
fn written(token: &Token) -> String {
    match token {
        Token::SingleQuotedString(text) | Token::EscapedStringLiteral(text) => {
            Literal(text).to_string()
        }
        Token::Whitespace(_) => " ".to_owned(),
        other => other.to_string(),
    }
}

/// Whether a token is a word, in any case and without quotes.
fn is(token: &Token, word: &str) -> bool {
    matches!(
        token,
        Token::Word(own) if own.quote_style.is_none() && own.value.eq_ignore_ascii_case(word)
    )
}

/// That a sample is one that can be read.
///
/// # Errors
/// 42704 for a method that there is none of, 0A000 for what PostgreSQL does not know either.
pub(super) fn check(sample: &TableSampleKind) -> Result<()> {
    let (TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample)) =
        sample;
    // `TABLESAMPLE other (50)`: sqlparser takes what it does not know for the call of a function.
    if let (None, Some(quantity)) = (&sample.name, &sample.quantity)
        && let (false, Expr::Function(method)) = (quantity.parenthesized, &quantity.value)
    {
        let name = &method.name;
        let message = format!("tablesample method {name} does not exist");
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, message)
            .with_hint("The methods are BERNOULLI and SYSTEM."));
    }
    match is_known(sample) {
        true => Ok(()),
        false => Err(Error::unsupported(
            "TABLESAMPLE but BERNOULLI and SYSTEM of a percentage",
        )),
    }
}

fn is_known(sample: &TableSample) -> bool {
    let is_method = matches!(
        sample.name,
        Some(TableSampleMethod::Bernoulli | TableSampleMethod::System)
    );
    let is_percentage = sample
        .quantity
        .as_ref()
        .is_some_and(|quantity| quantity.unit.is_none());
    let is_seed = sample
        .seed
        .as_ref()
        .is_none_or(|seed| matches!(seed.modifier, TableSampleSeedModifier::Repeatable));
    is_method && is_percentage && is_seed && sample.bucket.is_none()
}

/// The expression that a seed is.
fn seed_of(seed: &TableSampleSeed) -> Result<Expr> {
    let Value::Number(text, _) = &seed.value.value else {
        return Ok(Expr::value(seed.value.value.clone()));
    };
    if let Statement::Query(query) = parse_one(&format!("SELECT ({text})"))?
        && let SetExpr::Select(select) = query.body.as_ref()
        && let [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] =
            select.projection.as_slice()
    {
        return Ok(expr.clone());
    }
    let message = format!("a seed is one value, and not \"{text}\"");
    Err(Error::new(SqlState::SYNTAX_ERROR, message))
}

/// The number of a seed's, as SQL text: of a number its bits, of which each has its own.
///
/// # Errors
/// 2202G for NULL, 22P02 for a text that is no number.
fn seed_text(seed: &Expr) -> Result<String> {
    let mut bare = seed;
    while let Expr::Nested(within) = bare {
        bare = within;
    }
    if matches!(bare, Expr::Value(value) if value.value == Value::Null) {
        let message = "TABLESAMPLE REPEATABLE parameter cannot be null";
        return Err(Error::new(SqlState::INVALID_TABLESAMPLE_REPEAT, message));
    }
    Ok(match computed(seed)? {
        Some(number) => i64::from_ne_bytes(number.to_ne_bytes()).to_string(),
        None => format!(
            "hashtextextended(CAST(CAST(({}) AS DOUBLE PRECISION) AS TEXT), 0)",
            Shown(seed)
        ),
    })
}

/// The number that an expression of numbers alone is.
fn computed(expression: &Expr) -> Result<Option<f64>> {
    Ok(match expression {
        Expr::Nested(within) => computed(within)?,
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            Value::SingleQuotedString(text) => Some(text.trim().parse().map_err(|_| {
                let message = format!("invalid input syntax for type double precision: \"{text}\"");
                Error::new(SqlState::INVALID_TEXT_REPRESENTATION, message)
            })?),
            _ => None,
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => computed(expr)?.map(std::ops::Neg::neg),
        Expr::BinaryOp { left, op, right } => match (computed(left)?, op, computed(right)?) {
            (Some(left), BinaryOperator::Plus, Some(right)) => Some(left + right),
            (Some(left), BinaryOperator::Minus, Some(right)) => Some(left - right),
            (Some(left), BinaryOperator::Multiply, Some(right)) => Some(left * right),
            _ => None,
        },
        _ => None,
    })
}

/// Says samples as what they read.
///
/// # Errors
/// 2202H for a percentage that is none, 2202G for a seed that is NULL, 22P02 for one that is no number, 42703 for
/// columns in either.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Rewriter { depth: 0 }))
}

struct Rewriter {
    /// In how many queries the walk is.
    depth: usize,
}

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        flow(sampled(factor, self.depth > 1))
    }
}

/// That an expression has no columns. Those of queries around it may stand in it.
fn check_columns(expression: &Expr) -> Result<()> {
    let found = visit_expressions(expression, |part| match part {
        Expr::Identifier(name) => ControlFlow::Break(name.value.clone()),
        Expr::CompoundIdentifier(parts) => {
            let names: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
            ControlFlow::Break(names.join("."))
        }
        _ => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(name) => {
            let message = format!("column \"{name}\" does not exist");
            Err(Error::new(SqlState::UNDEFINED_COLUMN, message)
                .with_hint("A sample is drawn in one way for all rows, not by their columns."))
        }
    }
}

/// That a percentage which is written down is one.
fn check_percentage(percentage: &Expr) -> Result<()> {
    let message = match percentage {
        Expr::Value(value) if value.value == Value::Null => "TABLESAMPLE parameter cannot be null",
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } if number(expr).is_some_and(|number| number > 0.0) => {
            "sample percentage must be between 0 and 100"
        }
        other if number(other).is_some_and(|number| number > 100.0) => {
            "sample percentage must be between 0 and 100"
        }
        _ => return Ok(()),
    };
    Err(Error::new(SqlState::INVALID_TABLESAMPLE_ARGUMENT, message))
}

fn number(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

fn sampled(factor: &mut TableFactor, is_within: bool) -> Result<()> {
    let TableFactor::Table {
        name,
        alias,
        sample,
        ..
    } = factor
    else {
        return Ok(());
    };
    let (
        Some(TableSampleKind::BeforeTableAlias(drawn) | TableSampleKind::AfterTableAlias(drawn)),
        Some(own),
    ) = (
        sample.take(),
        name.0.last().and_then(|part| part.as_ident()).cloned(),
    )
    else {
        return Ok(());
    };
    let Some(quantity) = drawn.quantity else {
        return Ok(());
    };
    check_percentage(&quantity.value)?;
    let seed = drawn.seed.as_ref().map(seed_of).transpose()?;
    if !is_within {
        check_columns(&quantity.value)?;
        seed.as_ref().map_or(Ok(()), check_columns)?;
    }
    let alias = alias.take().unwrap_or(TableAlias {
        explicit: true,
        name: own,
        columns: Vec::new(),
        at: None,
    });
    // A number from 0 up to, but without, 1.
    let drawn = match &seed {
        Some(seed) => format!(
            "CAST(hashtextextended(CAST({ROW} AS TEXT), {}) & {MANTISSA} AS DOUBLE PRECISION)
             / {SHARES}",
            seed_text(seed)?
        ),
        None => "random()".to_owned(),
    };
    let text = format!(
        "SELECT * FROM t WHERE {drawn} * 100 < ({})",
        Shown(&quantity.value)
    );
    let Statement::Query(mut query) = parse_one(&text)? else {
        return Err(Error::internal("a sample is read as no query"));
    };
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(from) = select.from.first_mut()
    {
        from.relation = factor.clone();
        if let TableFactor::Table { alias, .. } = &mut from.relation {
            *alias = Some(TableAlias {
                explicit: true,
                name: Ident::new(ROW),
                columns: Vec::new(),
                at: None,
            });
        }
    }
    *factor = TableFactor::Derived {
        lateral: false,
        subquery: query,
        alias: Some(alias),
        sample: None,
    };
    Ok(())
}
