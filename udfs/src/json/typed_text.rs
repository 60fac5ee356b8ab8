//! Documents as texts of values that are none: of arrays, and of rows of composite types.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use super::get::{Key, Step, as_text, elements, find, type_of};
use super::kind::JsonKind;
use crate::FunctionError;
use crate::composites::CompositeType;

/// The function that stands in a plan for the row that a document tells of, until the cast around it has told of
/// which type that is.
pub const POPULATED: &str = "tributary_populated";

/// [`POPULATED`] as a function, which computes nothing.
pub(super) fn populated() -> ScalarUDF {
    ScalarUDF::new_from_impl(Populated {
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Populated {
    signature: Signature,
}

impl ScalarUDFImpl for Populated {
    fn name(&self) -> &str {
        POPULATED
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(FunctionError {
            sqlstate: "42804",
            message: "first argument of json_populate_record must be a row type".to_owned(),
            hint: None,
        }
        .into())
    }
}

/// Whether a document is such a value of a type by its parts.
pub(super) fn is_by_parts(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_)) || CompositeType::of(data_type).is_some()
}

/// The text of a value of a field, of which a document tells.
pub fn typed_text(document: Expr, field: FieldRef) -> Expr {
    let function = TypedText {
        field,
        signature: Signature::any(1, Volatility::Immutable),
    };
    ScalarUDF::new_from_impl(function).call(vec![document])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TypedText {
    field: FieldRef,
    signature: Signature,
}

impl ScalarUDFImpl for TypedText {
    fn name(&self) -> &str {
        "tributary_typed_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = |documents: &ArrayRef| -> Result<ArrayRef> {
            let documents = cast(documents, &DataType::Utf8)?;
            let mut texts = StringBuilder::new();
            for document in documents.as_string::<i32>() {
                let text = document.map(|document| text_of(document, &self.field));
                texts.append_option(text.transpose()?.flatten());
            }
            Ok(Arc::new(texts.finish()))
        };
        match args.args.as_slice() {
            [ColumnarValue::Array(documents)] => Ok(ColumnarValue::Array(texts(documents)?)),
            [ColumnarValue::Scalar(document)] => {
                let text = texts(&document.to_array()?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                    &text, 0,
                )?))
            }
            _ => internal_err!("one document is told of"),
        }
    }
}

/// A document as the text of a value; null is none. What is in a string is such a text as it is.
///
/// # Errors
/// 22P02 for an array that is none, 22023 for a row that is no object.
fn text_of(document: &str, field: &Field) -> Result<Option<String>> {
    match (type_of(document), field.data_type()) {
        ("null", _) => Ok(None),
        _ if JsonKind::of_field(field).is_some() => Ok(Some(document.to_owned())),
        ("string", _) => Ok(as_text(document)?.map(|text| text.into_owned())),
        (_, DataType::List(item)) => array(document, item).map(Some),
        (kind, of) if CompositeType::of(of).is_some() => {
            let DataType::Struct(parts) = of else {
                return internal_err!("{of} is no row");
            };
            if kind != "object" {
                let what = if kind == "array" {
                    "an array"
                } else {
                    "a scalar"
                };
                let message = format!("cannot call populate_composite on {what}");
                return Err(FunctionError::invalid_argument(message).into());
            }
            let mut fields = Vec::with_capacity(parts.len());
            for part in parts {
                let step = Step::Key(Key::new(part.name()));
                let member = find(document, &step, JsonKind::Json)?;
                let text = member.map(|member| text_of(member, part)).transpose()?;
                fields.push(text.flatten().map_or_else(String::new, |text| {
                    let text = text.replace('\\', "\\\\").replace('"', "\"\"");
                    format!("\"{text}\"")
                }));
            }
            Ok(Some(format!("({})", fields.join(","))))
        }
        _ => Ok(as_text(document)?.map(|text| text.into_owned())),
    }
}

fn array(document: &str, item: &Field) -> Result<String> {
    let Some(elements) = elements(document)? else {
        return Err(FunctionError {
            sqlstate: "22P02",
            message: "expected JSON array".to_owned(),
            hint: None,
        }
        .into());
    };
    let is_document = JsonKind::of_field(item).is_some();
    let mut items = Vec::with_capacity(elements.len());
    for element in elements {
        items.push(match (type_of(element), item.data_type()) {
            (_, DataType::List(within)) => array(element, within)?,
            // Of how many dimensions an array may be is told where its text is read.
            ("array", _) if !is_document => array(element, item)?,
            _ => match text_of(element, item)? {
                Some(text) => {
                    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
                    format!("\"{text}\"")
                }
                None => "NULL".to_owned(),
            },
        });
    }
    Ok(format!("{{{}}}", items.join(",")))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Fields;

    use super::*;

    #[test]
    fn documents_are_texts_of_arrays_and_rows() {
        let text = Field::new("", DataType::Utf8, true);
        let texts = Field::new("tags", DataType::new_list(DataType::Utf8, true), true);
        let street = Field::new("street", DataType::Utf8, true);
        let of = CompositeType {
            oid: 20_001,
            array_oid: 20_002,
        };
        let row = of.data_type(&Fields::from(vec![street, texts.clone()]));
        let row = Field::new("", row, true);
        let rows = Field::new("", DataType::new_list(row.data_type().clone(), true), true);
        for (document, field, expected) in [
            (
                r#"["a","b \"c\"",null,1]"#,
                &texts,
                Some(r#"{"a","b \"c\"",NULL,"1"}"#),
            ),
            (r#"[["a"],["b"]]"#, &texts, Some(r#"{{"a"},{"b"}}"#)),
            (r#""{x,y}""#, &texts, Some("{x,y}")),
            ("null", &texts, None),
            (
                r#"{"tags": ["x"], "street": "a \"b\""}"#,
                &row,
                Some(r#"("a ""b""","{""x""}")"#),
            ),
            (r#"{"other": 1, "street": null}"#, &row, Some("(,)")),
            (r#"[{"street": 5}]"#, &rows, Some(r#"{"(\"5\",)"}"#)),
            (r#"{"a": 1}"#, &text, Some(r#"{"a": 1}"#)),
        ] {
            let found = text_of(document, field).unwrap();
            assert_eq!(found.as_deref(), expected, "{document}");
        }
        assert!(text_of("5", &row).is_err());
        assert!(text_of("5", &texts).is_err());
        assert!(text_of("[1]", &row).is_err());
    }
}
