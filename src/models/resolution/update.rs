//! A refresh that takes in what has changed: the records are read and held against those of before,
//! and what was found of all others stays.
//!
//! The model in memory is changed, and so are its tables: rows go and come by their places.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Int64Type, Schema, SchemaRef, UInt32Type};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{TryStreamExt, stream};
use parking_lot::Mutex;
use tributary_udfs::resolve::{Records, Stage, repeated};

use super::finding::{Entities, Paired};
use super::found::Found;
use super::index::Index;
use super::input::Input;
use super::previous::Previous;
use super::refresh::{Refresh, Step, Told, commit_info};
use super::row_hashes::hashes;
use super::{Companion, Resolved, scan};
use crate::catalog::journal::RefreshRecord;
use crate::error::{Error, Result};
use crate::instance::Reading;
use crate::models::replacement::same_columns;
use crate::models::table_id;
use crate::sql::model_functions::ModelFunction;
use crate::warehouse::{
    Commit, CommitInfo, FILE_COLUMN, Modification, PLACE_COLUMN, Participant, Places, TableId,
};

/// The mode of such a refresh, in `tributary.refreshes`.
const INCREMENTAL: &str = "incremental";

impl Refresh<'_> {
    /// Whether the tables of a version can be changed: they have the columns that they are to have,
    /// and nobody has written to them since.
    pub(super) async fn can_update(
        &self,
        before: &Resolved,
        records: &Schema,
        clusters: &Schema,
    ) -> Result<bool> {
        let warehouse = &self.instance.warehouse;
        let known = before.table(Companion::Records).await?;
        let mut can = same_columns(&known.schema(), records)
            && same_columns(&before.clusters.schema(), clusters);
        for companion in [Companion::Records, Companion::Pairs] {
            let latest = warehouse.version(&companion.table_id(self.object)).await?;
            can &= latest == before.version_of(companion)?;
        }
        Ok(can)
    }

    /// Takes in what has changed since a version. `next` is the least number that no entity has
    /// had.
    pub(super) async fn update(
        &self,
        step: Step<'_>,
        (before, next): (&Resolved, u64),
        rows: SendableRecordBatchStream,
        taking: &Input,
        record: &mut RefreshRecord,
    ) -> Result<Commit> {
        INCREMENTAL.clone_into(&mut record.mode);
        let index = self.instance.indexes.take(before, step.progress).await?;
        let names = self.names();
        let changed = changed(&index, rows, &names).await?;
        record.rows_read = Some(changed.read);
        record.rows_rejected = step.rejected.count();
        let pool = &self.instance.runtime().memory_pool;
        let mut previous = previous(&index, &changed.gone, pool)?;

        let builder = taking.builder(pool)?;
        let mut builder = builder.telling(step.progress);
        for batch in &changed.batches {
            builder.push(taking.with_keys(batch.clone())?)?;
        }
        let removed = changed.gone.clone();
        let (mut index, places, scored) = scan::blocking(move || {
            let mut index = index;
            let records = builder.finish_for(index.resolver.model().columns())?;
            let places = index.resolver.update(&records, &removed)?;
            drop(records);
            let scored = index.resolver.pairs_of(&places)?;
            Ok((index, places, scored))
        })
        .await?;
        let records = index.resolver.records();
        previous.entities.resize(records.len(), None);
        let decided = self.decided(step.context, records).await?;
        let touched = Gone::of(records, places.iter().chain(&changed.gone));
        index
            .pairs
            .retain(|pair| !touched.has(pair.left) && !touched.has(pair.right));
        index.pairs.extend_from_slice(&scored);
        index.hashes.resize(records.len(), 0);
        for (place, hash) in places.iter().zip(&changed.hashes) {
            index.hashes[*place as usize] = *hash;
        }
        let Index {
            resolver,
            entities,
            pairs,
            clusters,
            hashes,
            schema,
        } = index;
        let paired = Paired::of(resolver, pairs).await?;
        let made = Entities::find(&paired, &decided, previous, Some(next)).await?;
        let (found, previous) = made.found(paired)?;
        record.pairs = Some(step.progress.pairs().0);
        step.progress.begin(Stage::Write);

        let records = found.resolver.records();
        let is_other = |record: &u32| {
            let at = *record as usize;
            entities.get(at) != found.entities.of_records.get(at)
                || clusters.membership.get(at) != found.clusters.membership.get(at)
                || clusters.confidence.get(at) != found.clusters.confidence.get(at)
        };
        let others: Vec<u32> = found.all().into_iter().filter(is_other).collect();
        let moved = Gone::of(records, others.iter().chain(&changed.gone));

        let mut versions = BTreeMap::new();
        let new = stream_of(Arc::clone(&schema), changed.batches);
        let rows = Rows::of_records(&names, &touched, new);
        let version = self.change(before, Companion::Records, rows, &found, record.id);
        versions.insert(Companion::Records, version.await?);
        let new = found.some_pairs(scored, &self.columns_of(step.columns, ModelFunction::Pairs));
        let rows = Rows::of_pairs(names.len(), &touched, new);
        let version = self.change(before, Companion::Pairs, rows, &found, record.id);
        versions.insert(Companion::Pairs, version.await?);
        let told = Told {
            found: &found,
            previous: &previous,
            decided: &decided,
            before: Some(before),
        };
        let info = self.tell(told, step.columns, versions, record).await?;
        let new = found.clusters(others, step.columns);
        let rows = Rows::of_clusters(names.len(), &moved, new);
        let table = table_id(self.object);
        let commit = self
            .modify(&table, rows, &found, info.clone(), step.participant.clone())
            .await?;
        let commit = match commit {
            Some(commit) => commit,
            // That nothing has changed is a version, too.
            None => {
                let none = stream_of(Arc::clone(step.columns), Vec::new());
                let warehouse = &self.instance.warehouse;
                warehouse
                    .append_with(&table, none, info, step.participant)
                    .await?
            }
        };
        self.keep(found, hashes, schema, commit.version);
        Ok(commit)
    }

    /// The columns that name a record.
    fn names(&self) -> Vec<String> {
        let options = &self.definition.options;
        ["unique_id", "source"]
            .into_iter()
            .filter_map(|name| Some(options.get(name)?.as_text()?.to_owned()))
            .collect()
    }

    /// Changes rows of a companion, and answers the version that it has then.
    async fn change(
        &self,
        before: &Resolved,
        companion: Companion,
        rows: Rows<'_>,
        found: &Found,
        refresh_id: u64,
    ) -> Result<i64> {
        let table = companion.table_id(self.object);
        let info = commit_info(refresh_id);
        match self.modify(&table, rows, found, info, None).await? {
            Some(commit) => Ok(commit.version),
            None => before.version_of(companion),
        }
    }

    /// Changes rows of a table; without any there is no commit.
    async fn modify(
        &self,
        table: &TableId,
        rows: Rows<'_>,
        found: &Found,
        info: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Option<Commit>> {
        let instance = self.instance;
        let modification = instance.warehouse.modify(table).await?;
        let Rows { going, new } = rows;
        let gone = self.places(&modification, &going, found.resolver.records());
        let gone = Arc::new(Mutex::new(gone.await?));
        let settings = &instance.configuration.session;
        let session = Arc::new(instance.statement(settings, Reading::Rows).state);
        modification
            .commit(session, new, gone, info, participant)
            .await
    }

    /// The places of the rows that go.
    async fn places(
        &self,
        modification: &Modification,
        going: &Going<'_>,
        records: &Records,
    ) -> Result<Places> {
        let mut places = Places::default();
        if going.gone.ids.is_empty() {
            return Ok(places);
        }
        let table = modification.rows()?;
        let schema = table.schema();
        let named = match &going.names {
            Names::Columns(names) => names
                .iter()
                .map(|name| schema.index_of(name))
                .collect::<Result<Vec<usize>, _>>()?,
            Names::First(count) => (0..*count).collect(),
        };
        let mut columns = named.clone();
        for name in [FILE_COLUMN, PLACE_COLUMN] {
            columns.push(schema.index_of(name)?);
        }
        let wanted: Vec<String> = columns
            .iter()
            .map(|at| schema.field(*at).name().clone())
            .collect();
        let mut found = scan::columns(self.instance, table, columns).await?;
        while let Some(batch) = found.try_next().await? {
            let columns = columns_by_name(&batch, &wanted)?;
            let (texts, at) = columns.split_at(named.len());
            let [file, place] = at else {
                return Err(Error::internal("rows without their places"));
            };
            let file = file.as_primitive::<UInt32Type>();
            let place = place.as_primitive::<Int64Type>();
            let texts = texts_of(texts)?;
            for row in 0..batch.num_rows() {
                let mut named = texts.chunks(going.width);
                let is_gone = named.any(|names| {
                    name(names, row).is_some_and(|(source, id)| {
                        going.gone.ids.contains(id)
                            && records
                                .find_any(source, id)
                                .is_some_and(|record| going.gone.has(record))
                    })
                });
                if is_gone {
                    places.insert(file.value(row), place.value(row));
                }
            }
        }
        Ok(places)
    }
}

