//! Takes in records, and makes rows of numbers of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};

use super::cell::Cell;
use super::hint::Hint;
use super::identifiers::IdentifierReader;
use super::kind::{ColumnKind, nearest_hint};
use super::names_of_people::expect_names;
use super::options::ResolveOptions;
use super::own_levels::{OwnComparisons, OwnRows};
use super::placeholder;
use super::progress::{Progress, Stage};
use super::read_column::ColumnReader;
use super::reading::{Reader, Reading};
use super::records::{Column, Records};
use super::repeated::repeated;
use super::repeats::Repeat;
use super::threads;
use super::training::is_few;
use crate::FunctionError;
use crate::wording::quoted;

/// So few records are read by one thread.
const FEW: usize = 256;
/// How many rows of cells are written by one task.
const ROWS: usize = 1 << 14;

/// Takes in the records of an entity resolution.
#[derive(Debug)]
pub struct RecordsBuilder {
    options: ResolveOptions,
    schema: Schema,
    compared: Vec<usize>,
    reading: Reading,
    rows: usize,
    reservation: MemoryReservation,
    progress: Arc<Progress>,
    own: Option<OwnRows>,
}

impl RecordsBuilder {
    /// For record batches of this schema. Memory is taken from the pool, and given back with the
    /// records.
    pub fn new(
        schema: &Schema,
        options: &ResolveOptions,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<Self> {
        let id = place(schema, &options.unique_id, "unique_id")?;
        let source = options
            .source
            .as_deref()
            .map(|name| place(schema, name, "source"))
            .transpose()?;
        let own = options.own_levels.iter().map(|own| &own.column);
        for name in options.compare.iter().map(|(name, _)| name).chain(own) {
            place(schema, name, "compare")?;
        }
        let compared: Vec<usize> = (0..schema.fields().len())
            .filter(|at| *at != id && Some(*at) != source)
            .collect();
        let name = |at: usize| schema.field(at).name().as_str();
        let names = IdentifierReader::new(name(id), source.map(name));
        let mut readers = vec![Reader::Identifiers(id, source, names)];
        // What their names let expect is asked where what they hold is not known.
        let columns = compared.iter();
        readers.extend(columns.map(|at| {
            let has_levels = options.declared(name(*at)) == Some(ColumnKind::Levels);
            let reader = ColumnReader::new(name(*at), Hint::None);
            Reader::Column(*at, reader.with_levels(has_levels))
        }));
        let reservation = MemoryConsumer::new("entity resolution").register(pool);
        Ok(Self {
            options: options.clone(),
            schema: schema.clone(),
            compared,
            reading: Reading::new(options.workers(), readers, reservation.new_empty()),
            rows: 0,
            reservation,
            progress: Arc::default(),
            own: None,
        })
    }

    /// Tells how far the records, and what is made of them, are.
    pub fn telling(mut self, progress: &Arc<Progress>) -> Self {
        self.progress = Arc::clone(progress);
        self
    }

    /// Has the columns that have levels of their own compared by these. It is told before the first
    /// batch comes.
    pub fn comparing(mut self, own: Arc<dyn OwnComparisons>) -> Self {
        self.own = Some(OwnRows::new(own));
        self
    }

    /// Takes in a batch.
    pub fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        if self.rows >= u32::MAX as usize {
            return Err(FunctionError::limit_exceeded(
                "an entity resolution takes no more than 4 billion records",
            )
            .into());
        }
        if let Some(own) = &mut self.own {
            let bytes = own.push(&batch)?;
            self.reservation.try_grow(bytes)?;
        }
        self.reading.push(batch)
    }

    /// The records, cleaned as their values ask for.
    pub fn finish(self) -> Result<Records> {
        self.finish_with(None)
    }

    /// The records, cleaned as those were that a model was trained on.
    pub fn finish_for(self, columns: &[Column]) -> Result<Records> {
        self.finish_with(Some(columns))
    }

