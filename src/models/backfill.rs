//! Rows of a range of versions are read again, and put into a keyed materialized view, where they take
//! the place of what is earlier: by `REFRESH ... FROM`, and by the option `lookback`.
//!
//! With `FROM`, how far the inputs were read is told as before: what has changed beside the range is
//! still to be read, and what was put in already is then found to be there.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::datatypes::SchemaRef;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::scalar::ScalarValue;

use super::incremental::{Measured, Watermark};
use super::lookback::LOOKBACK;
use super::rejected::Rejections;
use super::replacement::same_columns;
use super::{keyed, table_id};
use crate::catalog::Object;
use crate::catalog::journal::RefreshRecord;
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::warehouse::{Commit, CommitInfo, Keyed, Participant, READ_TO, REFRESH};

/// The mode of such a refresh, in `tributary.refreshes`.
const RANGE: &str = "range";

/// The refresh of a range of versions.
pub struct Backfill<'a> {
    /// Where it happens.
    pub instance: &'a Arc<Instance>,
    /// The materialized view.
    pub object: &'a Object,
    /// Where its query is run.
    pub state: &'a SessionState,
    /// Its query.
    pub plan: &'a LogicalPlan,
    /// The columns of that.
    pub columns: &'a SchemaRef,
    /// The versions.
    pub range: &'a Range,
    /// How far the inputs are read with it; none where that is told as before.
    pub watermark: Option<&'a Watermark>,
}

/// Versions of rows, by the first of their version columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub from: ScalarValue,
    /// The one before which it ends, if it does.
    pub to: Option<ScalarValue>,
}

/// The key of an object, and the first column by which its rows are earlier or later.
///
/// # Errors
/// 0A000 for what has no key or no versions.
pub fn versioned(object: &Object) -> Result<(Keyed, String)> {
    if let Some(keyed) = keyed::of(object)?
        && let Some(version) = keyed.versions.first().cloned()
    {
        return Ok((keyed, version));
    }
    let what = format!("REFRESH of a range of {}", object.described());
    Err(Error::unsupported(what)
        .with_detail("A range needs unique_key and version_column.")
        .with_hint("Leave out FROM, or write FULL."))
}

impl Backfill<'_> {
    /// Reads the rows, which `guard` looks at, and puts them in.
    ///
    /// # Errors
    /// Those of [`versioned`]; 55000 for what has no rows yet, or has other columns now; what the rows
    /// or the store say.
    pub async fn run(
        &self,
        guard: impl FnOnce(SendableRecordBatchStream) -> SendableRecordBatchStream,
        rejections: Rejections,
        participant: Option<Arc<dyn Participant>>,
        record: &mut RefreshRecord,
    ) -> Result<Commit> {
        let warehouse = &self.instance.warehouse;
        let table = table_id(self.object);
        let (keyed, version) = &versioned(self.object)?;
        if !warehouse.exists(&table).await? {
            return Err(self.not_ready("has not been populated"));
        }
        if !same_columns(&self.object.schema, self.columns) {
            return Err(self.not_ready("gets other columns at its next refresh"));
        }
        let mode = self.watermark.map_or(RANGE, |_| LOOKBACK);
        mode.clone_into(&mut record.mode);
        let place = self.columns.index_of(version)?;
        let versions = Expr::Column(
            self.plan
                .schema()
                .columns()
                .into_iter()
                .nth(place)
                .ok_or_else(|| Error::internal("a plan lacks its version column"))?,
        );
        let mut within = versions.clone().gt_eq(lit(self.range.from.clone()));
        if let Some(to) = &self.range.to {
            within = within.and(versions.lt(lit(to.clone())));
        }
        let plan = LogicalPlanBuilder::from(self.plan.clone())
            .filter(within)?
            .build()?;
        let plan = self.state.optimize(&plan)?;
        let mut measured = Measured::default();
        let rows = guard(measured.run(self.state, &plan).await?);
        let (rows, rejected) = keyed::with_keys(rows, self.object, keyed, rejections)?;
        let mut info = CommitInfo {
            refresh_id: Some(record.id.to_string()),
            ..CommitInfo::new(REFRESH)
        };
        if let Some(watermark) = self.watermark {
            watermark.write(&mut info.parameters);
        } else if let Some(mut before) = warehouse.last_refresh(&table).await?
            && let Some(read_to) = before.remove(READ_TO)
        {
            info.parameters.insert(READ_TO.to_owned(), read_to);
        }
        let told = (info.clone(), participant.clone());
        let modification = warehouse.modify(&table).await?;
        let session = Arc::new(self.state.clone());
        let upserted = modification
            .upsert(session, rows, info, participant)
            .await?;
        record.rows_read = Some(measured.rows_read());
        record.spilled_bytes = Some(measured.spilled());
        record.reject_without_key(rejected.load(Ordering::Relaxed));
        Ok(match (upserted.commit, self.watermark) {
            // Rows that lie beside others are written too.
            (Some(commit), _) => Commit {
                rows: upserted.rows,
                ..commit
            },
            (None, Some(watermark)) => {
                let (info, participant) = told;
                watermark
                    .tell(self.instance, self.object, info, participant)
                    .await?
            }
            (None, None) => Commit {
                version: warehouse.version(&table).await?,
                rows: 0,
                bytes: 0,
                files: 0,
            },
        })
    }

    fn not_ready(&self, reason: &str) -> Error {
        Error::new(
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("{} {reason}", self.object.described()),
        )
        .with_hint("Use the REFRESH MATERIALIZED VIEW command without FROM first.")
    }
}
