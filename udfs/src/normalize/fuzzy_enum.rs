//! `fuzzy_enum(value, list [, cutoff])`.

use arrow::array::{Array, AsArray, ListArray, StringArray};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::fuzzy_text::nearest;
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, text_list};
use crate::wording::type_name;

/// How alike a value must be where nothing else is said.
const CUTOFF: f64 = 0.8;

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The text of a list that a value was meant to be: the one most like it, where it is at least as alike as the cutoff; else NULL. Of equally alike ones it is the first.

How alike two texts are is 1 minus their Levenshtein distance divided by the length of the longer one, without regard to case, accents and punctuation. A value without a letter or digit is like nothing.",
    syntax_example = "fuzzy_enum(value, list [, cutoff])",
    sql_example = r#"```sql
> SELECT fuzzy_enum('shiped', ['pending', 'shipped', 'returned']) AS status, fuzzy_enum('lost', ['pending', 'shipped', 'returned']) AS none;
+---------+------+
| status  | none |
+---------+------+
| shipped |      |
+---------+------+
```"#,
    argument(name = "value", description = "What was written."),
    argument(name = "list", description = "A list of texts."),
    argument(
        name = "cutoff",
        description = "From 0 to 1; 0.8 where it is not given. Another number is an error (22023)."
    ),
    related_udf(name = "map_enum")
)]
struct FuzzyEnum;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "fuzzy_enum",
        parameters: &[Kind::Text, Kind::Any, Kind::Number],
        counts: &[2, 3],
    },
    answer,
    invoke,
    documentation: || FuzzyEnum.doc(),
    ..Function::IMMUTABLE
};

fn answer(given: &[DataType]) -> Result<DataType> {
    let is_list = |list: &DataType| match list {
        DataType::Null => true,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            item.data_type().is_string() || item.data_type().is_null()
        }
        _ => false,
    };
    match given.get(1).filter(|list| !is_list(list)) {
        Some(other) => Err(FunctionError::no_such_form(format!(
            "fuzzy_enum takes a list of text as argument 2, not {}",
            type_name(other)
        ))
        .with_hint("Name the values, as in ARRAY['pending', 'shipped'].")
        .into()),
        None => Ok(DataType::Utf8View),
    }
}

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let cutoff = |number: f64| {
        if (0.0..=1.0).contains(&number) {
            return Ok(number);
        }
        Err(FunctionError::invalid_argument(format!(
            "fuzzy_enum: the cutoff {number} is not between 0 and 1"
        ))
        .with_hint("Give the least similarity that counts, such as 0.8."))
    };
    let cutoffs = match call.count() {
        2 => None,
        _ => Some(call.numbers::<Float64Type>(2)?),
    };
    let values = call.text(0)?;
    let argument = call.argument(1)?;
    let is_constant = matches!(argument, ColumnarValue::Scalar(_));
    let rows = if is_constant { 1 } else { call.rows() };
    let lists = argument.cast_to(&text_list(), None)?.to_array(rows)?;
    let lists: &ListArray = lists.as_list();
    let texts: &StringArray = lists.values().as_string();
    call.rows_to_text(|row, answer| {
        let list = if is_constant { 0 } else { row };
        let cutoff = match &cutoffs {
            None => CUTOFF,
            Some(cutoffs) if cutoffs.is_null(row) => return Ok(false),
            Some(cutoffs) => cutoff(cutoffs.value(row))?,
        };
        let Some(value) = values.get(row).filter(|_| lists.is_valid(list)) else {
            return Ok(false);
        };
        let offsets = lists.value_offsets();
        let [from, to] = [offsets[list], offsets[list + 1]].map(|offset| offset as usize);
        let items = (from..to).map(|at| texts.is_valid(at).then(|| texts.value(at)));
        let found = nearest(value, items, cutoff);
        answer.push_str(found.map_or("", |at| texts.value(from + at)));
        Ok(found.is_some())
    })
}
