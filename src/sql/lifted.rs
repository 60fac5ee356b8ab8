//! Queries that differ in the values alone that they compare columns with, as one query with
//! parameters.

use std::ops::ControlFlow;

use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Query, SetExpr,
    TableFactor, Value, ValueWithSpan,
};

use super::model_functions::{expression, is_lookup};
use super::plain_record::PlainRecord;
use crate::sql::walk::visit_expressions;

/// The most values that are lifted out of a query.
const MAX_VALUES: usize = 100;

/// A query with parameters in the place of the integers and texts that its outermost `WHERE` compares
/// columns with, and of the texts of records that it looks up in models, and their values. None are lifted
/// out of a query with too many, or with parameters of its own.
pub fn lift(query: &Query) -> Option<(Query, Vec<ScalarValue>)> {
    if !may_have_values(query) || has_parameters(query) {
        return None;
    }
    let mut lifted = query.clone();
    let mut values = Vec::new();
    if let SetExpr::Select(select) = lifted.body.as_mut() {
        for table in &mut select.from {
            of_record(&mut table.relation, &mut values);
        }
        if let Some(condition) = &mut select.selection {
            of_condition(condition, &mut values);
        }
    }
    let is_lifted = !values.is_empty() && values.len() <= MAX_VALUES;
    is_lifted.then_some((lifted, values))
}

/// Whether a query has parts that values are lifted out of.
fn may_have_values(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return false;
    };
    let is_call = |table: &TableFactor| matches!(table, TableFactor::Table { args: Some(_), .. });
    select.selection.is_some() || select.from.iter().any(|table| is_call(&table.relation))
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

/// The texts of a record that is looked up in a model, where they are all that it is made of.
fn of_record(factor: &mut TableFactor, values: &mut Vec<ScalarValue>) {
    let TableFactor::Table {
        name,
        args: Some(args),
        ..
    } = factor
    else {
        return;
    };
    let record = args.args.get(1).and_then(expression);
    if !is_lookup(name) || record.and_then(PlainRecord::of).is_none() {
        return;
    }
    if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(record)))) =
        args.args.get_mut(1)
        && let FunctionArguments::List(fields) = &mut record.args
    {
        // A name, and its value.
        for value in fields.args.iter_mut().skip(1).step_by(2) {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = value {
                of_value(value, values);
            }
        }
    }
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
        let Ok(Statement::Query(query)) = parse_one(sql) else {
            unreachable!("{sql} is a query");
        };
        match lift(&query) {
            Some((lifted, values)) => (lifted.to_string(), values),
            None => (query.to_string(), Vec::new()),
        }
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
    fn texts_of_records_that_are_looked_up_are_lifted() {
        let (query, values) = lifted(
            "SELECT id FROM entity_lookup('m', named_struct('email', 'x', 'city', NULL, 'name', 'y')) WHERE id = 7",
        );
        assert_eq!(
            query,
            "SELECT id FROM entity_lookup('m', named_struct('email', $1, 'city', NULL, 'name', $2)) WHERE id = $3"
        );
        let expected: [ScalarValue; 3] = ["x".into(), "y".into(), 7_i64.into()];
        assert_eq!(values, expected);
        for sql in [
            "SELECT id FROM entity_lookup('m', named_struct('email', lower('X')))",
            "SELECT id FROM entity_lookup('m', named_struct('email', 'x', 'name', a.name))",
            "SELECT level FROM entity_explain('m', 'x', 'y')",
            "SELECT id FROM other('m', named_struct('email', 'x'))",
        ] {
            assert_eq!(lifted(sql), (sql.to_owned(), Vec::new()));
        }
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
