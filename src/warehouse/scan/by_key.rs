//! Rows of a scan that are found through key indexes.

use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, RecordBatch};
use datafusion::catalog::Session;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use parking_lot::Mutex;

use super::super::bound::Bound;
use super::super::changed::Changed;
use super::super::few_rows;
use super::super::key_indexes::{IndexedKey, KeyIndexes, KnownFiles, TableIndex};
use super::{TableScan, Wanted};

/// By which keys rows are found through indexes.
#[derive(Clone)]
pub struct Keys {
    indexes: Arc<KeyIndexes>,
    pub keys: Vec<IndexedKey>,
    /// The indexes by these keys that were asked for.
    found: Arc<[Asked]>,
    changed: Arc<Changed>,
}

/// An index that was asked for rows of a scan, and what it knew then of the files.
#[derive(Default)]
struct Asked {
    index: OnceLock<Arc<TableIndex>>,
    files: Mutex<Option<Arc<KnownFiles>>>,
}

/// As many rows as this of a table are read as fast as one that an index has found: a page has more.
const ROWS_FOR_ONE: u64 = 1024;

/// So many rows that an index has found are read by their places however small the table is.
const FEW_ROWS: usize = 10_000;

impl TableScan {
    /// The scan, which finds rows through indexes where these keys are bound to constants.
    /// `changed` is told of a table whose indexes lag behind.
    pub fn by_keys(
        mut self,
        indexes: &Arc<KeyIndexes>,
        keys: &[IndexedKey],
        changed: &Arc<Changed>,
    ) -> Self {
        self.keys = (!keys.is_empty()).then(|| Keys {
            indexes: Arc::clone(indexes),
            keys: keys.to_vec(),
            found: keys.iter().map(|_| Asked::default()).collect(),
            changed: Arc::clone(changed),
        });
        self
    }

    /// The rows that filters may want, where they bind a key for which there is an index.
    pub(super) async fn found_by_key(
        &self,
        filters: &[Expr],
        parameters: &[ScalarValue],
    ) -> Option<Wanted> {
        let found = self.ask_indexes(filters, parameters).await;
        found.unwrap_or_else(|error| {
            tracing::warn!(table = %self.id, %error, "a key index could not be asked");
            None
        })
    }

    /// The rows that filters may want, whose parameters stand for these values, read at once; none where
    /// they bind no key for which there is an index, or rows are too many for that.
    pub async fn few_rows(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        parameters: &[ScalarValue],
    ) -> Result<Option<RecordBatch>> {
        let found = self.found_by_key(filters, parameters).await;
        let _held = self.hold();
        self.read_found(state, projection, found.as_ref()).await
    }

    pub(super) async fn read_found(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        found: Option<&Wanted>,
    ) -> Result<Option<RecordBatch>> {
        match (found, &self.keys) {
            (Some(Wanted::Only(places, uncovered)), Some(keys)) if uncovered.is_empty() => {
                few_rows::read(self, keys.indexes.rows(), state, places, projection).await
            }
            _ => Ok(None),
        }
    }

    async fn ask_indexes(
        &self,
        filters: &[Expr],
        parameters: &[ScalarValue],
    ) -> crate::error::Result<Option<Wanted>> {
        let Some(keys) = &self.keys else {
            return Ok(None);
        };
        let bound = Bound::by(filters, parameters, &self.snapshot.schema.declared);
        for (number, key) in keys.keys.iter().enumerate() {
            let Some(columns) = bound.keys(&key.columns) else {
                continue;
            };
            if let Some(found) = self.ask_index(keys, number, &columns).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The rows that have these values in the columns of the key of this number; none where no index
    /// pays, or there are too many of them.
    pub async fn ask_index(
        &self,
        keys: &Keys,
        number: usize,
        columns: &[ArrayRef],
    ) -> crate::error::Result<Option<Wanted>> {
        let (Some(key), Some(asked)) = (keys.keys.get(number), keys.found.get(number)) else {
            return Ok(None);
        };
        let index = match asked.index.get() {
            Some(index) => index,
            None => match keys.indexes.paying(self, key) {
                Some(index) => asked.index.get_or_init(|| index),
                None => return Ok(None),
            },
        };
        // A kept plan asks again and again.
        let known = asked.files.lock().clone();
        let covered = index.covered_as_known(self, known.clone()).await?;
        if known.is_none_or(|known| !Arc::ptr_eq(&known, covered.files())) {
            *asked.files.lock() = Some(Arc::clone(covered.files()));
        }
        if self.is_latest && !covered.is_complete() {
            keys.changed.add(&self.id);
        }
        // To read rows here and there takes longer than to read all of them, where they are many.
        let rows = self.snapshot.rows().unwrap_or_default();
        let share = usize::try_from(rows / ROWS_FOR_ONE).unwrap_or(usize::MAX);
        let places = covered.places_of_few(columns, share.max(FEW_ROWS)).await?;
        Ok(places.map(|places| Wanted::Only(places, covered.uncovered().to_vec())))
    }

    /// The scan, for rows that are found through indexes while it runs, where it has some.
    pub(super) fn to_look_up(&self) -> Result<Option<Arc<Self>>> {
        let keys = match (&self.keys, &self.wanted) {
            (Some(keys), Wanted::Living) => keys.clone(),
            _ => return Ok(None),
        };
        let mut scan = self.again()?;
        (scan.keys, scan.is_latest) = (Some(keys), self.is_latest);
        Ok(Some(Arc::new(scan)))
    }
}
