//! `entity_evaluate`: clusters held against the truth, at several thresholds.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use futures::TryStreamExt;
use tributary_udfs::resolve::{Decisions, Evaluation, Records, evaluate};

use super::super::called::Called;
use super::super::places::places_of;
use super::super::scan;
use super::Asked;
use crate::error::{Error, Result, SqlState};

/// The thresholds that are looked at, beside the model's own.
const THRESHOLDS: [f64; 15] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999,
];

impl Asked {
    pub(super) async fn evaluate(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let Some(truth) = &self.relation else {
            return Err(Error::internal("entity_evaluate without a relation"));
        };
        rows(self, Arc::clone(truth), columns).await
    }
}

/// A row a threshold.
///
/// # Errors
/// 42703 for a relation that does not tell the entity of records; what the store says.
async fn rows(
    asked: &Asked,
    relation: Arc<dyn TableProvider>,
    columns: SchemaRef,
) -> Result<RecordBatch> {
    let index = asked.index().await?;
    let truth = truth(asked, relation, index.resolver.records()).await?;
    let decisions = asked.decisions(&index.resolver).await?;
    scan::blocking(move || {
        let resolver = &index.resolver;
        let default = resolver.model().threshold();
        let mut thresholds: Vec<f64> = THRESHOLDS.into_iter().chain([default]).collect();
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        let found: Vec<Evaluation> = thresholds
            .iter()
            .map(|threshold| match *threshold == default {
                // As they are served.
                true => Ok(evaluate(&index.clusters.entity_of, &truth)),
                false => {
                    let decisions: &Decisions = &decisions;
                    let clusters = resolver.clusters_at(&index.pairs, decisions, *threshold)?;
                    Ok(evaluate(&clusters.entity_of, &truth))
                }
            })
            .collect::<Result<_>>()?;
        let numbers = |of: fn(&Evaluation) -> f64| -> ArrayRef {
            Arc::new(found.iter().map(of).collect::<Float64Array>())
        };
        let is_default = thresholds
            .iter()
            .map(|threshold| Some(*threshold == default));
        let arrays = vec![
            Arc::new(Float64Array::from(thresholds.clone())) as ArrayRef,
            Arc::new(is_default.collect::<BooleanArray>()),
            numbers(|of| of.pairs.precision),
            numbers(|of| of.pairs.recall),
            numbers(|of| of.pairs.f1()),
            numbers(|of| of.b_cubed.precision),
            numbers(|of| of.b_cubed.recall),
            numbers(|of| of.b_cubed.f1()),
            numbers(|of| of.clusters.precision),
            numbers(|of| of.clusters.recall),
            numbers(|of| of.clusters.f1()),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    })
    .await
}

/// The true entity of each record, as numbers.
///
/// # Errors
/// 42703 for a relation that does not tell it; 22023 for one that tells several of a record, or none of any.
async fn truth(
    asked: &Asked,
    relation: Arc<dyn TableProvider>,
    records: &Records,
) -> Result<Vec<Option<u64>>> {
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
    let mut order = Vec::new();
    for name in &names {
        order.push(
            schema
                .index_of(name)
                .map_err(|_| wrong(format!("the truth has no column \"{name}\"")))?,
        );
    }
    let others: Vec<usize> = (0..schema.fields().len())
        .filter(|at| !order.contains(at))
        .collect();
    let [entity] = others.as_slice() else {
        return Err(wrong(format!(
            "the truth has {} columns that could be the entity",
            others.len()
        )));
    };
    let object = asked.model.object.described();
    let contradicted = |text: String, hint: &str| {
        Error::new(SqlState::INVALID_PARAMETER_VALUE, text).with_hint(hint)
    };
    let own = asked.model.clusters.schema();
    let mut told = 0;
    let mut numbers: HashMap<String, u64> = HashMap::new();
    let mut truth = vec![None; records.len()];
    let mut rows = scan::stream(&asked.model.instance, relation, None).await?;
    while let Some(batch) = rows.try_next().await? {
        let called = order.iter().zip(own.fields()).map(|(at, own)| {
            let given = batch.column(*at);
            Called::new(given.data_type(), own.data_type()).texts(given)
        });
        let found = places_of(&called.collect::<Result<Vec<_>>>()?, records)?;
        let entities = cast(batch.column(*entity), &DataType::Utf8)?;
        let entities = entities.as_string::<i32>();
        told += batch.num_rows();
        for (row, record) in found.into_iter().enumerate() {
            if let Some(record) = record
                && entities.is_valid(row)
            {
                let next = numbers.len() as u64;
                let number = *numbers
                    .entry(entities.value(row).to_owned())
                    .or_insert(next);
                let known = truth[record as usize].replace(number);
                if known.is_some_and(|known| known != number) {
                    let id = records.id(record);
                    return Err(contradicted(
                        format!("the truth tells several entities of record \"{id}\" of {object}"),
                        "It needs one row for a record, of one entity.",
                    ));
                }
            }
        }
    }
    if told > 0 && records.present() > 0 && truth.iter().all(Option::is_none) {
        return Err(contradicted(
            format!("the truth tells of no record of {object}"),
            &format!(
                "In {} it needs the values that the model's query gives.",
                names.join(" and ")
            ),
        ));
    }
    Ok(truth)
}
