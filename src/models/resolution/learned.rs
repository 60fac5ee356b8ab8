//! What a model has learned, as a table of one row.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use serde::{Deserialize, Serialize};
use tributary_udfs::resolve::{Model, RuleReport, calibration};

use super::finding::Decided;
use super::found::Found;
use super::taken_back::Decisions;
use super::{Companion, Resolved, scan};
use crate::error::{Error, Result, SqlState};

/// What a version of a model has learned and found.
#[derive(Debug)]
pub struct Learned {
    /// The parameters.
    pub model: Model,
    /// The number of the next entity that is new.
    pub next_entity: u64,
    /// What else is to be told.
    pub report: Report,
}

/// What a refresh found out on its way.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// What each blocking rule does.
    pub rules: Vec<Rule>,
    /// Whether probabilities are what they say.
    pub calibration: Vec<Bin>,
    /// The decisions of people that entities were made by; older programs kept none.
    #[serde(default)]
    pub decisions: Decisions,
}

/// The pairs of a range of probabilities.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bin {
    /// The least probability; it ends where the next bin begins.
    pub from: f64,
    /// How many pairs it has.
    pub pairs: u64,
    /// Their mean probability.
    pub expected: f64,
    /// The share of them that the entities hold to be one.
    pub observed: f64,
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

impl Report {
    /// What is to be told of what was found by what people have decided.
    pub fn new(found: &Found, decided: &Decided) -> Self {
        let mut rules: Vec<Rule> = found
            .resolver
            .blocking_report()
            .into_iter()
            .map(Rule::from)
            .collect();
        let records = found.resolver.records().present() as u64;
        if found.resolver.model().compares_all() && records > 1 {
            rules.push(Rule {
                rule: "every record with every other".to_owned(),
                pairs: records * (records - 1) / 2,
                largest: u32::try_from(records).unwrap_or(u32::MAX),
                split: 0,
                dropped: 0,
            });
        }
        for column in found.resolver.records().columns() {
            rules.extend(column.placeholders().map(|value| Rule {
                rule: format!(
                    "{} is {value}: a placeholder, held to be missing",
                    column.name
                ),
                pairs: 0,
                largest: 0,
                split: 0,
                dropped: 1,
            }));
        }
        let bins = calibration(&found.pairs, &found.clusters.entity_of);
        let bins = bins.into_iter().map(|bin| Bin {
            from: bin.from,
            pairs: bin.pairs,
            expected: bin.expected,
            observed: bin.observed,
        });
        Self {
            rules,
            calibration: bins.collect(),
            decisions: Decisions::of(decided, found.resolver.records()),
        }
    }
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
                Arc::new(Int64Array::from(vec![
                    i64::try_from(self.next_entity).unwrap_or(i64::MAX),
                ])),
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
            next_entity: batch
                .column(1)
                .as_primitive::<Int64Type>()
                .value(0)
                .unsigned_abs(),
            report: serde_json::from_str(&texts(2))
                .map_err(|error| unreadable(error.to_string()))?,
        })
    }
}
