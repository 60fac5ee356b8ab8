//! Statistics of a data file: written to the log from the footer, read back for pruning and for
//! the optimizer.
//!
//! <https://github.com/delta-io/delta/blob/master/PROTOCOL.md#per-file-statistics>

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Decimal128Type, DecimalType as _, SchemaRef, TimeUnit};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use datafusion::parquet::file::metadata::ParquetMetaData;
use serde_json::{Map, Value, json};

use super::schema::TableSchema;
use super::types::{UTC, keeps_order};

/// Statistics are kept of this many columns, as Delta's default has it.
const MAX_COLUMNS: usize = 32;

/// Decimals of more digits do not survive JSON.
const EXACT_DIGITS: u8 = 15;

const TIMESTAMP: &str = "%Y-%m-%dT%H:%M:%S%.6f";

/// The statistics that the log gets, as JSON; `nulls` counts the NULLs of each column.
///
/// Floating-point columns have no bounds, here and in the footer: NaN sorts above all numbers in
/// SQL, but counts for nothing in the bounds of Parquet, so that filters would lose it.
pub(super) fn to_json(
    metadata: &ParquetMetaData,
    stored: &SchemaRef,
    nulls: &[u64],
    rows: u64,
) -> String {
    let (mut mins, mut maxes, mut counts) = (Map::new(), Map::new(), Map::new());
    let descriptor = metadata.file_metadata().schema_descr();
    let columns = stored.fields().iter().zip(nulls).take(MAX_COLUMNS);
    for (field, nulls) in columns.filter(|(field, _)| !field.data_type().is_nested()) {
        counts.insert(field.name().clone(), (*nulls).into());
        if field.data_type().is_floating() {
            continue;
        }
        let Ok(converter) = StatisticsConverter::try_new(field.name(), stored, descriptor) else {
            continue;
        };
        let groups = || metadata.row_groups().iter();
        let Ok(nulls) = converter.row_group_null_counts(groups()) else {
            continue;
        };
        // A row group may lack a bound only where it has no values.
        let has_values: Vec<bool> = groups()
            .zip(nulls.values())
            .map(|(group, nulls)| u64::try_from(group.num_rows()).is_ok_and(|rows| rows > *nulls))
            .collect();
        let min = converter.row_group_mins(groups()).ok();
        let max = converter.row_group_maxes(groups()).ok();
        if let Some(min) = min.and_then(|mins| extreme(&mins, &has_values, Ordering::Less)) {
            mins.insert(field.name().clone(), min);
        }
        if let Some(max) = max.and_then(|maxes| extreme(&maxes, &has_values, Ordering::Greater)) {
            maxes.insert(field.name().clone(), max);
        }
    }
    json!({"numRecords": rows, "minValues": mins, "maxValues": maxes, "nullCount": counts})
        .to_string()
}

/// The least or greatest of the bounds of row groups, if each that has values has one.
fn extreme(bounds: &ArrayRef, has_values: &[bool], which: Ordering) -> Option<Value> {
    let mut extreme: Option<ScalarValue> = None;
    for (group, _) in has_values.iter().enumerate().filter(|(_, has)| **has) {
        let bound = ScalarValue::try_from_array(bounds, group).ok()?;
        if bound.is_null() {
            return None;
        }
        let replaces = match &extreme {
            Some(known) => bound.partial_cmp(known)? == which,
            None => true,
        };
        if replaces {
            extreme = Some(bound);
        }
    }
    scalar_to_json(&extreme?)
}

fn scalar_to_json(scalar: &ScalarValue) -> Option<Value> {
    Some(match scalar {
        ScalarValue::Int8(value) => (*value)?.into(),
        ScalarValue::Int16(value) => (*value)?.into(),
        ScalarValue::Int32(value) => (*value)?.into(),
        ScalarValue::Int64(value) => (*value)?.into(),
        ScalarValue::Utf8(value) => value.as_deref()?.into(),
        ScalarValue::Decimal128(Some(value), precision, scale) if *precision <= EXACT_DIGITS => {
            serde_json::from_str(&Decimal128Type::format_decimal(*value, *precision, *scale))
                .ok()?
        }
        ScalarValue::Date32(Some(days)) => {
            let date =
                NaiveDate::default().checked_add_signed(TimeDelta::try_days((*days).into())?)?;
            in_four_digits(date)?;
            date.format("%Y-%m-%d").to_string().into()
        }
        ScalarValue::TimestampMicrosecond(Some(micros), zone) => {
            let time = DateTime::from_timestamp_micros(*micros)?.naive_utc();
            in_four_digits(time.date())?;
            let zone = if zone.is_some() { "Z" } else { "" };
            format!("{}{zone}", time.format(TIMESTAMP)).into()
        }
        _ => return None,
    })
}

