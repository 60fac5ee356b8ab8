//! `INSERT`.

use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{DmlStatement, LogicalPlan};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::DFParserBuilder;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use futures::StreamExt;

use super::query;
use crate::catalog::{Kind, Object};
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, Reading};
use crate::models::rejected::{self, Keep};
use crate::models::table_id;
use crate::session::{Outcome, Session, plan};
use crate::sources::RejectedRows;
use crate::sql::column_names;
use crate::sql::insert::Insert;
use crate::warehouse::CommitInfo;

/// Plans the rows of an INSERT: one column for each of the table's, cast to its type. The names in
/// `insert` become full ones.
///
/// # Errors
/// 42809 for what takes no rows; what planning says.
pub async fn plan(session: &Session, insert: &mut Insert) -> Result<LogicalPlan> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let target = target(session, &insert.table)?;
    insert.table = target.name.clone().into();
    plan::resolve_names(&mut insert.source, &snapshot, &path)?;
    let mut unique = insert.clone();
    column_names::make_unique(&mut unique.source);
    let state = session.state(Reading::Rows);
    plan::make_plannable(&mut unique.source, &state).await?;
    let text = unique.to_string();
    let statement = DFParserBuilder::new(text.as_str())
        .with_dialect(&PostgreSqlDialect {})
        .build()?
        .parse_statement()?;
    match state.statement_to_plan(statement).await? {
        LogicalPlan::Dml(DmlStatement { input, .. }) => Ok(Arc::unwrap_or_clone(input)),
        other => Err(Error::internal(format!(
            "INSERT was planned as {}",
            other.display()
        ))),
    }
}

/// The table that takes the rows.
///
/// # Errors
/// 42P01 where there is none; 42809 where it is no table.
pub fn target(session: &Session, name: &crate::sql::name::ObjectName) -> Result<Arc<Object>> {
    let object = plan::object(
        name,
        &session.instance.catalog.snapshot(),
        &session.settings().search_path.0,
    )?;
    match object.kind {
        Kind::Table => Ok(object),
        Kind::MaterializedView => Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("cannot change materialized view \"{}\"", object.name),
        )
        .with_hint("Its rows come from its query. Use REFRESH MATERIALIZED VIEW.")),
        kind => Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("cannot insert into {kind} \"{}\"", object.name),
        )),
    }
}

/// Adds the rows to the table, all or none.
///
/// # Errors
/// What the rows' query meets; 23502 for NULL in a column that has none.
pub async fn execute(
    session: &Session,
    insert: &Insert,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let target = target(session, &insert.table)?;
    let plan = query::bind(plan(session, &mut insert.clone()).await?, parameters)?;
    let (rejections, writer) = rejected::begin(&session.instance, &target, Keep::All, None);
    let mut state = session.state(Reading::Rows);
    state
        .config_mut()
        .set_extension(Arc::new(RejectedRows::new(rejections.sender())));
    let plan = plan::cast_to(plan, &target.schema)?;
    let rows = writer.precede(query::stream(state, plan).await?);
    let rows = append(&session.instance, &target, rows, "INSERT").await?;
    Ok(Outcome::Done(format!("INSERT 0 {rows}")))
}

/// Adds rows to a table as one commit, and answers how many.
///
/// # Errors
/// 23502 for NULL in a column that has none.
pub async fn append(
    instance: &Instance,
    target: &Arc<Object>,
    rows: SendableRecordBatchStream,
    operation: &'static str,
) -> Result<u64> {
    let object = Arc::clone(target);
    let checked = rows.map(move |batch| {
        let batch = batch?;
        for (field, column) in object.schema.fields().iter().zip(batch.columns()) {
            if !field.is_nullable() && column.null_count() > 0 {
                return Err(DataFusionError::from(
                    Error::new(
                        SqlState::NOT_NULL_VIOLATION,
                        format!("null value in column \"{}\" of relation \"{}\" violates not-null constraint", field.name(), object.name),
                    )
                    .with_hint("Give the column a value, or leave such rows out."),
                ));
            }
        }
        Ok(arrow::array::RecordBatch::try_new(Arc::clone(&object.schema), batch.columns().to_vec())?)
    });
    let rows = Box::pin(RecordBatchStreamAdapter::new(
        Arc::clone(&target.schema),
        checked,
    ));
    let commit = instance
        .warehouse
        .append(&table_id(target), rows, CommitInfo::new(operation))
        .await?;
    Ok(commit.rows)
}
