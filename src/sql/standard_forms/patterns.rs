//! Patterns of texts: `LIKE p ESCAPE e` is of `like_escape(p, e)`, `SIMILAR TO` a regular expression, and
//! operators on regular expressions are functions where these mean something else to DataFusion.

use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, DataType, Expr, UnaryOperator, Value, ValueWithSpan,
};
use tributary_udfs::postgres::reads_alike;

use super::calls::{cast, literal_text, named_call, taken};
use crate::error::Result;
use crate::sql::quantified::Quantified;

/// Puts what escapes marks of a pattern into it.
pub(super) fn escape(expr: &mut Expr) {
    let (Expr::Like {
        pattern,
        escape_char,
        ..
    }
    | Expr::ILike {
        pattern,
        escape_char,
        ..
    }) = expr
    else {
        return;
    };
    if let Some(escape) = escape_char.take() {
        let written = taken(pattern);
        **pattern = named_call("like_escape", vec![written, Expr::Value(escape)]);
    }
}

/// Says `LIKE 'ab\'`, whose last mark escapes nothing, as what fails for a text that gets so far, and for
/// others does not match.
pub(super) fn unfinished(expr: &mut Expr) {
    let (Expr::Like {
        negated,
        pattern,
        escape_char,
        ..
    }
    | Expr::ILike {
        negated,
        pattern,
        escape_char,
        ..
    }) = expr
    else {
        return;
    };
    if escape_char.is_some() {
        return;
    }
    let Some(reaching) = literal_text(pattern).and_then(before_last_escape) else {
        return;
    };
    **pattern = Expr::value(Value::SingleQuotedString(format!("{reaching}_%")));
    let is_negated = std::mem::take(negated);
    let found = taken(expr);
    *expr = negate_if(is_negated, named_call("like_unfinished", vec![found]));
}

/// What stands before the mark at the end of a pattern that escapes nothing; none where the last mark is
/// escaped itself.
fn before_last_escape(pattern: &str) -> Option<&str> {
    let marks = pattern.bytes().rev().take_while(|byte| *byte == b'\\');
    match marks.count() % 2 {
        1 => pattern.strip_suffix('\\'),
        _ => None,
    }
}

/// Says an operator on a regular expression by a function, where DataFusion would read another one.
///
/// # Errors
/// 2201B for a regular expression that is none.
pub(super) fn match_as_written(expr: &mut Expr) -> Result<()> {
    let Expr::BinaryOp { left, op, right } = expr else {
        return Ok(());
    };
    let Some((ignores_case, negated)) = matching(op) else {
        return Ok(());
    };
    let is_alike = match literal_text(right) {
        Some(pattern) => reads_alike(pattern).map_err(DataFusionError::from)?,
        // What is computed may be any expression.
        None => false,
    };
    if !is_alike {
        // An operator knows the expressions of DataFusion alone, `regexp_like` those of PostgreSQL.
        let mut given = vec![taken(left), taken(right)];
        if ignores_case {
            given.push(Expr::value(Value::SingleQuotedString("i".to_owned())));
        }
        *expr = negate_if(negated, named_call("regexp_like", given));
    }
    Ok(())
}

/// Says an operator on patterns beside an array of them, such as `x ~~ ANY (patterns)`, by a function.
pub(super) fn match_each(expr: &mut Expr) {
    let Some(compared) = Quantified::of(expr) else {
        return;
    };
    let is_of_patterns = is_match(compared.operator)
        || matches!(
            compared.operator,
            BinaryOperator::PGLikeMatch
                | BinaryOperator::PGNotLikeMatch
                | BinaryOperator::PGILikeMatch
                | BinaryOperator::PGNotILikeMatch
        );
    if !is_of_patterns || compared.is_of_subquery() {
        return;
    }
    let patterns = match taken(compared.many) {
        // What has no type is an array of texts.
        untyped @ Expr::Value(_) => cast(untyped, texts()),
        typed => typed,
    };
    let operator = Value::SingleQuotedString(compared.operator.to_string());
    let given = vec![
        taken(compared.value),
        patterns,
        Expr::value(operator),
        Expr::value(Value::Boolean(compared.is_all)),
    ];
    *expr = named_call("matches_each", given);
}

/// `TEXT[]`
fn texts() -> DataType {
    DataType::Array(ArrayElemTypeDef::SquareBracket(
        Box::new(DataType::Text),
        None,
    ))
}

/// Whether an operator matches a regular expression.
pub(super) fn is_match(operator: &BinaryOperator) -> bool {
    matching(operator).is_some()
}

/// Of an operator that matches a regular expression whether it ignores case, and whether it is true
/// where the expression does not match.
fn matching(operator: &BinaryOperator) -> Option<(bool, bool)> {
    Some(match operator {
        BinaryOperator::PGRegexMatch => (false, false),
        BinaryOperator::PGRegexIMatch => (true, false),
        BinaryOperator::PGRegexNotMatch => (false, true),
        BinaryOperator::PGRegexNotIMatch => (true, true),
        _ => return None,
    })
}

/// `text SIMILAR TO pattern`
pub(super) fn similar(
    text: Expr,
    pattern: Expr,
    escape: Option<ValueWithSpan>,
    negated: bool,
) -> Expr {
    let mut given = vec![pattern];
    given.extend(escape.map(Expr::Value));
    let pattern = named_call("similar_to_escape", given);
    negate_if(negated, named_call("regexp_like", vec![text, pattern]))
}

pub(super) fn negate_if(negated: bool, matches: Expr) -> Expr {
    match negated {
        true => Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: Box::new(matches),
        },
        false => matches,
    }
}
