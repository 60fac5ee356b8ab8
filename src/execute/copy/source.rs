//! The client's bytes as batches of a table's rows.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, new_null_array,
};
use arrow::compute::{can_cast_types, cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_plan::PhysicalExpr;
use tokio::sync::mpsc;
use tributary_udfs::composites::{self, CompositeKind};
use tributary_udfs::enums::{self as enum_values, EnumDefinition};
use tributary_udfs::json::{self, JsonKind};
use tributary_udfs::postgres::{CharacterLength, from_text};
use tributary_udfs::{SessionTimeZone, type_name};

use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::models::constraints;
use crate::session::CopyAborted;
use crate::wire::types::POSTGRES_TYPE;
use crate::wire::{CopyDecoder, CopyRow, column_from_binary, shown, utf8};

/// The most rows that are turned into a batch at once.
const BATCH_ROWS: usize = 8192;

/// Rows of this many bytes together are a batch too; one more row may go over it.
const BATCH_BYTES: usize = 8 << 20;

/// Rows are in memory twice while they become a batch: as the client sent them, and as columns.
const COPIES: usize = 2;

/// How many bytes a row takes.
fn size_of(row: &CopyRow) -> usize {
    let values: usize = row.fields.iter().flatten().map(Bytes::len).sum();
    size_of_val(row) + size_of_val(row.fields.as_slice()) + values
}

/// The client's bytes as batches of the table's rows.
pub(super) struct Source {
    pub(super) decoder: CopyDecoder,
    pub(super) received: mpsc::Receiver<Result<Bytes, CopyAborted>>,
    pub(super) waiting: std::vec::IntoIter<CopyRow>,
    /// The table's columns that the client sends, in its order.
    pub(super) given: Vec<usize>,
    /// The columns that it does not send and that have a default.
    pub(super) defaults: Vec<(usize, constraints::DefaultValue)>,
    /// Which rows are put in; all where there is none.
    pub(super) condition: Option<Arc<dyn PhysicalExpr>>,
    /// The columns of enum types, by name.
    pub(super) enums: Vec<(String, EnumDefinition)>,
    /// The enum types of attributes of columns of composite types.
    pub(super) within: Vec<EnumDefinition>,
    pub(super) target: Arc<Object>,
    /// Whether it sends values in binary, and not as text.
    pub(super) is_binary: bool,
    /// In which moments are read that name none.
    pub(super) zone: SessionTimeZone,
    pub(super) ended: bool,
    /// What the rows and the line that is not complete yet take.
    pub(super) memory: MemoryReservation,
}

impl Source {
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
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
        // Nullability is checked where every row of the table is.
        let nullable: Vec<_> = fields
            .iter()
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(nullable)), columns)?;
        let kept = self.kept(&batch, rows)?;
        let is_kept = |row: usize| {
            let kept = kept.as_ref();
            kept.is_none_or(|kept| kept.is_valid(row) && kept.value(row))
        };
        for (field, column) in fields.iter().zip(batch.columns()) {
            // What is computed is when the rows are checked.
            if constraints::generated_of(&self.target, field.name()).is_some() {
                continue;
            }
            let null = (0..column.len()).find(|row| column.is_null(*row) && is_kept(*row));
            if let Some(row) = null.filter(|_| !field.is_nullable()) {
                let error = Error::null_in_column(constraints::place(&self.target, field.name()));
                return Err(error.with_context(self.line(rows, row)));
            }
        }
        Ok(match &kept {
            Some(kept) => filter_record_batch(&batch, kept)?,
            None => batch,
        })
    }

    /// Which rows the condition is true of; none where there is no condition.
    fn kept(&self, batch: &RecordBatch, rows: &[CopyRow]) -> Result<Option<BooleanArray>> {
        let Some(condition) = &self.condition else {
            return Ok(None);
        };
        let holds = |batch: &RecordBatch| {
            let holds = condition.evaluate(batch)?;
            holds.into_array(batch.num_rows())
        };
        let kept = holds(batch).or_else(|error| -> Result<ArrayRef> {
            // Which row is at fault is looked for only where one is.
            for row in 0..batch.num_rows() {
                let at_fault =
                    |error: DataFusionError| Error::from(error).with_context(self.line(rows, row));
                holds(&batch.slice(row, 1)).map_err(at_fault)?;
            }
            Err(error.into())
        })?;
        Ok(Some(kept.as_boolean().clone()))
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
            _ if CompositeKind::of(field.data_type()).is_some() => {
                return Ok(composites::converted(
                    &column,
                    field,
                    &self.within,
                    &self.zone,
                )?);
            }
            Some(kind) => json::read_texts(&column, kind)?,
            None => column,
        };
        self.check_labels(&column, field)?;
        // Items of an array are of the type that the column tells.
        let column = cast(&column, field.data_type())?;
        if let Some(texts) = column.as_string_opt::<i32>() {
            self.check_lengths(texts, field, at_fault)?;
        }
        self.check_items(&column, field)?;
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

    /// That the texts within arrays fit a column of such with a limited length.
    fn check_items(&self, values: &ArrayRef, field: &Field) -> DataFusionResult<()> {
        let length = self.target.item_length(field.name());
        match length.filter(CharacterLength::is_limit) {
            Some(length) => check_texts_within(values, length),
            None => Ok(()),
        }
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
        let is_composite = CompositeKind::of(wanted).is_some();
        if !is_composite && !can_cast_types(&DataType::Utf8, wanted) {
            let wanted = type_name(wanted);
            let what = format!("COPY into column \"{}\" of type {wanted}", field.name());
            return Err(Error::unsupported(what));
        }
        let all: ArrayRef = Arc::new(texts.clone());
        let read = |texts: &ArrayRef| match JsonKind::of_field(field) {
            _ if is_composite => composites::converted(texts, field, &self.within, &self.zone),
            Some(kind) => json::read_texts(texts, kind),
            None => from_text(texts, wanted, &self.zone),
        };
        let read = |texts: &ArrayRef| {
            let values = read(texts)?;
            self.check_labels(&values, field)?;
            self.check_items(&values, field)?;
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

/// That texts, or those within arrays, are as long as a type allows, and in its form.
fn check_texts_within(values: &ArrayRef, length: CharacterLength) -> DataFusionResult<()> {
    if let Some(lists) = values.as_list_opt::<i32>() {
        return check_texts_within(lists.values(), length);
    }
    let texts = values.as_string_opt::<i32>().into_iter().flatten();
    for text in texts.flatten() {
        length.fit(text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryConsumer, MemoryPool};

    use super::super::QUEUE;
    use super::*;
    use crate::catalog::Kind;
    use crate::sql::copy::CopyFormat;
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
            kept_literals: Vec::new(),
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
            condition: None,
            enums: Vec::new(),
            within: Vec::new(),
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
