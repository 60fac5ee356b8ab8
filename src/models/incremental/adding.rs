//! Putting in what was added to inputs, where that is all that has changed.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use futures::StreamExt;

use super::added::{Added, Rows};
use super::attempt::Planned;
use super::measured::Measured;
use super::{INCREMENTAL, Watermark, forbidden};
use crate::catalog::journal::RefreshRecord;
use crate::error::{Error, Result, SqlState};
use crate::models::expectation::{Expectations, enforce};
use crate::models::rejected::{self, Keep};
use crate::models::{keyed, refresh, table_id};
use crate::sources::RejectedRows;
use crate::warehouse::{Arrival, Commit, CommitInfo, Keyed, Participant};

/// Why what was added to inputs was not all that had to be done.
pub(super) struct NotAdded {
    pub reason: String,
    /// Whether it may be done by keys.
    pub is_by_key: bool,
}

impl NotAdded {
    /// Since the changes cannot be read, or are too many for the memory; a full refresh compares nothing.
    fn since(error: Error) -> Result<Self> {
        match error.sqlstate() == SqlState::QUERY_CANCELED {
            true => Err(error),
            false => Ok(Self {
                reason: format!("what has changed cannot be told: {}", error.message()),
                is_by_key: false,
            }),
        }
    }
}

impl Planned<'_> {
    /// Puts in the rows that were added to inputs, if nothing else has changed. Rows that are left out
    /// join those that were.
    pub(super) async fn add(
        &self,
        before: &Watermark,
        participant: Option<Arc<dyn Participant>>,
        expectations: &Arc<Expectations>,
        record: &mut RefreshRecord,
    ) -> Result<std::result::Result<Commit, NotAdded>> {
        let keyed = keyed::declared(&self.definition.options)?;
        let keeps_all = keyed.as_ref().is_some_and(Keyed::has_history);
        let mut measured = Measured::default();
        let added = self.added(before, keyed.is_some(), keeps_all, &mut measured);
        let added = match added.await {
            Err(error) => return NotAdded::since(error).map(Err),
            Ok(added) => added,
        };
        let rows = match added {
            Added::More(reason) => {
                // What a row that is gone said of its key is not known.
                let is_by_key = forbidden(self.definition)?.is_none();
                return Ok(Err(NotAdded { reason, is_by_key }));
            }
            Added::Gone(rows) => {
                let tells = self.tells_deletion(keyed.as_ref(), &rows, &mut measured);
                let tells = match tells.await {
                    Err(error) => return NotAdded::since(error).map(Err),
                    Ok(tells) => tells,
                };
                return Ok(Err(match tells {
                    true => NotAdded {
                        reason: "a row that told of a deletion has changed or is gone".to_owned(),
                        is_by_key: false,
                    },
                    false => NotAdded {
                        reason: "rows of its inputs have changed or are gone".to_owned(),
                        is_by_key: true,
                    },
                }));
            }
            Added::Nothing => None,
            Added::Rows(rows) => Some(rows),
        };
        INCREMENTAL.clone_into(&mut record.mode);
        let warehouse = &self.instance.warehouse;
        let table = table_id(self.object);
        let mut info = CommitInfo {
            refresh_id: Some(record.id.to_string()),
            ..CommitInfo::new(crate::warehouse::REFRESH)
        };
        self.watermark.write(&mut info.parameters);
        let Some(added) = rows else {
            let commit = match before == self.watermark {
                true => self.nothing().await?,
                false => {
                    let (instance, object) = (self.instance, self.object);
                    let told = self.watermark.tell(instance, object, info, participant);
                    told.await?
                }
            };
            return Ok(Ok(commit));
        };
        let (rejections, writer) =
            rejected::begin(self.instance, self.object, Keep::All, Some(record.id));
        let rejected = Arc::new(RejectedRows::new(rejections.sender()));
        let mut state = self.context.state.clone();
        state.config_mut().set_extension(Arc::clone(&rejected));
        let rows = measured.run(&state, &added.plan).await?;
        let name = self.object.name.to_string();
        let rows = enforce(rows, Arc::clone(expectations), name, rejections.clone());
        let rows = writer.precede(refresh::count(rows, Arc::clone(self.progress)));
        let commit = match keyed {
            None => {
                drop(rejections);
                warehouse
                    .append_with(&table, rows, info, participant)
                    .await?
            }
            Some(_) => {
                let (instance, object) = (self.instance, self.object);
                let told = participant.clone();
                let put = keyed::add(
                    instance,
                    &state,
                    object,
                    rows,
                    rejections,
                    info.clone(),
                    participant,
                )
                .await?;
                record.reject_without_key(put.rejected);
                let stale = put.upserted.stale;
                keyed::tell_of_overtaken(record, object, stale, Arrival::Tells)?;
                match put.upserted.commit {
                    Some(commit) => Commit {
                        rows: put.upserted.rows,
                        ..commit
                    },
                    None => self.watermark.tell(instance, object, info, told).await?,
                }
            }
        };
        record.rows_read = Some(measured.rows_read());
        record.spilled_bytes = Some(measured.spilled());
        record.rows_rejected += rejected.count();
        record.warn(rejected.remarks());
        Ok(Ok(commit))
    }

    /// Whether one of these rows of the query tells of a deletion.
    async fn tells_deletion(
        &self,
        keyed: Option<&Keyed>,
        rows: &Rows,
        measured: &mut Measured,
    ) -> Result<bool> {
        let deleted = keyed.and_then(|keyed| keyed.deleted.as_ref());
        let schema = rows.plan.schema();
        let index = deleted.and_then(|name| schema.index_of_column_by_name(None, name));
        let Some(index) = index else {
            return Ok(deleted.is_some());
        };
        let column = Expr::Column(Column::from(schema.qualified_field(index)));
        let tells = match schema.field(index).data_type() {
            DataType::Boolean => column.is_true(),
            _ => column.is_not_null(),
        };
        let plan = LogicalPlanBuilder::from(rows.plan.clone()).filter(tells)?;
        let plan = plan.limit(0, Some(1))?.build()?;
        let mut found = measured.run(&self.context.state, &plan).await?;
        while let Some(batch) = found.next().await.transpose()? {
            if batch.num_rows() > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
