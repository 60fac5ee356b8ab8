//! Records in rows of numbers.

use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::MemoryReservation;
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::date_order::{DateOrder, DateOrders, MarkedOrders};
use super::dictionary::{Interner, MISSING};
use super::feature::Feature;
use super::kind::ColumnKind;
use super::own_levels::OwnRows;
use super::progress::Progress;
use super::quantity::DecimalMark;
use super::repeats::Repeat;
use crate::FunctionError;

/// A column that is compared, and how its values are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    pub(super) dates: DateOrder,
    #[serde(default)]
    pub(super) marked_dates: Option<MarkedOrders>,
    /// That of quantities; models that were learned before it was looked for have none.
    #[serde(default)]
    pub(super) mark: DecimalMark,
    /// Values that stand for nothing, of each of its features.
    pub(super) placeholders: Vec<Vec<String>>,
}

impl Column {
    /// How its dates are written.
    pub(super) fn date_orders(&self) -> DateOrders {
        DateOrders {
            most: self.dates,
            marked: self.marked_dates,
        }
    }

    /// Values that so many records share that they must stand for nothing, such as the e-mail
    /// address of the shop itself; they are held to be missing.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.placeholders.iter().flatten().map(String::as_str)
    }
}

/// Records, ready to be compared. A record is named by its place, in the order they came in.
#[derive(Debug)]
pub struct Records {
    pub(super) rows: usize,
    /// Source and identifier of each record; its place is the number less one.
    pub(super) ids: Interner,
    pub(super) sources: Vec<u32>,
    pub(super) source_names: Vec<String>,
    pub(super) columns: Vec<Column>,
    /// The columns that were left out, as they repeat others.
    pub(super) repeats: Vec<Repeat>,
    pub(super) features: Vec<Feature>,
    /// The values of a record side by side.
    pub(super) cells: Vec<Cell>,
    /// The rows as they came, where comparisons read them.
    pub(super) own: Option<OwnRows>,
    /// Records that are no more.
    pub(super) removed: HashSet<u32>,
    pub(super) reservation: MemoryReservation,
    pub(super) progress: Arc<Progress>,
}

impl Records {
    /// So many records that have nothing yet.
    pub(super) fn empty(
        rows: usize,
        reservation: MemoryReservation,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            rows,
            ids: Interner::default(),
            sources: Vec::new(),
            source_names: Vec::new(),
            columns: Vec::new(),
            repeats: Vec::new(),
            features: Vec::new(),
            cells: Vec::new(),
            own: None,
            removed: HashSet::new(),
            reservation,
            progress,
        }
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The columns that are compared.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The identifier of a record.
    pub fn id(&self, record: u32) -> &str {
        let key = self.key(record);
        // Any of the two may have the separator.
        let start = match self.has_sources() {
            true => self.source(record).len() + SEPARATOR.len_utf8(),
            false => 0,
        };
        key.get(start..).unwrap_or(key)
    }

    /// The system that a record is from; empty without the option `source`.
    pub fn source(&self, record: u32) -> &str {
        let code = self
            .sources
            .get(record as usize)
            .copied()
            .unwrap_or(MISSING);
        self.source_names
            .get(code as usize)
            .map_or("", String::as_str)
    }

    /// What a record has in the column of the option `source`. NULL and an empty text are both no system,
    /// and one name; but each is told as it is.
    pub fn told_source(&self, record: u32) -> Option<&str> {
        match self.sources.get(record as usize) {
            None | Some(&MISSING) => None,
            Some(_) => Some(self.source(record)),
        }
    }

    /// Whether records have an empty text in the column of the option `source`.
    pub fn has_empty_sources(&self) -> bool {
        self.sources.contains(&EMPTY)
    }

    /// The record of this identifier, in this system where there is the option `source`.
    pub fn find(&self, source: &str, id: &str) -> Option<u32> {
        let found = self.find_any(source, id);
        found.filter(|record| !self.is_removed(*record))
    }

    /// The same, of records that are no more, too.
    pub fn find_any(&self, source: &str, id: &str) -> Option<u32> {
        let mut key = String::new();
        write_key(&mut key, self.has_sources().then_some(source), id);
        Some(self.ids.find(&key)? - 1)
    }

    /// The same, when the record is likely at a place: rows mostly come in the order of before.
    pub fn find_at(&self, place: u32, source: &str, id: &str) -> Option<u32> {
        let is_there = (place as usize) < self.rows && {
            let key = self.key(place);
            match self.has_sources() {
                true => key.split_once(SEPARATOR) == Some((source, id)),
                false => key == id,
            }
        };
        if is_there {
            return Some(place);
        }
        self.find_any(source, id)
    }

    /// Whether there is the option `source`.
    pub fn has_sources(&self) -> bool {
        !self.sources.is_empty()
    }

    /// The same records once more, to be changed while these are looked at.
    pub(super) fn fork(&self, progress: &Arc<Progress>) -> Result<Self, DataFusionError> {
        let reservation = self.reservation.new_empty();
        reservation.try_resize(self.bytes())?;
        Ok(Self {
            rows: self.rows,
            ids: self.ids.clone(),
            sources: self.sources.clone(),
            source_names: self.source_names.clone(),
            columns: self.columns.clone(),
            repeats: self.repeats.clone(),
            features: self.features.clone(),
            cells: self.cells.clone(),
            own: self.own.clone(),
            removed: self.removed.clone(),
            reservation,
            progress: Arc::clone(progress),
        })
    }

