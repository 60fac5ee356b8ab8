//! `COPY`.

mod condition;
mod source;

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::sql::sqlparser::ast;
use futures::{FutureExt, stream};
use tokio::sync::mpsc;
use tributary_udfs::composites::CompositeKind;

use self::source::Source;
use super::query::Planned;
use super::target::Change;
use super::{insert, referential};
use crate::catalog::{Object, references_of};
use crate::error::{Error, Result, SqlState, nearest};
use crate::instance::StatementContext;
use crate::models::{constraints, keyed};
use crate::session::{CopyIn, Outcome, Session, composites, declared, enums, plan};
use crate::sources::RejectedRows;
use crate::sql::copy::{Copy, CopyFormat, Direction};
use crate::sql::name::ObjectName;
use crate::wire::CopyDecoder;

/// Pieces of the client's bytes that wait to be decoded; a client that sends more waits.
const QUEUE: usize = 16;

/// Copies rows to the client, or from it into a table.
///
/// # Errors
/// 42809 for what cannot be copied to; 42703 for a column that does not exist; what the query meets.
pub async fn execute(session: &Session, copy: &Copy) -> Result<Outcome> {
    if let Direction::FromStdin { table, columns } = &copy.direction {
        return from_stdin(session, table, columns, copy).await;
    }
    let planned = match &copy.direction {
        Direction::TableToStdout { table, columns } => {
            let rejected = Arc::new(RejectedRows::counting());
            let context = session.statement().collecting(&rejected);
            let path = session.settings().search_path.0;
            let quoted = quoted(copy);
            let rows = table_rows(&context, &path, table, columns, quoted).await?;
            let schema = declared::declare(plan::columns(&rows), &rows, &context.snapshot);
            Planned::of(context.state, schema, rows, rejected)
        }
        Direction::QueryToStdout(query) => {
            let planned = Planned::new(session, query, Vec::new()).await?;
            forced_of_query(quoted(copy), &planned.schema)?;
            planned
        }
        Direction::FromStdin { .. } => {
            return Err(Error::internal("COPY FROM has no rows to send"));
        }
    };
    Ok(Outcome::CopyOut {
        format: copy.format.clone(),
        encoding: copy.encoding,
        stream: planned.rows(session.notices()).await?,
    })
}

async fn table_rows(
    context: &StatementContext,
    search_path: &[String],
    table: &ObjectName,
    columns: &[String],
    quoted: &[String],
) -> Result<datafusion::logical_expr::LogicalPlan> {
    let full = plan::resolve(table, &context.snapshot, search_path)?;
    let everything: ast::Query = select_all(&full)?;
    let rows = plan::query(context, &everything).await?;
    let object = context.snapshot.relation(&full).cloned();
    let generating = object.filter(|object| constraints::has_generated(object));
    let schema: SchemaRef = Arc::clone(rows.schema().inner());
    let places = |names: &[String]| match &generating {
        Some(object) => given_positions(object, names),
        None => positions(&schema, names, &full.name),
    };
    if columns.is_empty() && generating.is_none() {
        places(quoted)?;
        return Ok(rows);
    }
    let own = rows.schema().columns();
    let chosen = places(columns)?;
    if !quoted.is_empty() {
        all_copied("FORCE_QUOTE", quoted, &places(quoted)?, &chosen)?;
    }
    let chosen = chosen
        .into_iter()
        .filter_map(|index| own.get(index).cloned().map(Expr::Column));
    Ok(LogicalPlanBuilder::from(rows).project(chosen)?.build()?)
}

/// The columns that are to be quoted and are named.
fn quoted(copy: &Copy) -> &[String] {
    copy.format
        .forced()
        .map_or(&[], |forced| forced.quote.names())
}

/// That the columns of these names, at these places, are among those that are copied.
fn all_copied(option: &str, names: &[String], places: &[usize], copied: &[usize]) -> Result<()> {
    let mut named = names.iter().zip(places);
    match named.find(|(_, place)| !copied.contains(place)) {
        Some((name, _)) => Err(Error::new(
            SqlState::INVALID_COLUMN_REFERENCE,
            format!("{option} column \"{name}\" not referenced by COPY"),
        )),
        None => Ok(()),
    }
}

/// That a query has columns of these names, each named once.
fn forced_of_query(names: &[String], schema: &Schema) -> Result<()> {
    for (index, name) in names.iter().enumerate() {
        if schema.fields().iter().all(|field| field.name() != name) {
            let message = format!("column \"{name}\" does not exist");
            return Err(Error::new(SqlState::UNDEFINED_COLUMN, message));
        }
        if names.iter().take(index).any(|before| before == name) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
        }
    }
    Ok(())
}

