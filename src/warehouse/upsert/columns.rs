//! Merges the rows of a key column by column: of each column the latest value that is not NULL stays,
//! with its own version ([`column_versions`](crate::warehouse::column_versions)).
//!
//! What is known of a key is the greatest version of its deletions, the greatest of its rows, and of
//! each column the greatest of its values; what is not greater than that of the deletions is forgotten.
//! All are maxima, so that what comes of some rows does not depend on their order, nor on how often
//! they arrive: a state-based CRDT, in which each column is a last-writer-wins register (Shapiro et
//! al., "A comprehensive study of convergent and commutative replicated data types", 2011). Of one
//! version a deletion counts as later than a row, and of two values the greater one.
//!
//! A row that the table shows though it knows of a deletion of that version, or a later one, was made
//! by hand, which wins: known deletions take nothing from it.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, BooleanArray, DynComparator, RecordBatch, StructArray,
    make_comparator, new_null_array,
};
use arrow::compute::{SortOptions, interleave, interleave_record_batch};
use arrow::datatypes::{DataType, Fields, SchemaRef};
use arrow::row::{Row, RowConverter, Rows, SortField};

use super::super::keyed::{Keyed, KeyedColumns, Merge};
use super::super::tombstones::deleted;
use super::Arrival;
use super::by_column::OLD;
use crate::error::{Error, Result};

/// A row: the number of its source, and its own in that.
pub(super) type At = (usize, usize);

/// How the rows of a table are merged.
pub(super) struct ColumnMerge {
    columns: KeyedColumns,
    /// The columns that are merged. Their versions come behind those of the table, in this order.
    merged: Vec<usize>,
    /// The columns of the table.
    width: usize,
    /// Makes versions comparable; none where there are none.
    converter: Option<RowConverter>,
    /// What the order of arrival tells then.
    arrival: Arrival,
    /// The columns of a version.
    version: Fields,
    /// The column that tells of deletions, where it tells nothing else.
    tells_deletion_only: Option<usize>,
}

/// Rows that are merged with others.
pub(super) struct Source {
    pub rows: RecordBatch,
    versions: Option<Versions>,
}

/// The versions of rows and of their columns.
struct Versions {
    /// Those of the rows, as those of columns are kept.
    own: ArrayRef,
    of_rows: Rows,
    /// Those of each merged column, where one has any.
    of_columns: Vec<Option<Rows>>,
}

/// Rows of keys.
#[derive(Default)]
pub(super) struct Groups {
    rows: Vec<At>,
    /// Where the rows of each key end, and the latest of its deletions.
    keys: Vec<(usize, Option<At>)>,
}

/// What has come of keys.
pub(super) struct Merged {
    /// The rows of those that live.
    pub rows: RecordBatch,
    /// Which keys these are.
    pub keys: Vec<usize>,
    /// Whether each is another row than the first one of its key.
    pub differs: Vec<bool>,
}

impl Groups {
    /// Adds a key: its rows, and the latest of its deletions. Where the order of arrival tells, rows are
    /// in this order and have come after all deletions.
    pub fn push(&mut self, rows: impl IntoIterator<Item = At>, deletion: Option<At>) {
        self.rows.extend(rows);
        self.keys.push((self.rows.len(), deletion));
    }

    fn iter(&self) -> impl Iterator<Item = (&[At], Option<At>)> {
        let starts = std::iter::once(0).chain(self.keys.iter().map(|(end, _)| *end));
        let keys = starts.zip(&self.keys);
        keys.map(|(start, (end, deletion))| {
            let rows = self.rows.get(start..*end).unwrap_or_default();
            (rows, *deletion)
        })
    }
}

impl ColumnMerge {
    /// How rows of these columns, of which the last may be versions of others, are merged; none where
    /// the latest row stays as a whole.
    pub fn new(keyed: &Keyed, files: &SchemaRef, arrival: Arrival) -> Result<Option<Self>> {
        if keyed.merge != Merge::Column {
            return Ok(None);
        }
        let columns = keyed.columns(files)?;
        let version = columns.version(files);
        let fixed = columns.key.iter().chain(&columns.versions);
        let fixed = fixed.collect::<std::collections::BTreeSet<_>>().len();
        let width = match version.is_empty() {
            true => files.fields().len(),
            // Each column that is merged has another one with its versions.
            false => fixed + (files.fields().len() - fixed) / 2,
        };
        let sorted = version
            .iter()
            .map(|field| SortField::new(field.data_type().clone()));
        let converter = match version.is_empty() {
            true => None,
            false => Some(RowConverter::new(sorted.collect())?),
        };
        let tells_deletion_only = columns
            .deleted
            .filter(|index| *files.field(*index).data_type() != DataType::Boolean);
        Ok(Some(Self {
            merged: columns.others(width).collect(),
            columns,
            width,
            converter,
            arrival,
            version,
            tells_deletion_only,
        }))
    }

