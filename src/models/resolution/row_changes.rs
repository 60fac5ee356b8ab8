//! Changes of a model's tables: the rows that name records go by their places, and others come.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type, Schema, UInt32Type};
use datafusion::catalog::Session;
use datafusion::common::HashSet;
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;
use parking_lot::Mutex;
use tributary_udfs::resolve::Records;

use super::found::Found;
use super::places::{columns_by_name, name, texts_of};
use super::refresh::Refresh;
use super::writing::commit_info;
use super::{Companion, Resolved, row_keys, scan};
use crate::error::{Error, Result, SqlState};
use crate::instance::Reading;
use crate::warehouse::{
    Commit, CommitInfo, FILE_COLUMN, Modification, PLACE_COLUMN, Participant, Places, TableId,
};

/// Where more than one in so many records have changed, to read all rows is less work than to look for theirs.
const MANY: usize = 16;

impl Refresh<'_> {
    /// Changes rows of a companion, and answers the version that it has then.
    pub(super) async fn change(
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
    pub(super) async fn modify(
        &self,
        table: &TableId,
        rows: Rows<'_>,
        found: &Found,
        info: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Option<Commit>> {
        let instance = self.instance;
        let modification = instance.warehouse.modify(table).await?;
        let settings = &instance.configuration.session;
        let session = Arc::new(instance.statement(settings, Reading::Rows).state);
        let Rows { going, new } = rows;
        let records = found.resolver.records();
        let by_keys = places_by_keys(&modification, &*session, &going, records);
        let gone = match by_keys.await {
            Ok(Some(places)) => places,
            Ok(None) => self.places(&modification, &going, records).await?,
            Err(error) if error.sqlstate() == SqlState::QUERY_CANCELED => return Err(error),
            Err(error) => {
                tracing::warn!(%table, %error, "a key index could not be asked");
                self.places(&modification, &going, records).await?
            }
        };
        let gone = Arc::new(Mutex::new(gone));
        modification
            .commit(session, new, gone, info, participant)
            .await
    }

    /// The places of the rows that go, which all of the table is read for.
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
        let named = going.named(&schema)?;
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

/// The places of the rows that go, through the indexes of the table, which are made where there are none yet;
/// none where none pays.
async fn places_by_keys(
    modification: &Modification,
    session: &dyn Session,
    going: &Going<'_>,
    records: &Records,
) -> Result<Option<Places>> {
    if going.gone.ids.is_empty() {
        return Ok(Some(Places::default()));
    }
    let schema = modification.rows()?.schema();
    let named = schema.project(&going.named(&schema)?)?;
    let Some(keys) = row_keys::keys(&named, 0..named.fields().len(), going.width) else {
        return Ok(None);
    };
    let types = named.fields().iter().take(going.width);
    let types: Vec<DataType> = types.map(|field| field.data_type().clone()).collect();
    let gone: Vec<u32> = (0..)
        .zip(&going.gone.places)
        .filter_map(|(record, is_gone)| is_gone.then_some(record))
        .collect();
    if gone.len() > records.len() / MANY {
        return Ok(None);
    }
    row_keys::places(modification, session, &keys, records, &gone, &types).await
}

/// A change of one of the model's tables.
pub(super) struct Rows<'a> {
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

impl Going<'_> {
    /// The columns that name records.
    fn named(&self, schema: &Schema) -> Result<Vec<usize>> {
        Ok(match &self.names {
            Names::Columns(names) => names
                .iter()
                .map(|name| schema.index_of(name))
                .collect::<Result<Vec<usize>, _>>()?,
            Names::First(count) => (0..*count).collect(),
        })
    }
}

/// Where a row names records.
enum Names<'a> {
    Columns(&'a [String]),
    First(usize),
}

impl<'a> Rows<'a> {
    pub(super) fn of_records(
        names: &'a [String],
        gone: &'a Gone,
        new: SendableRecordBatchStream,
    ) -> Self {
        Self::new(Names::Columns(names), names.len(), gone, new)
    }

    pub(super) fn of_pairs(width: usize, gone: &'a Gone, new: SendableRecordBatchStream) -> Self {
        Self::new(Names::First(2 * width), width, gone, new)
    }

    pub(super) fn of_clusters(
        width: usize,
        gone: &'a Gone,
        new: SendableRecordBatchStream,
    ) -> Self {
        Self::new(Names::First(width), width, gone, new)
    }

    fn new(names: Names<'a>, width: usize, gone: &'a Gone, new: SendableRecordBatchStream) -> Self {
        let going = Going { names, width, gone };
        Self { going, new }
    }
}

/// Records whose rows go.
pub(super) struct Gone {
    places: Vec<bool>,
    /// Their identifiers: what is not among these need not be looked for among all.
    ids: HashSet<String>,
}

impl Gone {
    pub(super) fn of<'a>(records: &Records, gone: impl Iterator<Item = &'a u32>) -> Self {
        let mut places = vec![false; records.len()];
        let mut ids = HashSet::new();
        for record in gone {
            places[*record as usize] = true;
            ids.insert(records.id(*record).to_owned());
        }
        Self { places, ids }
    }

    pub(super) fn has(&self, record: u32) -> bool {
        self.places.get(record as usize).copied().unwrap_or(false)
    }
}