/// Where columns of these names are in a table, without those that are computed: all where none are
/// named.
///
/// # Errors
/// 42703 for one that is not there; 42P10 for one that is computed.
fn given_positions(target: &Object, columns: &[String]) -> Result<Vec<usize>> {
    let is_generated = |name: &str| constraints::generated_of(target, name).is_some();
    if let Some(name) = columns.iter().find(|name| is_generated(name)) {
        return Err(Error::new(
            SqlState::INVALID_COLUMN_REFERENCE,
            format!("column \"{name}\" is a generated column"),
        )
        .with_detail("Generated columns cannot be used in COPY."));
    }
    if !columns.is_empty() {
        return positions(&target.schema, columns, &target.name.name);
    }
    let fields = target.schema.fields().iter().enumerate();
    let given = fields.filter(|(_, field)| !is_generated(field.name()));
    Ok(given.map(|(place, _)| place).collect())
}

fn select_all(name: &crate::sql::QualifiedName) -> Result<ast::Query> {
    match crate::sql::parse_one(&format!("SELECT * FROM {name}"))? {
        crate::sql::Statement::Query(query) => Ok(*query),
        _ => Err(Error::internal("SELECT is not a query")),
    }
}

/// Where columns of these names are.
pub(super) fn positions(schema: &Schema, columns: &[String], relation: &str) -> Result<Vec<usize>> {
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

async fn from_stdin(
    session: &Session,
    table: &ObjectName,
    columns: &[String],
    copy: &Copy,
) -> Result<Outcome> {
    let format = &copy.format;
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let target = Change::Copy.target(&snapshot, &path, table)?;
    let columns = keyed::given_names(&target, columns)?;
    let given = given_positions(&target, &columns)?;
    if let Some(forced) = format.forced() {
        let options = [
            ("FORCE_NOT_NULL", &forced.not_null),
            ("FORCE_NULL", &forced.null),
        ];
        for (option, forced) in options.into_iter().filter(|(_, forced)| !forced.is_empty()) {
            all_copied(option, forced, &given_positions(&target, forced)?, &given)?;
        }
    }
    let names: Vec<String> = given
        .iter()
        .filter_map(|index| target.schema.fields().get(*index))
        .map(|field| field.name().clone())
        .collect();
    let context = session.statement();
    let mut defaults = Vec::new();
    for (index, field) in target.schema.fields().iter().enumerate() {
        if !given.contains(&index)
            && let Some(default) = constraints::given_default(&snapshot, &target, field.name())
        {
            let default = constraints::DefaultValue::new(&context, field, &default).await?;
            defaults.push((index, default));
        }
    }
    let condition = match &copy.condition {
        Some(written) => Some(condition::of(&context.state, &target, written)?),
        None => None,
    };
    let enums = enums::of_columns(&context.snapshot, &path, &target.schema)?;
    let mut within = Vec::new();
    for field in target.schema.fields() {
        if CompositeKind::of(field.data_type()).is_some() {
            within.extend(composites::enums_within(&context.snapshot, &path, field)?);
        }
    }
    let (input, received) = mpsc::channel(QUEUE);
    let count = names.len();
    let is_binary = *format == CopyFormat::Binary;
    let source = Source {
        decoder: CopyDecoder::new(format.clone(), &target.name.name, names),
        received,
        waiting: Vec::new().into_iter(),
        given,
        defaults,
        condition,
        enums,
        within,
        is_binary,
        target: Arc::clone(&target),
        zone: crate::instance::reading_within(&session.settings(), session.began()),
        ended: false,
        memory: MemoryConsumer::new(format!("COPY {}", target.name))
            .register(&session.instance.runtime().memory_pool),
    };
    let instance = Arc::clone(&session.instance);
    let notices = session.notices();
    let state = context.state;
    let refers = !references_of(&target).is_empty();
    let session = session.detached();
    let done = async move {
        let schema = Arc::clone(&target.schema);
        let batches = stream::try_unfold(source, |mut source| async move {
            let batch = source.next().await.map_err(DataFusionError::from)?;
            DataFusionResult::Ok(batch.map(|batch| (batch, source)))
        });
        let rows = Box::pin(RecordBatchStreamAdapter::new(schema, batches));
        let added = match refers {
            false => insert::append(&instance, &state, &target, rows, "COPY", None).await?,
            true => append_referring(&session, &target, rows).await?,
        };
        for notice in added.notices {
            notices.push(notice);
        }
        Ok(format!("COPY {}", added.rows))
    };
    Ok(Outcome::CopyIn(CopyIn {
        encoding: copy.encoding,
        columns: count,
        is_binary,
        input,
        done: done.boxed(),
    }))
}

/// Adds rows that refer to those of other tables.
async fn append_referring(
    session: &Session,
    target: &Arc<Object>,
    rows: SendableRecordBatchStream,
) -> Result<insert::Added> {
    session
        .together(async |session: &Session| {
            let effect = referential::Effect::adding();
            let (session, noted) = referential::begin(session, target, &effect).await?;
            let (instance, state) = (&session.instance, session.statement().state);
            let added = insert::append(instance, &state, target, rows, "COPY", None).await?;
            referential::settle(&session, noted).await?;
            Ok(added)
        })
        .await
}
