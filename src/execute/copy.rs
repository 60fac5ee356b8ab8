//! `COPY`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::sql::sqlparser::ast;
use futures::{FutureExt, stream};
use tokio::sync::mpsc;
use tributary_udfs::enums::{self as enum_values, EnumDefinition};
use tributary_udfs::json::{self, JsonKind};
use tributary_udfs::postgres::{CharacterLength, from_text};
use tributary_udfs::{SessionTimeZone, type_name};

use super::query::Planned;
use super::target::Change;
use super::{insert, referential};
use crate::catalog::{Object, references_of};
use crate::error::{Error, Result, SqlState, nearest};
use crate::instance::StatementContext;
use crate::models::{constraints, keyed};
use crate::session::{CopyAborted, CopyIn, Outcome, Session, declared, enums, plan};
use crate::sources::RejectedRows;
use crate::sql::copy::{Copy, CopyFormat, Direction};
use crate::sql::name::ObjectName;
use crate::wire::types::POSTGRES_TYPE;
use crate::wire::{CopyDecoder, CopyRow, column_from_binary, shown, utf8};

/// Pieces of the client's bytes that wait to be decoded; a client that sends more waits.
const QUEUE: usize = 16;

/// The most rows that are turned into a batch at once.
const BATCH_ROWS: usize = 8192;

/// Rows of this many bytes together are a batch too; one more row may go over it.
const BATCH_BYTES: usize = 8 << 20;

