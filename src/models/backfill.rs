//! `REFRESH ... FROM`: rows of a range of versions are read again, and put into a keyed materialized
//! view, where they take the place of what is earlier.
//!
//! How far the inputs were read is told as before: what has changed beside the range is still to be
//! read, and what was put in already is then found to be there.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::datatypes::{Field, SchemaRef};
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::scalar::ScalarValue;
use tributary_udfs::type_name;

use super::incremental::Measured;
use super::rejected::Rejections;
use super::replacement::same_columns;
use super::{keyed, table_id};
use crate::catalog::Object;
use crate::catalog::journal::RefreshRecord;
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::sql::refresh::VersionRange;
use crate::warehouse::{Commit, CommitInfo, Participant, READ_TO, REFRESH};

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
    pub range: &'a VersionRange,
}

impl Backfill<'_> {
    /// Reads the rows, which `guard` looks at, and puts them in.
    ///
    /// # Errors
    /// 0A000 for what has no key or no versions; 55000 for what has no rows yet, or has other columns
    /// now; 22007 and 22P02 for a range that is none of versions; what the rows or the store say.
    pub async fn run(
        &self,
        guard: impl FnOnce(SendableRecordBatchStream) -> SendableRecordBatchStream,
        rejections: Rejections,
        participant: Option<Arc<dyn Participant>>,
        record: &mut RefreshRecord,
    ) -> Result<Commit> {
        let warehouse = &self.instance.warehouse;
        let table = table_id(self.object);
        let keyed = keyed::of(self.object)?;
        let Some((keyed, version)) = keyed.as_ref().and_then(|keyed| {
            let version = keyed.versions.first()?;
            Some((keyed, version))
        }) else {
            return Err(Error::unsupported(format!(
                "REFRESH of a range of {}",
                self.object.described()
            ))
            .with_detail("A range needs unique_key and version_column.")
            .with_hint("Leave out FROM, or write FULL."));
        };
        if !warehouse.exists(&table).await? {
            return Err(self.not_ready("has not been populated"));
        }
        if !same_columns(&self.object.schema, self.columns) {
            return Err(self.not_ready("gets other columns at its next refresh"));
        }
        RANGE.clone_into(&mut record.mode);
        let place = self.columns.index_of(version)?;
        let versions = Expr::Column(
            self.plan
                .schema()
                .columns()
                .into_iter()
                .nth(place)
                .ok_or_else(|| Error::internal("a plan lacks its version column"))?,
        );
        let field = self.columns.field(place);
        let mut within = versions.clone().gt_eq(bound(field, &self.range.from)?);
        if let Some(to) = &self.range.to {
            within = within.and(versions.lt(bound(field, to)?));
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
        if let Some(mut before) = warehouse.last_refresh(&table).await?
            && let Some(read_to) = before.remove(READ_TO)
        {
            info.parameters.insert(READ_TO.to_owned(), read_to);
        }
        let modification = warehouse.modify(&table).await?;
        let session = Arc::new(self.state.clone());
        let upserted = modification
            .upsert(session, rows, info, participant)
            .await?;
        record.rows_read = Some(measured.rows_read());
        record.spilled_bytes = Some(measured.spilled());
        record.rows_rejected += rejected.load(Ordering::Relaxed);
        Ok(match upserted.commit {
            // Rows that lie beside others are written too.
            Some(commit) => Commit {
                rows: upserted.rows,
                ..commit
            },
            None => Commit {
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

/// An end of the range.
fn bound(field: &Field, text: &str) -> Result<Expr> {
    let value = ScalarValue::from(text).cast_to(field.data_type());
    value.map(lit).map_err(|_| {
        let sqlstate = match field.data_type().is_temporal() {
            true => SqlState::INVALID_DATETIME_FORMAT,
            false => SqlState::INVALID_TEXT_REPRESENTATION,
        };
        let data_type = type_name(field.data_type());
        let message = format!("invalid input syntax for type {data_type}: \"{text}\"");
        Error::new(sqlstate, message)
            .with_detail(format!("The range is one of column \"{}\".", field.name()))
    })
}