    /// Rows with what is compared of them.
    pub fn source(&self, rows: RecordBatch) -> Result<Source> {
        let Some(converter) = &self.converter else {
            let versions = None;
            return Ok(Source { rows, versions });
        };
        let own: Vec<ArrayRef> = self
            .columns
            .versions
            .iter()
            .map(|index| Arc::clone(rows.column(*index)))
            .collect();
        let of_rows = converter.convert_columns(&own)?;
        let of_columns = (self.width..rows.num_columns()).map(|index| {
            let versions = rows.column(index);
            if versions.null_count() == versions.len() {
                return Ok(None);
            }
            let versions = converter.convert_columns(versions.as_struct().columns())?;
            Ok::<_, Error>(Some(versions))
        });
        let of_columns = of_columns.collect::<Result<_>>()?;
        let own = StructArray::try_new(self.version.clone(), own, None)?;
        Ok(Source {
            versions: Some(Versions {
                own: Arc::new(own),
                of_rows,
                of_columns,
            }),
            rows,
        })
    }

    /// Which rows have a value of their own version in each column, so that nothing that is earlier
    /// adds to them.
    pub fn are_whole(&self, source: &Source) -> Vec<bool> {
        let rows = &source.rows;
        let mut whole = vec![true; rows.num_rows()];
        for (place, index) in self.merged.iter().enumerate() {
            let values = rows.column(*index);
            let versions = rows.columns().get(self.width + place);
            let has_values = values.null_count() == 0 || self.tells_deletion_only == Some(*index);
            let versions = versions.filter(|it| it.null_count() < it.len());
            if has_values && versions.is_none() {
                continue;
            }
            for (row, whole) in whole.iter_mut().enumerate() {
                *whole &= has_values || values.is_valid(row);
                *whole &= versions.is_none_or(|versions| versions.is_null(row));
            }
        }
        whole
    }

    /// Which rows tell that their keys are deleted.
    pub fn deleted(&self, rows: &RecordBatch) -> Result<Option<BooleanArray>> {
        let told = self.columns.deleted.map(|column| deleted(rows, column));
        told.transpose()
    }

    /// Merges the rows of each key in a batch. What stays of one is a row that tells of its deletion,
    /// then a row; `hashes` are those of the keys, and come back beside the rows. Keys whose rows stand
    /// together stay in their order.
    pub fn reduce(&self, rows: RecordBatch, hashes: Vec<u128>) -> Result<(RecordBatch, Vec<u128>)> {
        let mut sorted: Vec<(u128, usize)> = hashes.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let mut keys: Vec<&[(u128, usize)]> = sorted.chunk_by(|a, b| a.0 == b.0).collect();
        if keys.len() == hashes.len() {
            return Ok((rows, hashes));
        }
        keys.sort_unstable_by_key(|rows| rows.last().map(|(_, row)| *row));
        let deleted = self.deleted(&rows)?;
        let is_deleted = |row: usize| deleted.as_ref().is_some_and(|it| it.value(row));
        let source = [self.source(rows)?];
        let mut groups = Groups::default();
        for key in &keys {
            let rows = key.iter().map(|(_, row)| *row);
            let deletions = rows.clone().filter(|row| is_deleted(*row));
            let deletion = deletions.map(|row| (0, row)).reduce(|latest, row| {
                match self.is_later(&source, latest, row) {
                    true => latest,
                    false => row,
                }
            });
            // Where arrival tells, what came before the deletion is gone; where nothing does, all is.
            let since = match (&self.converter, deletion, self.arrival) {
                (None, Some((_, row)), Arrival::Tells) => row,
                (None, Some(_), Arrival::TellsNothing) => usize::MAX,
                _ => 0,
            };
            let living = rows.filter(|row| *row >= since && !is_deleted(*row));
            groups.push(living.map(|row| (0, row)), deletion);
        }
        let merged = self.merge(&source, &groups)?;
        let mut indices = Vec::with_capacity(keys.len());
        let mut found = Vec::with_capacity(keys.len());
        let mut living = merged.keys.iter().enumerate().peekable();
        for (number, (key, (_, deletion))) in keys.iter().zip(&groups.keys).enumerate() {
            let Some((hash, _)) = key.first() else {
                continue;
            };
            if let Some((_, row)) = deletion {
                indices.push((0, *row));
                found.push(*hash);
            }
            if let Some((row, _)) = living.next_if(|(_, key)| **key == number) {
                indices.push((1, row));
                found.push(*hash);
            }
        }
        let [source] = &source;
        let rows = interleave_record_batch(&[&source.rows, &merged.rows], &indices)?;
        Ok((rows, found))
    }

