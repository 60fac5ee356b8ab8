//! Keys that the filters of a query bind to constants.

use std::collections::HashMap;

use arrow::array::ArrayRef;
use arrow::datatypes::Schema;
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

/// So many keys are looked up by an index, at most; to read all rows is not much more work then.
const MAX_KEYS: usize = 10_000;

/// What filters say that columns must be equal to, one of several values each.
pub(super) struct Bound<'a> {
    columns: HashMap<&'a str, Vec<&'a ScalarValue>>,
    schema: &'a Schema,
}

impl<'a> Bound<'a> {
    /// What the filters, all of which a row must pass, say of columns of this schema; parameters in them
    /// stand for these values.
    pub fn by(filters: &'a [Expr], parameters: &'a [ScalarValue], schema: &'a Schema) -> Self {
        let mut columns: HashMap<&str, Vec<&ScalarValue>> = HashMap::new();
        let mut conditions: Vec<&Expr> = filters.iter().collect();
        while let Some(condition) = conditions.pop() {
            if let Expr::BinaryExpr(BinaryExpr { left, op, right }) = condition
                && *op == Operator::And
            {
                conditions.extend([left.as_ref(), right.as_ref()]);
            } else if let Some((column, values)) = equal_to(condition, parameters) {
                // Of several conditions the one of fewest values says the most.
                let known = columns.get(column).map_or(usize::MAX, Vec::len);
                if values.len() < known {
                    columns.insert(column, values);
                }
            }
        }
        Self { columns, schema }
    }

    /// All keys of these columns that a row may have; none where a column may have any value, or
    /// there are too many.
    pub fn keys(&self, columns: &[String]) -> Option<Vec<ArrayRef>> {
        let mut bound = Vec::with_capacity(columns.len());
        let mut count = 1_usize;
        for name in columns {
            let field = self.schema.field_with_name(name).ok()?;
            let values = self.columns.get(name.as_str())?;
            if values
                .iter()
                .any(|value| value.data_type() != *field.data_type())
            {
                return None;
            }
            // NULL is equal to nothing.
            let values: Vec<&ScalarValue> = values
                .iter()
                .copied()
                .filter(|value| !value.is_null())
                .collect();
            count = count.checked_mul(values.len())?;
            if count > MAX_KEYS {
                return None;
            }
            bound.push((field.data_type(), values));
        }
        // Each value of a column with each of those of the columns after it.
        let mut repeats = count;
        let mut arrays = Vec::with_capacity(bound.len());
        for (data_type, values) in bound {
            if count == 0 {
                arrays.push(arrow::array::new_empty_array(data_type));
                continue;
            }
            repeats /= values.len();
            let all = (0..count).map(|row| values[row / repeats % values.len()].clone());
            arrays.push(ScalarValue::iter_to_array(all).ok()?);
        }
        Some(arrays)
    }
}

/// A value, or what a parameter stands for.
fn value_of<'a>(expression: &'a Expr, parameters: &'a [ScalarValue]) -> Option<&'a ScalarValue> {
    match expression {
        Expr::Literal(value, _) => Some(value),
        Expr::Placeholder(placeholder) => {
            let number: usize = placeholder.id.strip_prefix('$')?.parse().ok()?;
            parameters.get(number.checked_sub(1)?)
        }
        _ => None,
    }
}

