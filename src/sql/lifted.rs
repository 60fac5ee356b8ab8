//! Queries that differ in the values alone that they compare columns with, as one query with
//! parameters.

use std::ops::ControlFlow;

use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Query, SetExpr, Value, ValueWithSpan, visit_expressions,
};

/// The most values that are lifted out of a query.
const MAX_VALUES: usize = 100;

/// Puts parameters in the place of the integers and texts that the outermost `WHERE` of a query
/// compares columns with; answers their values. None are lifted out of a query with too many, or with
/// parameters of its own.
pub fn lift(query: &mut Query) -> Vec<ScalarValue> {
    if has_parameters(query) {
        return Vec::new();
    }
    let mut lifted = query.clone();
    let mut values = Vec::new();
    if let SetExpr::Select(select) = lifted.body.as_mut()
        && let Some(condition) = &mut select.selection
    {
        of_condition(condition, &mut values);
    }
    if values.is_empty() || values.len() > MAX_VALUES {
        return Vec::new();
    }
    *query = lifted;
    values
}

fn has_parameters(query: &Query) -> bool {
    let found = visit_expressions(query, |expression| match expression {
        Expr::Value(value) if matches!(value.value, Value::Placeholder(_)) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

fn of_condition(condition: &mut Expr, values: &mut Vec<ScalarValue>) {
    match condition {
        Expr::Nested(inner) => of_condition(inner, values),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::And | BinaryOperator::Or => {
                of_condition(left, values);
                of_condition(right, values);
            }
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => {
                if is_column(left) {
                    of_value(right, values);
                } else if is_column(right) {
                    of_value(left, values);
                }
            }
            _ => {}
        },
        Expr::InList { expr, list, .. } if is_column(expr) => {
            for value in list {
                of_value(value, values);
            }
        }
        _ => {}
    }
}

fn is_column(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Identifier(_) | Expr::CompoundIdentifier(_)
    )
}

fn of_value(expression: &mut Expr, values: &mut Vec<ScalarValue>) {
    let Expr::Value(ValueWithSpan { value, .. }) = expression else {
        return;
    };
    let scalar = match value {
        Value::Number(digits, _) => digits.parse::<i64>().ok().map(ScalarValue::from),
        Value::SingleQuotedString(text) => Some(ScalarValue::from(text.as_str())),
        _ => None,
    };
    if let Some(scalar) = scalar {
        values.push(scalar);
        *value = Value::Placeholder(format!("${}", values.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    fn lifted(sql: &str) -> (String, Vec<ScalarValue>) {
        let Ok(Statement::Query(mut query)) = parse_one(sql) else {
            unreachable!("{sql} is a query");
        };
        let values = lift(&mut query);
        (query.to_string(), values)
    }

    #[test]
    fn only_what_columns_are_compared_with_is_lifted() {
        let (query, values) = lifted(
            "SELECT 1, a FROM t WHERE (t.id = 5 OR 'x' < b) AND c IN (1, d, 'y') AND e = 1.5 AND lower(b) = 'z' LIMIT 3",
        );
        assert_eq!(
            query,
            "SELECT 1, a FROM t WHERE (t.id = $1 OR $2 < b) AND c IN ($3, d, $4) AND e = 1.5 AND lower(b) = 'z' LIMIT 3"
        );
        let expected: [ScalarValue; 4] = [5_i64.into(), "x".into(), 1_i64.into(), "y".into()];
        assert_eq!(values, expected);
    }

    #[test]
    fn a_query_with_parameters_is_left_as_it_is() {
        let sql = "SELECT $1 FROM t WHERE a = 5";
        assert_eq!(lifted(sql), (sql.to_owned(), Vec::new()));
    }

    #[test]
    fn a_query_with_too_many_values_is_left_as_it_is() {
        let many: Vec<String> = (0..=MAX_VALUES).map(|value| value.to_string()).collect();
        let sql = format!("SELECT a FROM t WHERE a IN ({})", many.join(", "));
        assert_eq!(lifted(&sql), (sql, Vec::new()));
    }
}
