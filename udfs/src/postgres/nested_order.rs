//! `<`, `<=`, `>` and `>=` of arrays and records, in which NULL comes behind all other elements and
//! attributes, as PostgreSQL's orders have it. To DataFusion's operators it comes before them.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DFSchema, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};

use super::comparable::in_order;
use super::converted::only_value;

/// Whether an operator asks which of two values comes first.
pub(super) fn is_order(operator: Operator) -> bool {
    use Operator::{Gt, GtEq, Lt, LtEq};
    matches!(operator, Lt | LtEq | Gt | GtEq)
}

/// Whether all of these are arrays or records.
pub(super) fn are_nested<const N: usize>(expressions: [&Expr; N], schema: &DFSchema) -> bool {
    expressions.iter().all(|expression| {
        let own = expression.get_type(schema);
        own.is_ok_and(|own| is_nested(&own))
    })
}

/// Whether values are arrays or records.
pub(super) fn is_nested(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::Struct(_))
}

/// Which of two arrays or records comes first, by an operator that asks it.
pub(super) fn ordered(left: Expr, operator: Operator, right: Expr) -> Expr {
    let function = ScalarUDF::new_from_impl(NestedOrder {
        operator,
        signature: Signature::any(2, Volatility::Immutable),
    });
    Expr::ScalarFunction(ScalarFunction::new_udf(
        Arc::new(function),
        vec![left, right],
    ))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct NestedOrder {
    operator: Operator,
    signature: Signature,
}

impl NestedOrder {
    fn holds(&self, order: Ordering) -> bool {
        match self.operator {
            Operator::Lt => order.is_lt(),
            Operator::LtEq => order.is_le(),
            Operator::Gt => order.is_gt(),
            _ => order.is_ge(),
        }
    }
}

impl ScalarUDFImpl for NestedOrder {
    fn name(&self) -> &str {
        match self.operator {
            Operator::Lt => "nested_lt",
            Operator::LtEq => "nested_le",
            Operator::Gt => "nested_gt",
            _ => "nested_ge",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        let field = Field::new(self.name(), DataType::Boolean, nullable);
        Ok(Arc::new(field))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let [left, right] = columns.as_slice() else {
            return exec_err!("two values are compared");
        };
        let compare = in_order(left, right)?;
        let answers = (0..left.len()).map(|row| {
            let are_values = left.is_valid(row) && right.is_valid(row);
            are_values.then(|| self.holds(compare(row, row)))
        });
        let answers: ArrayRef = Arc::new(answers.collect::<BooleanArray>());
        let is_column = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Array(_));
        Ok(match args.args.iter().any(is_column) {
            true => ColumnarValue::Array(answers),
            false => ColumnarValue::Scalar(only_value(&answers)?),
        })
    }
}
