//! `impute_constant(value, constant) OVER (...)`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{CastOptions, can_cast_types, cast, cast_with_options, take};
use arrow::datatypes::DataType;
use arrow::util::display::array_value_to_string;
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::FILLING;
use super::gaps::Gaps;
use crate::FunctionError;
use crate::arguments::{Form, Kind, WindowFunction, is_text};
use crate::wording::type_name;

const NAME: &str = "impute_constant";

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Fills gaps with a constant: the value itself where it is not NULL, elsewhere the constant. Neither `ORDER BY` nor the partitions make a difference.

The type stays as it is, unlike with `coalesce`, and a constant that it cannot hold as it stands is an error: 0.5 does not fill an integer. A text is read as the type where the value is no text, and a value that is an untyped NULL has the type of the constant.",
    syntax_example = "impute_constant(value, constant) OVER ()",
    sql_example = r#"```sql
> SELECT id, impute_constant(city, 'unknown') OVER () AS city, impute_constant(visits, 0) OVER () AS visits
  FROM (VALUES (1, 'Bern', 3), (2, NULL, NULL)) AS t(id, city, visits)
  ORDER BY id;
+----+---------+--------+
| id | city    | visits |
+----+---------+--------+
| 1  | Bern    | 3      |
| 2  | unknown | 0      |
+----+---------+--------+
```"#,
    argument(name = "value", description = "A value of any type."),
    argument(
        name = "constant",
        description = "What to put in the place of NULL; where it differs from row to row, that of the row."
    ),
    related_udf(name = "impute_mode"),
    related_udf(name = "was_imputed")
)]
struct ImputeConstant;

pub(super) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: NAME,
        parameters: &[Kind::Any, Kind::Any],
        counts: &[2],
    },
    answer: |_, given| answer(given),
    evaluate: |partition| fill(partition.column(0)?, partition.column(1)?),
    documentation: || ImputeConstant.doc(),
    ..FILLING
};

/// A type without its dictionary encoding.
fn plain(given: &DataType) -> &DataType {
    match given {
        DataType::Dictionary(_, values) => plain(values),
        other => other,
    }
}

fn answer(given: &[DataType]) -> Result<DataType, FunctionError> {
    let (value, constant) = (plain(&given[0]), plain(&given[1]));
    let temporal = |given: &DataType| {
        matches!(
            given,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)
        )
    };
    let fits = value == constant
        || constant.is_null()
        || (is_text(constant) && can_cast_types(constant, value))
        || (value.is_numeric() && constant.is_numeric())
        || (temporal(value) && temporal(constant));
    match value {
        DataType::Null => Ok(constant.clone()),
        value if fits => Ok(value.clone()),
        value => Err(FunctionError::no_such_form(format!(
            "{NAME} cannot fill {} with {}",
            type_name(value),
            type_name(constant)
        ))
        .with_hint("Cast the constant to the type of the value.")),
    }
}

fn fill(values: &ArrayRef, constants: &ArrayRef) -> Result<ArrayRef> {
    let answer = answer(&[values.data_type().clone(), constants.data_type().clone()])?;
    let values = cast(values, &answer)?;
    let Some(gaps) = Gaps::of(&values) else {
        return Ok(values);
    };
    let constants = take(
        constants,
        &UInt64Array::from_iter_values(gaps.rows().map(|row| row as u64)),
        None,
    )?;
    let fills = converted(&constants, &answer)?;
    gaps.fill_each(&values, &fills)
}

/// The constants as another type, which must hold them as they stand.
fn converted(constants: &ArrayRef, answer: &DataType) -> Result<ArrayRef> {
    let given = plain(constants.data_type()).clone();
    if &given == answer {
        return Ok(cast(constants, answer)?);
    }
    let constants = cast(constants, &given)?;
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let converted = cast_with_options(&constants, answer, &options);
    if is_text(&given) || given.is_null() {
        return Ok(converted?);
    }
    let unfit = |row: usize| -> datafusion::error::DataFusionError {
        let constant = array_value_to_string(&constants, row).unwrap_or_default();
        let answer = type_name(answer);
        FunctionError::out_of_range(format!("{NAME}: {answer} cannot hold {constant}"))
            .with_hint("Cast the value to a type that holds both.")
            .into()
    };
    let Ok(converted) = converted else {
        return Err(unfit(0));
    };
    let back = cast(&converted, &given)?;
    let same = not_distinct(&back, &constants)?;
    match same.iter().position(|same| same != Some(true)) {
        Some(row) => Err(unfit(row)),
        None => Ok(Arc::clone(&converted)),
    }
}
