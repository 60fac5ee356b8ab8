//! `entity_explain`: why two records are held to be one entity, or two.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::scalar::ScalarValue;
use tributary_udfs::resolve::{Explanation, PairLevels, ResolveOptions, Resolver};

use super::super::index::Index;
use super::super::learned::Learned;
use super::super::{options, scan};
use super::{Asked, PRIOR, probability};
use crate::error::{Error, Result, SqlState};
use crate::sql::model_functions::ModelFunction;

impl Asked {
    pub(super) async fn explain(
        &self,
        left: &str,
        right: &str,
        columns: SchemaRef,
    ) -> Result<RecordBatch> {
        let model = Learned::read(&self.model).await?.model;
        let (left, right) = (self.record(left).await?, self.record(right).await?);
        if left == right {
            return Err(are_one());
        }
        let taking = self.model.input(&left.schema()).await?;
        let mut builder = taking.builder(&self.model.instance.runtime().memory_pool)?;
        for record in [left, right] {
            builder.push(taking.with_keys(record)?)?;
        }
        let records = builder.finish_for(model.columns())?;
        let rows = Resolver::new(records, model)?.explain(0, 1)?;
        Ok(RecordBatch::try_new(columns, arrays(&[rows]))?)
    }
}

/// A model in memory, ready to explain many pairs.
pub(super) struct Explained {
    asked: Asked,
    options: ResolveOptions,
    index: Arc<Index>,
    levels: Arc<PairLevels>,
}

impl Explained {
    pub(super) async fn new(asked: &Asked) -> Result<Self> {
        let index = asked.index().await?;
        let of_records = Arc::clone(&index);
        let levels = scan::blocking(move || Ok(PairLevels::new(&of_records.resolver)?)).await?;
        Ok(Self {
            options: options::read(asked.model.definition()?)?.engine,
            asked: asked.clone(),
            index,
            levels: Arc::new(levels),
        })
    }

    /// Why each two of the records that values name are one entity, or two: a list a pair. One of which a
    /// value is NULL has none.
    ///
    /// # Errors
    /// 22023 where a value names no record, or both the same; what comparing them meets.
    pub(super) async fn lists(
        &self,
        [left, right]: [&ArrayRef; 2],
        (columns, element): (SchemaRef, FieldRef),
    ) -> Result<ListArray> {
        let mut lengths = vec![0; left.len()];
        let mut pairs = Vec::new();
        for row in 0..left.len() {
            let place = |given: &ArrayRef| {
                let value = ScalarValue::try_from_array(given, row)?;
                self.asked.place(&value, &self.index, &self.options)
            };
            if let (Some(left), Some(right)) = (place(left)?, place(right)?) {
                if left == right {
                    return Err(are_one());
                }
                pairs.push((row, left, right));
            }
        }
        let (index, levels) = (Arc::clone(&self.index), Arc::clone(&self.levels));
        let explained = scan::blocking(move || {
            let explained = pairs
                .into_iter()
                .map(|(row, left, right)| Ok((row, levels.explain(&index.resolver, left, right)?)));
            explained.collect::<Result<Vec<_>>>()
        });
        let (rows, explained): (Vec<usize>, Vec<_>) = explained.await?.into_iter().unzip();
        for (row, explained) in rows.into_iter().zip(&explained) {
            lengths[row] = explained.len();
        }
        let rows = StructArray::try_new(columns.fields().clone(), arrays(&explained), None)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(ListArray::try_new(element, offsets, Arc::new(rows), None)?)
    }
}

/// What is answered of pairs, those of each in their order.
fn arrays(pairs: &[Vec<Explanation>]) -> Vec<ArrayRef> {
    let rows = || pairs.iter().flatten();
    let texts = |of: fn(&Explanation) -> &str| -> ArrayRef {
        let texts = rows().map(of);
        Arc::new(
            texts
                .map(|text| Some(text).filter(|text| !text.is_empty()))
                .collect::<StringArray>(),
        )
    };
    let numbers = |of: fn(&Explanation) -> f64| -> ArrayRef {
        Arc::new(rows().map(of).collect::<Float64Array>())
    };
    let steps = pairs.iter().flat_map(|rows| (1..).take(rows.len()));
    vec![
        Arc::new(steps.collect::<Int64Array>()) as ArrayRef,
        texts(|row| match row.comparison.as_str() {
            "" => PRIOR,
            comparison => comparison,
        }),
        texts(|row| &row.left),
        texts(|row| &row.right),
        texts(|row| match row.comparison.as_str() {
            "" => "",
            _ => &row.label,
        }),
        numbers(|row| row.m),
        numbers(|row| row.u),
        numbers(|row| row.weight),
        numbers(|row| row.total),
        numbers(|row| probability(row.total)),
    ]
}

/// The error of a record and itself.
fn are_one() -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        "entity_explain compares two records, and these are one",
    )
    .with_hint(format!(
        "It is called as {}.",
        ModelFunction::Explain.call()
    ))
}