    /// Whether a row is of a later version than another one; never where arrival tells.
    pub fn is_later(&self, sources: &[Source], row: At, other: At) -> bool {
        let version = |at| version_of_row(sources, at);
        version(row) > version(other)
    }

    /// Merges the rows of keys.
    pub fn merge(&self, sources: &[Source], groups: &Groups) -> Result<Merged> {
        let mut keys = Vec::new();
        let mut latest: Vec<At> = Vec::new();
        let mut living: Vec<(&[At], Option<At>)> = Vec::new();
        for (key, (rows, deletion)) in groups.iter().enumerate() {
            let floor = deletion.map(|at| version_of_row(sources, at));
            let is_gone = |at: At| {
                let version = version_of_row(sources, at);
                takes_from(deletion, at) && floor.is_some() && version <= floor.flatten()
            };
            let later = |best: Option<At>, at: At| match (self.converter.is_some(), best) {
                (true, _) if is_gone(at) => best,
                (true, Some(best)) if !self.is_later(sources, at, best) => Some(best),
                _ => Some(at),
            };
            if let Some(row) = rows.iter().copied().fold(None, later) {
                keys.push(key);
                latest.push(row);
                living.push((rows, deletion));
            }
        }
        let firsts: Vec<At> = living
            .iter()
            .zip(&latest)
            .map(|((rows, _), latest)| rows.first().copied().unwrap_or(*latest))
            .collect();
        let mut differs: Vec<bool> = firsts
            .iter()
            .zip(&latest)
            .map(|(first, latest)| first != latest)
            .collect();
        let schema = match sources {
            [first, ..] => first.rows.schema(),
            [] => return Err(Error::internal("nothing to merge")),
        };
        let mut columns = Vec::with_capacity(schema.fields().len());
        let mut versions = Vec::with_capacity(self.merged.len());
        for index in 0..self.width {
            let Some(place) = self.merged.iter().position(|merged| *merged == index) else {
                let picked = latest.iter().copied().map(Some);
                columns.push(gather(sources, index, picked)?);
                continue;
            };
            let mut values = Values::new(sources, index, place, self.arrival);
            let picked: Vec<Option<At>> = living
                .iter()
                .map(|(rows, deletion)| values.latest(rows, *deletion))
                .collect();
            for ((differs, first), picked) in differs.iter_mut().zip(&firsts).zip(&picked) {
                *differs |= match picked {
                    Some(picked) => picked != first,
                    None => values.has(*first),
                };
            }
            columns.push(gather(sources, index, picked.iter().copied())?);
            if self.converter.is_some() {
                versions.push(self.versions(sources, place, &picked, &latest)?);
            }
        }
        columns.extend(versions);
        Ok(Merged {
            rows: RecordBatch::try_new(schema, columns)?,
            keys,
            differs,
        })
    }

    /// The versions of values that are not of their row's.
    fn versions(
        &self,
        sources: &[Source],
        place: usize,
        picked: &[Option<At>],
        latest: &[At],
    ) -> Result<ArrayRef> {
        let none = new_null_array(&DataType::Struct(self.version.clone()), 1);
        let mut arrays: Vec<&dyn Array> = vec![none.as_ref()];
        for source in sources {
            let Some(versions) = &source.versions else {
                return Err(Error::internal("rows without versions are merged by them"));
            };
            arrays.push(versions.own.as_ref());
            arrays.push(source.rows.column(self.width + place).as_ref());
        }
        let indices = picked.iter().zip(latest).map(|(picked, latest)| {
            let Some((source, row)) = *picked else {
                return (0, 0);
            };
            let version = version_of_column(sources, place, (source, row));
            if version == version_of_row(sources, *latest) {
                return (0, 0);
            }
            let has_own = sources
                .get(source)
                .is_some_and(|it| it.rows.column(self.width + place).is_valid(row));
            (1 + 2 * source + usize::from(has_own), row)
        });
        Ok(interleave(&arrays, &indices.collect::<Vec<_>>())?)
    }
}

