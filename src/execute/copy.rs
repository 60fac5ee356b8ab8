//! `COPY`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use bytes::Bytes;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::sql::sqlparser::ast;
use futures::{FutureExt, stream};
use tokio::sync::mpsc;

use super::{insert, query};
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState, nearest};
use crate::instance::Reading;
use crate::session::{CopyAborted, CopyIn, Outcome, Session, plan};
use crate::sql::copy::{Copy, CopyFormat, Direction};
use crate::sql::name::ObjectName;
use crate::wire::CopyDecoder;

/// Pieces of the client's bytes that wait to be decoded; a client that sends more waits.
const QUEUE: usize = 16;

/// Rows that are turned into a batch at once.
const BATCH: usize = 8192;

/// Copies rows to the client, or from it into a table.
///
/// # Errors
/// 42809 for what cannot be copied to; 42703 for a column that does not exist; what the query meets.
pub async fn execute(session: &Session, copy: &Copy) -> Result<Outcome> {
    let rows = match &copy.direction {
        Direction::FromStdin { table, columns } => {
            return from_stdin(session, table, columns, &copy.format);
        }
        Direction::QueryToStdout(text) => {
            let mut text = text.clone();
            plan::resolve_names(
                &mut text,
                &session.instance.catalog.snapshot(),
                &session.settings().search_path.0,
            )?;
            plan::query(&session.state(Reading::Rows), &text).await?
        }
        Direction::TableToStdout { table, columns } => table_rows(session, table, columns).await?,
    };
    let stream = query::stream(session.state(Reading::Rows), rows).await?;
    Ok(Outcome::CopyOut {
        format: copy.format.clone(),
        stream,
    })
}

async fn table_rows(
    session: &Session,
    table: &ObjectName,
    columns: &[String],
) -> Result<datafusion::logical_expr::LogicalPlan> {
    let full = plan::resolve(
        table,
        &session.instance.catalog.snapshot(),
        &session.settings().search_path.0,
    )?;
    let everything: ast::Query = select_all(&full)?;
    let rows = plan::query(&session.state(Reading::Rows), &everything).await?;
    if columns.is_empty() {
        return Ok(rows);
    }
    let schema: SchemaRef = Arc::clone(rows.schema().inner());
    let own = rows.schema().columns();
    let chosen = positions(&schema, columns, &full.to_string())?
        .into_iter()
        .filter_map(|index| own.get(index).cloned().map(Expr::Column));
    Ok(LogicalPlanBuilder::from(rows).project(chosen)?.build()?)
}

fn select_all(name: &crate::sql::QualifiedName) -> Result<ast::Query> {
    match crate::sql::parse_one(&format!("SELECT * FROM {name}"))? {
        crate::sql::Statement::Query(query) => Ok(*query),
        _ => Err(Error::internal("SELECT is not a query")),
    }
}

/// Where columns of these names are.
fn positions(schema: &Schema, columns: &[String], relation: &str) -> Result<Vec<usize>> {
    let mut found = Vec::with_capacity(columns.len());
    for name in columns {
        let Ok(index) = schema.index_of(name) else {
            let error = Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!("column \"{name}\" of relation \"{relation}\" does not exist"),
            );
            return Err(
                match nearest(
                    name,
                    schema.fields().iter().map(|field| field.name().as_str()),
                ) {
                    Some(near) => {
                        error.with_hint(format!("Perhaps you meant the column \"{near}\"."))
                    }
                    None => error,
                },
            );
        };
        if found.contains(&index) {
            return Err(Error::new(
                SqlState::DUPLICATE_COLUMN,
                format!("column \"{name}\" specified more than once"),
            ));
        }
        found.push(index);
    }
    Ok(found)
}

