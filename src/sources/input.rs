//! The bytes of a file: fetched, decompressed, and handed to a decoder in runs of whole records.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::error::DataFusionError;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;

use super::content::{self, Content};
use super::location::SourceFile;
use super::options::OnError;
use super::rejected::{RejectedRow, RejectedRows};
use super::remarks::Remark;
use crate::error::{Error, Result, SqlState};

/// How much is read from a local file at once.
const CHUNK: usize = 1 << 20;

/// How much a decoder sees at least, unless the file ends.
const WINDOW: usize = 1 << 19;

/// A record longer than this is a bad row.
pub(super) const MAX_RECORD: usize = 16 << 20;

/// What a decoder may assume of the bytes it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// More follows; an incomplete record is left for later.
    Open,
    /// More follows, but no record may be as long as what is there: one that is not complete is bad.
    Full,
    /// Nothing follows.
    Last,
}

/// What came of a window.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    /// How many bytes are done with. With [`Window::Open`] it may be 0, which asks for more.
    pub consumed: usize,
    /// The good rows.
    pub rows: Option<Rows>,
    /// The bad rows, in the order of the file.
    pub bad: Vec<BadRow>,
    /// What is to be told of the file.
    pub remarks: Vec<Remark>,
}

/// Good rows and their places.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// All columns of the table.
    pub batch: RecordBatch,
    /// `_row`.
    pub numbers: Int64Array,
}

/// What the number of a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// The lines of its file.
    Lines,
    /// The rows of its file.
    Rows,
}

/// A bad row, as far as a decoder knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadRow {
    pub line: i64,
    pub numbering: Numbering,
    pub column: Option<String>,
    pub value: Option<String>,
    pub reason: String,
    pub sqlstate: SqlState,
    pub record: String,
    /// What to do about it, where that is known.
    pub remedy: Option<String>,
}

/// Turns bytes into rows.
pub(super) trait Decoder: Send + 'static {
    /// Decodes records from the front of `bytes`, which begin where the last call stopped.
    ///
    /// # Errors
    /// What is wrong with the file as a whole.
    fn decode(&mut self, bytes: &[u8], window: Window) -> Result<Decoded>;

    /// Whether the header is still to come with which a file of this format begins.
    fn awaits_header(&self) -> bool {
        false
    }
}

/// What happens to the bad rows of a table.
#[derive(Clone, Debug)]
pub(super) struct Rejections {
    /// `schema.name`.
    pub source: Arc<str>,
    pub on_error: OnError,
    pub collector: Arc<RejectedRows>,
    /// When the file was written.
    pub modified: DateTime<Utc>,
}

impl Rejections {
    /// Tells the statement of a file.
    pub fn remark(&self, file: &str, remark: Remark) {
        self.collector
            .remark(&self.source, file, self.modified, remark);
    }

    /// Sets a row aside.
    ///
    /// # Errors
    /// What is wrong with it, where that is not to be.
    pub async fn take(&self, file: &str, bad: BadRow) -> Result<()> {
        let row = RejectedRow {
            source: self.source.to_string(),
            file: file.to_owned(),
            row: bad.line,
            column_name: bad.column,
            value: bad.value,
            reason: bad.reason,
            sqlstate: bad.sqlstate,
            record: bad.record,
            numbering: bad.numbering,
            remedy: bad.remedy,
        };
        match self.on_error {
            OnError::Fail => Err(row.to_error()),
            OnError::Quarantine => self.collector.push(row).await,
        }
    }
}

/// Opens a file's bytes, decompressed.
pub(super) async fn open(
    store: &Arc<dyn ObjectStore>,
    file: &SourceFile,
    compression: FileCompressionType,
) -> Result<BoxStream<'static, Result<Bytes>>> {
    let name = file.name.clone();
    let content = content::open(store, file).await;
    let raw = match content.map_err(|error| error.within(&name))? {
        Content::Local(file) => read_local(file).boxed(),
        Content::Remote(bytes) => bytes.map_err(DataFusionError::from).boxed(),
    };
    let is_compressed = compression.is_compressed();
    Ok(compression
        .convert_stream(raw)?
        .map_err(move |error| {
            let error = match is_compressed && !is_of_store(&error) {
                true => damaged(&error),
                false => Error::from(error),
            };
            error.within(&name)
        })
        .boxed())
}

/// Whether a decompressor only hands on what went wrong below it.
fn is_of_store(error: &DataFusionError) -> bool {
    let DataFusionError::IoError(error) = error else {
        return true;
    };
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<DataFusionError>())
}

