//! `metaphone(text, max_length)`: the sounds of an English text, as in PostgreSQL.

use arrow::array::Array;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::{metaphone_lanes, metaphone_rules};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings, TextWriter};
use crate::lanes::{LANES, LONGEST as LONGEST_IN_LANES, Texts};

/// The longest input and output in bytes, as in PostgreSQL.
const LONGEST: usize = 255;

#[user_doc(
    doc_section(label = "Phonetic Functions"),
    description = r"The Metaphone code of a text: what it sounds like in English, equal to PostgreSQL's `fuzzystrmatch`. `X` is the sound of sh and `0` that of th; vowels stay only at the beginning.

Only letters of ASCII count, in either case; other characters are left out but keep what stands around them apart. As in PostgreSQL, a text of more than 255 bytes is an error (22023), and so is a length above 255 (22023) or below 1 (2200F).",
    syntax_example = "metaphone(text, max_length)",
    sql_example = r#"```sql
> SELECT metaphone('Thompson', 4) AS short, metaphone('Knight', 10) AS long;
+-------+------+
| short | long |
+-------+------+
| 0MPS  | NFT  |
+-------+------+
```"#,
    argument(name = "text", description = "The name or word to code."),
    argument(
        name = "max_length",
        description = "How many sounds the code has at most, an integer from 1 to 255."
    ),
    related_udf(name = "dmetaphone")
)]
struct Metaphone;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "metaphone",
        parameters: &[Kind::Text, Kind::Integer],
        counts: &[2],
    },
    invoke,
    documentation: || Metaphone.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    if let ColumnarValue::Scalar(limit) = call.argument(1)?
        && let ScalarValue::Int32(Some(limit)) = limit.cast_to(&DataType::Int32)?
        && let Ok(limit @ 1..=metaphone_lanes::LONGEST_CODE) = usize::try_from(limit)
    {
        return in_lanes(call, &texts, limit);
    }
    let limits = call.numbers::<Int32Type>(1)?;
    call.rows_to_text(|row, code| {
        let Some(text) = texts.get(row).filter(|_| limits.is_valid(row)) else {
            return Ok(false);
        };
        if !text.is_empty() {
            metaphone_rules::write_code(text, limit(text, limits.value(row))?, code);
        }
        Ok(true)
    })
}

/// The codes of many texts at once, of so many sounds at most.
fn in_lanes(call: &Call<'_>, texts: &Strings<'_>, most: usize) -> Result<ColumnarValue> {
    call.over_distinct(texts, |texts, rows| {
        let nulls = texts.nulls(rows);
        let mut codes = TextWriter::default();
        let mut group = Texts::EMPTY;
        let mut code = String::new();
        for (number, lengths) in texts.lengths(rows).chunks(LANES).enumerate() {
            let first = number * LANES;
            group.read(texts, first, lengths);
            let (sounds, code_lengths) = metaphone_lanes::codes(&group, most);
            for (lane, length) in lengths.iter().enumerate() {
                if *length as usize <= LONGEST_IN_LANES {
                    codes.push(&sounds[lane], usize::from(code_lengths.0[lane]));
                    continue;
                }
                code.clear();
                if let Some(text) = texts.get(first + lane) {
                    metaphone_rules::write_code(text, limit(text, most as i32)?, &mut code);
                }
                codes.push_text(&code);
            }
        }
        codes.finish(nulls.as_ref())
    })
}

/// The limit as a number of sounds, where text and limit are as they must be.
fn limit(text: &str, limit: i32) -> Result<usize, FunctionError> {
    if text.len() > LONGEST {
        return Err(FunctionError::invalid_argument(format!(
            "metaphone: the text has {} bytes, more than {LONGEST}",
            text.len()
        )));
    }
    match usize::try_from(limit) {
        Ok(limit @ 1..=LONGEST) => Ok(limit),
        Ok(limit) if limit > LONGEST => Err(FunctionError::invalid_argument(format!(
            "metaphone: the code can have at most {LONGEST} sounds, not {limit}"
        ))),
        _ => Err(FunctionError {
            sqlstate: "2200F",
            message: format!("metaphone: the code cannot have {limit} sounds"),
            hint: Some(format!("Give a length from 1 to {LONGEST}.")),
        }),
    }
}
