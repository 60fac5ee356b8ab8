//! `entity_evaluate`: clusters held against the truth, at several thresholds.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef};
use datafusion::catalog::TableProvider;
use futures::TryStreamExt;
use tributary_udfs::resolve::{Pair, Records};

use super::scores::{Scores, scores};
use super::{Asked, Companion, scan};
use crate::error::{Error, Result, SqlState};

/// The thresholds that are looked at, beside the model's own.
const THRESHOLDS: [f64; 15] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999,
];

/// A row a threshold.
///
/// # Errors
/// 42703 for a relation that does not tell the entity of records; what the store says.
pub async fn rows(
    asked: &Asked,
    relation: Arc<dyn TableProvider>,
    columns: SchemaRef,
) -> Result<RecordBatch> {
    let resolver = asked.resolver().await?;
    let records = resolver.records();
    let truth = truth(asked, relation, records).await?;
    let own = clusters(asked, records).await?;
    let pairs = pairs(asked, records).await?;
    scan::blocking(move || {
        let default = resolver.model().options().threshold;
        let mut thresholds: Vec<f64> = THRESHOLDS.into_iter().chain([default]).collect();
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        let scores: Vec<Scores> = thresholds
            .iter()
            .map(|threshold| match *threshold == default {
                // With the human decisions, as they are served.
                true => scores(&own, &truth),
                false => scores(&resolver.clusters_at(&pairs, *threshold).entity_of, &truth),
            })
            .collect();
        let numbers = |of: &dyn Fn(&Scores) -> f64| -> ArrayRef {
            Arc::new(scores.iter().map(of).collect::<Float64Array>())
        };
        let is_default = thresholds
            .iter()
            .map(|threshold| Some(*threshold == default));
        let arrays = vec![
            Arc::new(Float64Array::from(thresholds.clone())) as ArrayRef,
            Arc::new(is_default.collect::<BooleanArray>()),
            numbers(&|of| of.pairwise.precision),
            numbers(&|of| of.pairwise.recall),
            numbers(&|of| of.pairwise.f1()),
            numbers(&|of| of.bcubed.precision),
            numbers(&|of| of.bcubed.recall),
            numbers(&|of| of.bcubed.f1()),
            numbers(&|of| of.cluster.precision),
            numbers(&|of| of.cluster.recall),
            numbers(&|of| of.cluster.f1()),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    })
    .await
}

/// The true entity of each record, as numbers.
async fn truth(
    asked: &Asked,
    relation: Arc<dyn TableProvider>,
    records: &Records,
) -> Result<Vec<Option<u32>>> {
    let schema = relation.schema();
    let definition = asked.model.definition()?;
    let text = |name: &str| definition.options.get(name)?.as_text();
    let names: Vec<&str> = [text("unique_id"), text("source")]
        .into_iter()
        .flatten()
        .collect();
    let wrong = |what: String| {
        let hint = format!(
            "It needs the columns {}, and one more: the true entity.",
            names.join(", ")
        );
        Error::new(SqlState::UNDEFINED_COLUMN, what).with_hint(hint)
    };
    let mut places = Vec::new();
    for name in &names {
        places.push(
            schema
                .index_of(name)
                .map_err(|_| wrong(format!("the truth has no column \"{name}\"")))?,
        );
    }
    let others: Vec<usize> = (0..schema.fields().len())
        .filter(|at| !places.contains(at))
        .collect();
    let [entity] = others.as_slice() else {
        return Err(wrong(format!(
            "the truth has {} columns that could be the entity",
            others.len()
        )));
    };
    places.push(*entity);
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut truth = vec![None; records.len()];
    let mut rows = scan::stream(&asked.model.instance, relation, None).await?;
    while let Some(batch) = rows.try_next().await? {
        let texts = places
            .iter()
            .map(|place| cast(batch.column(*place), &DataType::Utf8))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let value = |at: usize| {
                let column = texts[at].as_string::<i32>();
                column.is_valid(row).then(|| column.value(row))
            };
            let source = if names.len() == 2 {
                value(1).unwrap_or("")
            } else {
                ""
            };
            let record = value(0).and_then(|id| records.find(source, id));
            if let (Some(record), Some(entity)) = (record, value(places.len() - 1)) {
                let next = numbers.len() as u32;
                let number = *numbers.entry(entity.to_owned()).or_insert(next);
                truth[record as usize] = Some(number);
            }
        }
    }
    Ok(truth)
}

/// The clusters as they are served: for each record the place of one of its entity.
async fn clusters(asked: &Asked, records: &Records) -> Result<Vec<u32>> {
    let table = Arc::clone(&asked.model.clusters);
    let entity = table.schema().index_of("entity_id")?;
    let mut first: HashMap<i64, u32> = HashMap::new();
    let mut clusters: Vec<u32> = (0..records.len() as u32).collect();
    let mut rows = scan::stream(&asked.model.instance, table, None).await?;
    while let Some(batch) = rows.try_next().await? {
        let places = places(&batch, 0, entity, records)?;
        let entities = batch.column(entity).as_primitive::<Int64Type>();
        for (place, entity) in places.into_iter().zip(entities.values()) {
            if let Some(place) = place {
                clusters[place as usize] = *first.entry(*entity).or_insert(place);
            }
        }
    }
    Ok(clusters)
}

/// The pairs that were kept.
async fn pairs(asked: &Asked, records: &Records) -> Result<Vec<Pair>> {
    let table = asked.model.table(Companion::Pairs).await?;
    let weight = table.schema().index_of("weight")?;
    let mut pairs = Vec::new();
    let mut rows = scan::stream(&asked.model.instance, table, None).await?;
    while let Some(batch) = rows.try_next().await? {
        let left = places(&batch, 0, weight / 2, records)?;
        let right = places(&batch, weight / 2, weight / 2, records)?;
        let weights = batch.column(weight).as_primitive::<Float64Type>();
        for ((left, right), weight) in left.into_iter().zip(right).zip(weights.values()) {
            if let (Some(left), Some(right)) = (left, right) {
                let log_odds = (weight * std::f64::consts::LN_2) as f32;
                pairs.push(Pair {
                    left,
                    right,
                    log_odds,
                });
            }
        }
    }
    Ok(pairs)
}

/// The places of the records that a batch names, in so many columns from `first` on.
fn places(
    batch: &RecordBatch,
    first: usize,
    count: usize,
    records: &Records,
) -> Result<Vec<Option<u32>>> {
    let texts = batch.columns()[first..first + count]
        .iter()
        .map(|column| cast(column, &DataType::Utf8))
        .collect::<Result<Vec<_>, _>>()?;
    let value = |at: usize, row: usize| {
        let column = texts.get(at)?.as_string::<i32>();
        column.is_valid(row).then(|| column.value(row))
    };
    Ok((0..batch.num_rows())
        .map(|row| records.find(value(1, row).unwrap_or(""), value(0, row)?))
        .collect())
}