/// Rows are in memory twice while they become a batch: as the client sent them, and as columns.
const COPIES: usize = 2;

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
    let target = Change::Copy.target(
        &session.instance.catalog.snapshot(),
        &session.settings().search_path.0,
        table,
    )?;
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
            && let Some(default) = constraints::default_of(&target, field.name())
        {
            let default = constraints::DefaultValue::new(&context, field, &default).await?;
            defaults.push((index, default));
        }
    }
    let path = session.settings().search_path.0;
    let enums = enums::of_columns(&context.snapshot, &path, &target.schema)?;
    let (input, received) = mpsc::channel(QUEUE);
    let count = names.len();
    let is_binary = *format == CopyFormat::Binary;
    let source = Source {
        decoder: CopyDecoder::new(format.clone(), &target.name.name, names),
        received,
        waiting: Vec::new().into_iter(),
        given,
        defaults,
        enums,
        is_binary,
        target: Arc::clone(&target),
        zone: crate::instance::reading(&session.settings()),
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

/// How many bytes a row takes.
fn size_of(row: &CopyRow) -> usize {
    let values: usize = row.fields.iter().flatten().map(Bytes::len).sum();
    size_of_val(row) + size_of_val(row.fields.as_slice()) + values
}

/// The client's bytes as batches of the table's rows.
struct Source {
    decoder: CopyDecoder,
    received: mpsc::Receiver<Result<Bytes, CopyAborted>>,
    waiting: std::vec::IntoIter<CopyRow>,
    /// The table's columns that the client sends, in its order.
    given: Vec<usize>,
    /// The columns that it does not send and that have a default.
    defaults: Vec<(usize, constraints::DefaultValue)>,
    /// The columns of enum types, by name.
    enums: Vec<(String, EnumDefinition)>,
    target: Arc<Object>,
    /// Whether it sends values in binary, and not as text.
    is_binary: bool,
    /// In which moments are read that name none.
    zone: SessionTimeZone,
    ended: bool,
    /// What the rows and the line that is not complete yet take.
    memory: MemoryReservation,
}

impl Source {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let mut rows = Vec::new();
        let mut bytes = 0;
        loop {
            while rows.len() < BATCH_ROWS
                && bytes < BATCH_BYTES
                && let Some(row) = self.waiting.next()
            {
                bytes += size_of(&row);
                rows.push(row);
            }
            if rows.len() == BATCH_ROWS || bytes >= BATCH_BYTES || self.ended {
                break;
            }
            match self.received.recv().await {
                Some(Ok(piece)) => {
                    self.waiting = self.decoder.push(&piece)?.into_iter();
                    let waiting: usize = self.waiting.as_slice().iter().map(size_of).sum();
                    self.memory
                        .try_resize(COPIES * (bytes + waiting + self.decoder.pending_bytes()))?;
                }
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
        self.batch(&rows).map(Some)
    }

    fn batch(&self, rows: &[CopyRow]) -> Result<RecordBatch> {
        let fields = self.target.schema.fields();
        let mut columns: Vec<ArrayRef> = fields
            .iter()
            .map(|field| new_null_array(field.data_type(), rows.len()))
            .collect();
        for (position, index) in self.given.iter().enumerate() {
            if let (Some(field), Some(column)) = (fields.get(*index), columns.get_mut(*index)) {
                let values = rows.iter().map(|row| row.fields.get(position)?.as_ref());
                *column = match self.is_binary {
                    true => self.read_binary(values, rows, field)?,
                    false => self.read_text(values, rows, field)?,
                };
            }
        }
        for (index, default) in &self.defaults {
            if let Some(column) = columns.get_mut(*index) {
                *column = default.values(rows.len())?;
            }
        }
        for (field, column) in fields.iter().zip(&columns) {
            // What is computed is when the rows are checked.
            if constraints::generated_of(&self.target, field.name()).is_some() {
                continue;
            }
            let null = (0..column.len()).find(|row| column.is_null(*row));
            if let Some(row) = null.filter(|_| !field.is_nullable()) {
                let error = Error::null_in_column(constraints::place(&self.target, field.name()));
                return Err(error.with_context(self.line(rows, row)));
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

    /// Where a row is in the client's data.
    fn line(&self, rows: &[CopyRow], row: usize) -> String {
        let line = rows.get(row).map_or(0, |row| row.line);
        format!("COPY {}, line {line}", self.target.name.name)
    }

    /// The values of a column, in binary.
    fn read_binary<'a>(
        &self,
        values: impl Iterator<Item = Option<&'a Bytes>>,
        rows: &[CopyRow],
        field: &Field,
    ) -> Result<ArrayRef> {
        let at_fault = |row: usize, error: Error| {
            let line = self.line(rows, row);
            error.with_context(format!("{line}, column {}", field.name()))
        };
        let column = column_from_binary(values, &self.sent_as(field));
        let column = column.map_err(|(row, error)| at_fault(row, error))?;
        let column = match JsonKind::of_field(field) {
            Some(kind) => json::read_texts(&column, kind)?,
            None => column,
        };
        self.check_labels(&column, field)?;
        // Items of an array are of the type that the column tells.
        let column = cast(&column, field.data_type())?;
        if let Some(texts) = column.as_string_opt::<i32>() {
            self.check_lengths(texts, field, at_fault)?;
        }
        Ok(column)
    }

    /// A column by the type that clients know it by: the values of some, as of `uuid`, are texts here
    /// alone.
    fn sent_as(&self, field: &Field) -> Field {
        let mut metadata = field.metadata().clone();
        if let Some(length) = self.target.character_length(field.name()) {
            metadata.insert(POSTGRES_TYPE.to_owned(), length.sql());
        }
        field.clone().with_metadata(metadata)
    }

    /// That texts are labels, where a column is of an enum type.
    fn check_labels(&self, texts: &ArrayRef, field: &Field) -> DataFusionResult<()> {
        let mut enums = self.enums.iter();
        match enums.find(|(name, _)| name == field.name()) {
            Some((_, definition)) => {
                enum_values::check(texts, &definition.name, &definition.labels)
            }
            None => Ok(()),
        }
    }

    /// That texts fit a column of limited length.
    fn check_lengths(
        &self,
        texts: &StringArray,
        field: &Field,
        at_fault: impl Fn(usize, Error) -> Error,
    ) -> Result<()> {
        let length = self.target.character_length(field.name());
        let Some(length) = length.filter(CharacterLength::is_limit) else {
            return Ok(());
        };
        for (row, text) in texts.iter().enumerate() {
            if let Some(Err(error)) = text.map(|text| length.fit(text)) {
                return Err(at_fault(row, DataFusionError::from(error).into()));
            }
        }
        Ok(())
    }

    /// The texts of a column as its values.
    fn read_text<'a>(
        &self,
        values: impl Iterator<Item = Option<&'a Bytes>>,
        rows: &[CopyRow],
        field: &Field,
    ) -> Result<ArrayRef> {
        let texts = values.map(|value| value.map(|bytes| utf8(bytes)).transpose());
        let texts: StringArray = texts.collect::<Result<_>>()?;
        let at_fault = |row: usize, error: Error| {
            let line = self.line(rows, row);
            let value = shown(texts.value(row));
            error.with_context(format!("{line}, column {}: {value}", field.name()))
        };
        self.check_lengths(&texts, field, at_fault)?;
        let wanted = field.data_type();
        if !can_cast_types(&DataType::Utf8, wanted) {
            let wanted = type_name(wanted);
            let what = format!("COPY into column \"{}\" of type {wanted}", field.name());
            return Err(Error::unsupported(what));
        }
        let all: ArrayRef = Arc::new(texts.clone());
        let read = |texts: &ArrayRef| match JsonKind::of_field(field) {
            Some(kind) => json::read_texts(texts, kind),
            None => from_text(texts, wanted, &self.zone),
        };
        let read = |texts: &ArrayRef| {
            let values = read(texts)?;
            self.check_labels(&values, field)?;
            Ok::<_, DataFusionError>(values)
        };
        read(&all).or_else(|error| {
            // Which row is at fault is looked for only where one is.
            for row in (0..texts.len()).filter(|row| texts.is_valid(*row)) {
                read(&all.slice(row, 1)).map_err(|error| at_fault(row, error.into()))?;
            }
            Err(error.into())
        })
    }
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool};

    use super::*;
    use crate::catalog::Kind;
    use crate::sql::{QualifiedName, Statement, parse_one};

    /// A copy into a table of one text column, within so much memory.
    fn copy(memory: usize) -> (mpsc::Sender<Result<Bytes, CopyAborted>>, Source) {
        let definition = parse_one("CREATE TABLE public.t (note TEXT)").unwrap();
        let Statement::CreateTable(create) = &definition else {
            panic!("not a table");
        };
        let target = Object {
            oid: 1,
            name: QualifiedName::new("public", "t"),
            kind: Kind::Table,
            schema: crate::sources::declared_schema(&create.columns).unwrap(),
            definition,
            depends_on: Default::default(),
            comment: None,
            column_comments: Default::default(),
            part_comments: Default::default(),
            sequences: Default::default(),
            indexes: Vec::new(),
            project_file: None,
            created_as: None,
            replaced_in: None,
            suspended: false,
            is_emptied: false,
            access: Default::default(),
            created_at: chrono::Utc::now(),
        };
        let format = CopyFormat::Text {
            delimiter: b'\t',
            null: "\\N".to_owned(),
            header: crate::sql::copy::Header::None,
        };
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(memory));
        let (input, received) = mpsc::channel(QUEUE);
        let source = Source {
            decoder: CopyDecoder::new(format, "t", vec!["note".to_owned()]),
            received,
            waiting: Vec::new().into_iter(),
            given: vec![0],
            defaults: Vec::new(),
            enums: Vec::new(),
            is_binary: false,
            target: Arc::new(target),
            zone: SessionTimeZone::default(),
            ended: false,
            memory: MemoryConsumer::new("COPY t").register(&pool),
        };
        (input, source)
    }

    /// Sends so many lines of one megabyte each.
    async fn send(input: mpsc::Sender<Result<Bytes, CopyAborted>>, lines: usize) {
        let line = [vec![b'x'; (1 << 20) - 1], vec![b'\n']].concat();
        for _ in 0..lines {
            for piece in line.chunks(64 << 10) {
                if input.send(Ok(Bytes::copy_from_slice(piece))).await.is_err() {
                    return;
                }
            }
        }
    }

    #[tokio::test]
    async fn a_batch_ends_where_its_bytes_are_many() {
        let (input, mut source) = copy(64 << 20);
        let sender = tokio::spawn(send(input, 20));
        let mut rows = Vec::new();
        while let Some(batch) = source.next().await.unwrap() {
            rows.push(batch.num_rows());
        }
        sender.await.unwrap();
        assert_eq!(rows, [8, 8, 4]);
    }

    #[tokio::test]
    async fn what_waits_for_its_batch_is_counted() {
        let (input, mut source) = copy(4 << 20);
        let sender = tokio::spawn(send(input, 20));
        let error = source.next().await.unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::OUT_OF_MEMORY);
        drop(source);
        sender.await.unwrap();
    }
}
