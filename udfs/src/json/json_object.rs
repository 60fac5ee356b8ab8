//! `json_object(texts)` and `json_object(keys, values)`: an object of texts, which may be an array of pairs.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::kind::JsonKind;
use super::value::{canonical, write_string};
use crate::FunctionError;

macro_rules! declare {
    ($static:ident, $name:literal, $kind:expr) => {
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::NestedTexts, Parameter::NestedTexts],
            required: 1,
            answer: Answer::Json($kind),
            compute: Compute::Text(|row, out| object(row, $kind, out)),
            ..Definition::STRICT
        };
    };
}

declare!(JSON, "json_object", JsonKind::Json);
declare!(JSONB, "jsonb_object", JsonKind::Jsonb);

fn object(row: &Row<'_>, kind: JsonKind, out: &mut String) -> Result<bool> {
    let wrong = |message: &str| FunctionError {
        sqlstate: "2202E",
        message: message.to_owned(),
        hint: None,
    };
    let (lengths, first) = row.nested_texts(0)?;
    let pairs: Vec<(Option<String>, Option<String>)> = if row.count() > 1 {
        let (others, values) = row.nested_texts(1)?;
        if lengths.len() > 1 || lengths.len() != others.len() {
            return Err(wrong("wrong number of array subscripts").into());
        }
        if first.len() != values.len() {
            return Err(wrong("mismatched array dimensions").into());
        }
        first.into_iter().zip(values).collect()
    } else {
        match lengths.as_slice() {
            [] | [_, 2] => {}
            [length] if length.is_multiple_of(2) => {}
            [_] => return Err(wrong("array must have even number of elements").into()),
            [_, _] => return Err(wrong("array must have two columns").into()),
            _ => return Err(wrong("wrong number of array subscripts").into()),
        }
        let mut pairs = Vec::with_capacity(first.len() / 2);
        let mut texts = first.into_iter();
        while let (Some(key), Some(value)) = (texts.next(), texts.next()) {
            pairs.push((key, value));
        }
        pairs
    };
    let mut text = String::from("{");
    for (index, (key, value)) in pairs.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        let Some(key) = key else {
            return Err(FunctionError {
                sqlstate: "22004",
                message: "null value not allowed for object key".to_owned(),
                hint: None,
            }
            .into());
        };
        write_string(key, &mut text);
        text.push_str(" : ");
        match value {
            Some(value) => write_string(value, &mut text),
            None => text.push_str("null"),
        }
    }
    text.push('}');
    match kind {
        JsonKind::Jsonb => out.push_str(&canonical(&text)?),
        _ => out.push_str(&text),
    }
    Ok(true)
}
