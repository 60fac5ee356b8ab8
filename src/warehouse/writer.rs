//! Writes rows to data files, in bounded memory.
//!
//! Of a table that is partitioned rows are gathered first, so that few batches bring many rows of a
//! partition, and files of several partitions are open at once, though not more than
//! [`OPEN_PARTITIONS`].

mod stored;
mod written;

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use datafusion::common::runtime::SpawnedTask;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::parquet::arrow::ArrowSchemaConverter;
use datafusion::parquet::arrow::async_writer::AsyncArrowWriter;
use datafusion::parquet::basic::{Compression, Type};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use futures::StreamExt as _;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parking_lot::Mutex;
use tokio::sync::mpsc;

pub(super) use self::stored::as_stored;
pub(super) use self::written::{NewFile, NewVector, Written};

use self::stored::store_batch;
use self::written::Uncommitted;
use super::failure::from_parquet;
use super::file_stats;
use super::partition::{PartitionRows, PartitionValues, Partitioning};
use super::place::Place;
use super::row_cache::PIECE_ROWS;
use super::schema::TableSchema;
use super::settings::WarehouseSettings;
use crate::error::{Error, Result};

/// A file of so few rows is soon compacted: it is written in the way that takes the least time.
const FEW_ROWS: usize = 2 * PIECE_ROWS as usize;

/// The rows that may make such a file wait in memory, up to so many bytes.
const FEW_BYTES: usize = 1 << 20;

/// So few values have no dictionary.
const PLAIN_ROWS: usize = 64;

/// A dictionary is read whole by who wants a single row, and by a scan once for many pages. Of values
/// that hardly repeat it would be full, at the default of 1 MiB, before the rest is written plainly.
const DICTIONARY_BYTES: usize = 128 << 10;

/// Batches that wait between the query and the encoder.
const QUEUE: usize = 2;

/// So many files are open at once, at most, each of another partition.
const OPEN_PARTITIONS: usize = 32;

/// Rows of so many bytes are gathered before they are divided among partitions, where memory allows.
const GATHERED_BYTES: usize = 64 << 20;

/// Rows of a partition are encoded in pieces of so many.
const PIECE_OF_PARTITION: usize = 1 << 16;

/// Writes all rows to files of the table, which belong to no version yet.
pub(super) async fn write(
    place: &Place,
    schema: &Arc<TableSchema>,
    rows: SendableRecordBatchStream,
    settings: &WarehouseSettings,
) -> Result<Written> {
    write_named("part", place, schema, rows, settings).await
}

/// [`write`], to files whose names begin like this.
///
/// The rows are polled in the task of the caller; another one encodes them, unless they are few.
pub(super) async fn write_named(
    prefix: &'static str,
    place: &Place,
    schema: &Arc<TableSchema>,
    mut rows: SendableRecordBatchStream,
    settings: &WarehouseSettings,
) -> Result<Written> {
    let uncommitted = Uncommitted::at(place);
    let (sender, mut receiver) = mpsc::channel::<Option<RecordBatch>>(QUEUE);
    let mut encoder = Encoder {
        prefix,
        place: place.clone(),
        schema: Arc::clone(schema),
        settings: settings.clone(),
        memory: MemoryConsumer::new("DeltaWriter").register(&settings.memory_pool),
        partitioning: Partitioning::of(schema)?,
        gathered: Vec::new(),
        gathered_memory: MemoryConsumer::new("rows to be partitioned")
            .register(&settings.memory_pool),
        write: uuid::Uuid::new_v4(),
        paths: Arc::clone(&uncommitted.paths),
        held: Vec::new(),
        begun: 0,
        open: VecDeque::new(),
        files: Vec::new(),
    };
    let mut first = Vec::new();
    let mut has_ended = false;
    while !has_ended && is_small(&first) {
        match rows.next().await.transpose()? {
            Some(batch) => first.push(batch),
            None => has_ended = true,
        }
    }
    for batch in &first {
        encoder.write(batch).await?;
    }
    // Of a few rows nothing is left for another task to do meanwhile.
    if has_ended {
        encoder.finish().await?;
        return Ok(Written {
            files: encoder.files_in_order(),
            uncommitted,
        });
    }
    drop(first);
    let encoding = SpawnedTask::spawn(async move {
        while let Some(message) = receiver.recv().await {
            match message {
                Some(batch) => encoder.write(&batch).await?,
                // The end of the rows; a channel that closes before it means that they failed.
                None => encoder.finish().await?,
            }
        }
        Ok::<_, Error>(encoder.files_in_order())
    });
    let mut failure = None;
    loop {
        let batch = rows.next().await.transpose();
        let message = match batch {
            Ok(batch) => batch,
            Err(error) => {
                failure = Some(error);
                break;
            }
        };
        let is_last = message.is_none();
        // The encoder takes no more when it has failed; it tells below.
        if sender.send(message).await.is_err() || is_last {
            break;
        }
    }
    drop(sender);
    let files = encoding
        .join()
        .await
        .map_err(|error| Error::internal(format!("writing data files was cut off: {error}")))?;
    if let Some(error) = failure {
        return Err(error.into());
    }
    Ok(Written {
        files: files?,
        uncommitted,
    })
}

