//! What a refresh writes beside the clusters: a model's other tables, and what the commit of the
//! clusters tells of them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};

use super::columns::columns_of_pairs;
use super::finding::Decided;
use super::found::Found;
use super::history::{self, Cause, Decision, JOINING, PARTING};
use super::learned::{Learned, Report};
use super::links::{CANNOT_LINK, MUST_LINK};
use super::previous::Previous;
use super::refresh::Refresh;
use super::resolved::{FUNCTIONS, TELLS_EMPTY_SOURCES};
use super::taken_back::{Decisions, TakenBack};
use super::{Companion, Resolved, columns_of, scan};
use crate::catalog::Object;
use crate::catalog::journal::RefreshRecord;
use crate::error::Result;
use crate::models::incremental::Watermark;
use crate::models::replacement::same_columns;
use crate::sql::model_functions::ModelFunction;
use crate::warehouse::{Commit, CommitInfo};

/// What a refresh tells beside the clusters.
pub(super) struct Told<'a> {
    pub(super) found: &'a Found,
    pub(super) previous: &'a Previous,
    pub(super) decided: &'a Decided,
    /// What was decided before.
    pub(super) decided_before: &'a Decisions,
    pub(super) before: Option<&'a Resolved>,
    /// How far the inputs of the query were read, where that is known.
    pub(super) read_to: Option<&'a Watermark>,
    /// What tells the functions of users that its options call.
    pub(super) functions: Option<&'a str>,
}

impl Refresh<'_> {
    /// The columns that pairs are kept in, of a model with these columns.
    pub(super) fn columns_of_pairs(&self, columns: &SchemaRef) -> SchemaRef {
        columns_of_pairs(&self.with_columns(columns))
    }

    fn with_columns(&self, columns: &SchemaRef) -> Object {
        Object {
            schema: Arc::clone(columns),
            ..self.object.clone()
        }
    }

    /// Writes what was learned, and what became of records, and gives what the commit of the
    /// clusters is to tell.
    pub(super) async fn tell(
        &self,
        told: Told<'_>,
        columns: &SchemaRef,
        mut versions: BTreeMap<Companion, i64>,
        record: &RefreshRecord,
    ) -> Result<CommitInfo> {
        let learned = Learned {
            model: told.found.resolver.model().clone(),
            next_entity: told.found.entities.next,
            report: Report::new(told.found, told.decided),
        };
        let learned = one(learned.row()?);
        let records = told.found.resolver.records();
        let taken_back = told.decided_before.taken_back(told.decided, records);
        let cause = Cause {
            refresh_id: record.id,
            reason: &record.reason,
            decisions: decisions(told.decided, taken_back),
        };
        let schema = columns_of(&self.with_columns(columns), ModelFunction::History);
        let changes = match told.before {
            Some(_) => history::rows(told.found, told.previous, &cause, &schema)?,
            None => RecordBatch::new_empty(schema),
        };
        // Each waits for the disk most of the time.
        let (learned, history) = tokio::try_join!(
            self.write(Companion::Learned, learned, record.id),
            self.add_history(told.before, changes, record.id),
        )?;
        versions.insert(Companion::Learned, learned.version);
        versions.insert(Companion::History, history);
        let versions = versions.into_iter();
        let mut parameters: BTreeMap<String, String> = versions
            .map(|(companion, version)| (companion.name().to_owned(), version.to_string()))
            .collect();
        parameters.insert(TELLS_EMPTY_SOURCES.to_owned(), true.to_string());
        if let Some(functions) = told.functions {
            parameters.insert(FUNCTIONS.to_owned(), functions.to_owned());
        }
        if let Some(read_to) = told.read_to {
            read_to.write(&mut parameters);
        }
        Ok(CommitInfo {
            parameters,
            is_part: false,
            ..commit_info(record.id)
        })
    }

    /// Writes a companion anew.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn write(
        &self,
        companion: Companion,
        rows: SendableRecordBatchStream,
        refresh_id: u64,
    ) -> Result<Commit> {
        let table = companion.table_id(self.object);
        let warehouse = &self.instance.warehouse;
        let info = commit_info(refresh_id);
        match companion {
            // What they say is read all at once, or of one of them.
            Companion::Records => {
                let names = self.names();
                warehouse
                    .replace_searched_by(names, &table, rows, info)
                    .await
            }
            _ => warehouse.replace(&table, rows, info).await,
        }
    }

    /// Adds to the history of the version before, and answers the version that it has then.
    async fn add_history(
        &self,
        before: Option<&Resolved>,
        changes: RecordBatch,
        refresh_id: u64,
    ) -> Result<i64> {
        let table = Companion::History.table_id(self.object);
        let warehouse = &self.instance.warehouse;
        let Some(before) = before else {
            return Ok(self
                .write(Companion::History, one(changes), refresh_id)
                .await?
                .version);
        };
        let version = before.version_of(Companion::History)?;
        let old = before.table(Companion::History).await?;
        let is_latest = before.latest_of(Companion::History).await?.is_some();
        if is_latest && same_columns(&old.schema(), &changes.schema()) {
            if changes.num_rows() == 0 {
                return Ok(version);
            }
            let added = warehouse
                .append(&table, one(changes), commit_info(refresh_id))
                .await?;
            return Ok(added.version);
        }
        // What a refresh added that was not committed goes.
        let (schema, of_now) = (changes.schema(), changes.schema());
        let rows = scan::stream(self.instance, old, None).await?;
        let rows = rows.map(move |rows| Ok(history::in_columns(&rows?, &of_now)?));
        let rows = rows.chain(one(changes));
        let rows = Box::pin(RecordBatchStreamAdapter::new(schema, rows));
        Ok(self
            .write(Companion::History, rows, refresh_id)
            .await?
            .version)
    }
}

/// Of a table that the commit of the clusters is to name.
pub(super) fn commit_info(refresh_id: u64) -> CommitInfo {
    CommitInfo {
        is_part: true,
        refresh_id: Some(refresh_id.to_string()),
        ..CommitInfo::new("REFRESH")
    }
}

/// What may have moved records: what people decide, and what they have taken back.
fn decisions(decided: &Decided, taken_back: TakenBack) -> Vec<Decision> {
    let decision = |option: &str, events, records| Decision {
        called: option.to_owned(),
        events,
        records,
    };
    let no_more = |option: &str| format!("{option} taken back");
    vec![
        decision(MUST_LINK, JOINING, members(&decided.must)),
        decision(CANNOT_LINK, PARTING, members(&decided.cannot)),
        decision(&no_more(CANNOT_LINK), JOINING, taken_back.cannot),
        decision(&no_more(MUST_LINK), PARTING, taken_back.must),
    ]
}

fn members(pairs: &[(u32, u32)]) -> HashSet<u32> {
    pairs
        .iter()
        .flat_map(|(left, right)| [*left, *right])
        .collect()
}

/// The rows of one batch.
pub(super) fn one(batch: RecordBatch) -> SendableRecordBatchStream {
    let schema: SchemaRef = batch.schema();
    let rows = stream::once(async { Ok::<_, DataFusionError>(batch) });
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}
