//! Rows, and which of them survives by the plain definition of each function.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Float64Array, Int32Array, ListArray, ListBuilder, StringArray,
    StringBuilder, StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use proptest::prelude::*;

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) group: usize,
    /// What a filter says of it.
    pub(super) kept: Option<bool>,
    pub(super) text: Option<String>,
    pub(super) number: Option<i32>,
    /// Whether the record of text and number is there.
    pub(super) recorded: bool,
    pub(super) source: Option<String>,
    pub(super) time: Option<f64>,
    pub(super) version: Option<String>,
}

pub(super) const GROUPS: usize = 4;

const PRIORITY: [Option<&str>; 4] = [Some("crm"), None, Some("shop"), Some("crm")];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["[abä]{0,2}", "[a-c]{30,40}"]
}

fn times() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![
        -1.0,
        -0.0,
        0.0,
        1.5,
        f64::INFINITY,
        f64::NAN,
        -f64::NAN,
    ])
}

pub(super) fn row() -> impl Strategy<Value = Row> {
    (
        0..GROUPS,
        prop_oneof![9 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)],
        prop::option::weighted(0.8, texts()),
        prop::option::weighted(0.6, 0..3_i32),
        prop::bool::weighted(0.9),
        prop::option::weighted(
            0.8,
            prop::sample::select(vec!["crm", "shop", "web", "mail"]),
        ),
        prop::option::weighted(0.8, times()),
        prop::option::weighted(0.8, "[xy]{0,2}"),
    )
        .prop_map(
            |(group, kept, text, number, recorded, source, time, version)| Row {
                group,
                kept,
                text,
                number,
                recorded,
                source: source.map(str::to_owned),
                time,
                version,
            },
        )
}

impl Row {
    /// The place of its time among all, where 0 is -0 and NaN the greatest.
    fn time(&self) -> Option<i32> {
        let time = self.time?;
        Some(match time {
            _ if time.is_nan() => i32::MAX,
            _ if time == f64::INFINITY => i32::MAX - 1,
            _ => (time * 2.0) as i32,
        })
    }

    fn orders(&self) -> (Option<i32>, Option<&str>) {
        (self.time(), self.version.as_deref())
    }

    fn record(&self) -> (Option<&str>, Option<i32>) {
        (self.text.as_deref(), self.number)
    }
}

/// A call of a function, and its definition.
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) arguments: fn(&[Row]) -> Vec<ArrayRef>,
    /// Which of the arguments is the answer.
    pub(super) answer: usize,
    /// The place of the row that survives.
    pub(super) survivor: fn(&[Row]) -> Option<usize>,
}

impl Call {
    /// The answer by definition.
    pub(super) fn expected(&self, rows: &[Row]) -> ScalarValue {
        let answers = &(self.arguments)(rows)[self.answer];
        match (self.survivor)(rows) {
            Some(place) => ScalarValue::try_from_array(answers, place).unwrap(),
            None => ScalarValue::try_new_null(answers.data_type()).unwrap(),
        }
    }
}

/// The place of the row that counts and has the greatest key.
fn greatest<K: Ord>(
    rows: &[Row],
    counts: impl Fn(&Row) -> bool,
    key: impl Fn(&Row) -> K,
) -> Option<usize> {
    (0..rows.len())
        .filter(|place| counts(&rows[*place]))
        .max_by_key(|place| key(&rows[*place]))
}

fn has_text(row: &Row) -> bool {
    row.text.is_some()
}

fn text(rows: &[Row]) -> ArrayRef {
    let texts: StringArray = rows.iter().map(|row| row.text.clone()).collect();
    Arc::new(texts)
}

fn source(rows: &[Row]) -> ArrayRef {
    let sources: StringArray = rows.iter().map(|row| row.source.clone()).collect();
    Arc::new(sources)
}

fn orders(rows: &[Row]) -> [ArrayRef; 2] {
    let times: Float64Array = rows.iter().map(|row| row.time).collect();
    let versions: StringArray = rows.iter().map(|row| row.version.clone()).collect();
    [Arc::new(times), Arc::new(versions)]
}

fn record(rows: &[Row]) -> ArrayRef {
    let numbers: Int32Array = rows.iter().map(|row| row.number).collect();
    let fields = vec![
        Field::new("text", DataType::Utf8, true),
        Field::new("number", DataType::Int32, true),
    ];
    let recorded: Vec<bool> = rows.iter().map(|row| row.recorded).collect();
    Arc::new(StructArray::new(
        fields.into(),
        vec![text(rows), Arc::new(numbers)],
        Some(NullBuffer::from(recorded)),
    ))
}

fn priority(rows: &[Row]) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for _ in rows {
        lists.append_value(PRIORITY);
    }
    let lists: ListArray = lists.finish();
    Arc::new(lists)
}

fn with_orders(first: Vec<ArrayRef>, rows: &[Row]) -> Vec<ArrayRef> {
    [first, orders(rows).to_vec()].concat()
}

fn most_frequent<K: Ord>(rows: &[Row], key: impl Fn(&Row) -> K) -> Option<usize> {
    greatest(rows, has_text, |row| {
        let same = || rows.iter().filter(|other| other.text == row.text);
        (
            same().count(),
            same().map(&key).max(),
            Reverse(row.text.clone()),
        )
    })
}

