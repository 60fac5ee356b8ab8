//! Queries of single rows, by their keys or of no table, and lookups in models: these are so little work
//! that planning them as others are would be most of it.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DFSchemaRef, internal_err};
use datafusion::datasource::source_as_provider;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr_rewriter::unnormalize_cols;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    BinaryExpr, Expr, FetchType, LogicalPlan, Operator, SkipType, Values,
};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion::physical_plan::projection::ProjectionExpr;
use datafusion::scalar::ScalarValue;

use super::{index, with_values};
use crate::models::resolution::LookedUp;
use crate::session::open_literals;
use crate::warehouse;

/// So many rows of `VALUES` at most are few.
const MOST_VALUES: usize = 1000;

/// Filters and projections over the scan of one table, one row, rows of literals, or a lookup.
pub(super) struct PointQuery {
    source: Source,
    /// From the source upwards.
    steps: Vec<Step>,
}

enum Source {
    /// One row without columns.
    Row,
    /// These rows.
    Values(RecordBatch),
    Table {
        table: Arc<dyn TableProvider>,
        projection: Option<Vec<usize>>,
        filters: Vec<Expr>,
        /// Whether values are compared as they are given for the parameters in the filters.
        takes_as_given: bool,
    },
    /// The entities that a record may be.
    Lookup {
        lookup: LookedUp,
        projection: Option<Vec<usize>>,
    },
}

