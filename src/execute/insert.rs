//! `INSERT`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{DmlStatement, LogicalPlan};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::DFParserBuilder;
use datafusion::sql::sqlparser::ast::SetExpr;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use futures::StreamExt;
use tributary_udfs::postgres::CharacterLength;

use super::query;
use crate::catalog::{Kind, Object, Snapshot};
use crate::error::{ColumnPlace, Error, Result, SqlState};
use crate::instance::{Instance, StatementContext};
use crate::models::rejected::{self, Keep};
use crate::models::replacement::{self, Unchanged};
use crate::models::table_id;
use crate::session::{Outcome, Session, plan};
use crate::sources::RejectedRows;
use crate::sql::column_names;
use crate::sql::insert::Insert;
use crate::sql::name::ObjectName;
use crate::warehouse::CommitInfo;

/// Plans the rows of an INSERT: one column for each of the table's, cast to its type. The names in
/// `insert` become full ones.
///
/// # Errors
/// 42809 for what takes no rows; what planning says.
pub async fn plan(
    context: &StatementContext,
    search_path: &[String],
    insert: &mut Insert,
) -> Result<LogicalPlan> {
    let snapshot = &context.snapshot;
    let target = target(snapshot, search_path, &insert.table)?;
    insert.table = target.name.clone().into();
    super::copy::positions(&target.schema, &insert.columns, &target.name.name)?;
    plan::resolve_names(&mut insert.source, snapshot, search_path)?;
    take_first_columns(insert, &target)?;
    let mut unique = insert.clone();
    column_names::make_unique(&mut unique.source);
    let views = plan::views(snapshot, &unique.source)?;
    context.plan_views(views).await?;
    let state = &context.state;
    plan::make_plannable(&mut unique.source, state).await?;
    let text = unique.to_string();
    let statement = DFParserBuilder::new(text.as_str())
        .with_dialect(&PostgreSqlDialect {})
        .build()?
        .parse_statement()?;
    match state.statement_to_plan(statement).await? {
        LogicalPlan::Dml(DmlStatement { input, .. }) => {
            plan::finish(Arc::unwrap_or_clone(input), state)
        }
        other => Err(Error::internal(format!(
            "INSERT was planned as {}",
            other.display()
        ))),
    }
}

/// Values that are fewer than the table's columns are for the first ones, as in Postgres.
fn take_first_columns(insert: &mut Insert, target: &Object) -> Result<()> {
    let SetExpr::Values(values) = insert.source.body.as_ref() else {
        return Ok(());
    };
    let own = target.schema.fields();
    let wanted = match insert.columns.len() {
        0 => own.len(),
        named => named,
    };
    let Some(given) = values.rows.iter().map(|row| row.len()).max() else {
        return Ok(());
    };
    if given > wanted {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "INSERT has more expressions than target columns",
        ));
    }
    if given < wanted && !insert.columns.is_empty() {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "INSERT has more target columns than expressions",
        ));
    }
    if values.rows.iter().any(|row| row.len() != given) {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "VALUES lists must all be the same length",
        ));
    }
    if given < wanted {
        let first = own.iter().take(given).map(|field| field.name().clone());
        insert.columns = first.collect();
    }
    Ok(())
}

/// The table that takes the rows.
///
/// # Errors
/// 42P01 where there is none; 42809 where it is no table.
pub fn target(
    snapshot: &Snapshot,
    search_path: &[String],
    name: &ObjectName,
) -> Result<Arc<Object>> {
    let object = plan::object(name, snapshot, search_path)?;
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
    let context = session.statement();
    let path = session.settings().search_path.0;
    let target = target(&context.snapshot, &path, &insert.table)?;
    let (rejections, writer) = rejected::begin(&session.instance, &target, Keep::All, None);
    let rejected = Arc::new(RejectedRows::new(rejections.sender()));
    let context = context.collecting(&rejected);
    let plan = query::bind(
        plan(&context, &path, &mut insert.clone()).await?,
        parameters,
        &context.state,
    )?;
    let plan = plan::cast_to(plan, &target.schema)?;
    let rows = writer.precede(query::stream(context.state, plan).await?);
    let rows = append(&session.instance, &target, rows, "INSERT").await?;
    for notice in rejected.notices() {
        session.notice(notice);
    }
    Ok(Outcome::Done(format!("INSERT 0 {rows}")))
}

/// Adds rows to a table as one commit, and answers how many.
///
/// # Errors
/// 23502 for NULL in a column that has none; 22001 for a text that is too long for its column; 40001
/// where the table was replaced meanwhile.
pub async fn append(
    instance: &Arc<Instance>,
    target: &Arc<Object>,
    rows: SendableRecordBatchStream,
    operation: &'static str,
) -> Result<u64> {
    let object = Arc::clone(target);
    let fields = target.schema.fields().iter();
    let lengths: Vec<_> = fields
        .map(|field| target.character_length(field.name()))
        .collect();
    let checked = rows.map(move |batch| {
        let batch = batch?;
        let mut columns = batch.columns().to_vec();
        for ((column, length), field) in
            columns.iter_mut().zip(&lengths).zip(object.schema.fields())
        {
            if let Some(length) = length {
                *column = fit(column, *length).map_err(|error| {
                    let told = format!(
                        "Column \"{}\" of relation \"{}\".",
                        field.name(),
                        object.name.name
                    );
                    let error = Error::from(error).with_detail(told);
                    DataFusionError::from(error.with_column(place(&object, field.name())))
                })?;
            }
        }
        for (field, column) in object.schema.fields().iter().zip(batch.columns()) {
            if !field.is_nullable() && column.null_count() > 0 {
                let error = Error::null_in_column(place(&object, field.name()));
                return Err(DataFusionError::from(
                    error.with_hint("Give the column a value, or leave such rows out."),
                ));
            }
        }
        Ok(arrow::array::RecordBatch::try_new(
            Arc::clone(&object.schema),
            columns,
        )?)
    });
    let rows = Box::pin(RecordBatchStreamAdapter::new(
        Arc::clone(&target.schema),
        checked,
    ));
    // Rows for columns that a replacement has changed meanwhile are not let in.
    replacement::settle(&instance.catalog, &instance.warehouse, target.oid).await?;
    let unchanged = Unchanged {
        instance: Arc::clone(instance),
        object: Arc::clone(target),
    };
    let info = CommitInfo::new(operation);
    let commit = instance
        .warehouse
        .append_with(&table_id(target), rows, info, Some(Arc::new(unchanged)))
        .await?;
    Ok(commit.rows)
}

/// A column of a table, as errors name it.
pub fn place(table: &Object, column: &str) -> ColumnPlace {
    ColumnPlace {
        schema: table.name.schema.clone(),
        relation: table.name.name.clone(),
        column: column.to_owned(),
    }
}

/// Texts as a column of limited length keeps them.
fn fit(column: &ArrayRef, length: CharacterLength) -> Result<ArrayRef, DataFusionError> {
    let mut kept = StringBuilder::with_capacity(column.len(), 0);
    for text in column.as_string::<i32>() {
        kept.append_option(text.map(|text| length.fit(text)).transpose()?);
    }
    Ok(Arc::new(kept.finish()))
}
