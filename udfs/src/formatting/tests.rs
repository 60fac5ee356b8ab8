//! What templates give, in examples; `tests/it` holds them against PostgreSQL at length.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;

use crate::tests::{call, try_call};

fn text(value: &str) -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::from(value))
}

fn strings(array: ArrayRef) -> Vec<String> {
    let array = cast(&array, &DataType::Utf8).unwrap();
    let values = array.as_string::<i32>().iter();
    values
        .map(|value| value.unwrap_or("NULL").to_owned())
        .collect()
}

#[test]
fn a_template_of_each_row_is_used() {
    let numbers = Arc::new(Float64Array::from(vec![Some(1.5), Some(-1234.5), None]));
    let templates = Arc::new(StringArray::from(vec!["9.99", "9,999.9MI", "9"]));
    let written = call(
        "to_char",
        vec![
            ColumnarValue::Array(numbers),
            ColumnarValue::Array(templates),
        ],
        3,
    );
    assert_eq!(strings(written), [" 1.50", "1,234.5-", "NULL"]);
    let texts = Arc::new(StringArray::from(vec![
        Some("2024-02-03"),
        Some("03.02.24"),
        None,
    ]));
    let templates = Arc::new(StringArray::from(vec!["YYYY-MM-DD", "DD.MM.YY", "YYYY"]));
    let days = call(
        "to_date",
        vec![ColumnarValue::Array(texts), ColumnarValue::Array(templates)],
        3,
    );
    assert_eq!(strings(days), ["2024-02-03", "2024-02-03", "NULL"]);
}

#[test]
fn no_text_and_no_template_panics() {
    let templates = [
        "",
        "\"",
        "\\",
        "\\\"",
        "FM",
        "TH",
        "FMTH",
        "YYYYTH",
        "FX",
        "DDD",
        "IYYYIWID",
        "J",
        "CCYY",
        "HH12 AM",
        "TZH:TZM",
        "Y,YYYTH",
        "SSSSSMSUS",
        "RM Month Day",
        "é\"é",
        "W WW",
        "MM DD BC",
    ];
    let texts = [
        "",
        " ",
        "é",
        "\u{0}",
        "2024",
        "99999999999999999999",
        "-",
        "+-1",
        "1,é",
        "12:99",
        "-0",
        "VIIIé",
        "Januaré",
        "2147483647 2147483647",
        "0000-00-00",
    ];
    for template in templates {
        for value in texts {
            // What it answers, or which error, is PostgreSQL's to say.
            let _ = try_call("to_timestamp", vec![text(value), text(template)], 1);
            let _ = try_call("to_date", vec![text(value), text(template)], 1);
        }
    }
    let numbers = [
        0.0,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
    ];
    let templates = [
        "", "9", "0", ".", "D", "V", "9V9", "EEEE", "9.9EEEE", "RN", "FMRN", "SG9PR", "S9", "9S",
        "9PR", "FM9PR", "FM.", "FM0.0", "FM9.", "TH", "9TH", "G", "L9", "B9", "FM,,9", "\"", "9é9",
    ];
    for template in templates {
        for value in numbers {
            let number = ColumnarValue::Scalar(ScalarValue::from(value));
            let _ = try_call("to_char", vec![number, text(template)], 1);
        }
    }
}