/// Whether a deletion takes something from a row: one that the table knows has taken from its own row
/// what it takes.
fn takes_from(deletion: Option<At>, (source, _): At) -> bool {
    deletion.is_some_and(|(of, _)| of != OLD || source != OLD)
}

/// The version of a row; none where arrival tells.
fn version_of_row(sources: &[Source], (source, row): At) -> Option<Row<'_>> {
    let versions = sources.get(source)?.versions.as_ref()?;
    Some(versions.of_rows.row(row))
}

/// The version of a value of a merged column; none where arrival tells.
fn version_of_column(sources: &[Source], place: usize, at: At) -> Option<Row<'_>> {
    let (source, row) = at;
    let from = sources.get(source)?;
    let versions = from.versions.as_ref()?;
    if let Some(Some(own)) = versions.of_columns.get(place) {
        let first = from.rows.num_columns() - versions.of_columns.len();
        if from.rows.column(first + place).is_valid(row) {
            return Some(own.row(row));
        }
    }
    Some(versions.of_rows.row(row))
}

/// The values of a column that are picked, NULL where none is.
fn gather(
    sources: &[Source],
    index: usize,
    picked: impl Iterator<Item = Option<At>>,
) -> Result<ArrayRef> {
    let [first, ..] = sources else {
        return Err(Error::internal("nothing to merge"));
    };
    let none = new_null_array(first.rows.column(index).data_type(), 1);
    let own = sources.iter().map(|it| it.rows.column(index).as_ref());
    let arrays: Vec<&dyn Array> = std::iter::once(none.as_ref()).chain(own).collect();
    let indices = picked.map(|at| at.map_or((0, 0), |(source, row)| (1 + source, row)));
    Ok(interleave(&arrays, &indices.collect::<Vec<_>>())?)
}

/// The values of a merged column.
struct Values<'a> {
    sources: &'a [Source],
    index: usize,
    place: usize,
    arrival: Arrival,
    /// Compare values of two sources, where they have an order.
    comparators: HashMap<(usize, usize), Option<DynComparator>>,
}

impl<'a> Values<'a> {
    fn new(sources: &'a [Source], index: usize, place: usize, arrival: Arrival) -> Self {
        Self {
            sources,
            index,
            place,
            arrival,
            comparators: HashMap::new(),
        }
    }

    fn column(&self, source: usize) -> Option<&'a ArrayRef> {
        Some(self.sources.get(source)?.rows.column(self.index))
    }

    /// Whether a row has a value.
    fn has(&self, (source, row): At) -> bool {
        self.column(source)
            .is_some_and(|column| column.is_valid(row))
    }

    /// The row of a key with the latest value that is later than a deletion; of equal ones the first.
    fn latest(&mut self, rows: &[At], deletion: Option<At>) -> Option<At> {
        let floor = deletion.map(|at| version_of_row(self.sources, at));
        let mut latest: Option<(At, Option<Row<'a>>)> = None;
        for at in rows.iter().copied() {
            if !self.has(at) {
                continue;
            }
            let version = version_of_column(self.sources, self.place, at);
            let is_gone = version.is_some()
                && takes_from(deletion, at)
                && floor.is_some_and(|floor| version <= floor);
            if is_gone {
                continue;
            }
            let is_later = match (&latest, &version) {
                (None, _) => true,
                (Some((known, _)), None) => match self.arrival {
                    Arrival::Tells => true,
                    Arrival::TellsNothing => self.compare(at, *known).is_gt(),
                },
                (Some((known, of_known)), Some(_)) => {
                    let order = version.cmp(of_known);
                    order.then_with(|| self.compare(at, *known)).is_gt()
                }
            };
            if is_later {
                latest = Some((at, version));
            }
        }
        latest.map(|(at, _)| at)
    }

    fn compare(&mut self, left: At, right: At) -> Ordering {
        let columns = (self.column(left.0), self.column(right.0));
        let comparator = self
            .comparators
            .entry((left.0, right.0))
            .or_insert_with(|| {
                let (Some(left), Some(right)) = columns else {
                    return None;
                };
                make_comparator(left, right, SortOptions::default()).ok()
            });
        match comparator {
            Some(compare) => compare(left.1, right.1),
            None => Ordering::Equal,
        }
    }
}