/// Every function, in each of its forms.
pub(super) const CALLS: [Call; 12] = [
    Call {
        name: "latest_by",
        arguments: |rows| with_orders(vec![text(rows)], rows),
        answer: 0,
        survivor: |rows| {
            greatest(rows, has_text, |row| {
                let (time, version) = row.orders();
                (time, version.map(str::to_owned), row.text.clone())
            })
        },
    },
    Call {
        name: "earliest_by",
        arguments: |rows| with_orders(vec![text(rows)], rows),
        answer: 0,
        survivor: |rows| {
            greatest(rows, has_text, |row| {
                let (time, version) = row.orders();
                let version = version.map(str::to_owned);
                (time.map(Reverse), version.map(Reverse), row.text.clone())
            })
        },
    },
    Call {
        name: "latest_by_source",
        arguments: |rows| with_orders(vec![text(rows), source(rows)], rows),
        answer: 1,
        survivor: |rows| {
            greatest(rows, has_text, |row| {
                let (time, version) = row.orders();
                let version = version.map(str::to_owned);
                (time, version, row.text.clone(), row.source.clone())
            })
        },
    },
    Call {
        name: "latest_record",
        arguments: |rows| with_orders(vec![record(rows)], rows),
        answer: 0,
        survivor: |rows| {
            greatest(
                rows,
                |row| row.recorded,
                |row| {
                    let ((time, version), (text, number)) = (row.orders(), row.record());
                    let version = version.map(str::to_owned);
                    (time, version, text.map(str::to_owned), number)
                },
            )
        },
    },
    Call {
        name: "most_complete",
        arguments: |rows| vec![record(rows)],
        answer: 0,
        survivor: |rows| {
            greatest(
                rows,
                |row| row.recorded,
                |row| {
                    let known = usize::from(row.text.is_some()) + usize::from(row.number.is_some());
                    (known, row.text.clone(), row.number)
                },
            )
        },
    },
    Call {
        name: "most_complete",
        arguments: |rows| with_orders(vec![record(rows)], rows),
        answer: 0,
        survivor: |rows| {
            greatest(
                rows,
                |row| row.recorded,
                |row| {
                    let known = usize::from(row.text.is_some()) + usize::from(row.number.is_some());
                    let (time, version) = row.orders();
                    let version = version.map(str::to_owned);
                    (known, time, version, row.text.clone(), row.number)
                },
            )
        },
    },
    Call {
        name: "longest",
        arguments: |rows| vec![text(rows)],
        answer: 0,
        survivor: |rows| {
            greatest(rows, has_text, |row| {
                let text = row.text.clone();
                (text.iter().flat_map(|text| text.chars()).count(), text)
            })
        },
    },
    Call {
        name: "longest",
        arguments: |rows| with_orders(vec![text(rows)], rows),
        answer: 0,
        survivor: |rows| {
            greatest(rows, has_text, |row| {
                let text = row.text.clone();
                let length = text.iter().flat_map(|text| text.chars()).count();
                let (time, version) = row.orders();
                (length, time, version.map(str::to_owned), text)
            })
        },
    },
    Call {
        name: "by_source_priority",
        arguments: |rows| vec![text(rows), source(rows), priority(rows)],
        answer: 0,
        survivor: |rows| {
            greatest(rows, has_text, |row| {
                (Reverse(place(row)), row.text.clone())
            })
        },
    },
    Call {
        name: "by_source_priority",
        arguments: |rows| with_orders(vec![text(rows), source(rows), priority(rows)], rows),
        answer: 0,
        survivor: |rows| {
            greatest(rows, has_text, |row| {
                let (time, version) = row.orders();
                let version = version.map(str::to_owned);
                (Reverse(place(row)), time, version, row.text.clone())
            })
        },
    },
    Call {
        name: "most_frequent",
        arguments: |rows| vec![text(rows)],
        answer: 0,
        survivor: |rows| most_frequent(rows, |_| ()),
    },
    Call {
        name: "most_frequent",
        arguments: |rows| with_orders(vec![text(rows)], rows),
        answer: 0,
        survivor: |rows| {
            most_frequent(rows, |row| {
                let (time, version) = row.orders();
                (time, version.map(str::to_owned))
            })
        },
    },
];

/// The place of a row's source in the list; behind it where it is not there.
fn place(row: &Row) -> usize {
    let source = row.source.as_deref();
    let place = PRIORITY
        .iter()
        .position(|listed| source.is_some() && *listed == source);
    place.unwrap_or(PRIORITY.len())
}

/// The rows of a group that a filter keeps.
pub(super) fn kept_of_group(rows: &[Row], group: usize) -> Vec<Row> {
    let rows = rows.iter();
    rows.filter(|row| row.group == group && row.kept == Some(true))
        .cloned()
        .collect()
}

/// The columns as dictionaries where they are texts.
pub(super) fn as_dictionaries(columns: &[ArrayRef]) -> Vec<ArrayRef> {
    let encoded = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8));
    let columns = columns.iter();
    columns
        .map(|column| match column.as_string_opt::<i32>() {
            Some(texts) => arrow::compute::cast(texts, &encoded).unwrap(),
            None => Arc::clone(column),
        })
        .collect()
}