/// A column that a condition holds equal to one of some values.
fn equal_to<'a>(
    condition: &'a Expr,
    parameters: &'a [ScalarValue],
) -> Option<(&'a str, Vec<&'a ScalarValue>)> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::Eq => match (left.as_ref(), right.as_ref()) {
                (Expr::Column(column), value) | (value, Expr::Column(column)) => {
                    Some((&column.name, vec![value_of(value, parameters)?]))
                }
                _ => None,
            },
            Operator::Or => {
                let (left, mut values) = equal_to(left, parameters)?;
                let (right, more) = equal_to(right, parameters)?;
                values.extend(more);
                (left == right && values.len() <= MAX_KEYS).then_some((left, values))
            }
            _ => None,
        },
        Expr::InList(list) if !list.negated && list.list.len() <= MAX_KEYS => {
            let Expr::Column(Column { name, .. }) = list.expr.as_ref() else {
                return None;
            };
            let values = list.list.iter().map(|value| value_of(value, parameters));
            Some((name, values.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray as _;
    use arrow::datatypes::{DataType, Field, Int64Type};
    use datafusion::logical_expr::placeholder;
    use datafusion::prelude::{col, lit};

    use super::*;

    fn keys(filters: &[Expr], columns: &[&str]) -> Option<Vec<Vec<i64>>> {
        let fields = ["a", "b"].map(|name| Field::new(name, DataType::Int64, true));
        let schema = Schema::new(fields.to_vec());
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let arrays = Bound::by(filters, &[], &schema).keys(&columns)?;
        let values = arrays.iter().map(|array| array.as_primitive::<Int64Type>());
        Some(values.map(|array| array.values().to_vec()).collect())
    }

    #[test]
    fn constants_make_keys() {
        let three = col("a").eq(lit(1_i64)).or(lit(2_i64).eq(col("a")));
        let three = three.or(col("a").in_list(vec![lit(3_i64)], false));
        let two = col("b").in_list(vec![lit(7_i64), lit(8_i64)], false);
        let both = [three.clone().and(two)];
        assert_eq!(keys(&both, &["a"]), Some(vec![vec![1, 2, 3]]));
        assert_eq!(
            keys(&both, &["b", "a"]),
            Some(vec![vec![7, 7, 7, 8, 8, 8], vec![1, 2, 3, 1, 2, 3]])
        );
        let fewer = [three, col("a").eq(lit(2_i64))];
        assert_eq!(keys(&fewer, &["a"]), Some(vec![vec![2]]));
    }

    #[test]
    fn parameters_stand_for_their_values() {
        let schema = Schema::new(vec![Field::new("a", DataType::Int64, true)]);
        let keys = |filter: Expr, parameters: &[ScalarValue]| {
            let filters = [filter];
            let keys = Bound::by(&filters, parameters, &schema).keys(&["a".to_owned()])?;
            Some(keys[0].as_primitive::<Int64Type>().values().to_vec())
        };
        let values = [lit(7_i64), lit(8_i64)].map(|value| match value {
            Expr::Literal(value, _) => value,
            other => panic!("{other} is no literal"),
        });
        let second = || col("a").eq(placeholder("$2"));
        assert_eq!(keys(second(), &values), Some(vec![8]));
        let listed = col("a").in_list(vec![placeholder("$2"), placeholder("$1")], false);
        assert_eq!(keys(listed, &values), Some(vec![8, 7]));
        assert_eq!(keys(second(), &values[..1]), None);
        assert_eq!(keys(col("a").eq(placeholder("$0")), &values), None);
        let null = [ScalarValue::Int64(None), ScalarValue::Int64(None)];
        assert_eq!(keys(second(), &null), Some(vec![]));
    }

    #[test]
    fn null_is_no_key() {
        let null = [col("a").eq(lit(ScalarValue::Int64(None)))];
        assert_eq!(keys(&null, &["a"]), Some(vec![vec![]]));
    }

    #[test]
    fn what_may_be_another_value_binds_nothing() {
        let free = [
            col("a").gt(lit(1_i64)),
            col("a").in_list(vec![lit(1_i64)], true),
            col("a").eq(col("b")),
            col("a").eq(lit(1_i64)).or(col("b").eq(lit(1_i64))),
            // Of another type, which may be equal in another way.
            col("a").eq(lit(1_i32)),
        ];
        for filter in free {
            assert_eq!(
                keys(std::slice::from_ref(&filter), &["a"]),
                None,
                "{filter}"
            );
        }
        assert_eq!(keys(&[col("a").eq(lit(1_i64))], &["a", "b"]), None);
    }
}
