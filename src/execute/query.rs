//! `SELECT` and its like.
//!
//! Of the hidden columns of PostgreSQL's tables there is `tableoid`. `ctid`, `xmin` and the others are
//! unknown columns (42703): files are written anew behind the scenes, so that no place of a row lasts
//! beyond a statement, and a row has no history but that of its table's versions. Tell rows by a key.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::ParamValues;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast;
use futures::StreamExt;

use super::{kept, small};
use crate::error::Result;
use crate::instance::StatementContext;
use crate::session::{Notices, Outcome, Prepared, Session, declared, plan};
use crate::sources::RejectedRows;
use crate::sql::{column_names, early_parameters};
use crate::warehouse::{self, Reader};

/// Plans a query whose names are resolved; columns of one name get names of their own.
///
/// # Errors
/// What DataFusion's planner says.
pub async fn plan(context: &StatementContext, query: &ast::Query) -> Result<LogicalPlan> {
    let mut unique = query.clone();
    column_names::make_unique(&mut unique);
    plan::query(context, &unique).await
}

/// A query that is ready to be run once.
pub enum Ready {
    /// With a plan of its own.
    Planned(Box<Planned>),
    /// With one that is kept.
    Kept(kept::Run),
}

impl Ready {
    /// Whether it has a kept plan that is run within a moment, but for what it waits for.
    pub fn is_brief(&self) -> bool {
        matches!(self, Self::Kept(run) if run.is_brief())
    }

    async fn rows(self, session: &Session) -> Result<SendableRecordBatchStream> {
        match self {
            Self::Planned(planned) => Box::pin(planned.rows(session.notices())).await,
            Self::Kept(run) => run.rows(session).await,
        }
    }
}

/// A query that is planned for one run, with the versions of its tables.
pub struct Planned {
    /// Where it runs.
    pub state: SessionState,
    /// Its columns, as the client knows them.
    pub schema: SchemaRef,
    plan: LogicalPlan,
    rejected: Arc<RejectedRows>,
    /// Keeps the files that it will read until it runs, which keeps them itself.
    _readers: Vec<Reader>,
}

impl Planned {
    /// Plans a query, whose names mean what they do now.
    ///
    /// # Errors
    /// What planning says.
    pub async fn new(
        session: &Session,
        query: &ast::Query,
        parameters: Vec<ScalarValue>,
    ) -> Result<Self> {
        let rejected = Arc::new(RejectedRows::counting());
        let context = session.statement().collecting(&rejected);
        let mut query = query.clone();
        let path = session.settings().search_path.0;
        plan::resolve_names(&mut query, &context.snapshot, &path)?;
        early_parameters::bind(&mut query, &parameters);
        let plan = bind(plan(&context, &query).await?, parameters, &context.state)?;
        let schema = column_names::rename(plan::columns(&plan), &query);
        let schema = declared::declare(schema, &plan, &context.snapshot);
        Ok(Self::of(context.state, schema, plan, rejected))
    }

    /// A query that was planned, with what its sources leave their rejected rows with.
    pub fn of(
        state: SessionState,
        schema: SchemaRef,
        plan: LogicalPlan,
        rejected: Arc<RejectedRows>,
    ) -> Self {
        Self {
            state,
            schema,
            _readers: readers(&plan),
            plan,
            rejected,
        }
    }

    /// Begins to run it. What it leaves out is told to `notices` after the last row.
    ///
    /// # Errors
    /// What the optimizer and the first batch say; later batches speak for themselves.
    pub async fn rows(self, notices: Arc<Notices>) -> Result<SendableRecordBatchStream> {
        let rows = stream(self.state, self.plan).await?;
        let rows = telling(rows, self.rejected, notices);
        Ok(named(rows, &self.schema))
    }
}

