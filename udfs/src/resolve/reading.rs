//! Reads the columns of records while more of them come: whoever gives them does not wait.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
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
    threads: Vec<Worker>,
    reservation: MemoryReservation,
}

/// A thread that reads some of the columns.
#[derive(Debug)]
struct Worker {
    batches: Sender<Waiting>,
    readers: JoinHandle<Result<(Vec<Reader>, MemoryReservation)>>,
    is_stopped: Arc<AtomicBool>,
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
        self.send(&batch)
    }

    fn begin(&mut self) -> Result<()> {
        let mut shares: Vec<Vec<Reader>> = Vec::new();
        shares.resize_with(self.workers, Vec::new);
        for (at, reader) in mem::take(&mut self.readers).into_iter().enumerate() {
            shares[at % self.workers].push(reader);
        }
        for share in shares {
            let worker = Worker::begin(share, self.reservation.new_empty())?;
            self.threads.push(worker);
        }
        for batch in mem::take(&mut self.waiting) {
            self.send(&batch)?;
        }
        Ok(())
    }

    fn send(&mut self, batch: &Waiting) -> Result<()> {
        let is_over = |worker: &Worker| worker.batches.send(Arc::clone(batch)).is_err();
        match self.threads.iter().position(is_over) {
            None => Ok(()),
            Some(at) => self.threads.swap_remove(at).finish().map(drop),
        }
    }

    /// The readers of all batches, each with the memory that they take.
    ///
    /// # Errors
    /// Where memory does not suffice, or the work is interrupted; 23502 and 23505 for records without
    /// an identifier of their own.
    pub(super) fn finish(mut self) -> Result<(Vec<Reader>, Vec<MemoryReservation>)> {
        if !self.threads.is_empty() {
            let threads = mem::take(&mut self.threads).into_iter();
            let read: Vec<_> = threads.map(Worker::finish).collect::<Result<_>>()?;
            let (readers, memory): (Vec<_>, Vec<_>) = read.into_iter().unzip();
            return Ok((readers.into_iter().flatten().collect(), memory));
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
        Ok((readers, vec![memory]))
    }

    /// Has it done by so many threads at most.
    pub(super) fn restrict(&mut self, workers: usize) {
        self.workers = self.workers.min(workers);
    }
}

impl Drop for Reading {
    /// Nobody waits for what is still to be read.
    fn drop(&mut self) {
        for worker in &self.threads {
            worker.is_stopped.store(true, Ordering::Relaxed);
        }
    }
}

impl Worker {
    fn begin(readers: Vec<Reader>, memory: MemoryReservation) -> Result<Self> {
        let (batches, received) = mpsc::channel();
        let is_stopped = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&is_stopped);
        let listener = listen();
        let run = move || {
            listener.within(|| {
                read(readers, &received, &memory, &stopped).map(|readers| (readers, memory))
            })
        };
        let readers = Builder::new().name("resolve".to_owned()).spawn(run)?;
        Ok(Self {
            batches,
            readers,
            is_stopped,
        })
    }

    fn finish(self) -> Result<(Vec<Reader>, MemoryReservation)> {
        drop(self.batches);
        let ended = self.readers.join();
        ended.map_err(|_| internal_datafusion_err!("reading records ended abnormally"))?
    }
}

fn read(
    mut readers: Vec<Reader>,
    batches: &Receiver<Waiting>,
    memory: &MemoryReservation,
    is_stopped: &AtomicBool,
) -> Result<Vec<Reader>> {
    let listener = listen();
    while let Ok(batch) = batches.recv() {
        listener.check()?;
        if is_stopped.load(Ordering::Relaxed) {
            break;
        }
        for reader in &mut readers {
            reader.push(&batch.0)?;
        }
        memory.try_resize(readers.iter().map(Reader::bytes).sum())?;
    }
    Ok(readers)
}