    fn finish_with(mut self, known: Option<&[Column]>) -> Result<Records> {
        let names = self.compared.iter();
        let columns: Vec<(usize, Option<&Column>)> = match known {
            None => names.map(|at| (*at, None)).collect(),
            Some(known) => known
                .iter()
                .map(|column| Ok((place(&self.schema, &column.name, "model")?, Some(column))))
                .collect::<Result<_>>()?,
        };
        // To begin a thread takes longer than a few records do, where a processor is busy by far.
        let workers = match self.rows {
            ..FEW => 1,
            _ => self.options.workers(),
        };
        self.reading.restrict(workers);
        let (mut readers, memory) = self.reading.finish()?;
        if known.is_none() {
            expect(&mut readers, &self.options);
        }
        // Each column takes its own when it is cleaned.
        drop(memory);
        self.progress.begin(Stage::Clean);
        let mut records = Records::empty(
            self.rows,
            self.reservation.take(),
            Arc::clone(&self.progress),
        );
        let again = match known {
            None => repeated_places(&readers, self.rows, &self.options),
            Some(_) => BTreeMap::new(),
        };
        let copies = known.is_none() && are_copies(&readers, self.rows, &self.options);
        let name = |at: usize| self.schema.field(at).name().clone();
        let repeats = again.iter().map(|(at, of)| Repeat {
            column: name(*at),
            of: of.iter().map(|at| name(*at)).collect(),
        });
        records.repeats = repeats.collect();
        // What takes longest is begun first, lest one thread waits for the other in the end.
        let mut tasks: Vec<(Reverse<usize>, usize, Mutex<Option<ColumnReader>>)> = Vec::new();
        for reader in readers {
            let bytes = reader.bytes();
            match reader {
                Reader::Identifiers(_, _, names) => {
                    records.reservation.try_grow(bytes)?;
                    let names = names.finish();
                    records.ids = names.ids;
                    records.sources = names.sources;
                    records.source_names = names.source_names;
                }
                Reader::Column(at, reader) => {
                    let is_compared =
                        |(column, _): &(usize, _)| *column == at && !again.contains_key(&at);
                    let place = columns.iter().position(is_compared);
                    let reader = Mutex::new(Some(reader));
                    tasks.extend(place.map(|place| (Reverse(bytes), place, reader)));
                }
            }
        }
        tasks.sort_by_key(|(bytes, place, _)| (*bytes, *place));
        let mut cleaned = threads::map(
            workers,
            tasks.len(),
            || (),
            |(), task| {
                let (_, place, reader) = &tasks[task];
                let reader = mem::take(&mut *reader.lock().unwrap_or_else(PoisonError::into_inner));
                let (_, known) = columns[*place];
                let read = match reader {
                    Some(reader) => {
                        reader.finish(known, &self.options, copies, &records.reservation)?
                    }
                    None => None,
                };
                Ok((*place, read))
            },
        )?;
        cleaned.sort_unstable_by_key(|(place, _)| *place);
        let mut codes = Vec::new();
        let mut memory = Vec::new();
        for read in cleaned.into_iter().filter_map(|(_, read)| read) {
            for mut feature in read.features {
                feature.0.column = records.columns.len();
                records.features.push(feature.0);
                codes.push(feature.1);
            }
            records.columns.push(read.column);
            memory.push(read.memory);
        }
        if known.is_none() {
            let Records {
                columns, features, ..
            } = &mut records;
            placeholder::leave_out(columns, features, &mut codes, workers)?;
        }
        if self.own.as_ref().is_some_and(|own| own.len() != self.rows) {
            return Err(internal_datafusion_err!(
                "what compares records was told when some were read already"
            ));
        }
        records.own = self.own.take();
        let width = codes.len();
        let cells = width * self.rows * size_of::<Cell>();
        records.reservation.try_grow(cells)?;
        records.cells = vec![Cell::default(); width * self.rows];
        // Features have as many values as they have: a task takes some of one.
        let some: Vec<(usize, u32)> = (0..width)
            .flat_map(|at| {
                let values = records.features[at].dictionary().len() as u32;
                (0..values).step_by(ROWS).map(move |start| (at, start))
            })
            .collect();
        let made = threads::map(
            workers,
            some.len(),
            || (),
            |(), task| {
                let (at, start) = some[task];
                let feature = &records.features[at];
                let values = feature.dictionary().len() as u32;
                let values = start..values.min(start + ROWS as u32);
                Ok(values.map(|code| feature.cell(code)).collect::<Vec<Cell>>())
            },
        )?;
        let mut of_values: Vec<Vec<Cell>> = vec![Vec::new(); width];
        for ((at, _), cells) in some.iter().zip(made) {
            of_values[*at].extend(cells);
        }
        let chunks = records.cells.chunks_mut((width * ROWS).max(1));
        let chunks: Vec<Mutex<&mut [Cell]>> = chunks.map(Mutex::new).collect();
        threads::map(
            workers,
            chunks.len(),
            || (),
            |(), chunk| {
                let mut cells = chunks[chunk].lock().unwrap_or_else(PoisonError::into_inner);
                for (row, cells) in cells.chunks_exact_mut(width).enumerate() {
                    for (at, cell) in cells.iter_mut().enumerate() {
                        *cell = of_values[at][codes[at][chunk * ROWS + row] as usize];
                    }
                }
                Ok(())
            },
        )?;
        drop(chunks);
        drop(memory);
        records.reservation.try_resize(records.bytes())?;
        Ok(records)
    }
}

