//! Numbers that are written with an exponent, `1.5e3`.
//!
//! DataFusion's planner makes decimals of negative scale of them, which its casts to integers and its
//! divisions get wrong. They are read as what they stand for, `1500.`, which has the scale that
//! PostgreSQL gives it.

use datafusion::sql::sqlparser::ast::{CastKind, DataType, Expr, Value};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

/// The most digits of a `numeric`: those of Arrow's Decimal256.
const NUMERIC_DIGITS: i64 = 76;

/// A number with an exponent, where the next token is one.
pub(super) fn number(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let token = parser.peek_token_ref();
    let Token::Number(literal, _) = &token.token else {
        return None;
    };
    let (mantissa, exponent) = literal.split_once(['e', 'E'])?;
    let read = match written_out(mantissa, exponent) {
        Some(digits) => Expr::Value(Value::Number(digits, false).with_span(token.span)),
        None => double_precision(literal),
    };
    parser.next_token();
    Some(Ok(read))
}

/// The digits without the exponent; `None` where they are more than `numeric` has here.
fn written_out(mantissa: &str, exponent: &str) -> Option<String> {
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let point = (whole.len() as i64).saturating_add(exponent);
    let scale = (fraction.len() as i64).saturating_sub(exponent).max(0);
    if point.max(0).saturating_add(scale) > NUMERIC_DIGITS {
        return None;
    }
    let scale = usize::try_from(scale).ok()?;
    let zeros_behind = usize::try_from(point - (whole.len() + fraction.len()) as i64).unwrap_or(0);
    let digits = format!("{whole}{fraction}{}", "0".repeat(zeros_behind));
    // The point lies at least behind a zero.
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    Some(format!("{whole}.{fraction}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_written_out() {
        for (mantissa, exponent, digits) in [
            ("1", "3", "1000."),
            ("1", "+3", "1000."),
            ("1.5", "1", "15."),
            ("1.50", "1", "15.0"),
            ("12.345", "2", "1234.5"),
            ("15", "-1", "1.5"),
            ("15", "-4", "0.0015"),
            (".5", "1", "5."),
            (".5", "-1", "0.05"),
            ("1.", "2", "100."),
            ("0", "5", "000000."),
            ("7", "0", "7."),
        ] {
            assert_eq!(
                written_out(mantissa, exponent).as_deref(),
                Some(digits),
                "{mantissa}e{exponent}"
            );
        }
        assert_eq!(written_out("1", "75").map(|it| it.len()), Some(77));
        for exponent in ["76", "-77", "400", "-400", "99999999999999999999"] {
            assert_eq!(written_out("1", exponent), None, "{exponent}");
        }
    }
}