/// Records as their query gives them now, held against those of before.
struct Changed {
    /// Those that are new, or others than they were.
    batches: Vec<RecordBatch>,
    hashes: Vec<u64>,
    /// The places of those that are gone.
    gone: Vec<u32>,
    /// How many were read.
    read: u64,
}

async fn changed(
    index: &Index,
    mut rows: SendableRecordBatchStream,
    names: &[String],
) -> Result<Changed> {
    let records = index.resolver.records();
    let mut seen = vec![false; records.len()];
    let mut changed = Changed {
        batches: Vec::new(),
        hashes: Vec::new(),
        gone: Vec::new(),
        read: 0,
    };
    let mut next = 0;
    while let Some(batch) = rows.try_next().await? {
        changed.read += batch.num_rows() as u64;
        let texts = texts_of(&columns_by_name(&batch, names)?)?;
        let mut is_other = Vec::with_capacity(batch.num_rows());
        for (row, hash) in hashes(&batch)?.into_iter().enumerate() {
            // One without an identifier is refused by who takes in the others.
            let named = name(&texts, row);
            let place = named.and_then(|(source, id)| records.find_at(next, source, id));
            let is_same = place.is_some_and(|place| {
                !records.is_removed(place) && index.hashes.get(place as usize) == Some(&hash)
            });
            if let (Some(place), Some((_, id))) = (place, named) {
                next = place + 1;
                if std::mem::replace(&mut seen[place as usize], true) {
                    let column = names.first().map_or("", String::as_str);
                    return Err(repeated(column, id).into());
                }
            }
            if !is_same {
                changed.hashes.push(hash);
            }
            is_other.push(!is_same);
        }
        if is_other.contains(&true) {
            let others = filter_record_batch(&batch, &BooleanArray::from(is_other))?;
            index.resolver.hold(others.get_array_memory_size())?;
            changed.batches.push(others);
        }
    }
    changed.gone = (0..)
        .zip(seen)
        .filter(|(record, seen)| !seen && !records.is_removed(*record))
        .map(|(record, _)| record)
        .collect();
    Ok(changed)
}

