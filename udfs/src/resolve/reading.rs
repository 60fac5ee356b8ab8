//! Reads the columns of records while more of them come: whoever gives them does not wait.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use arrow::array::RecordBatch;
use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;

use super::identifiers::IdentifierReader;
use super::read_column::ColumnReader;
use super::threads;
use crate::interrupt::listen;

/// So many records wait until all of them are there, before threads begin.
const FEW: usize = 1 << 14;
/// How many batches of a column are read before another thread may go on with it.
const BATCHES: usize = 8;

/// Reads one column, or those that name records.
#[derive(Debug)]
pub(super) enum Reader {
    /// The places of identifier and source.
    Identifiers(usize, Option<usize>, IdentifierReader),
    /// The place of the column.
    Column(usize, ColumnReader),
}

impl Reader {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        match self {
            Self::Identifiers(id, source, reader) => {
                let source = source.map(|source| batch.column(source));
                reader.push(batch.column(*id), source)
            }
            Self::Column(at, reader) => {
                reader.push(batch.column(*at));
                Ok(())
            }
        }
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Identifiers(_, _, reader) => reader.bytes(),
            Self::Column(_, reader) => reader.bytes(),
        }
    }
}

/// A batch, with the memory that it takes until it is read.
type Waiting = Arc<(RecordBatch, MemoryReservation)>;

/// Readers that are given batches.
#[derive(Debug)]
pub(super) struct Reading {
    workers: usize,
    readers: Vec<Reader>,
    waiting: Vec<Waiting>,
    rows: usize,
    threads: Vec<JoinHandle<Result<()>>>,
    shared: Arc<Shared>,
    reservation: MemoryReservation,
}

impl Reading {
    /// By so many threads, if there are many records. Their memory is taken from the pool.
    pub(super) fn new(
        workers: usize,
        readers: Vec<Reader>,
        reservation: MemoryReservation,
    ) -> Self {
        Self {
            workers: workers.clamp(1, readers.len().max(1)),
            readers,
            waiting: Vec::new(),
            rows: 0,
            threads: Vec::new(),
            shared: Arc::new(Shared::new(reservation.new_empty())),
            reservation,
        }
    }

    /// Has a batch read.
    ///
    /// # Errors
    /// Where memory does not suffice; what was met in batches before.
    pub(super) fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let memory = self.reservation.new_empty();
        memory.try_resize(batch.get_array_memory_size())?;
        self.rows += batch.num_rows();
        let batch = Arc::new((batch, memory));
        if self.threads.is_empty() {
            self.waiting.push(batch);
            if self.rows > FEW {
                self.begin()?;
            }
            return Ok(());
        }
        match self.shared.add([batch]) {
            true => Ok(()),
            false => self.join(),
        }
    }

    fn begin(&mut self) -> Result<()> {
        self.shared.begin(mem::take(&mut self.readers));
        self.shared.add(mem::take(&mut self.waiting));
        for _ in 0..self.workers {
            let shared = Arc::clone(&self.shared);
            let listener = listen();
            let run = move || listener.within(|| shared.read());
            let thread = Builder::new().name("resolve".to_owned()).spawn(run)?;
            self.threads.push(thread);
        }
        Ok(())
    }

    /// Waits for all threads.
    fn join(&mut self) -> Result<()> {
        let ended = mem::take(&mut self.threads).into_iter();
        let ended: Vec<_> = ended.map(JoinHandle::join).collect();
        ended.into_iter().try_for_each(|ended| {
            ended.map_err(|_| internal_datafusion_err!("reading records ended abnormally"))?
        })
    }

    /// The readers of all batches, with the memory that they take.
    ///
    /// # Errors
    /// Where memory does not suffice, or the work is interrupted; 23502 and 23505 for records without
    /// an identifier of their own.
    pub(super) fn finish(mut self) -> Result<(Vec<Reader>, MemoryReservation)> {
        if !self.threads.is_empty() {
            self.shared.end(false);
            self.join()?;
            return Ok(self.shared.take());
        }
        let readers: Vec<Mutex<Reader>> = mem::take(&mut self.readers)
            .into_iter()
            .map(Mutex::new)
            .collect();
        threads::map(
            self.workers,
            readers.len(),
            || (),
            |(), at| {
                let mut reader = readers[at].lock().unwrap_or_else(PoisonError::into_inner);
                let mut batches = self.waiting.iter();
                batches.try_for_each(|batch| reader.push(&batch.0))
            },
        )?;
        let readers = readers
            .into_iter()
            .map(|reader| reader.into_inner().unwrap_or_else(PoisonError::into_inner));
        let readers: Vec<Reader> = readers.collect();
        let memory = self.reservation.new_empty();
        memory.try_resize(readers.iter().map(Reader::bytes).sum())?;
        Ok((readers, memory))
    }

    /// Has it done by so many threads at most.
    pub(super) fn restrict(&mut self, workers: usize) {
        self.workers = self.workers.min(workers);
    }
}

