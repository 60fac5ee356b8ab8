//! `normalize` and `is_normalized`: the normal forms of Unicode.

use datafusion::error::Result;
use datafusion::scalar::ScalarValue;
use unicode_normalization::UnicodeNormalization;

use super::row_function::{Form, Row, Type, form, text};
use crate::FunctionError;

use Type::{Boolean, Text};

pub(super) const NORMALIZE: &[Form] = &[
    form(&[Text], Text, normalize),
    form(&[Text, Text], Text, normalize),
];
pub(super) const IS_NORMALIZED: &[Form] = &[
    form(&[Text], Boolean, is_normalized),
    form(&[Text, Text], Boolean, is_normalized),
];

/// The text in the form that is asked for, which is NFC where none is.
fn normalized(row: &Row<'_>) -> Result<String, FunctionError> {
    let given = row.text(0);
    let wanted = row.optional_text(1).unwrap_or("NFC");
    Ok(match wanted.to_ascii_uppercase().as_str() {
        "NFC" => given.nfc().collect(),
        "NFD" => given.nfd().collect(),
        "NFKC" => given.nfkc().collect(),
        "NFKD" => given.nfkd().collect(),
        _ => {
            return Err(FunctionError {
                sqlstate: "22023",
                message: format!("invalid normalization form: {wanted}"),
                hint: Some("The forms are NFC, NFD, NFKC and NFKD.".to_owned()),
            });
        }
    })
}

fn normalize(row: &Row<'_>) -> Result<ScalarValue> {
    Ok(text(normalized(row)?))
}

fn is_normalized(row: &Row<'_>) -> Result<ScalarValue> {
    let is_same = normalized(row)? == row.text(0);
    Ok(ScalarValue::Boolean(Some(is_same)))
}