    /// Has [copies](Self::fork) share the texts that there are.
    pub(super) fn share(&mut self) {
        self.ids.share();
        self.features.iter_mut().for_each(Feature::share);
    }

    /// What names a record among all: its system and its identifier.
    pub(super) fn key(&self, record: u32) -> &str {
        self.ids.dictionary().text(record + 1)
    }

    /// A hash of what names a record: what is chosen by it does not depend on the order.
    pub(super) fn hash(&self, record: u32) -> u64 {
        self.ids.dictionary().hash(record + 1)
    }

    pub(super) fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The number of the system of a record.
    pub(super) fn source_code(&self, record: u32) -> u32 {
        match self.sources.get(record as usize) {
            None | Some(&EMPTY) => MISSING,
            Some(code) => *code,
        }
    }

    /// How many systems there are.
    pub(super) fn sources(&self) -> usize {
        self.source_names.len().saturating_sub(1)
    }

    /// The values of a record.
    #[inline]
    pub(super) fn row(&self, record: u32) -> &[Cell] {
        let width = self.features.len();
        &self.cells[record as usize * width..][..width]
    }

    /// Reads all of these records at once, which takes hardly longer than one: they are needed soon.
    pub(super) fn fetch(&self, records: &[u32]) {
        let width = self.features.len();
        let read = records.iter().fold(0, |read, record| {
            let row = self.row(*record);
            row.first().map_or(0, |cell| cell.code)
                ^ row.get(width / 2).map_or(0, |cell| cell.code)
                ^ read
        });
        std::hint::black_box(read);
    }

    /// Whether a record is no more.
    pub fn is_removed(&self, record: u32) -> bool {
        self.removed.contains(&record)
    }

    /// Takes in records that are new or changed, and gives their places.
    pub(super) fn absorb(&mut self, changed: &Self) -> Result<Vec<u32>, FunctionError> {
        let mut places = Vec::with_capacity(changed.rows);
        for row in 0..changed.rows as u32 {
            let place = self.ids.intern(changed.key(row))? - 1;
            places.push(place);
            self.removed.remove(&place);
            if place as usize == self.rows {
                self.rows += 1;
                let end = self.rows * self.features.len();
                self.cells.resize(end, Cell::default());
                if !self.source_names.is_empty() && !changed.sources.is_empty() {
                    let source = self.number_of_source(changed.told_source(row));
                    self.sources.push(source);
                }
            } else if let Some(source) = self.sources.get_mut(place as usize)
                && changed.source(row).is_empty()
            {
                // It has the same name as before, which may be told otherwise.
                *source = match changed.told_source(row) {
                    None => MISSING,
                    Some(_) => EMPTY,
                };
            }
        }
        for (at, feature) in self.features.iter_mut().enumerate() {
            let of_changed = changed.features[at].dictionary();
            let texts = std::iter::once("").chain(of_changed.texts());
            let codes: Vec<u32> = texts
                .map(|text| feature.intern(text))
                .collect::<Result<_, _>>()?;
            feature.derive();
            let cells: Vec<Cell> = codes.iter().map(|code| feature.cell(*code)).collect();
            let width = changed.features.len();
            for (row, place) in places.iter().enumerate() {
                let code = changed.cells[row * width + at].code;
                self.cells[*place as usize * width + at] = cells[code as usize];
            }
        }
        if let (Some(own), Some(changed)) = (&mut self.own, &changed.own) {
            own.absorb(changed, &places);
        }
        Ok(places)
    }

    /// Leaves a record out: it has no values any more.
    pub(super) fn remove(&mut self, record: u32) {
        let width = self.features.len();
        self.cells[record as usize * width..][..width].fill(Cell::default());
        self.removed.insert(record);
    }

    fn number_of_source(&mut self, told: Option<&str>) -> u32 {
        let name = match told {
            None => return MISSING,
            Some("") => return EMPTY,
            Some(name) => name,
        };
        let known = self.source_names.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            self.source_names.push(name.to_owned());
            self.source_names.len() - 1
        }) as u32
    }

    /// How many records there are that are not gone.
    pub fn present(&self) -> usize {
        self.rows - self.removed.len()
    }

    /// How many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        let features: usize = self.features.iter().map(Feature::bytes).sum();
        features
            + self.cells.len() * size_of::<Cell>()
            + self.sources.len() * 4
            + self.ids.dictionary().bytes()
            + self.own.as_ref().map_or(0, OwnRows::bytes)
            + self.rows * 10
    }
}

const SEPARATOR: char = '\u{1f}';

/// The number of a system whose name is an empty text. It is none, as what is missing.
pub(super) const EMPTY: u32 = u32::MAX;

/// Writes what names a record.
pub(super) fn write_key(key: &mut String, source: Option<&str>, id: &str) {
    key.clear();
    if let Some(source) = source {
        key.push_str(source);
        key.push(SEPARATOR);
    }
    key.push_str(id);
}