fn from_stdin(
    session: &Session,
    table: &ObjectName,
    columns: &[String],
    format: &CopyFormat,
) -> Result<Outcome> {
    let target = insert::target(session, table)?;
    let given = match columns {
        [] => (0..target.schema.fields().len()).collect(),
        columns => positions(&target.schema, columns, &target.name.to_string())?,
    };
    let names: Vec<String> = given
        .iter()
        .filter_map(|index| target.schema.fields().get(*index))
        .map(|field| field.name().clone())
        .collect();
    let (input, received) = mpsc::channel(QUEUE);
    let count = names.len();
    let source = Source {
        decoder: CopyDecoder::new(format.clone(), &target.name.name, names),
        received,
        waiting: Vec::new().into_iter(),
        given,
        target: Arc::clone(&target),
        line: 0,
        ended: false,
    };
    let instance = Arc::clone(&session.instance);
    let done = async move {
        let schema = Arc::clone(&target.schema);
        let batches = stream::try_unfold(source, |mut source| async move {
            let batch = source.next().await.map_err(DataFusionError::from)?;
            DataFusionResult::Ok(batch.map(|batch| (batch, source)))
        });
        let rows = Box::pin(RecordBatchStreamAdapter::new(schema, batches));
        let rows = insert::append(&instance, &target, rows, "COPY").await?;
        Ok(format!("COPY {rows}"))
    };
    Ok(Outcome::CopyIn(CopyIn {
        columns: count,
        input,
        done: done.boxed(),
    }))
}

/// The client's bytes as batches of the table's rows.
struct Source {
    decoder: CopyDecoder,
    received: mpsc::Receiver<Result<Bytes, CopyAborted>>,
    waiting: std::vec::IntoIter<Vec<Option<String>>>,
    /// The table's columns that the client sends, in its order.
    given: Vec<usize>,
    target: Arc<Object>,
    /// Rows before those of the next batch.
    line: usize,
    ended: bool,
}

impl Source {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let mut rows = Vec::with_capacity(BATCH);
        loop {
            rows.extend(self.waiting.by_ref().take(BATCH - rows.len()));
            if rows.len() == BATCH || self.ended {
                break;
            }
            match self.received.recv().await {
                Some(Ok(bytes)) => self.waiting = self.decoder.push(&bytes)?.into_iter(),
                Some(Err(CopyAborted(why))) => {
                    return Err(Error::new(
                        SqlState::QUERY_CANCELED,
                        format!("COPY from stdin failed: {why}"),
                    ));
                }
                None => {
                    self.ended = true;
                    self.waiting = self
                        .decoder
                        .finish()?
                        .into_iter()
                        .collect::<Vec<_>>()
                        .into_iter();
                }
            }
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let batch = self.batch(&rows)?;
        self.line += rows.len();
        Ok(Some(batch))
    }

    fn batch(&self, rows: &[Vec<Option<String>>]) -> Result<RecordBatch> {
        let fields = self.target.schema.fields();
        let mut columns: Vec<ArrayRef> = fields
            .iter()
            .map(|field| new_null_array(field.data_type(), rows.len()))
            .collect();
        for (position, index) in self.given.iter().enumerate() {
            if let (Some(field), Some(column)) = (fields.get(*index), columns.get_mut(*index)) {
                let text: StringArray = rows
                    .iter()
                    .map(|row| row.get(position).and_then(Option::as_deref))
                    .collect();
                *column = self.read(text, field.name(), field.data_type())?;
            }
        }
        // Nullability is checked where every row of the table is.
        let nullable: Vec<_> = fields
            .iter()
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect();
        Ok(RecordBatch::try_new(
            Arc::new(Schema::new(nullable)),
            columns,
        )?)
    }

    fn read(&self, text: StringArray, column: &str, wanted: &DataType) -> Result<ArrayRef> {
        if matches!(wanted, DataType::Utf8) {
            return Ok(Arc::new(text));
        }
        let options = CastOptions {
            safe: true,
            ..CastOptions::default()
        };
        let values = cast_with_options(&text, wanted, &options).map_err(|_| {
            Error::unsupported(format!("COPY into column \"{column}\" of type {wanted}"))
        })?;
        match (0..text.len()).find(|row| text.is_valid(*row) && values.is_null(*row)) {
            None => Ok(values),
            Some(row) => Err(Error::new(
                SqlState::INVALID_TEXT_REPRESENTATION,
                format!(
                    "invalid input syntax for type {}: \"{}\"",
                    crate::sources::type_name(wanted),
                    text.value(row)
                ),
            )
            .with_detail(format!(
                "COPY {}, row {}, column {column}: \"{}\".",
                self.target.name.name,
                self.line + row + 1,
                text.value(row)
            ))),
        }
    }
}
