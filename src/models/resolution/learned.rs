//! What a model has learned, as a table of one row.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use serde::{Deserialize, Serialize};
use tributary_udfs::resolve::{Model, RuleReport};

use super::{Companion, Resolved, scan};
use crate::error::{Error, Result, SqlState};

/// What a version of a model has learned and found.
#[derive(Debug)]
pub struct Learned {
    /// The parameters.
    pub model: Model,
    /// The number of the next entity that is new.
    pub next_entity: i64,
    /// What else is to be told.
    pub report: Report,
}

/// What a refresh found out on its way.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// What each blocking rule does.
    pub rules: Vec<Rule>,
}

/// A blocking rule and what it does.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rule {
    /// What records of a block agree on.
    pub rule: String,
    /// How many pairs share a block.
    pub pairs: u64,
    /// How many records the largest block has.
    pub largest: u32,
    /// How many blocks were too large, and were split.
    pub split: u64,
    /// How many blocks were left out, as nothing splits them.
    pub dropped: u64,
}

impl From<RuleReport> for Rule {
    fn from(report: RuleReport) -> Self {
        Self {
            rule: report.rule,
            pairs: report.pairs,
            largest: report.largest,
            split: report.split as u64,
            dropped: report.dropped as u64,
        }
    }
}

impl Learned {
    /// The row.
    ///
    /// # Errors
    /// None that a model meets.
    pub fn row(&self) -> Result<RecordBatch> {
        let unwritable = |error| Error::internal(format!("a model cannot be written: {error}"));
        let model = serde_json::to_string(&self.model).map_err(unwritable)?;
        let report = serde_json::to_string(&self.report).map_err(unwritable)?;
        let schema = Schema::new(vec![
            Field::new("model", DataType::Utf8, true),
            Field::new("next_entity_id", DataType::Int64, true),
            Field::new("report", DataType::Utf8, true),
        ]);
        Ok(RecordBatch::try_new(
            Arc::new(schema),
            vec![
                Arc::new(StringArray::from(vec![model])),
                Arc::new(Int64Array::from(vec![self.next_entity])),
                Arc::new(StringArray::from(vec![report])),
            ],
        )?)
    }

    /// What a version of a model has learned.
    ///
    /// # Errors
    /// XX001 where it cannot be read; what the store says.
    pub async fn read(resolved: &Resolved) -> Result<Self> {
        let unreadable = |why: String| {
            Error::new(
                SqlState::DATA_CORRUPTED,
                format!(
                    "what {} has learned cannot be read: {why}",
                    resolved.object.described()
                ),
            )
            .with_hint("REFRESH MODEL ... FULL learns it again.")
        };
        let table = resolved.table(Companion::Learned).await?;
        let batches = scan::all(&resolved.instance, table).await?;
        let [batch] = batches.as_slice() else {
            return Err(unreadable(format!("{} batches", batches.len())));
        };
        let texts = |column: usize| batch.column(column).as_string::<i32>().value(0).to_owned();
        if batch.num_rows() != 1 || batch.num_columns() != 3 {
            return Err(unreadable("it is not one row".to_owned()));
        }
        Ok(Self {
            model: serde_json::from_str(&texts(0))
                .map_err(|error| unreadable(error.to_string()))?,
            next_entity: batch.column(1).as_primitive::<Int64Type>().value(0),
            report: serde_json::from_str(&texts(2))
                .map_err(|error| unreadable(error.to_string()))?,
        })
    }
}
