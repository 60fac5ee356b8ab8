//! Queries of single rows, by their keys or of no table: these are so little work that planning them
//! as others are would be most of it.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::common::DFSchemaRef;
use datafusion::datasource::source_as_provider;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr_rewriter::unnormalize_cols;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::scalar::ScalarValue;

use super::with_values;
use crate::warehouse;

/// Filters and projections over the scan of one table, or one row.
pub(super) struct PointQuery {
    source: Source,
    /// From the source upwards.
    steps: Vec<Step>,
}

enum Source {
    /// One row without columns.
    Row,
    Table {
        table: Arc<dyn TableProvider>,
        projection: Option<Vec<usize>>,
        filters: Vec<Expr>,
    },
}

enum Step {
    /// Rows of these columns that this is true of.
    Filter(Expr, DFSchemaRef),
    Project(Vec<ProjectionExpr>),
}

impl PointQuery {
    /// The query of a plan, where it has that form.
    pub fn of(plan: &LogicalPlan, state: &SessionState) -> Result<Option<Self>> {
        let mut steps = Vec::new();
        let mut node = plan;
        let source = loop {
            node = match node {
                LogicalPlan::Projection(projection) => {
                    let (schema, names) = (projection.input.schema(), projection.schema.fields());
                    let columns = projection.expr.iter().zip(names).map(|(expr, field)| {
                        let expr = physical(expr, schema, state)?;
                        Ok(ProjectionExpr::new(expr, field.name().clone()))
                    });
                    steps.push(Step::Project(columns.collect::<Result<_>>()?));
                    projection.input.as_ref()
                }
                LogicalPlan::Filter(filter) => {
                    let schema = Arc::clone(filter.input.schema());
                    steps.push(Step::Filter(filter.predicate.clone(), schema));
                    filter.input.as_ref()
                }
                LogicalPlan::SubqueryAlias(alias) => alias.input.as_ref(),
                LogicalPlan::TableScan(scan) if scan.fetch.is_none() => {
                    break Source::Table {
                        table: source_as_provider(&scan.source)?,
                        projection: scan.projection.clone(),
                        // A table's columns do not know what it is called here.
                        filters: unnormalize_cols(scan.filters.iter().cloned()),
                    };
                }
                LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => break Source::Row,
                _ => return Ok(None),
            };
        };
        steps.reverse();
        Ok(Some(Self { source, steps }))
    }

    /// How it is run with these parameters; none where they bind no key of the table, so that
    /// many rows may be read.
    pub async fn physical(
        &self,
        state: &SessionState,
        parameters: &[ScalarValue],
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let mut plan: Arc<dyn ExecutionPlan> = match &self.source {
            Source::Row => Arc::new(PlaceholderRowExec::new(Arc::new(Schema::empty()))),
            Source::Table {
                table,
                projection,
                filters,
            } => {
                let filters = filters.iter();
                let filters =
                    filters.map(|filter| Ok(with_values(filter.clone(), parameters)?.data));
                let filters = filters.collect::<Result<Vec<_>>>()?;
                if !warehouse::binds_key(table, &filters) {
                    return Ok(None);
                }
                table
                    .scan(state, projection.as_ref(), &filters, None)
                    .await?
            }
        };
        for step in &self.steps {
            plan = match step {
                Step::Filter(predicate, schema) => {
                    let predicate = with_values(predicate.clone(), parameters)?.data;
                    let predicate = physical(&predicate, schema, state)?;
                    Arc::new(FilterExec::try_new(predicate, plan)?)
                }
                Step::Project(columns) => Arc::new(ProjectionExec::try_new(columns.clone(), plan)?),
            };
        }
        Ok(Some(plan))
    }
}

/// How an expression without subqueries is computed.
fn physical(
    expression: &Expr,
    columns: &DFSchemaRef,
    state: &SessionState,
) -> Result<Arc<dyn PhysicalExpr>> {
    let context = PhysicalPlanningContext::default();
    create_physical_expr(expression, columns, state.execution_props(), &context)
}
