//! Expectations: what each row of a materialized view must satisfy, checked as the rows pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, not, prep_null_mask_filter};
use arrow::datatypes::SchemaRef;
use datafusion::common::DFSchema;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;

use super::expression;
use crate::catalog::journal::ExpectationCount;
use crate::error::{Error, Result, SqlState};
use crate::instance::StatementContext;
use crate::models::rejected::{Rejections, row_as_json};
use crate::session::declared;
use crate::sources::{Numbering, RejectedRow};
use crate::sql::create_materialized_view::{Expectation, OnViolation};

/// Checks, at creation, that conditions are boolean expressions over the columns.
///
/// # Errors
/// 42703 and the like, the constraint named; 42804 for a condition that is not boolean; 42710 for a
/// name given twice.
pub fn check(
    context: &StatementContext,
    plan: &LogicalPlan,
    expectations: &[Expectation],
) -> Result<()> {
    let columns = declared::columns(plan, &context.snapshot);
    for (index, expectation) in expectations.iter().enumerate() {
        if expectations[..index]
            .iter()
            .any(|other| other.name == expectation.name)
        {
            return Err(Error::new(
                SqlState::DUPLICATE_OBJECT,
                format!("constraint \"{}\" is given twice", expectation.name),
            ));
        }
        condition(&context.state, &columns, expectation)?;
    }
    Ok(())
}

fn condition(
    state: &SessionState,
    schema: &SchemaRef,
    expectation: &Expectation,
) -> Result<Arc<dyn PhysicalExpr>> {
    let named = |error: Error| error.within(format!("constraint \"{}\"", expectation.name));
    let columns = DFSchema::try_from(Arc::clone(schema))?;
    expression::condition(state, &columns, expectation.condition.clone(), "EXPECT").map_err(named)
}

/// Expectations over a stream of rows, and how often each was violated.
pub struct Expectations {
    conditions: Vec<Condition>,
}

struct Condition {
    expectation: Expectation,
    expression: Arc<dyn PhysicalExpr>,
    violations: AtomicU64,
}

impl Expectations {
    /// Prepares the expectations for the rows of a plan.
    ///
    /// # Errors
    /// See [`check`].
    pub fn new(
        context: &StatementContext,
        plan: &LogicalPlan,
        expectations: &[Expectation],
    ) -> Result<Arc<Self>> {
        let columns = declared::columns(plan, &context.snapshot);
        let conditions = expectations.iter().map(|expectation| {
            Ok(Condition {
                expression: condition(&context.state, &columns, expectation)?,
                expectation: expectation.clone(),
                violations: AtomicU64::new(0),
            })
        });
        Ok(Arc::new(Self {
            conditions: conditions.collect::<Result<_>>()?,
        }))
    }

    /// How often each was violated so far.
    pub fn counts(&self) -> Vec<ExpectationCount> {
        let count = |condition: &Condition| ExpectationCount {
            constraint: condition.expectation.name.clone(),
            violations: condition.violations.load(Ordering::Relaxed),
            action: condition.expectation.on_violation.as_str().to_owned(),
        };
        self.conditions.iter().map(count).collect()
    }

    /// Forgets what was counted: the rows come again.
    pub fn begin_again(&self) {
        for condition in &self.conditions {
            condition.violations.store(0, Ordering::Relaxed);
        }
    }

    /// Rows that expectations dropped so far.
    pub fn dropped(&self) -> u64 {
        let drops = self
            .conditions
            .iter()
            .filter(|condition| condition.expectation.on_violation == OnViolation::DropRow);
        drops
            .map(|condition| condition.violations.load(Ordering::Relaxed))
            .sum()
    }

    /// The rows that may stay. A row that several constraints would drop counts for the first.
    async fn apply(
        &self,
        mut batch: RecordBatch,
        object: &str,
        rejections: &Rejections,
    ) -> Result<RecordBatch> {
        for condition in &self.conditions {
            let held = condition
                .expression
                .evaluate(&batch)?
                .into_array(batch.num_rows())?;
            let violated = violations(held.as_boolean())?;
            let count = violated.true_count();
            if count == 0 {
                continue;
            }
            condition
                .violations
                .fetch_add(count as u64, Ordering::Relaxed);
            let name = &condition.expectation.name;
            match condition.expectation.on_violation {
                OnViolation::Keep => {}
                OnViolation::FailUpdate => {
                    let first = filter_record_batch(&batch, &violated)?.slice(0, 1);
                    return Err(Error::new(
                        SqlState::CHECK_VIOLATION,
                        format!(
                            "row violates expectation \"{name}\" of materialized view {object}"
                        ),
                    )
                    .with_detail(format!("Failing row contains {}.", row_as_json(&first, 0)?)));
                }
                OnViolation::DropRow => {
                    let dropped = filter_record_batch(&batch, &violated)?;
                    for row in 0..dropped.num_rows() {
                        rejections
                            .send(rejected(
                                name,
                                &condition.expectation,
                                row_as_json(&dropped, row)?,
                            ))
                            .await;
                    }
                    batch = filter_record_batch(&batch, &not(&violated)?)?;
                }
            }
        }
        Ok(batch)
    }
}

/// As with CHECK, false violates and NULL does not.
fn violations(held: &BooleanArray) -> Result<BooleanArray> {
    let violated = not(held)?;
    Ok(if violated.null_count() > 0 {
        prep_null_mask_filter(&violated)
    } else {
        violated
    })
}

fn rejected(constraint: &str, expectation: &Expectation, record: String) -> RejectedRow {
    RejectedRow {
        source: String::new(),
        file: String::new(),
        row: 0,
        column_name: None,
        value: None,
        reason: format!(
            "violates expectation \"{constraint}\": {}",
            expectation.condition
        ),
        sqlstate: SqlState::CHECK_VIOLATION,
        record,
        numbering: Numbering::Rows,
        remedy: None,
    }
}

/// Passes a stream's rows through the expectations.
pub fn enforce(
    rows: SendableRecordBatchStream,
    expectations: Arc<Expectations>,
    object: String,
    rejections: Rejections,
) -> SendableRecordBatchStream {
    if expectations.conditions.is_empty() {
        return rows;
    }
    let schema = rows.schema();
    let checked = rows.then(move |batch| {
        let (expectations, object, rejections) = (
            Arc::clone(&expectations),
            object.clone(),
            rejections.clone(),
        );
        async move {
            expectations
                .apply(batch?, &object, &rejections)
                .await
                .map_err(DataFusionError::from)
        }
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, checked))
}
