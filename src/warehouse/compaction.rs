//! Compaction: small files, and files that have lost rows, become few large ones with the same rows.
//!
//! The rows are copied while others go on to change the table. Rows that they take out meanwhile
//! are taken out of the copy when it is committed: a row's place in the copy follows from its place
//! in the original, as all that lived when the copying began is copied in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Utc;
use datafusion::catalog::Session;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt as _;
use roaring::RoaringBitmap;

use super::deletion_vector::DeletionVector;
use super::partition::PartitionValues;
use super::place::Place;
use super::scan::TableScan;
use super::schema::TableSchema;
use super::settings::WarehouseSettings;
use super::snapshot::{DataFile, Snapshot};
use super::table::{COMPACTION, Change, Table};
use super::writer::{NewFile, Written};
use super::z_order::{MOST_COLUMNS, ZOrder};
use super::{Commit, CommitInfo, tombstones, writer};
use crate::error::{Error, Result, SqlState};

/// So many files of about one size are made one, in the background.
pub(super) const FILES_OF_A_SIZE: usize = 8;

/// The sizes of a class of files are within this factor.
const SIZE_FACTOR: u64 = 4;

/// A file that has lost so large a share of its rows, one in so many, is written anew.
const WORN_FILE: u64 = 4;

/// The share of the rows that all files have lost together from which the most worn are written anew.
const WORN_TABLE: u64 = 10;

/// Files smaller than this are of one class.
const SMALLEST_SIZE: u64 = 64 << 10;

/// Which files are to be compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompactionExtent {
    /// All that are small or have lost a row, and tombstones.
    Full,
    /// Those that cost readers more than compacting them costs: many of a size, as in a size-tiered
    /// merge tree, which copies a row as often as there are sizes; and those with many lost rows.
    Due,
}

/// Files of a table and the copy of their rows, which belongs to no version yet.
pub struct Compaction {
    table: Arc<Table>,
    snapshot: Arc<Snapshot>,
    replaced: Vec<Arc<DataFile>>,
    written: Written,
    /// Whether the rows of the copy come in the order of those of the files.
    in_order: bool,
    extent: CompactionExtent,
    settings: WarehouseSettings,
}

impl Compaction {
    /// Copies what is to be compacted, if anything is.
    pub(super) async fn begin(
        table: Arc<Table>,
        session: &dyn Session,
        extent: CompactionExtent,
        settings: WarehouseSettings,
    ) -> Result<Option<Self>> {
        let snapshot = table.latest().await?;
        let chosen = match extent {
            CompactionExtent::Full => all(&snapshot, &settings),
            CompactionExtent::Due => due(&snapshot, &settings),
        };
        let tombstones = tombstones::due(&snapshot, extent, Utc::now());
        if chosen.is_empty() && tombstones.is_empty() {
            return Ok(None);
        }
        let (id, place) = (table.id.clone(), table.place.clone());
        let schema = snapshot.schema.with_column_versions()?;
        let scan = TableScan::new(id, place, Arc::clone(&snapshot))?;
        let scan = scan.with_column_versions()?;
        let plan = scan.in_order(session, &chosen).await?;
        let mut written = copied(&table, &schema, plan, session, &settings).await?;
        // Files are read in the order of their times, and others may have come while these were copied.
        let times = chosen
            .iter()
            .map(|(_, file)| file.modified.timestamp_millis());
        let youngest = times.max();
        for file in &mut written.files {
            file.since = youngest;
        }
        let mut replaced: Vec<_> = chosen.into_iter().map(|(_, file)| file).collect();
        for group in &tombstones.merged {
            let (id, place) = (table.id.clone(), table.place.clone());
            let scan = TableScan::new(id, place, Arc::clone(&snapshot))?;
            let merged =
                tombstones::merge(scan, session, group, &table.place, &snapshot, &settings);
            written.take_in(merged.await?);
            replaced.extend(group.iter().map(|(_, file)| Arc::clone(file)));
        }
        replaced.extend(tombstones.expired);
        Ok(Some(Self {
            table,
            snapshot,
            replaced,
            written,
            in_order: true,
            extent,
            settings,
        }))
    }

    /// Copies all rows, in the order of a Z-curve over these columns.
    pub(super) async fn along_curve(
        table: Arc<Table>,
        session: &dyn Session,
        columns: &[String],
        settings: WarehouseSettings,
    ) -> Result<Option<Self>> {
        let snapshot = table.latest().await?;
        let by = sortable(&snapshot, columns)?;
        let chosen: Chosen = numbered(&snapshot)
            .map(|(number, file)| (number, Arc::clone(file)))
            .collect();
        if chosen.is_empty() {
            return Ok(None);
        }
        let (id, place) = (table.id.clone(), table.place.clone());
        let schema = snapshot.schema.with_column_versions()?;
        let scan = TableScan::new(id, place, Arc::clone(&snapshot))?;
        let scan = scan.with_column_versions()?;
        let sampled = scan.rows_of(session, &chosen, Some(&by)).await?;
        let rows = snapshot.rows().unwrap_or_default();
        let order = ZOrder::sample(sampled, session, rows).await?;
        let plan = order.sorted(scan.rows_of(session, &chosen, None).await?, &by)?;
        let written = copied(&table, &schema, plan, session, &settings).await?;
        Ok(Some(Self {
            table,
            snapshot,
            replaced: chosen.into_iter().map(|(_, file)| file).collect(),
            written,
            in_order: false,
            extent: CompactionExtent::Full,
            settings,
        }))
    }

