//! Takes in records: each distinct value is cleaned once.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};

use super::cell::Cell;
use super::clean::Cleaner;
use super::dictionary::{Interner, MISSING};
use super::feature::Feature;
use super::feature_kind::features;
use super::kind::{ColumnKind, nearest_hint};
use super::options::ResolveOptions;
use super::own_levels::{OwnComparisons, OwnRows};
use super::placeholder::placeholders;
use super::profile::{SAMPLE, profile};
use super::progress::{Progress, Stage};
use super::records::{Column, Records, write_key};
use super::threads;
use crate::FunctionError;
use crate::interrupt::listen;
use crate::wording::{quoted, type_name};

/// How many rows of cells are written by one task.
const ROWS: usize = 1 << 14;

/// Every how many distinct values an interrupt is listened for.
const LISTENING: usize = 4096;

/// Takes in the records of an entity resolution.
#[derive(Debug)]
pub struct RecordsBuilder {
    options: ResolveOptions,
    id: usize,
    source: Option<usize>,
    compared: Vec<usize>,
    schema: Schema,
    batches: Vec<RecordBatch>,
    rows: usize,
    reservation: MemoryReservation,
    progress: Arc<Progress>,
    own: Option<Arc<dyn OwnComparisons>>,
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
        let compared = (0..schema.fields().len())
            .filter(|at| *at != id && Some(*at) != source)
            .collect();
        Ok(Self {
            options: options.clone(),
            id,
            source,
            compared,
            schema: schema.clone(),
            batches: Vec::new(),
            rows: 0,
            reservation: MemoryConsumer::new("entity resolution").register(pool),
            progress: Arc::default(),
            own: None,
        })
    }

    /// Tells how far the records, and what is made of them, are.
    pub fn telling(mut self, progress: &Arc<Progress>) -> Self {
        self.progress = Arc::clone(progress);
        self
    }

    /// Has the columns that have levels of their own compared by these.
    pub fn comparing(mut self, own: Arc<dyn OwnComparisons>) -> Self {
        self.own = Some(own);
        self
    }

    /// Takes in a batch.
    pub fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.reservation.try_grow(batch.get_array_memory_size())?;
        self.rows += batch.num_rows();
        if self.rows >= u32::MAX as usize {
            return Err(FunctionError::limit_exceeded(
                "an entity resolution takes no more than 4 billion records",
            )
            .into());
        }
        self.batches.push(batch);
        Ok(())
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
        self.progress.begin(Stage::Clean);
        let names = self.compared.iter().map(|at| self.schema.field(*at).name());
        let columns: Vec<(usize, Option<&Column>)> = match known {
            None => names
                .enumerate()
                .map(|(at, _)| (self.compared[at], None))
                .collect(),
            Some(known) => known
                .iter()
                .map(|column| Ok((place(&self.schema, &column.name, "model")?, Some(column))))
                .collect::<Result<_>>()?,
        };
        // The first task is that of the identifiers.
        let read = threads::map(
            self.options.workers(),
            columns.len() + 1,
            || (),
            |(), task| match task.checked_sub(1) {
                None => self.identifiers().map(Read::Identifiers),
                Some(at) => self.column(columns[at].0, columns[at].1).map(Read::Column),
            },
        )?;
        let mut records = Records::empty(
            self.rows,
            self.reservation.take(),
            Arc::clone(&self.progress),
        );
        let mut codes = Vec::new();
        let mut memory = Vec::new();
        for read in read {
            match read {
                Read::Identifiers((ids, sources, source_names)) => {
                    records.ids = ids;
                    records.sources = sources;
                    records.source_names = source_names;
                }
                Read::Column(None) => {}
                Read::Column(Some(read)) => {
                    for mut feature in read.features {
                        feature.0.column = records.columns.len();
                        records.features.push(feature.0);
                        codes.push(feature.1);
                    }
                    records.columns.push(read.column);
                    memory.push(read.memory);
                }
            }
        }
        if let Some(own) = &self.own {
            records.own = Some(OwnRows::new(own, &self.batches)?);
        }
        self.batches.clear();
        let width = codes.len();
        let cells = width * self.rows * size_of::<Cell>();
        records.reservation.try_grow(cells)?;
        records.cells = vec![Cell::default(); width * self.rows];
        let workers = self.options.workers();
        let of_values = threads::map(
            workers,
            width,
            || (),
            |(), at| {
                let feature = &records.features[at];
                let values = 0..feature.dictionary().len() as u32;
                Ok(values.map(|code| feature.cell(code)).collect::<Vec<Cell>>())
            },
        )?;
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

    fn texts(&self, column: usize, mut each: impl FnMut(Option<&str>) -> Result<()>) -> Result<()> {
        let listener = listen();
        for batch in &self.batches {
            listener.check()?;
            for_each_text(
                batch.column(column),
                self.schema.field(column).name(),
                &mut each,
            )?;
        }
        Ok(())
    }

    fn identifiers(&self) -> Result<(Interner, Vec<u32>, Vec<String>)> {
        let mut sources = Vec::new();
        let mut names = Interner::default();
        if let Some(source) = self.source {
            sources.reserve(self.rows);
            self.texts(source, |text| {
                sources.push(names.intern(text.unwrap_or_default())?);
                Ok(())
            })?;
        }
        let mut ids = Interner::default();
        let mut key = String::new();
        let mut row = 0;
        let name = self.schema.field(self.id).name();
        self.texts(self.id, |text| {
            let Some(text) = text.filter(|text| !text.is_empty()) else {
                return Err(refused(
                    "23502",
                    format!("{} of a record is NULL or empty", quoted(name)),
                    "Every record needs its own identifier: leave out those without.",
                ));
            };
            write_key(
                &mut key,
                sources.get(row).map(|code| names.dictionary().text(*code)),
                text,
            );
            row += 1;
            if ids.intern(&key)? as usize != row {
                return Err(repeated(name, text));
            }
            Ok(())
        })?;
        let texts = std::iter::once("").chain(names.dictionary().texts());
        let source_names = texts.map(str::to_owned).collect();
        Ok((ids, sources, source_names))
    }

    fn column(&self, at: usize, known: Option<&Column>) -> Result<Option<ReadColumn>> {
        let field = self.schema.field(at);
        let mut values = Interner::default();
        let mut raw = Vec::with_capacity(self.rows);
        let mut present = 0;
        self.texts(at, |text| {
            let text = text.unwrap_or_default();
            let text = &text[..text.floor_char_boundary(super::clean::LONGEST)];
            present += usize::from(!text.is_empty());
            raw.push(values.intern(text)?);
            Ok(())
        })?;
        let values = values.finish();
        let memory = self.reservation.new_empty();
        memory.try_resize(self.rows * size_of::<u32>() + values.bytes())?;
        let mut column = match known {
            Some(column) => column.clone(),
            None => {
                let declared = self.options.declared(field.name());
                // By their hashes, so that it does not matter which come first.
                let most = (SAMPLE as u128) << 64;
                let most = u64::try_from(most / values.len().max(1) as u128).unwrap_or(u64::MAX);
                let sample: Vec<&str> = (1..values.len() as u32)
                    .filter(|code| values.hash(*code) <= most)
                    .map(|code| values.text(code))
                    .collect();
                let (kind, dates) = profile(field.name(), &sample, values.len() - 1, present);
                Column {
                    name: field.name().clone(),
                    kind: declared.unwrap_or(kind),
                    dates,
                    placeholders: Vec::new(),
                }
            }
        };
        if column.kind == ColumnKind::Ignore {
            return Ok(None);
        }
        let kinds = features(column.kind);
        let mut read: Vec<(Feature, Vec<u32>)> = kinds
            .iter()
            .map(|kind| (Feature::new(at, *kind), vec![MISSING]))
            .collect();
        let mut cleaner = Cleaner::new(column.kind, column.dates);
        let mut cleaned = vec![String::new(); kinds.len()];
        let listener = listen();
        for (at, text) in values.texts().enumerate() {
            if at % LISTENING == 0 {
                listener.check()?;
            }
            cleaner.clean(text, &mut cleaned);
            for ((feature, codes), text) in read.iter_mut().zip(&cleaned) {
                codes.push(feature.intern(text)?);
            }
        }
        drop(values);
        let bytes: usize = read.iter().map(|(feature, _)| feature.bytes()).sum();
        let rows = self.rows * size_of::<u32>();
        memory.try_resize(rows * (1 + read.len()) + bytes)?;
        for (at, (feature, of_values)) in read.iter_mut().enumerate() {
            let mut codes: Vec<u32> = raw.iter().map(|value| of_values[*value as usize]).collect();
            feature.counts = vec![0; feature.dictionary().len()];
            for code in &codes {
                feature.counts[*code as usize] += 1;
            }
            let nothing: Vec<u32> = match known {
                None => {
                    let found = placeholders(feature);
                    let text = |code: &u32| feature.dictionary().text(*code).to_owned();
                    column.placeholders.push(found.iter().map(text).collect());
                    found
                }
                Some(column) => {
                    let known = column.placeholders.get(at).into_iter().flatten();
                    known.filter_map(|text| feature.find(text)).collect()
                }
            };
            if !nothing.is_empty() {
                for code in codes.iter_mut().filter(|code| nothing.contains(code)) {
                    *code = MISSING;
                }
                for code in nothing {
                    feature.counts[MISSING as usize] += feature.counts[code as usize];
                    feature.counts[code as usize] = 0;
                }
            }
            feature.derive();
            *of_values = codes;
        }
        Ok(Some(ReadColumn {
            column,
            features: read,
            memory,
        }))
    }
}

