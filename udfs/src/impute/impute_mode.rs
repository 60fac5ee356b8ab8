//! `impute_mode(value) OVER (...)`.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::row::{RowConverter, SortField};
use datafusion::common::HashMap;
use datafusion::error::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    Documentation, PartitionEvaluator, Signature, Volatility, WindowUDFImpl,
};
use datafusion_macros::user_doc;

use super::only_argument;
use crate::FunctionError;
use crate::arguments::{Form, Kind};

const FORM: Form = Form {
    name: "impute_mode",
    parameters: &[Kind::Any],
    counts: &[1],
};

#[user_doc(
    doc_section(label = "Imputation Functions"),
    description = r"Fills gaps with the mode: the value itself where it is not NULL, elsewhere the most frequent of all that are not NULL in the partition, or NULL where none is. Of several that are equally frequent, the smallest is taken. `ORDER BY` and the frame of the window make no difference.

The type stays as it is.",
    syntax_example = "impute_mode(value) OVER (PARTITION BY ...)",
    sql_example = r#"```sql
> SELECT id, impute_mode(city) OVER (PARTITION BY postcode) AS city, city IS NULL AS imputed
  FROM (VALUES (1, '8001', 'Zürich'), (2, '8001', 'Zürich'), (3, '8001', 'Zurich'), (4, '8001', NULL))
    AS t(id, postcode, city)
  ORDER BY id;
+----+--------+---------+
| id | city   | imputed |
+----+--------+---------+
| 1  | Zürich | false   |
| 2  | Zürich | false   |
| 3  | Zurich | false   |
| 4  | Zürich | true    |
+----+--------+---------+
```"#,
    argument(
        name = "value",
        description = "A value of any type that can be compared."
    ),
    related_udf(name = "impute_median")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ImputeMode {
    signature: Signature,
}

impl ImputeMode {
    pub(crate) fn new() -> Self {
        Self {
            signature: Form::signature(Volatility::Immutable),
        }
    }
}

impl WindowUDFImpl for ImputeMode {
    fn name(&self) -> &str {
        FORM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn field(&self, field_args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let argument = only_argument(&FORM, &field_args)?;
        let given = argument.data_type();
        if !RowConverter::supports_fields(&[SortField::new(given.clone())]) {
            return Err(no_mode(given).into());
        }
        Ok(Arc::new(Field::new(field_args.name(), given.clone(), true)))
    }

    fn partition_evaluator(
        &self,
        _args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(WholePartition))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn no_mode(given: &DataType) -> FunctionError {
    FunctionError::no_such_form(format!(
        "impute_mode takes values that can be compared, not {given}"
    ))
}

/// Sees all rows of a partition at once, whatever the frame.
#[derive(Debug)]
struct WholePartition;

impl PartitionEvaluator for WholePartition {
    fn evaluate_all(&mut self, values: &[ArrayRef], _num_rows: usize) -> Result<ArrayRef> {
        let Some(values) = values.first() else {
            return Err(FunctionError::no_such_form("impute_mode takes 1 argument, not 0").into());
        };
        fill_gaps(values)
    }
}

/// Fills with the value of the row where the mode stands first.
pub(super) fn fill_gaps(values: &ArrayRef) -> Result<ArrayRef> {
    let Some(nulls) = values.logical_nulls() else {
        return Ok(Arc::clone(values));
    };
    if nulls.null_count() == 0 || nulls.null_count() == values.len() {
        return Ok(Arc::clone(values));
    }
    let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())])?;
    let rows = converter.convert_columns(std::slice::from_ref(values))?;
    // For each distinct value how often it stands, and where first.
    let mut counts = HashMap::new();
    for index in nulls.valid_indices() {
        counts.entry(rows.row(index)).or_insert((0_u64, index)).0 += 1;
    }
    // Rows sort as the values that they stand for.
    let mode = counts
        .into_iter()
        .max_by_key(|(row, (count, _))| (*count, Reverse(*row)))
        .map(|(_, (_, index))| index as u64);
    let indices: UInt64Array = (0..values.len())
        .map(|index| {
            if nulls.is_null(index) {
                mode
            } else {
                Some(index as u64)
            }
        })
        .collect();
    Ok(take(values, &indices, None)?)
}