    /// Puts the copy in the place of the files, less the rows that went meanwhile.
    ///
    /// # Errors
    /// 40001 where another commit has replaced one of the files, or has taken rows out of one whose
    /// rows are copied in another order; what the store says.
    pub async fn commit(self) -> Result<Commit> {
        self.commit_telling(BTreeMap::new()).await
    }

    /// [`Self::commit`], whose entry in the log has these parameters.
    ///
    /// # Errors
    /// Those of [`Self::commit`].
    pub async fn commit_telling(self, parameters: BTreeMap<String, String>) -> Result<Commit> {
        let info = CommitInfo {
            parameters,
            ..CommitInfo::new(COMPACTION)
        };
        let change = Change::Compact {
            schema: Arc::clone(&self.snapshot.schema),
            replaced: self.replaced,
            in_order: self.in_order,
        };
        let committed = self
            .table
            .commit(change, info, Some(self.written), None, &self.settings)
            .await?;
        if self.extent == CompactionExtent::Full {
            self.table.fold().await?;
        }
        Ok(committed)
    }
}

/// Writes the rows of a plan to new files of a table: the columns of this schema, which come first.
async fn copied(
    table: &Table,
    schema: &Arc<TableSchema>,
    plan: Arc<dyn ExecutionPlan>,
    session: &dyn Session,
    settings: &WarehouseSettings,
) -> Result<Written> {
    let rows = execute_stream(plan, session.task_ctx())?;
    let declared = Arc::clone(&schema.declared);
    let own: Vec<usize> = (0..declared.fields().len()).collect();
    let rows = rows.map(move |batch| Ok(batch?.project(&own)?));
    let rows = Box::pin(RecordBatchStreamAdapter::new(declared, rows));
    writer::write(&table.place, schema, rows, settings).await
}

type Chosen = Vec<(u32, Arc<DataFile>)>;

/// The columns of these names, which rows can be sorted by.
fn sortable(snapshot: &Snapshot, columns: &[String]) -> Result<Vec<usize>> {
    if columns.len() > MOST_COLUMNS {
        return Err(Error::new(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!("ZORDER BY takes at most {MOST_COLUMNS} columns"),
        )
        .with_hint(
            "Name those that filters are most often on: each one more makes all less exact.",
        ));
    }
    let schema = &snapshot.schema.declared;
    let column = |name: &String| {
        let index = schema.index_of(name)?;
        if schema.field(index).data_type().is_nested() {
            return Err(Error::new(
                SqlState::DATATYPE_MISMATCH,
                format!("column \"{name}\" cannot be in ZORDER BY: its values have no order"),
            ));
        }
        Ok(index)
    };
    columns.iter().map(column).collect()
}

/// The files of rows with their numbers, but for those whose rows cannot be counted.
fn numbered(snapshot: &Snapshot) -> impl Iterator<Item = (u32, &Arc<DataFile>)> {
    let files = (0..).zip(&snapshot.files);
    files.filter(|(_, file)| file.bounds.rows.is_some() && !file.is_tombstones())
}

fn is_small(file: &DataFile, settings: &WarehouseSettings) -> bool {
    let rows = file.bounds.rows.unwrap_or_default();
    file.bytes < settings.file_bytes as u64 / 4 * 3 && rows < settings.file_rows as u64 / 4 * 3
}

/// The files of a partition, with their numbers.
type Partition<'a> = Vec<(u32, &'a Arc<DataFile>)>;

/// What is chosen of the files of each partition, one after the other, as their copies are written.
fn of_each(snapshot: &Snapshot, chosen: impl for<'a> Fn(Partition<'a>) -> Partition<'a>) -> Chosen {
    let mut partitions: BTreeMap<&PartitionValues, Partition> = BTreeMap::new();
    for (number, file) in numbered(snapshot) {
        let files = partitions.entry(&file.partition).or_default();
        files.push((number, file));
    }
    let chosen = partitions.into_values().flat_map(chosen);
    chosen
        .map(|(number, file)| (number, Arc::clone(file)))
        .collect()
}

fn all(snapshot: &Snapshot, settings: &WarehouseSettings) -> Chosen {
    of_each(snapshot, |mut files| {
        files.retain(|(_, file)| file.gone.is_some() || is_small(file, settings));
        if let [(_, only)] = files.as_slice()
            && only.gone.is_none()
        {
            files.clear();
        }
        files
    })
}

