//! The keys that a join lists for the scan of its other side.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray};
use arrow::compute::{concat, filter, is_not_null};
use arrow::datatypes::Schema;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::ScalarFunctionExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, Column, DynamicFilterPhysicalExpr, InListExpr, Literal,
};
use datafusion::physical_plan::PhysicalExpr;

use super::LookUpKeys;
use crate::warehouse::key_indexes::IndexedKey;

/// What columns have in the rows that are wanted: one of the rows of these values, if it is not NULL.
#[derive(Debug)]
pub(super) struct Listed {
    /// The numbers of the columns in the table.
    columns: Vec<usize>,
    values: Vec<ArrayRef>,
}

impl Listed {
    /// What a condition lists, if it does, and this is not too much.
    pub fn of(condition: &Arc<dyn PhysicalExpr>) -> Result<Option<Self>> {
        let listed = Self::all_of(condition)?;
        let count = |listed: &Self| listed.values.first().map_or(0, |values| values.len());
        Ok(listed.filter(|listed| count(listed) <= LookUpKeys::MOST))
    }

    fn all_of(condition: &Arc<dyn PhysicalExpr>) -> Result<Option<Self>> {
        if let Some(dynamic) = condition.downcast_ref::<DynamicFilterPhysicalExpr>() {
            return Self::all_of(&dynamic.current()?);
        }
        if let Some(both) = condition.downcast_ref::<BinaryExpr>() {
            return match (*both.op(), Self::all_of(both.left())?) {
                (Operator::And, None) => Self::all_of(both.right()),
                (Operator::And, listed) => Ok(listed),
                _ => Ok(None),
            };
        }
        if let Some(list) = condition.downcast_ref::<InListExpr>() {
            return Self::of_list(list);
        }
        match condition.downcast_ref::<CaseExpr>() {
            Some(case) => Self::of_partitions(case),
            None => Ok(None),
        }
    }

    fn of_list(list: &InListExpr) -> Result<Option<Self>> {
        // The rows of the other side are listed, equal ones each.
        if list.negated() || list.len() > LookUpKeys::MOST {
            return Ok(None);
        }
        let values = list.list().iter().map(|value| {
            let value = value.downcast_ref::<Literal>()?;
            Some(value.value().clone())
        });
        let values = values.collect::<Option<Vec<_>>>();
        let Some(values) = values.filter(|values| !values.is_empty()) else {
            return Ok(None);
        };
        let values = ScalarValue::iter_to_array(values)?;
        if let Some(column) = list.expr().downcast_ref::<Column>() {
            return Ok(Some(Self {
                columns: vec![column.index()],
                values: vec![values],
            }));
        }
        // Joins by several columns list records of them.
        let record = list.expr().downcast_ref::<ScalarFunctionExpr>();
        let record = record.filter(|record| record.name() == "struct");
        let columns = record.and_then(|record| {
            let columns = record.args().iter().map(|argument| {
                let column = argument.downcast_ref::<Column>()?;
                Some(column.index())
            });
            columns.collect::<Option<Vec<_>>>()
        });
        Ok(columns
            .zip(values.as_struct_opt())
            .map(|(columns, values)| {
                let values = values.columns().to_vec();
                Self { columns, values }
            }))
    }

    /// What the partitions of a join list, each of which has some of the keys.
    fn of_partitions(case: &CaseExpr) -> Result<Option<Self>> {
        let is_false = |part: &Arc<dyn PhysicalExpr>| {
            let value = part.downcast_ref::<Literal>().map(Literal::value);
            value == Some(&ScalarValue::Boolean(Some(false)))
        };
        if !case.else_expr().is_some_and(is_false) {
            return Ok(None);
        }
        let mut all: Option<Self> = None;
        for (_, part) in case.when_then_expr() {
            if is_false(part) {
                continue;
            }
            let Some(listed) = Self::all_of(part)? else {
                return Ok(None);
            };
            all = match all {
                None => Some(listed),
                Some(all) if all.columns == listed.columns => Some(all.and(&listed)?),
                Some(_) => return Ok(None),
            };
        }
        Ok(all)
    }

    fn and(self, other: &Self) -> Result<Self> {
        let both = self.values.iter().zip(&other.values);
        let values = both.map(|(own, other)| concat(&[own.as_ref(), other.as_ref()]));
        Ok(Self {
            columns: self.columns,
            values: values.collect::<std::result::Result<_, _>>()?,
        })
    }

