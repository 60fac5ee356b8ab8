//! Rendering over arrays of every kind.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, FixedSizeListArray, Float32Array, Int64Array,
    LargeStringArray, StringArray, StringViewArray, StructArray,
};
use arrow::datatypes::{DataType, Field, Int8Type};
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ColumnarValue;
use proptest::prelude::*;

use crate::FunctionError;
use crate::tests::{call, try_call};

fn record(fields: Vec<(&str, ArrayRef)>) -> ColumnarValue {
    let fields = fields
        .into_iter()
        .map(|(name, column)| {
            (
                Arc::new(Field::new(name, column.data_type().clone(), true)),
                column,
            )
        })
        .collect::<Vec<_>>();
    ColumnarValue::Array(Arc::new(StructArray::from(fields)))
}

fn text(text: &str) -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::from(text))
}

fn texts(answer: &ArrayRef) -> Vec<Option<&str>> {
    answer.as_string_view().iter().collect()
}

fn mistake(template: &str, fields: Vec<(&str, ArrayRef)>) -> FunctionError {
    let rows = fields[0].1.len();
    let error = try_call(
        "render_template",
        vec![text(template), record(fields)],
        rows,
    );
    match error.unwrap_err() {
        DataFusionError::External(error) => *error.downcast::<FunctionError>().unwrap(),
        other => panic!("{other}"),
    }
}

proptest! {
    #[test]
    fn values_are_escaped_and_templates_are_not(
        values in prop::collection::vec(prop::option::of(".{0,20}"), 1..20),
        around in "[a-z<>&'\"/ ]{0,10}",
    ) {
        let template = format!("{around}{{{{ x }}}}{around}");
        let column: ArrayRef = Arc::new(StringArray::from(values.clone()));
        for (escaping, is_html) in [("html", true), ("text", false)] {
            let arguments = vec![text(&template), record(vec![("x", Arc::clone(&column))]), text(escaping)];
            let answer = call("render_template", arguments, values.len());
            for (value, rendered) in values.iter().zip(texts(&answer)) {
                let mut value = value.clone().unwrap_or_default();
                if is_html {
                    let entities = [
                        ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"),
                        ("'", "&#x27;"), ("/", "&#x2f;"),
                    ];
                    for (character, entity) in entities {
                        value = value.replace(character, entity);
                    }
                }
                let expected = format!("{around}{value}{around}");
                prop_assert_eq!(rendered, Some(expected.as_str()));
            }
        }
    }

    /// However the rows are put in arrays, and whichever templates stand beside one another.
    #[test]
    fn each_row_has_its_own_template(
        rows in prop::collection::vec((0..100_usize, any::<i64>()), 1..200),
    ) {
        let templates: StringViewArray =
            rows.iter().map(|(number, _)| Some(format!("{number}: {{{{ x + 0 }}}}"))).collect();
        let numbers: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.1)).collect::<Int64Array>());
        let arguments = vec![
            ColumnarValue::Array(Arc::new(templates)),
            record(vec![("x", numbers)]),
        ];
        let answer = call("render_template", arguments, rows.len());
        for ((number, x), rendered) in rows.iter().zip(texts(&answer)) {
            let expected = format!("{number}: {x}");
            prop_assert_eq!(rendered, Some(expected.as_str()));
        }
    }
}

#[test]
fn every_encoding_of_text_is_text() {
    let plain = StringArray::from(vec![Some("a<b"), None, Some("c")]);
    let dictionary: DictionaryArray<Int8Type> = plain.iter().collect();
    let columns: [ArrayRef; 4] = [
        Arc::new(plain.clone()),
        Arc::new(plain.iter().collect::<LargeStringArray>()),
        Arc::new(plain.iter().collect::<StringViewArray>()),
        Arc::new(dictionary),
    ];
    for column in columns {
        let arguments = vec![text("[{{ x }}]"), record(vec![("x", column)])];
        let answer = call("render_template", arguments, 3);
        assert_eq!(texts(&answer), [Some("[a&lt;b]"), Some("[]"), Some("[c]")]);
    }
}

#[test]
fn sliced_arrays_and_fixed_lists_are_read_at_their_rows() {
    let items: ArrayRef = Arc::new(Int64Array::from_iter_values(0..12));
    let field = Arc::new(Field::new_list_field(DataType::Int64, true));
    let lists: ArrayRef = Arc::new(FixedSizeListArray::new(field, 3, items, None));
    let reals: ArrayRef = Arc::new(Float32Array::from(vec![0.1, 0.2, 1e20, f32::NAN]));
    let ColumnarValue::Array(records) = record(vec![("items", lists), ("real", reals)]) else {
        panic!("a record is an array");
    };
    let template = "{% for item in items %}{{ item }},{% endfor %} {{ items | last }} {{ real }}";
    let arguments = vec![text(template), ColumnarValue::Array(records.slice(1, 3))];
    let answer = call("render_template", arguments, 3);
    let expected = ["3,4,5, 5 0.2", "6,7,8, 8 1e+20", "9,10,11, 11 NaN"];
    assert_eq!(texts(&answer), expected.map(Some));
}

#[test]
fn mistakes_name_line_and_template() {
    let name: ArrayRef = Arc::new(StringArray::from(vec!["Ada"]));
    let fields = || {
        vec![
            ("given_name", Arc::clone(&name)),
            ("points", Arc::clone(&name)),
        ]
    };
    let error = mistake("Dear {{ given_name }},\n{{ pionts }} points", fields());
    assert_eq!(
        error.message,
        "render_template: `pionts` is undefined, in line 2 of the template 'Dear {{ given_name }},...'"
    );
    assert_eq!(error.sqlstate, "22023");
    assert!(error.hint.unwrap().contains("given_name, points."));
    for (template, sqlstate, message) in [
        (
            "{{ given_name.first }}",
            "22023",
            "`given_name.first` is undefined, in line 1",
        ),
        ("{{ given_name", "22023", "syntax error: "),
        ("{% include 'other' %}", "22023", "syntax error: "),
        ("{{ given_name | shout }}", "22023", "unknown filter: "),
        ("{{ given_name + 1 }}", "22023", "invalid operation: "),
        (
            "{% for x in range(100000) %}{% for y in range(100000) %}{% endfor %}{% endfor %}",
            "54000",
            "more than 500000 steps",
        ),
        ("{{ 'x' * 100000000 }}", "54000", "more than 500000 steps"),
        ("{{ 'x' * 2000000 }}", "54000", "the text has 2000000 bytes"),
    ] {
        let error = mistake(template, fields());
        assert_eq!(error.sqlstate, sqlstate, "{template}: {error}");
        assert!(error.message.contains(message), "{template}: {error}");
        assert!(error.hint.is_some());
    }
    let error = mistake(&" ".repeat((1 << 20) + 1), fields());
    assert!(
        error.message.contains("the template has 1048577 bytes"),
        "{error}"
    );
}