/// Encodes batches and cuts them into files.
struct Encoder {
    prefix: &'static str,
    place: Place,
    schema: Arc<TableSchema>,
    settings: WarehouseSettings,
    memory: MemoryReservation,
    partitioning: Option<Partitioning>,
    /// Rows that are yet to be divided among partitions.
    gathered: Vec<RecordBatch>,
    gathered_memory: MemoryReservation,
    /// Names the files of this write.
    write: uuid::Uuid,
    paths: Arc<Mutex<Vec<Path>>>,
    /// The first rows of the next file, until they are too many for a small one.
    held: Vec<RecordBatch>,
    /// How many files were begun.
    begun: usize,
    /// The files that are open, that which was written to last at the end.
    open: VecDeque<OpenFile>,
    /// Those that are closed, with their numbers.
    files: Vec<(usize, NewFile)>,
}

struct OpenFile {
    number: usize,
    name: String,
    /// What tells its partition from others.
    key: Box<[u8]>,
    partition: PartitionValues,
    rows: u64,
    /// By column.
    nulls: Vec<u64>,
    writer: AsyncArrowWriter<BufWriter>,
}

impl Encoder {
    async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = store_batch(batch, &self.schema)?;
        if self.partitioning.is_none() {
            if let Some(file) = self.open.pop_back() {
                return self.encode(file, &batch).await;
            }
            self.held.push(batch);
            return match is_small(&self.held) {
                true => Ok(()),
                false => self.write_held(Size::Any).await,
            };
        }
        let sizes = batch.columns().iter();
        let sizes = sizes.map(|column| column.to_data().get_slice_memory_size());
        let bytes: usize = sizes.sum::<std::result::Result<_, _>>()?;
        // Where memory is short, few rows are divided at a time.
        let is_short = self.gathered_memory.try_grow(bytes).is_err();
        self.gathered.push(batch);
        if is_short || self.gathered_memory.size() >= GATHERED_BYTES {
            self.divide().await?;
        }
        Ok(())
    }

    /// Writes the rows that are held.
    async fn write_held(&mut self, size: Size) -> Result<()> {
        for batch in std::mem::take(&mut self.held) {
            let file = match self.open.pop_back() {
                Some(file) => file,
                None => self.begin("", Box::default(), PartitionValues::new(), size)?,
            };
            self.encode(file, &batch).await?;
        }
        Ok(())
    }

    /// Writes the rows that were gathered to the files of their partitions.
    async fn divide(&mut self) -> Result<()> {
        let batches = std::mem::take(&mut self.gathered);
        let Some(partitioning) = &self.partitioning else {
            return Ok(());
        };
        for PartitionRows { key, rows } in partitioning.divide(&batches)? {
            for piece in rows.chunks(PIECE_OF_PARTITION) {
                let all: Vec<&RecordBatch> = batches.iter().collect();
                let piece = interleave_record_batch(&all, piece)?;
                let open = self.open.iter().position(|file| file.key == key);
                let file = match open.and_then(|place| self.open.remove(place)) {
                    Some(file) => file,
                    None => {
                        if self.open.len() >= OPEN_PARTITIONS
                            && let Some(oldest) = self.open.pop_front()
                        {
                            self.close(oldest).await?;
                        }
                        let Some(partitioning) = &self.partitioning else {
                            return Ok(());
                        };
                        let (folder, values) = partitioning.values(&piece, 0)?;
                        self.begin(&folder, key.clone(), values, Size::Any)?
                    }
                };
                self.encode(file, &piece).await?;
            }
        }
        self.gathered_memory.free();
        Ok(())
    }

    /// Writes a batch to a file, and closes that where it is full.
    async fn encode(&mut self, mut file: OpenFile, batch: &RecordBatch) -> Result<()> {
        for (column, nulls) in batch.columns().iter().zip(&mut file.nulls) {
            *nulls += column.null_count() as u64;
        }
        file.rows += batch.num_rows() as u64;
        file.writer.write(batch).await.map_err(from_parquet)?;
        let others = self.open.iter().map(|other| other.writer.memory_size());
        let others: usize = others.sum();
        let group = file.writer.memory_size();
        if group > self.settings.row_group_bytes || self.memory.try_resize(others + group).is_err()
        {
            file.writer.flush().await.map_err(from_parquet)?;
            self.memory.resize(others + file.writer.memory_size());
        }
        let bytes = file.writer.bytes_written() + file.writer.in_progress_size();
        // The next batch may be as large, and is not divided.
        let rows = file.rows + batch.num_rows() as u64;
        if bytes >= self.settings.file_bytes || rows > self.settings.file_rows as u64 {
            return self.close(file).await;
        }
        self.open.push_back(file);
        Ok(())
    }

    /// Begins a file in a folder of the table.
    fn begin(
        &mut self,
        folder: &str,
        key: Box<[u8]>,
        partition: PartitionValues,
        size: Size,
    ) -> Result<OpenFile> {
        let (prefix, number) = (self.prefix, self.begun);
        self.begun += 1;
        let name = format!("{folder}{prefix}-{number:05}-{}.parquet", self.write);
        let path = self.place.file(&name);
        self.paths.lock().push(path.clone());
        let properties = self.properties(size)?;
        let object = BufWriter::new(Arc::clone(&self.place.store), path);
        let stored = Arc::clone(&self.schema.stored);
        let columns = stored.fields().len();
        let writer =
            AsyncArrowWriter::try_new(object, stored, Some(properties)).map_err(from_parquet)?;
        Ok(OpenFile {
            number,
            name,
            key,
            partition,
            rows: 0,
            nulls: vec![0; columns],
            writer,
        })
    }

    fn properties(&self, size: Size) -> Result<WriterProperties> {
        let compression = match size {
            Size::Any => self.settings.compression,
            // Its encoder is ready at once, while that of Zstandard clears a megabyte for each column.
            Size::Small { .. } => Compression::SNAPPY,
        };
        let mut properties = WriterProperties::builder()
            .set_compression(compression)
            .set_dictionary_enabled(!matches!(
                size,
                Size::Small {
                    rows: ..=PLAIN_ROWS
                }
            ))
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .set_max_row_group_row_count(Some(self.settings.row_group_rows))
            .set_data_page_row_count_limit(PIECE_ROWS as usize)
            .set_created_by(format!("tributary version {}", env!("CARGO_PKG_VERSION")));
        let parquet = ArrowSchemaConverter::new()
            .convert(&self.schema.stored)
            .map_err(from_parquet)?;
        for column in parquet.columns() {
            let is_searched = |names: &Vec<String>| {
                let parts = column.path().parts();
                parts.first().is_some_and(|name| names.contains(name))
            };
            // See `file_stats::to_json`.
            let is_float = matches!(column.physical_type(), Type::FLOAT | Type::DOUBLE);
            if is_float || !self.settings.searched_by.as_ref().is_none_or(is_searched) {
                let none = EnabledStatistics::None;
                properties = properties.set_column_statistics_enabled(column.path().clone(), none);
            }
        }
        Ok(properties.build())
    }

    async fn close(&mut self, mut file: OpenFile) -> Result<()> {
        let metadata = file.writer.finish().await.map_err(from_parquet)?;
        let others = self.open.iter().map(|other| other.writer.memory_size());
        self.memory.resize(others.sum());
        let written = NewFile {
            stats: file_stats::to_json(&metadata, &self.schema.stored, &file.nulls, file.rows),
            name: file.name,
            rows: file.rows,
            bytes: file.writer.bytes_written() as u64,
            gone: None,
            since: None,
            partition: file.partition,
        };
        self.files.push((file.number, written));
        Ok(())
    }

    /// Ends all files.
    async fn finish(&mut self) -> Result<()> {
        let rows = self.held.iter().map(RecordBatch::num_rows).sum();
        self.write_held(Size::Small { rows }).await?;
        self.divide().await?;
        while let Some(file) = self.open.pop_front() {
            self.close(file).await?;
        }
        Ok(())
    }

    /// The files in the order in which they were begun: that of their rows, where these come partition
    /// by partition.
    fn files_in_order(mut self) -> Vec<NewFile> {
        self.files.sort_unstable_by_key(|(number, _)| *number);
        self.files.into_iter().map(|(_, file)| file).collect()
    }
}

/// How many rows a file is to have, as far as that is known when it is begun.
#[derive(Clone, Copy)]
enum Size {
    Small { rows: usize },
    Any,
}

fn is_small(batches: &[RecordBatch]) -> bool {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let bytes = batches.iter().map(RecordBatch::get_array_memory_size);
    rows <= FEW_ROWS && bytes.sum::<usize>() <= FEW_BYTES
}