enum Step {
    /// Rows of these columns that this is true of.
    Filter(Expr, DFSchemaRef),
    /// Rows of a lookup without so many first ones, and then so many at most.
    Limit(usize, usize),
    /// Rows whose values in these places are equal to these values.
    Equal(Vec<(usize, Expr)>),
    /// These values, in columns of these names and, most often, types.
    Project(Vec<ProjectionExpr>, SchemaRef),
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
                    let fields = names
                        .iter()
                        .map(|field| Field::new(field.name(), field.data_type().clone(), true));
                    let planned = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
                    steps.push(Step::Project(columns.collect::<Result<_>>()?, planned));
                    projection.input.as_ref()
                }
                LogicalPlan::Filter(filter) => {
                    let schema = Arc::clone(filter.input.schema());
                    steps.push(match equalities(&filter.predicate, &schema) {
                        Some(values) => Step::Equal(values),
                        None => Step::Filter(filter.predicate.clone(), schema),
                    });
                    filter.input.as_ref()
                }
                // Of a table's rows it would depend on where they stand which ones are left.
                LogicalPlan::Limit(limit) if is_of_lookup(&limit.input) => {
                    let (Ok(SkipType::Literal(skip)), Ok(FetchType::Literal(fetch))) =
                        (limit.get_skip_type(), limit.get_fetch_type())
                    else {
                        return Ok(None);
                    };
                    steps.push(Step::Limit(skip, fetch.unwrap_or(usize::MAX)));
                    limit.input.as_ref()
                }
                LogicalPlan::SubqueryAlias(alias) => alias.input.as_ref(),
                LogicalPlan::TableScan(scan) => {
                    let table = source_as_provider(&scan.source);
                    if let Some(lookup) = table.as_ref().ok().and_then(LookedUp::of) {
                        // A step above it leaves what it need not give.
                        break Source::Lookup {
                            lookup: lookup.clone(),
                            projection: scan.projection.clone(),
                        };
                    }
                    if scan.fetch.is_some() {
                        return Ok(None);
                    }
                    // A table's columns do not know what it is called here.
                    let filters = unnormalize_cols(scan.filters.iter().cloned());
                    break Source::Table {
                        table: table?,
                        projection: scan.projection.clone(),
                        takes_as_given: takes_as_given(&filters)?,
                        filters,
                    };
                }
                LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => break Source::Row,
                LogicalPlan::Values(values) => match of_literals(values)? {
                    Some(rows) => break Source::Values(rows),
                    None => return Ok(None),
                },
                _ => return Ok(None),
            };
        };
        steps.reverse();
        Ok(Some(Self { source, steps }))
    }

    /// Its rows with these parameters; none where they bind no key of the table, or many rows.
    pub async fn rows(
        &self,
        state: &SessionState,
        parameters: &[ScalarValue],
    ) -> Result<Option<RecordBatch>> {
        let mut rows = match &self.source {
            Source::Row => of_columns(Arc::new(Schema::empty()), Vec::new(), 1)?,
            Source::Values(rows) => rows.clone(),
            Source::Table {
                table,
                projection,
                filters,
                takes_as_given,
            } => {
                let projection = projection.as_ref();
                let read = match takes_as_given {
                    true => {
                        warehouse::few_rows(table, state, projection, filters, parameters).await?
                    }
                    false => {
                        let filters = filters.iter();
                        let filters =
                            filters.map(|filter| Ok(with_values(filter.clone(), parameters)?.data));
                        let filters = filters.collect::<Result<Vec<_>>>()?;
                        warehouse::few_rows(table, state, projection, &filters, &[]).await?
                    }
                };
                match read {
                    Some(rows) => rows,
                    None => return Ok(None),
                }
            }
            Source::Lookup { lookup, projection } => {
                let rows = lookup.rows(parameters)?.await?;
                match projection {
                    Some(projection) => rows.project(projection)?,
                    None => rows,
                }
            }
        };
        for step in &self.steps {
            rows = match step {
                Step::Filter(predicate, schema) => {
                    let predicate = with_values(predicate.clone(), parameters)?.data;
                    let predicate = physical(&predicate, schema, state)?;
                    let passes = predicate.evaluate(&rows)?.into_array(rows.num_rows())?;
                    filter_record_batch(&rows, as_boolean_array(&passes)?)?
                }
                Step::Limit(skip, fetch) => {
                    let skip = rows.num_rows().min(*skip);
                    rows.slice(skip, (rows.num_rows() - skip).min(*fetch))
                }
                Step::Equal(values) => only_equal(rows, values, parameters)?,
                Step::Project(columns, planned) => {
                    let values = columns.iter().map(|column| {
                        let values = column.expr.evaluate(&rows)?;
                        values.into_array(rows.num_rows())
                    });
                    let values = values.collect::<Result<Vec<_>>>()?;
                    let types = planned.fields().iter().map(|field| field.data_type());
                    let schema = match types.eq(values.iter().map(|values| values.data_type())) {
                        true => Arc::clone(planned),
                        false => {
                            let fields = columns.iter().zip(&values).map(|(column, values)| {
                                Field::new(&column.alias, values.data_type().clone(), true)
                            });
                            Arc::new(Schema::new(fields.collect::<Vec<_>>()))
                        }
                    };
                    of_columns(schema, values, rows.num_rows())?
                }
            };
        }
        Ok(Some(rows))
    }
}