fn in_four_digits(date: NaiveDate) -> Option<()> {
    (0..=9999).contains(&date.year()).then_some(())
}

/// What is known of the values of one column in one file.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnBounds {
    /// No value is less.
    pub min: Option<ScalarValue>,
    /// No value is greater.
    pub max: Option<ScalarValue>,
    /// How many are NULL.
    pub nulls: Option<u64>,
    /// Whether the bounds are values of the column.
    pub exact: bool,
    /// Whether the greatest is a value that the column has, or had in a row that is gone.
    pub max_is_value: bool,
}

/// What the log knows of a file.
#[derive(Clone, Debug)]
pub(super) struct FileBounds {
    /// The rows of the file.
    pub rows: Option<u64>,
    /// By column of the table.
    pub columns: Vec<ColumnBounds>,
}

impl FileBounds {
    /// Reads the statistics of a file; what they do not tell is unknown.
    pub fn from_json(stats: Option<&str>, schema: &TableSchema) -> Self {
        let stats: Value = stats
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let rows = stats["numRecords"].as_u64();
        let tight = stats["tightBounds"].as_bool().unwrap_or(true);
        let columns = schema.declared.fields().iter().zip(schema.stored.fields());
        let columns = columns.map(|(declared, stored)| {
            let (name, to) = (stored.name(), declared.data_type());
            let from = stored.data_type();
            let nulls = stats["nullCount"][name].as_u64();
            let mut bounds = ColumnBounds {
                // Of a file that lost rows this may be just whether all or none are NULL.
                nulls: nulls.filter(|nulls| tight || *nulls == 0 || Some(*nulls) == rows),
                ..ColumnBounds::default()
            };
            if keeps_order(to, from) {
                let min = json_to_scalar(&stats["minValues"][name], from, false);
                let max = json_to_scalar(&stats["maxValues"][name], from, true);
                bounds.exact = tight && matches!((&min, &max), (Some((_, true)), Some((_, true))));
                bounds.max_is_value = matches!(&max, Some((_, true)));
                let declare = |bound: Option<(ScalarValue, bool)>| {
                    bound.and_then(|(value, _)| value.cast_to(to).ok())
                };
                (bounds.min, bounds.max) = (declare(min), declare(max));
            }
            bounds
        });
        Self {
            rows,
            columns: columns.collect(),
        }
    }

    /// The same for the optimizer, for a file of this many bytes, so many rows of which are gone.
    pub fn statistics(&self, bytes: u64, gone: Option<u64>) -> Statistics {
        let count = |count: Option<u64>| match count.and_then(|n| usize::try_from(n).ok()) {
            Some(count) => Precision::Exact(count),
            None => Precision::Absent,
        };
        let columns = self.columns.iter().map(|bounds| {
            let value = |value: &Option<ScalarValue>| match value {
                Some(value) if bounds.exact && gone.is_none() => Precision::Exact(value.clone()),
                Some(value) => Precision::Inexact(value.clone()),
                None => Precision::Absent,
            };
            ColumnStatistics {
                null_count: match gone {
                    None => count(bounds.nulls),
                    Some(_) => count(bounds.nulls).to_inexact(),
                },
                min_value: value(&bounds.min),
                max_value: value(&bounds.max),
                ..ColumnStatistics::new_unknown()
            }
        });
        Statistics {
            num_rows: count(
                self.rows
                    .map(|rows| rows.saturating_sub(gone.unwrap_or_default())),
            ),
            total_byte_size: usize::try_from(bytes).map_or(Precision::Absent, Precision::Inexact),
            column_statistics: columns.collect(),
        }
    }
}

/// A bound, and whether it is a value of the column.
fn json_to_scalar(value: &Value, stored: &DataType, upper: bool) -> Option<(ScalarValue, bool)> {
    Some(match stored {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            let value = ScalarValue::Int64(Some(value.as_i64()?));
            (value.cast_to(stored).ok()?, true)
        }
        // Long texts are cut, and nothing tells which.
        DataType::Utf8 => (value.as_str()?.into(), false),
        DataType::Decimal128(precision, _) if *precision <= EXACT_DIGITS => {
            let text = ScalarValue::Utf8(Some(value.as_number()?.to_string()));
            (text.cast_to(stored).ok()?, true)
        }
        DataType::Date32 => {
            let date = NaiveDate::parse_from_str(value.as_str()?, "%Y-%m-%d").ok()?;
            let days = (date - NaiveDate::default()).num_days();
            (ScalarValue::Date32(Some(i32::try_from(days).ok()?)), true)
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let text = value.as_str()?;
            let time = parse_timestamp(text)?;
            // Other engines cut to milliseconds.
            let digits = text.split_once('.').map_or(0, |(_, fraction)| {
                fraction.chars().take_while(char::is_ascii_digit).count()
            });
            let exact = digits == 6;
            let slack = if upper && !exact { 999 } else { 0 };
            let micros = time.timestamp_micros().checked_add(slack)?;
            let zone = zone.as_ref().map(|_| Arc::from(UTC));
            (ScalarValue::TimestampMicrosecond(Some(micros), zone), exact)
        }
        _ => return None,
    })
}

