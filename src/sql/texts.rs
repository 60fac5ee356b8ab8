//! Literals that are texts, in parentheses or not.

use datafusion::sql::sqlparser::ast::{Expr, Value};

/// The text that an expression is.
pub fn text_of(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Nested(inner) => text_of(inner),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// [`text_of`], to be changed.
pub fn text_of_mut(expression: &mut Expr) -> Option<&mut String> {
    match expression {
        Expr::Nested(inner) => text_of_mut(inner),
        Expr::Value(value) => match &mut value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