    /// The values of the columns of a key, of a table of these columns; none where one of them may have
    /// any value.
    pub fn key(&self, key: &IndexedKey, declared: &Schema) -> Result<Option<Vec<ArrayRef>>> {
        let mut found = Vec::with_capacity(key.columns.len());
        let mut is_known: Option<BooleanArray> = None;
        for name in &key.columns {
            let index = declared.index_of(name)?;
            let place = self.columns.iter().position(|column| *column == index);
            let Some(values) = place.and_then(|place| self.values.get(place)) else {
                return Ok(None);
            };
            let data_type = values.data_type();
            // Which floats are equal joins and indexes may see in two ways.
            if data_type != declared.field(index).data_type() || data_type.is_floating() {
                return Ok(None);
            }
            if values.null_count() > 0 {
                let own = is_not_null(values)?;
                is_known = Some(match is_known {
                    Some(known) => arrow::compute::and(&known, &own)?,
                    None => own,
                });
            }
            found.push(Arc::clone(values));
        }
        let Some(is_known) = is_known else {
            return Ok(Some(found));
        };
        let known = found.iter().map(|values| filter(values, &is_known));
        Ok(Some(known.collect::<std::result::Result<_, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringArray, StructArray};
    use arrow::datatypes::{DataType, Field, Int64Type};
    use datafusion::common::config::ConfigOptions;
    use datafusion::functions::core::expr_fn::r#struct;
    use datafusion::physical_expr::expressions::{col, lit};

    use super::*;

    fn schema() -> Schema {
        Schema::new(vec![
            Field::new("n", DataType::Float64, true),
            Field::new("a", DataType::Int64, true),
            Field::new("b", DataType::Utf8, true),
        ])
    }

    fn within(column: &str, values: &[Option<i64>]) -> Arc<dyn PhysicalExpr> {
        let (schema, values) = (schema(), Arc::new(Int64Array::from(values.to_vec())));
        let column = col(column, &schema).unwrap();
        Arc::new(InListExpr::try_new_from_array(column, values, false, &schema).unwrap())
    }

    fn both(left: Arc<dyn PhysicalExpr>, right: Arc<dyn PhysicalExpr>) -> Arc<dyn PhysicalExpr> {
        Arc::new(BinaryExpr::new(left, Operator::And, right))
    }

    fn at_least(value: i64) -> Arc<dyn PhysicalExpr> {
        let column = col("a", &schema()).unwrap();
        Arc::new(BinaryExpr::new(column, Operator::GtEq, lit(value)))
    }

    fn keys(condition: &Arc<dyn PhysicalExpr>, names: &[&str]) -> Option<Vec<ArrayRef>> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let listed = Listed::of(condition).unwrap()?;
        listed.key(&IndexedKey::of(&names), &schema()).unwrap()
    }

    fn numbers(condition: &Arc<dyn PhysicalExpr>) -> Option<Vec<i64>> {
        let keys = keys(condition, &["a"])?;
        Some(keys[0].as_primitive::<Int64Type>().values().to_vec())
    }

    #[test]
    fn lists_beside_bounds_are_found() {
        let list = within("a", &[Some(3), None, Some(5)]);
        assert_eq!(
            numbers(&both(at_least(3), Arc::clone(&list))),
            Some(vec![3, 5])
        );
        let dynamic = DynamicFilterPhysicalExpr::new(vec![col("a", &schema()).unwrap()], lit(true));
        let dynamic = Arc::new(dynamic);
        let condition: Arc<dyn PhysicalExpr> = Arc::clone(&dynamic) as _;
        assert_eq!(numbers(&condition), None);
        dynamic.update(both(list, at_least(3))).unwrap();
        assert_eq!(numbers(&condition), Some(vec![3, 5]));
    }

    #[test]
    fn what_may_be_another_value_is_not_listed() {
        let list = within("a", &[Some(3)]);
        let or: Arc<dyn PhysicalExpr> = Arc::new(BinaryExpr::new(
            Arc::clone(&list),
            Operator::Or,
            at_least(9),
        ));
        for condition in [at_least(3), or, lit(true)] {
            assert_eq!(numbers(&condition), None, "{condition}");
        }
        assert!(keys(&list, &["b"]).is_none());
        assert!(keys(&list, &["a", "b"]).is_none());
    }

    #[test]
    fn partitions_list_together() {
        let case = |parts: Vec<Arc<dyn PhysicalExpr>>, otherwise: bool| {
            let parts = (0_u64..)
                .zip(parts)
                .map(|(number, part)| (lit(number), part));
            let case = CaseExpr::try_new(Some(lit(0_u64)), parts.collect(), Some(lit(otherwise)));
            Arc::new(case.unwrap()) as Arc<dyn PhysicalExpr>
        };
        let one = within("a", &[Some(3)]);
        let other = both(at_least(1), within("a", &[Some(1), Some(2)]));
        let parts = vec![one.clone(), lit(false), other];
        assert_eq!(numbers(&case(parts.clone(), false)), Some(vec![3, 1, 2]));
        assert_eq!(numbers(&case(parts, true)), None);
        assert_eq!(numbers(&case(vec![one, at_least(7)], false)), None);
    }

    #[test]
    fn records_list_several_columns() {
        let schema = schema();
        let values = StructArray::from(vec![
            (
                Arc::new(Field::new("c0", DataType::Utf8, true)),
                Arc::new(StringArray::from(vec![Some("x"), Some("y"), None])) as ArrayRef,
            ),
            (
                Arc::new(Field::new("c1", DataType::Int64, true)),
                Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])) as ArrayRef,
            ),
        ]);
        let columns = ["b", "a"].map(|name| col(name, &schema).unwrap());
        let function = match r#struct(Vec::new()) {
            datafusion::logical_expr::Expr::ScalarFunction(call) => call.func,
            other => panic!("{other} is no function"),
        };
        let record = ScalarFunctionExpr::new(
            "struct",
            function,
            columns.to_vec(),
            Arc::new(Field::new("struct", values.data_type().clone(), true)),
            Arc::new(ConfigOptions::default()),
        );
        let list =
            InListExpr::try_new_from_array(Arc::new(record), Arc::new(values), false, &schema);
        let condition: Arc<dyn PhysicalExpr> = Arc::new(list.unwrap());
        let found = keys(&condition, &["a", "b"]).unwrap();
        assert_eq!(found[0].as_primitive::<Int64Type>().values(), &[1]);
        assert_eq!(found[1].as_string::<i32>().value(0), "x");
        let found = keys(&condition, &["a"]).unwrap();
        assert_eq!(found[0].as_primitive::<Int64Type>().values(), &[1, 3]);
    }
}