/// What fails within a decompressor is a damaged file, not a broken disk.
fn damaged(error: &DataFusionError) -> Error {
    Error::new(
        SqlState::DATA_CORRUPTED,
        format!("the compressed file is damaged: {}", error.find_root()),
    )
    .with_hint("Check that the file is complete and compressed as its ending says.")
}

fn read_local(file: File) -> impl futures::Stream<Item = Result<Bytes, DataFusionError>> {
    stream::try_unfold(file, |mut file| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = Vec::with_capacity(CHUNK);
            (&mut file).take(CHUNK as u64).read_to_end(&mut chunk)?;
            Ok::<_, std::io::Error>((chunk, file))
        });
        let (chunk, file) = read
            .await
            .map_err(|error| DataFusionError::External(Box::new(error)))??;
        Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), file)))
    })
}

/// Passes on the good rows of batches; the bad ones go where `rejections` says.
pub(super) fn set_aside(
    batches: BoxStream<'static, Result<(Rows, Vec<BadRow>)>>,
    file: String,
    rejections: Rejections,
) -> BoxStream<'static, Result<Rows>> {
    let shared = Arc::new((file, rejections));
    batches
        .and_then(move |(rows, bad)| {
            let shared = Arc::clone(&shared);
            async move {
                let (file, rejections) = shared.as_ref();
                for bad in bad {
                    rejections.take(file, bad).await?;
                }
                Ok(rows)
            }
        })
        .boxed()
}

/// Decodes a file; bad rows go where `rejections` says.
pub(super) fn decode(
    bytes: BoxStream<'static, Result<Bytes>>,
    decoder: impl Decoder,
    file: Arc<str>,
    rejections: Rejections,
) -> BoxStream<'static, Result<Rows>> {
    stream::try_unfold(
        (Reader::new(bytes, decoder), file, rejections),
        |(mut reader, file, rejections)| async move {
            loop {
                let Some(decoded) = reader.next().await.map_err(|error| {
                    if error.message().contains(&*file) {
                        error.within(&rejections.source)
                    } else {
                        error.within(format!("{}: {file}", rejections.source))
                    }
                })?
                else {
                    if reader.decoder.awaits_header() {
                        rejections.remark(&file, Remark::Empty);
                    }
                    return Ok(None);
                };
                for remark in decoded.remarks {
                    rejections.remark(&file, remark);
                }
                for bad in decoded.bad {
                    rejections.take(&file, bad).await?;
                }
                if let Some(rows) = decoded.rows {
                    return Ok(Some((rows, (reader, file, rejections))));
                }
            }
        },
    )
    .boxed()
}

/// A window that slides over a file.
struct Reader<D> {
    bytes: BoxStream<'static, Result<Bytes>>,
    buffer: Vec<u8>,
    /// Where in the buffer the undecoded bytes begin.
    start: usize,
    ended: bool,
    wanted: usize,
    decoder: D,
}

impl<D: Decoder> Reader<D> {
    fn new(bytes: BoxStream<'static, Result<Bytes>>, decoder: D) -> Self {
        Self {
            bytes,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            wanted: WINDOW,
            decoder,
        }
    }

    async fn next(&mut self) -> Result<Option<Decoded>> {
        loop {
            self.fill().await?;
            let bytes = self.buffer.get(self.start..).unwrap_or_default();
            let window = if self.ended {
                Window::Last
            } else if bytes.len() >= MAX_RECORD {
                Window::Full
            } else {
                Window::Open
            };
            if bytes.is_empty() {
                return Ok(None);
            }
            let decoded = self.decoder.decode(bytes, window)?;
            self.start += decoded.consumed;
            if decoded.consumed > 0 {
                self.wanted = WINDOW;
                return Ok(Some(decoded));
            }
            if window != Window::Open {
                return Err(Error::internal("a decoder made no progress"));
            }
            // Growing by doubling keeps the cost of looking again at a long record linear.
            self.wanted = (bytes.len() * 2).min(MAX_RECORD);
        }
    }

    async fn fill(&mut self) -> Result<()> {
        if self.ended || self.buffer.len() - self.start >= self.wanted {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        while self.buffer.len() < self.wanted {
            match self.bytes.next().await {
                Some(chunk) => self.buffer.extend_from_slice(&chunk?),
                None => {
                    self.ended = true;
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Lets a decoder read from the front of a file until it has seen enough.
pub(super) async fn sample<D: Decoder>(
    bytes: BoxStream<'static, Result<Bytes>>,
    decoder: D,
    is_enough: impl Fn(&D) -> bool,
) -> Result<D> {
    let mut reader = Reader::new(bytes, decoder);
    while !is_enough(&reader.decoder) && reader.next().await?.is_some() {}
    Ok(reader.decoder)
}
