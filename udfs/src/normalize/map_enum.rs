use arrow::array::{Array, AsArray, MapArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::map_text::Mapping;
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings};
use crate::wording::type_name;

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r#"The meaning of a code: what `map` has for the value, else `otherwise`, else NULL.

Keys match the whole value without regard to case and blanks around it. A key may mean NULL, which `otherwise` does not replace. Two keys that differ only by case must mean the same, or the map is an error (22023). A NULL value stays NULL."#,
    syntax_example = "map_enum(value, map [, otherwise])",
    sql_example = r#"```sql
> SELECT value,
>        map_enum(value, '{"m": "male", "f": "female", "w": "female"}') AS gender,
>        map_enum(value, MAP {'m': 'male', 'f': 'female'}, 'unknown') AS known
> FROM (VALUES ('M'), (' w '), ('?')) AS sources(value);
+-------+--------+---------+
| value | gender | known   |
+-------+--------+---------+
| M     | male   | male    |
|  w    | female | unknown |
| ?     |        | unknown |
+-------+--------+---------+
```"#,
    argument(name = "value", description = "The code, as the source has it."),
    argument(
        name = "map",
        description = "A JSON object as text, or a `MAP` whose values can be cast to text. A NULL map gives NULL."
    ),
    argument(
        name = "otherwise",
        description = "What to answer for a value that the map does not have; NULL by default."
    )
)]
struct MapEnum;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "map_enum",
        parameters: &[Kind::Text, Kind::Any, Kind::Text],
        counts: &[2, 3],
    },
    answer,
    invoke,
    documentation: || MapEnum.doc(),
    ..Function::IMMUTABLE
};

fn answer(arg_types: &[DataType]) -> Result<DataType> {
    if let Some(map) = arg_types.get(1).filter(|map| !is_map(map)) {
        return Err(FunctionError::no_such_form(format!(
            "map_enum takes a JSON object or a map as argument 2, not {}",
            type_name(map)
        ))
        .with_hint("Write what each value means, as in '{\"m\": \"male\"}' or MAP {'m': 'male'}.")
        .into());
    }
    Ok(DataType::Utf8View)
}
fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let otherwise = match call.count() {
        2 => Strings::Constant(None),
        _ => call.text(2)?,
    };
    let values = call.text(0)?;
    let mut mappings = Mappings::new(call)?;
    let mut answer_row = |value: Option<&str>, row: usize, answer: &mut String| {
        let (Some(value), Some(mapping)) = (value, mappings.of_row(row)?) else {
            return Ok(false);
        };
        let meaning = mapping.get(value).unwrap_or_else(|| otherwise.get(row));
        answer.push_str(meaning.unwrap_or_default());
        Ok(meaning.is_some())
    };
    let map_is_constant = matches!(call.argument(1)?, ColumnarValue::Scalar(_));
    if map_is_constant && matches!(otherwise, Strings::Constant(_)) {
        return call.text_to_text(|value, answer| answer_row(Some(value), 0, answer));
    }
    call.rows_to_text(|row, answer| answer_row(values.get(row), row, answer))
}

/// The map argument, read once where it is constant, and once for each run of equal rows where it
/// is a column.
enum Mappings<'a> {
    Constant(Option<Mapping>),
    Json {
        rows: Strings<'a>,
        last: Option<(&'a str, Mapping)>,
    },
    Maps {
        rows: &'a MapArray,
        last: Mapping,
    },
}

impl<'a> Mappings<'a> {
    fn new(call: &Call<'a>) -> Result<Self> {
        match call.argument(1)? {
            ColumnarValue::Scalar(ScalarValue::Map(map)) => {
                Ok(Self::Constant(mapping_of(map.as_ref(), 0)?))
            }
            ColumnarValue::Array(maps) if matches!(maps.data_type(), DataType::Map(..)) => {
                Ok(Self::Maps {
                    rows: maps.as_map(),
                    last: Mapping::default(),
                })
            }
            _ => match call.text(1)? {
                Strings::Constant(json) => {
                    Ok(Self::Constant(json.map(Mapping::parse).transpose()?))
                }
                rows => Ok(Self::Json { rows, last: None }),
            },
        }
    }

    fn of_row(&mut self, row: usize) -> Result<Option<&Mapping>> {
        match self {
            Self::Constant(mapping) => Ok(mapping.as_ref()),
            Self::Json { rows, last } => {
                let Some(json) = rows.get(row) else {
                    return Ok(None);
                };
                if last.as_ref().is_none_or(|(known, _)| *known != json) {
                    *last = Some((json, Mapping::parse(json)?));
                }
                Ok(last.as_ref().map(|(_, mapping)| mapping))
            }
            Self::Maps { rows, last } => match mapping_of(rows, row)? {
                Some(mapping) => {
                    *last = mapping;
                    Ok(Some(last))
                }
                None => Ok(None),
            },
        }
    }
}

/// Text, or a map from plain values to plain values.
fn is_map(given: &DataType) -> bool {
    match given {
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(columns) => {
                columns.iter().all(|column| !column.data_type().is_nested())
            }
            _ => false,
        },
        DataType::Dictionary(_, values) => values.is_string(),
        other => other.is_null() || other.is_string(),
    }
}

fn mapping_of(maps: &MapArray, row: usize) -> Result<Option<Mapping>> {
    if row >= maps.len() || maps.is_null(row) {
        return Ok(None);
    }
    let entries = maps.value(row);
    let keys = cast(entries.column(0), &DataType::Utf8)?;
    let meanings = cast(entries.column(1), &DataType::Utf8)?;
    let (keys, meanings) = (keys.as_string::<i32>(), meanings.as_string::<i32>());
    let mut mapping = Mapping::default();
    for (key, meaning) in keys.iter().zip(meanings) {
        mapping.insert(key.unwrap_or_default(), meaning.map(str::to_string))?;
    }
    Ok(Some(mapping))
}