impl Drop for Reading {
    /// Nobody waits for what is still to be read.
    fn drop(&mut self) {
        self.shared.end(true);
    }
}

/// What the threads that read share. A thread goes on with the column of which most is still to be read,
/// so that none waits while another one has several whose values are many.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Told of what changes.
    news: Condvar,
}

#[derive(Debug)]
struct State {
    columns: Vec<Column>,
    /// The batches that are still to be read, and how many there were before.
    batches: VecDeque<Waiting>,
    before: usize,
    /// No more batches come.
    is_over: bool,
    /// Nothing is to be read any more.
    is_stopped: bool,
    /// That of the readers.
    memory: MemoryReservation,
}

/// A reader and how far it is.
#[derive(Debug)]
struct Column {
    /// None while a thread has it.
    reader: Option<Reader>,
    /// How many batches it has read.
    read: usize,
    bytes: usize,
}

impl Shared {
    fn new(memory: MemoryReservation) -> Self {
        let state = State {
            columns: Vec::new(),
            batches: VecDeque::new(),
            before: 0,
            is_over: false,
            is_stopped: false,
            memory,
        };
        Self {
            state: Mutex::new(state),
            news: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, readers: Vec<Reader>) {
        let columns = readers.into_iter().map(|reader| Column {
            bytes: reader.bytes(),
            reader: Some(reader),
            read: 0,
        });
        self.lock().columns = columns.collect();
    }

    /// Has batches read. Answers whether they will be.
    fn add(&self, batches: impl IntoIterator<Item = Waiting>) -> bool {
        let mut state = self.lock();
        state.batches.extend(batches);
        self.news.notify_all();
        !state.is_stopped
    }

    fn end(&self, is_stopped: bool) {
        let mut state = self.lock();
        state.is_over = true;
        state.is_stopped |= is_stopped;
        self.news.notify_all();
    }

    fn take(&self) -> (Vec<Reader>, MemoryReservation) {
        let mut state = self.lock();
        let columns = mem::take(&mut state.columns).into_iter();
        let readers = columns.filter_map(|column| column.reader).collect();
        (readers, state.memory.take())
    }

    /// Reads until no more is to be read.
    fn read(&self) -> Result<()> {
        let read = self.read_all();
        if read.is_err() {
            self.end(true);
        }
        read
    }

    fn read_all(&self) -> Result<()> {
        let listener = listen();
        let mut state = self.lock();
        while !state.is_stopped {
            let Some((at, mut reader, batches)) = state.next() else {
                // Who has a reader goes on with it.
                if state.is_over {
                    break;
                }
                let waited = self.news.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(state);
            listener.check()?;
            for batch in &batches {
                reader.push(&batch.0)?;
            }
            let read = batches.len();
            drop(batches);
            state = self.lock();
            state.give_back(at, reader, read)?;
            self.news.notify_one();
        }
        Ok(())
    }
}

impl State {
    /// The reader of which most is still to be read, its place, and what it is to read next.
    fn next(&mut self) -> Option<(usize, Reader, Vec<Waiting>)> {
        let end = self.before + self.batches.len();
        let columns = self.columns.iter_mut().enumerate();
        let open = columns.filter(|(_, column)| column.reader.is_some() && column.read < end);
        let (at, column) = open.min_by_key(|(_, column)| column.read)?;
        let from = column.read - self.before;
        let batches = self.batches.iter().skip(from).take(BATCHES).cloned();
        Some((at, column.reader.take()?, batches.collect()))
    }

    /// Takes back a reader that has read so many more batches, and lets go those that all have read.
    fn give_back(&mut self, at: usize, reader: Reader, read: usize) -> Result<()> {
        let column = &mut self.columns[at];
        column.bytes = reader.bytes();
        column.reader = Some(reader);
        column.read += read;
        let all = self.columns.iter().map(|column| column.read).min();
        let done = all.unwrap_or(0) - self.before;
        self.batches.drain(..done);
        self.before += done;
        let bytes = self.columns.iter().map(|column| column.bytes).sum();
        self.memory.try_resize(bytes)
    }
}