fn parse_timestamp(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    Some(time.and_utc())
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray,
        TimestampMicrosecondArray,
    };
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::file::properties::WriterProperties;
    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::*;

    use super::*;

    fn bounds_of(batch: &RecordBatch) -> FileBounds {
        let schema = TableSchema::declare(&batch.schema(), false).unwrap();
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(3))
            .build();
        let stored = Arc::clone(&schema.stored);
        let mut writer = ArrowWriter::try_new(Vec::new(), stored, Some(properties)).unwrap();
        writer.write(batch).unwrap();
        let metadata = writer.close().unwrap();
        let nulls: Vec<u64> = batch
            .columns()
            .iter()
            .map(|c| c.null_count() as u64)
            .collect();
        let json = to_json(&metadata, &schema.stored, &nulls, batch.num_rows() as u64);
        FileBounds::from_json(Some(&json), &schema)
    }

    proptest! {
        #[test]
        fn all_values_are_within_the_bounds(
            numbers in vec(of(any::<i64>()), 8),
            texts in vec(of("\\PC{0,80}"), 8),
            decimals in vec(of(-999_999_999_999_i128..1_000_000_000_000), 8),
            days in vec(of(-800_000..3_000_000), 8),
            times in vec(of(-100_000_000_000_000_000_i64..300_000_000_000_000_000), 8),
        ) {
            let decimals = Decimal128Array::from(decimals).with_precision_and_scale(12, 6).unwrap();
            let times = TimestampMicrosecondArray::from(times);
            let columns: [(&str, ArrayRef); 6] = [
                ("number", Arc::new(Int64Array::from(numbers))),
                ("text", Arc::new(StringArray::from(texts))),
                ("decimal", Arc::new(decimals)),
                ("day", Arc::new(Date32Array::from(days))),
                ("time", Arc::new(times.clone())),
                ("time_utc", Arc::new(times.with_timezone(UTC))),
            ];
            let columns = columns.map(|(name, array)| (name, array, true));
            let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
            let bounds = bounds_of(&batch);
            prop_assert_eq!(bounds.rows, Some(8));
            for (column, bounds) in batch.columns().iter().zip(&bounds.columns) {
                prop_assert_eq!(bounds.nulls, Some(column.null_count() as u64));
                let values: Vec<ScalarValue> = (0..8)
                    .map(|row| ScalarValue::try_from_array(column, row).unwrap())
                    .filter(|value| !value.is_null())
                    .collect();
                if let (Some(min), Some(max)) = (&bounds.min, &bounds.max) {
                    prop_assert!(values.iter().all(|value| min <= value && value <= max));
                    prop_assert!(!bounds.exact || (values.contains(min) && values.contains(max)));
                } else {
                    prop_assert!(!bounds.exact);
                }
            }
            let number = &bounds.columns[0];
            prop_assert_eq!(number.exact, batch.column(0).null_count() < 8);
        }
    }

    #[test]
    fn milliseconds_of_other_engines_are_no_exact_bounds() {
        let batch = RecordBatch::try_from_iter([(
            "time",
            Arc::new(TimestampMicrosecondArray::from(vec![0])) as ArrayRef,
        )]);
        let schema = TableSchema::declare(&batch.unwrap().schema(), false).unwrap();
        let json = r#"{"numRecords": 2, "minValues": {"time": "1970-01-01T00:00:00.001"},
            "maxValues": {"time": "1970-01-01T00:00:00.001"}, "nullCount": {"time": 0}}"#;
        let bounds = FileBounds::from_json(Some(json), &schema);
        let [time] = bounds.columns.as_slice() else {
            panic!("one column");
        };
        assert!(!time.exact);
        assert_eq!(
            time.min,
            Some(ScalarValue::TimestampMicrosecond(Some(1_000), None))
        );
        assert_eq!(
            time.max,
            Some(ScalarValue::TimestampMicrosecond(Some(1_999), None))
        );
        let nothing = FileBounds::from_json(Some("not JSON"), &schema);
        assert_eq!(nothing.rows, None);
    }
}