/// The entities of before, of which some records are gone.
fn previous(index: &Index, gone: &[u32], pool: &Arc<dyn MemoryPool>) -> Result<Previous> {
    let records = index.resolver.records();
    let mut previous = Previous::of(index.entities.clone(), pool)?;
    for record in gone {
        if let Some(entity) = previous.entities[*record as usize].take() {
            previous.remove(records.id(*record), records.source(*record), entity)?;
        }
    }
    Ok(previous)
}

/// A change of one of the model's tables.
struct Rows<'a> {
    going: Going<'a>,
    new: SendableRecordBatchStream,
}

/// The rows that go.
struct Going<'a> {
    names: Names<'a>,
    /// How many columns name a record.
    width: usize,
    /// The records whose rows go.
    gone: &'a Gone,
}

/// Where a row names records.
enum Names<'a> {
    Columns(&'a [String]),
    First(usize),
}

impl<'a> Rows<'a> {
    fn of_records(names: &'a [String], gone: &'a Gone, new: SendableRecordBatchStream) -> Self {
        Self::new(Names::Columns(names), names.len(), gone, new)
    }

    fn of_pairs(width: usize, gone: &'a Gone, new: SendableRecordBatchStream) -> Self {
        Self::new(Names::First(2 * width), width, gone, new)
    }

    fn of_clusters(width: usize, gone: &'a Gone, new: SendableRecordBatchStream) -> Self {
        Self::new(Names::First(width), width, gone, new)
    }

    fn new(names: Names<'a>, width: usize, gone: &'a Gone, new: SendableRecordBatchStream) -> Self {
        let going = Going { names, width, gone };
        Self { going, new }
    }
}

/// Records whose rows go.
struct Gone {
    places: Vec<bool>,
    /// Their identifiers: what is not among these need not be looked for among all.
    ids: HashSet<String>,
}

impl Gone {
    fn of<'a>(records: &Records, gone: impl Iterator<Item = &'a u32>) -> Self {
        let mut places = vec![false; records.len()];
        let mut ids = HashSet::new();
        for record in gone {
            places[*record as usize] = true;
            ids.insert(records.id(*record).to_owned());
        }
        Self { places, ids }
    }

    fn has(&self, record: u32) -> bool {
        self.places.get(record as usize).copied().unwrap_or(false)
    }
}

fn columns_by_name(batch: &RecordBatch, names: &[String]) -> Result<Vec<ArrayRef>> {
    let column = |name: &String| Ok(Arc::clone(batch.column(batch.schema().index_of(name)?)));
    names.iter().map(column).collect()
}

fn texts_of(columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let text = |column: &ArrayRef| Ok(cast(column, &DataType::Utf8)?);
    columns.iter().map(text).collect()
}

/// The source and the identifier of a row.
fn name(texts: &[ArrayRef], row: usize) -> Option<(&str, &str)> {
    let value = |at: usize| {
        let column = texts.get(at)?.as_string::<i32>();
        column.is_valid(row).then(|| column.value(row))
    };
    Some((value(1).unwrap_or(""), value(0)?))
}

fn stream_of(schema: SchemaRef, batches: Vec<RecordBatch>) -> SendableRecordBatchStream {
    let rows = stream::iter(batches.into_iter().map(Ok::<_, DataFusionError>));
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}
