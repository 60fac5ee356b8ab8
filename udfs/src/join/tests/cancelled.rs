//! Whatever takes long hears of a cancelled query, and hears of it as often as there is work.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::common::NullEquality;
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column};

use super::super::cancellation::Cancellation;
use super::super::columns::{evaluate, put_together};
use super::super::keys::Keys;
use super::super::predicate::{Bound, Metric, Predicate};
use super::super::reference;
use super::super::side::Side;
use super::super::texts::Texts;

/// Rows with a number and a text, all of them different.
fn batch(rows: usize) -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows as i64));
    let texts = (0..rows).map(|row| format!("text {}", row * 7919 % rows));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let schema = Schema::new(vec![
        Field::new("number", DataType::Int64, false),
        Field::new("text", DataType::Utf8, false),
    ]);
    RecordBatch::try_new(Arc::new(schema), vec![numbers, texts]).unwrap()
}

/// Puts batches of 1,000 rows together.
fn batches(rows: &RecordBatch, cancellation: &Cancellation) -> Result<()> {
    let starts = (0..rows.num_rows()).step_by(1000);
    let batches: Vec<RecordBatch> = starts.map(|start| rows.slice(start, 1000)).collect();
    let whole = put_together(rows.schema_ref(), &batches, cancellation)?;
    assert_eq!(&whole, rows);
    Ok(())
}

type Stage = fn(&RecordBatch, &Cancellation) -> Result<()>;

fn keys(rows: &RecordBatch, cancellation: &Cancellation) -> Result<()> {
    let columns = [Arc::clone(rows.column(0))];
    let mut keys = Keys::new(&[DataType::Int64], NullEquality::NullEqualsNothing)?;
    keys.add(&columns, cancellation)?;
    keys.find(&columns, cancellation).map(drop)
}

fn computed(rows: &RecordBatch, cancellation: &Cancellation) -> Result<()> {
    let number: Arc<dyn PhysicalExpr> = Arc::new(Column::new("number", 0));
    let operator = datafusion::logical_expr::Operator::Plus;
    let sum = BinaryExpr::new(Arc::clone(&number), operator, number);
    evaluate(&(Arc::new(sum) as _), rows, cancellation).map(drop)
}

fn one_group(rows: &RecordBatch, cancellation: &Cancellation) -> Result<()> {
    Side::new(rows.clone(), rows.column(1), None, 1, cancellation).map(drop)
}

fn many_groups(rows: &RecordBatch, cancellation: &Cancellation) -> Result<()> {
    let groups: Vec<u32> = (0..rows.num_rows() as u32).map(|row| row % 1000).collect();
    Side::new(rows.clone(), rows.column(1), Some(&groups), 1, cancellation).map(drop)
}

#[test]
fn gathering_hears_of_a_cancel_as_often_as_there_is_work() {
    let stages: [(&str, Stage); 5] = [
        ("batches", batches),
        ("keys", keys),
        ("computed", computed),
        ("one group", one_group),
        ("many groups", many_groups),
    ];
    let (few, many) = (batch(40_000), batch(160_000));
    for (name, stage) in stages {
        let checks = |rows: &RecordBatch| {
            let cancellation = Cancellation::default();
            stage(rows, &cancellation).unwrap();
            cancellation.checks()
        };
        let (few_checks, many_checks) = (checks(&few), checks(&many));
        // One for 16,384 rows at least.
        assert!(many_checks >= 160_000 / 16_384, "{name}: {many_checks}");
        assert!(
            many_checks >= few_checks + 120_000 / 16_384,
            "{name}: {few_checks}, {many_checks}"
        );
        let cancelled = Cancellation::default();
        cancelled.cancel();
        assert!(stage(&few, &cancelled).is_err(), "{name}");
    }
    let cancelled = Cancellation::default();
    cancelled.cancel();
    assert!(put_together(few.schema_ref(), std::slice::from_ref(&few), &cancelled).is_err());
}

#[test]
fn indexes_hear_of_a_cancel() {
    let names: Vec<String> = (0..5000).map(|at| format!("name {at} of many")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let texts = Arc::new(Texts::new(&names).0);
    for (metric, bound) in [
        (Metric::Levenshtein, Bound::AtMost(2)),
        (Metric::Hamming, Bound::AtMost(1)),
        (Metric::JaroWinkler, Bound::AtLeast(0.95)),
        (Metric::Trigram, Bound::AtLeast(0.7)),
        (Metric::TokenSort, Bound::AtLeast(90.0)),
    ] {
        let predicate = Predicate { metric, bound };
        let mut build = reference::build(predicate, Arc::clone(&texts));
        build.index().unwrap();
        assert!(build.cancellation.checks() > 0, "{metric:?}");
        build.cancellation = Cancellation::default();
        build.cancellation.cancel();
        assert!(build.index().is_err(), "{metric:?}");
    }
}
