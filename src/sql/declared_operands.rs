//! Parameters that are operands of arithmetic, as what the client has declared them: `$1` in `day + $1` is
//! `$1::int` where it was declared so. What an operator is depends on the types beside it, which the
//! planner would guess.

use std::convert::Infallible;
use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType as SqlType, Expr, TimezoneInfo, Value, VisitorMut,
};

use super::{Statement, parts};

/// Casts such parameters to their declared types. Texts and numerics stay: a cast of those says more than
/// what they are.
pub fn cast(statement: &mut Statement, declared: &[Option<DataType>]) {
    if declared.iter().flatten().any(|it| name(it).is_some()) {
        // Nothing breaks the walk.
        let _ = parts::visit_mut(statement, &mut Operands(declared));
    }
}

struct Operands<'a>(&'a [Option<DataType>]);

impl VisitorMut for Operands<'_> {
    type Break = Infallible;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        use BinaryOperator::{Divide, Minus, Multiply, Plus};
        if let Expr::BinaryOp {
            left,
            op: Plus | Minus | Multiply | Divide,
            right,
        } = expr
        {
            self.operand(left);
            self.operand(right);
        }
        ControlFlow::Continue(())
    }
}

impl Operands<'_> {
    fn operand(&self, operand: &mut Expr) {
        if let Expr::Nested(inner) = operand {
            return self.operand(inner);
        }
        let Some(data_type) = self.declared(operand) else {
            return;
        };
        let parameter = std::mem::replace(operand, Expr::value(Value::Null));
        *operand = Expr::Cast {
            kind: CastKind::DoubleColon,
            expr: Box::new(parameter),
            data_type,
            array: false,
            format: None,
        };
    }

    fn declared(&self, operand: &Expr) -> Option<SqlType> {
        let Expr::Value(value) = operand else {
            return None;
        };
        let Value::Placeholder(parameter) = &value.value else {
            return None;
        };
        let number: usize = parameter.trim_start_matches('$').parse().ok()?;
        name(self.0.get(number.checked_sub(1)?)?.as_ref()?)
    }
}

/// The name of a type that has one form.
fn name(data_type: &DataType) -> Option<SqlType> {
    Some(match data_type {
        DataType::Int16 => SqlType::SmallInt(None),
        DataType::Int32 => SqlType::Integer(None),
        DataType::Int64 => SqlType::BigInt(None),
        DataType::Float32 => SqlType::Real,
        DataType::Float64 => SqlType::DoublePrecision,
        DataType::Date32 => SqlType::Date,
        DataType::Time64(_) => SqlType::Time(None, TimezoneInfo::None),
        DataType::Timestamp(_, None) => SqlType::Timestamp(None, TimezoneInfo::None),
        DataType::Timestamp(_, Some(_)) => SqlType::Timestamp(None, TimezoneInfo::WithTimeZone),
        DataType::Interval(_) => SqlType::Interval {
            fields: None,
            precision: None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse_one;

    #[test]
    fn operands_are_what_they_are_declared() {
        let declared = [
            Some(DataType::Int32),
            None,
            Some(DataType::Utf8),
            Some(DataType::Date32),
        ];
        for (sql, expected) in [
            (
                "SELECT day + $1, ($1) * a, $2 + $3, a = $1, f($1) FROM t WHERE $4 - day < $1",
                "SELECT day + $1::INTEGER, ($1::INTEGER) * a, $2 + $3, a = $1, f($1) FROM t WHERE $4::DATE - day < $1",
            ),
            (
                "UPDATE t SET day = day + $1, a = $1 WHERE id = $1 + $5",
                "UPDATE t SET day = day + $1::INTEGER, a = $1 WHERE id = $1::INTEGER + $5",
            ),
        ] {
            let mut statement = parse_one(sql).unwrap();
            cast(&mut statement, &declared);
            assert_eq!(statement.to_string(), expected);
        }
    }
}