/// The rows of `VALUES`, where they are few and all of literals.
fn of_literals(values: &Values) -> Result<Option<RecordBatch>> {
    let rows = &values.values;
    if rows.len() > MOST_VALUES {
        return Ok(None);
    }
    let fields = values.schema.fields();
    let mut columns = Vec::with_capacity(fields.len());
    for (place, field) in fields.iter().enumerate() {
        let mut column = Vec::with_capacity(rows.len());
        for row in rows {
            match row.get(place).and_then(literal) {
                Some(ScalarValue::Null) => column.push(ScalarValue::try_from(field.data_type())?),
                Some(value) if value.data_type() == *field.data_type() => {
                    column.push(value.clone());
                }
                _ => return Ok(None),
            }
        }
        match ScalarValue::iter_to_array(column) {
            Ok(column) if column.data_type() == field.data_type() => columns.push(column),
            _ => return Ok(None),
        }
    }
    let fields = fields
        .iter()
        .map(|field| Field::clone(field).with_nullable(true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    of_columns(schema, columns, rows.len()).map(Some)
}

/// The value of a literal, also of one that has the name of the parameter in whose place it is.
fn literal(expression: &Expr) -> Option<&ScalarValue> {
    match expression {
        Expr::Literal(value, _) => Some(value),
        Expr::Alias(alias) => literal(&alias.expr),
        _ => None,
    }
}

/// Whether a plan is of the form of a query of a lookup.
fn is_of_lookup(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => is_of_lookup(&projection.input),
        LogicalPlan::Filter(filter) => is_of_lookup(&filter.input),
        LogicalPlan::Limit(limit) => is_of_lookup(&limit.input),
        LogicalPlan::SubqueryAlias(alias) => is_of_lookup(&alias.input),
        LogicalPlan::TableScan(scan) => {
            let table = source_as_provider(&scan.source);
            table.is_ok_and(|table| LookedUp::of(&table).is_some())
        }
        _ => false,
    }
}

/// Whether none of the parameters is one whose values are written in another way first.
fn takes_as_given(filters: &[Expr]) -> Result<bool> {
    let mut takes = true;
    for filter in filters {
        filter.apply(|expression| {
            if let Expr::Placeholder(placeholder) = expression {
                takes &= !open_literals::is_one(placeholder);
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(takes)
}

/// The places and the values that a condition holds equal, where it does nothing else, and to compare
/// them as they are kept is to compare them.
fn equalities(condition: &Expr, columns: &DFSchemaRef) -> Option<Vec<(usize, Expr)>> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = condition else {
        return None;
    };
    match (op, left.as_ref(), right.as_ref()) {
        (Operator::And, left, right) => {
            let mut all = equalities(left, columns)?;
            all.extend(equalities(right, columns)?);
            Some(all)
        }
        (
            Operator::Eq,
            Expr::Column(column),
            value @ (Expr::Placeholder(_) | Expr::Literal(..)),
        )
        | (
            Operator::Eq,
            value @ (Expr::Placeholder(_) | Expr::Literal(..)),
            Expr::Column(column),
        ) => {
            let place = columns.maybe_index_of_column(column)?;
            let known = columns.field(place).data_type();
            let is_plain = known.is_integer() || matches!(known, DataType::Utf8 | DataType::Date32);
            let is_same = match value {
                Expr::Literal(value, _) => value.data_type() == *known,
                // Its type is looked at before each run.
                _ => true,
            };
            (is_plain && is_same).then(|| vec![(place, value.clone())])
        }
        _ => None,
    }
}

/// The value of a literal, or of a parameter.
fn value_of<'a>(
    expression: &'a Expr,
    parameters: &'a [ScalarValue],
) -> Result<Cow<'a, ScalarValue>> {
    match expression {
        Expr::Literal(value, _) => Ok(Cow::Borrowed(value)),
        Expr::Placeholder(placeholder) => {
            match index(placeholder).and_then(|index| parameters.get(index)) {
                Some(value) => open_literals::given(placeholder, value).map(Cow::Owned),
                None => internal_err!("a parameter has no value"),
            }
        }
        other => internal_err!("{other} is no value"),
    }
}

/// The rows whose values in some places are equal to others.
fn only_equal(
    rows: RecordBatch,
    values: &[(usize, Expr)],
    parameters: &[ScalarValue],
) -> Result<RecordBatch> {
    let mut passes = vec![true; rows.num_rows()];
    for (place, value) in values {
        let value = value_of(value, parameters)?;
        let column = rows.column(*place);
        if value.data_type() != *column.data_type() {
            return internal_err!("a parameter is of another type than its column");
        }
        for (row, passes) in passes.iter_mut().enumerate() {
            *passes &= !value.is_null() && value.eq_array(column, row)?;
        }
    }
    match passes.iter().all(|passes| *passes) {
        true => Ok(rows),
        false => Ok(filter_record_batch(&rows, &BooleanArray::from(passes))?),
    }
}

fn of_columns(schema: SchemaRef, values: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema, values, &options)?)
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