enum Read {
    Identifiers((Interner, Vec<u32>, Vec<String>)),
    Column(Option<ReadColumn>),
}

struct ReadColumn {
    column: Column,
    features: Vec<(Feature, Vec<u32>)>,
    memory: MemoryReservation,
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

fn refused(sqlstate: &'static str, message: String, hint: &str) -> DataFusionError {
    FunctionError {
        sqlstate,
        message,
        hint: Some(hint.to_owned()),
    }
    .into()
}

/// That two records have one identifier, in the column of this name.
pub fn repeated(column: &str, id: &str) -> DataFusionError {
    refused(
        "23505",
        format!(
            "two records have the same {}: {}",
            quoted(column),
            quoted(id)
        ),
        "Every record needs its own identifier: take SELECT DISTINCT ON, or name the column that \
         tells systems apart with the option source.",
    )
}

/// Calls for every value of an array, as text.
fn for_each_text(
    array: &ArrayRef,
    name: &str,
    each: &mut impl FnMut(Option<&str>) -> Result<()>,
) -> Result<()> {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().try_for_each(each),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().try_for_each(each),
        DataType::Utf8View => array.as_string_view().iter().try_for_each(each),
        other if other.is_nested() || matches!(other, DataType::Binary | DataType::BinaryView) => {
            Err(FunctionError::unsupported(format!(
                "column {} is of type {}, which an entity resolution cannot compare",
                quoted(name),
                type_name(other)
            ))
            .with_hint("Leave it out, or cast it to text.")
            .into())
        }
        _ => {
            let texts = cast(array, &DataType::Utf8)?;
            texts.as_string::<i32>().iter().try_for_each(each)
        }
    }
}