/// Keeps the files of the tables that a plan reads.
fn readers(plan: &LogicalPlan) -> Vec<Reader> {
    let mut readers = Vec::new();
    // No visit ends in an error.
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(provider) = source_as_provider(&scan.source)
        {
            readers.extend(warehouse::hold(&provider));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    readers
}

/// Rows under the names that the client knows their columns by.
pub(super) fn named(
    rows: SendableRecordBatchStream,
    known: &SchemaRef,
) -> SendableRecordBatchStream {
    let schema = renamed(&rows.schema(), known);
    let names = Arc::clone(&schema);
    let rows = rows.map(move |batch| {
        let batch = batch?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&names),
            batch.columns().to_vec(),
            &rows,
        )?)
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

/// The columns that a run gives, as the client knows them. A run may give a numeric of other digits
/// than were planned.
fn renamed(given: &SchemaRef, known: &SchemaRef) -> SchemaRef {
    let mut fields = given.fields().iter().zip(known.fields());
    if given.fields().len() == known.fields().len()
        && fields.all(|(given, known)| given.data_type() == known.data_type())
    {
        return Arc::clone(known);
    }
    let fields = given.fields().iter().zip(known.fields());
    let fields = fields.map(|(given, known)| {
        let data_type = given.data_type().clone();
        known.as_ref().clone().with_data_type(data_type)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Runs a query. Unless it was planned for this run, or a plan is kept that is right for it, it is
/// planned anew: a plan holds the versions of its tables, and a statement that was prepared a while
/// ago must read those of now.
///
/// # Errors
/// What planning and the first batch say; later batches speak for themselves.
pub async fn execute(
    session: &Session,
    prepared: &Prepared,
    query: &ast::Query,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let ready = prepared.ready.lock().take();
    let ready = match ready {
        Some(ready) => ready,
        None => {
            if let Some(kept) = kept::plan_for(session, prepared, query, &parameters).await? {
                return Ok(Outcome::Rows {
                    tag: "SELECT",
                    stream: kept.rows(session, &parameters).await?,
                });
            }
            let known = match prepared.is_known {
                true => {
                    let bytes = prepared.text.len();
                    Box::pin(session.known.find(session, query, bytes)).await?
                }
                false => None,
            };
            match known {
                Some(run) => Ready::Kept(run),
                None => {
                    let planning = Box::pin(Planned::new(session, query, parameters));
                    Ready::Planned(Box::new(planning.await?))
                }
            }
        }
    };
    Ok(Outcome::Rows {
        tag: "SELECT",
        stream: ready.rows(session).await?,
    })
}

/// Plans a query anew, whatever is known of it, and runs it.
///
/// # Errors
/// Those of [`execute`].
pub async fn execute_anew(
    session: &Session,
    query: &ast::Query,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let planned = Planned::new(session, query, parameters).await?;
    Ok(Outcome::Rows {
        tag: "SELECT",
        stream: planned.rows(session.notices()).await?,
    })
}

/// The rows of a query, after the last of which the client is told of rows of sources that the query
/// left out.
pub fn telling(
    rows: SendableRecordBatchStream,
    rejected: Arc<RejectedRows>,
    notices: Arc<Notices>,
) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let told = futures::stream::once(async move {
        for notice in rejected.notices() {
            notices.push(notice);
        }
        None
    });
    Box::pin(RecordBatchStreamAdapter::new(
        schema,
        rows.chain(told.filter_map(|none| async { none })),
    ))
}

/// Puts values in the place of parameters.
///
/// # Errors
/// 42804 where a value does not fit its place.
pub fn bind(
    plan: LogicalPlan,
    parameters: Vec<ScalarValue>,
    state: &SessionState,
) -> Result<LogicalPlan> {
    if parameters.is_empty() {
        return Ok(plan);
    }
    let plan = plan.with_param_values(ParamValues::from(parameters))?;
    plan::finish(plan, state)
}

/// Begins to run a plan.
///
/// # Errors
/// What the optimizer and the planner say.
pub async fn stream(
    mut state: SessionState,
    plan: LogicalPlan,
) -> Result<SendableRecordBatchStream> {
    let plan = state.optimize(&as_told(plan)?)?;
    if let Some(rows) = kept::few_rows(&state, &plan).await? {
        return Ok(rows);
    }
    if small::is_small(&plan, &state) {
        small::in_one_piece(&mut state);
    }
    let physical = state.query_planner().create_physical_plan(&plan, &state);
    Ok(execute_stream(physical.await?, state.task_ctx())?)
}

/// Plans how a plan would be run, and leaves it at that.
///
/// # Errors
/// Those of [`stream`].
pub async fn physical(state: SessionState, plan: LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
    Ok(state.create_physical_plan(&as_told(plan)?).await?)
}

/// A plan that gives columns of the types that clients are told: a literal NULL is a text to them.
pub(super) fn as_told(plan: LogicalPlan) -> Result<LogicalPlan> {
    let wanted = plan::columns(&plan);
    plan::cast_to(plan, &wanted)
}