fn due(snapshot: &Snapshot, settings: &WarehouseSettings) -> Chosen {
    let worn = most_worn(snapshot, settings);
    of_each(snapshot, |mut files| {
        let mut classes = [0_usize; 32];
        for (_, file) in files.iter().filter(|(_, file)| is_small(file, settings)) {
            classes[size_class(file)] += 1;
        }
        // With a full class goes all that is smaller, for little more.
        let full = classes.iter().rposition(|files| *files >= FILES_OF_A_SIZE);
        files.retain(|(number, file)| {
            let is_of_many =
                is_small(file, settings) && full.is_some_and(|full| size_class(file) <= full);
            is_of_many || worn.contains(number)
        });
        files
    })
}

/// Whether a version has files that are due to be compacted.
pub(super) fn is_due(snapshot: &Snapshot, settings: &WarehouseSettings) -> bool {
    let tombstones = || tombstones::due(snapshot, CompactionExtent::Due, Utc::now());
    !due(snapshot, settings).is_empty() || !tombstones().is_empty()
}

pub(super) fn size_class(file: &DataFile) -> usize {
    (file.bytes / SMALLEST_SIZE)
        .checked_ilog(SIZE_FACTOR)
        .map_or(0, |class| class as usize + 1)
}

/// The files that have lost the largest shares of their rows, where one has lost every [`WORN_FILE`]th, or all
/// together every [`WORN_TABLE`]th, until that is mended, and up to the rows of one large file: small
/// files come meanwhile, and would wait for the copy of all. Changes of random keys wear out all files
/// alike; by what all have lost, one is written anew now and then, and not all at the same time.
fn most_worn(snapshot: &Snapshot, settings: &WarehouseSettings) -> BTreeSet<u32> {
    let (mut lost, mut all) = (0, 0);
    let mut worn = Vec::new();
    for (number, file) in numbered(snapshot) {
        let rows = file.bounds.rows.unwrap_or_default();
        let gone = file.gone.as_ref().map_or(0, DeletionVector::len);
        (lost, all) = (lost + gone, all + rows);
        if gone > 0 {
            worn.push((gone, rows, number));
        }
    }
    let share = |(gone, rows, _): &(u64, u64, u32)| *gone as f64 / *rows as f64;
    worn.sort_by(|one, other| share(other).total_cmp(&share(one)));
    let (mut copied, mut chosen) = (0, BTreeSet::new());
    for (gone, rows, number) in worn {
        let is_worn = gone * WORN_FILE >= rows || lost * WORN_TABLE >= all;
        copied += rows;
        if !is_worn || (!chosen.is_empty() && copied > settings.file_rows as u64) {
            break;
        }
        chosen.insert(number);
        (lost, all) = (lost - gone, all - gone);
    }
    chosen
}

/// Whether the files are there as they were when the copying began.
pub(super) fn unchanged(replaced: &[Arc<DataFile>], current: &Snapshot) -> bool {
    let there = current.by_path();
    replaced.iter().all(|file| {
        let now = there.get(file.path.as_str());
        now.is_some_and(|now| now.is_as(file))
    })
}

/// The rows of the copy, by file, that went out of the originals since the copying began; nothing
/// where an original is no longer there, or has rows again that were gone then, after a `RESTORE`.
pub(super) async fn lost_meanwhile(
    replaced: &[Arc<DataFile>],
    current: &Snapshot,
    copies: &[NewFile],
    place: &Place,
) -> Result<Option<Vec<RoaringBitmap>>> {
    let there = current.by_path();
    let mut copied = Copied::new(copies);
    for file in replaced {
        let Some(now) = there.get(file.path.as_str()) else {
            return Ok(None);
        };
        let before = match &file.gone {
            Some(gone) => gone.rows(place).await?.as_ref().clone(),
            None => RoaringBitmap::new(),
        };
        let after = match &now.gone {
            Some(gone) => gone.rows(place).await?.as_ref().clone(),
            None => RoaringBitmap::new(),
        };
        if !before.is_subset(&after) {
            return Ok(None);
        }
        for row in after - &before {
            copied.lose(u64::from(row) - before.rank(row))?;
        }
        copied.pass(file.bounds.rows.unwrap_or_default() - before.len());
    }
    Ok(Some(copied.lost))
}

/// Where the rows of the originals stand in the copies.
struct Copied<'a> {
    copies: &'a [NewFile],
    /// The rows of the originals before the current one.
    passed: u64,
    lost: Vec<RoaringBitmap>,
}

impl<'a> Copied<'a> {
    fn new(copies: &'a [NewFile]) -> Self {
        Self {
            copies,
            passed: 0,
            lost: vec![RoaringBitmap::new(); copies.len()],
        }
    }

    fn pass(&mut self, rows: u64) {
        self.passed += rows;
    }

    /// Takes out the row that is the `row`th living one of the current original.
    fn lose(&mut self, row: u64) -> Result<()> {
        let mut row = self.passed + row;
        for (copy, lost) in self.copies.iter().zip(&mut self.lost) {
            if row < copy.rows {
                let row = u32::try_from(row).map_err(|_| out_of_place())?;
                lost.insert(row);
                return Ok(());
            }
            row -= copy.rows;
        }
        Err(out_of_place())
    }
}

fn out_of_place() -> Error {
    Error::internal("a compacted file has fewer rows than it was made of")
}