/// Tells each column what its name lets expect beside the others, and what the values of the others do.
fn expect(readers: &mut [Reader], options: &ResolveOptions) {
    let columns = readers.iter_mut().filter_map(|reader| match reader {
        Reader::Column(_, column) => Some(column),
        Reader::Identifiers(..) => None,
    });
    let mut columns: Vec<&mut ColumnReader> = columns.collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
    let hints = Hint::of_all(&names);
    for (column, hint) in columns.iter_mut().zip(hints) {
        column.expect(hint);
    }
    expect_names(&mut columns, options);
}

/// Whether no column tells any two records apart, of few records.
fn are_copies(readers: &[Reader], rows: usize, options: &ResolveOptions) -> bool {
    let tells_apart = |reader: &Reader| match reader {
        Reader::Column(_, column) => column.tells_apart(options),
        Reader::Identifiers(..) => false,
    };
    is_few(rows, options) && !readers.iter().any(tells_apart)
}

/// The places of columns that say nothing that others do not say, and of these others.
fn repeated_places(
    readers: &[Reader],
    rows: usize,
    options: &ResolveOptions,
) -> BTreeMap<usize, Vec<usize>> {
    let columns = readers.iter().filter_map(|reader| match reader {
        Reader::Column(at, column) => Some((*at, column)),
        Reader::Identifiers(..) => None,
    });
    let (places, columns): (Vec<usize>, Vec<&ColumnReader>) = columns.unzip();
    let repeated = places.iter().zip(repeated(&columns, rows, options));
    let again = repeated.filter_map(|(place, of)| {
        let of = of?.into_iter().map(|at| places[at]).collect();
        Some((*place, of))
    });
    again.collect()
}

fn place(schema: &Schema, name: &str, option: &str) -> Result<usize> {
    schema.index_of(name).map_err(|_| {
        let error = FunctionError {
            sqlstate: "42703",
            message: format!(
                "the query of an entity resolution has no column {}, which {} names",
                quoted(name),
                if option == "model" {
                    "the model".to_owned()
                } else {
                    format!("the option {option}")
                }
            ),
            hint: None,
        };
        if option == "model" {
            let hint = "Learn the model anew, from the columns that there are.";
            return error.with_hint(hint).into();
        }
        let names = schema.fields().iter().map(|field| field.name().as_str());
        error.with_hint(nearest_hint(name, names)).into()
    })
}
