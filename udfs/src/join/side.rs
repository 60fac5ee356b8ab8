//! The rows of one side of a join, by their keys and distinct texts.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use datafusion::error::Result;

use super::cancellation::Cancellation;
use super::keys::NO_GROUP;
use super::sorting::sort;
use super::texts::Texts;
use crate::arguments::Strings;

/// A row, after its group and its text.
type GroupedRow = (u32, u32, u32);

/// The text of a row that is NULL.
const NO_TEXT: u32 = u32::MAX;

/// Rows, gathered into entries: one for each distinct text of each group. Rows whose text is NULL
/// or that are of no group are in no entry.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) rows: RecordBatch,
    /// The distinct texts of all rows.
    pub(super) texts: Arc<Texts>,
    /// The group that each run of entries belongs to.
    groups: Vec<u32>,
    /// Where the run of each group begins, and where the last ends.
    group_starts: Vec<u32>,
    /// The text of each entry; within a group they are in order. Without groups, each entry's
    /// text has the same id, and this is empty.
    entry_texts: Vec<u32>,
    /// Where the rows of each entry begin, and where the last end.
    row_starts: Vec<u32>,
    row_ids: Vec<u32>,
}

impl Side {
    /// Gathers rows by their texts and, where the join has keys, their groups, in some threads.
    pub(super) fn new(
        rows: RecordBatch,
        text: &ArrayRef,
        groups: Option<&[u32]>,
        threads: usize,
        cancellation: &Cancellation,
    ) -> Result<Self> {
        let (texts, row_texts) = distinct(text, threads, cancellation)?;
        match groups {
            None => Self::ungrouped(rows, texts, &row_texts, cancellation),
            Some(groups) => Self::grouped(rows, texts, &row_texts, groups, cancellation),
        }
    }

    /// An upper bound of the bytes of memory that gathering takes, and the side afterwards, apart
    /// from the rows themselves.
    pub(super) fn build_size(rows: usize, text: &ArrayRef, grouped: bool) -> usize {
        // Per row: its text, where the rows of that begin, which row comes next, the row, and, where
        // there are groups, what these are sorted by, twice.
        let sorting = 2 * size_of::<GroupedRow>() + 3 * size_of::<u32>();
        let row = 4 * size_of::<u32>() + if grouped { sorting } else { 0 };
        Texts::build_size(rows, text.get_array_memory_size()) + rows * row
    }

    fn ungrouped(
        rows: RecordBatch,
        texts: Texts,
        row_texts: &[u32],
        cancellation: &Cancellation,
    ) -> Result<Self> {
        let mut steps = cancellation.steps();
        let mut row_starts = vec![0_u32; texts.len() + 1];
        for text in row_texts.iter().filter(|text| **text != NO_TEXT) {
            steps.step(0)?;
            row_starts[*text as usize + 1] += 1;
        }
        for entry in 0..texts.len() {
            row_starts[entry + 1] += row_starts[entry];
        }
        let mut next = row_starts.clone();
        let mut row_ids = vec![0; row_starts[texts.len()] as usize];
        for (row, text) in row_texts.iter().enumerate() {
            steps.step(0)?;
            if *text != NO_TEXT {
                let place = &mut next[*text as usize];
                row_ids[*place as usize] = row as u32;
                *place += 1;
            }
        }
        let entries = texts.len() as u32;
        let occupied = entries > 0;
        Ok(Self {
            rows,
            texts: Arc::new(texts),
            groups: if occupied { vec![0] } else { Vec::new() },
            group_starts: if occupied { vec![0, entries] } else { vec![0] },
            entry_texts: Vec::new(),
            row_starts,
            row_ids,
        })
    }

    fn grouped(
        rows: RecordBatch,
        texts: Texts,
        row_texts: &[u32],
        row_groups: &[u32],
        cancellation: &Cancellation,
    ) -> Result<Self> {
        let mut order: Vec<GroupedRow> = row_groups
            .iter()
            .zip(row_texts)
            .enumerate()
            .filter(|(_, (group, text))| **group != NO_GROUP && **text != NO_TEXT)
            .map(|(row, (group, text))| (*group, *text, row as u32))
            .collect();
        let bytes = size_of::<GroupedRow>();
        sort(&mut order, bytes, cancellation, GroupedRow::cmp)?;
        let mut side = Self {
            rows,
            texts: Arc::new(texts),
            groups: Vec::new(),
            group_starts: Vec::new(),
            entry_texts: Vec::new(),
            row_starts: Vec::new(),
            row_ids: order.iter().map(|(_, _, row)| *row).collect(),
        };
        let mut last = None;
        let mut steps = cancellation.steps();
        for (place, (group, text, _)) in order.iter().enumerate() {
            steps.step(0)?;
            if last == Some((*group, *text)) {
                continue;
            }
            if last.is_none_or(|(last, _)| last != *group) {
                side.groups.push(*group);
                side.group_starts.push(side.entry_texts.len() as u32);
            }
            side.entry_texts.push(*text);
            side.row_starts.push(place as u32);
            last = Some((*group, *text));
        }
        side.group_starts.push(side.entry_texts.len() as u32);
        side.row_starts.push(order.len() as u32);
        Ok(side)
    }

    /// How many entries there are.
    pub(super) fn entries(&self) -> usize {
        self.row_starts.len() - 1
    }

    /// The groups that have entries, in order.
    pub(super) fn groups(&self) -> &[u32] {
        &self.groups
    }

    /// The entries of the group at a place in [`Self::groups`].
    pub(super) fn entries_at(&self, place: usize) -> Range<u32> {
        self.group_starts[place]..self.group_starts[place + 1]
    }

    /// The place, in [`Self::groups`], of the group that an entry belongs to.
    pub(super) fn place_of(&self, entry: u32) -> usize {
        let after = self.group_starts.partition_point(|start| *start <= entry);
        after.saturating_sub(1)
    }

    /// The id of an entry's text.
    #[inline]
    pub(super) fn text_id(&self, entry: u32) -> u32 {
        match self.entry_texts.get(entry as usize) {
            Some(text) => *text,
            None => entry,
        }
    }

    /// An entry's text.
    #[inline]
    pub(super) fn text(&self, entry: u32) -> &str {
        self.texts.get(self.text_id(entry))
    }

    /// The rows of an entry, in order.
    #[inline]
    pub(super) fn rows_of(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        &self.row_ids[self.row_starts[entry] as usize..self.row_starts[entry + 1] as usize]
    }

    /// Whether both have the same entries.
    pub(super) fn has_entries_of(&self, other: &Self) -> bool {
        self.groups == other.groups
            && self.group_starts == other.group_starts
            && self.entry_texts == other.entry_texts
            && self.texts == other.texts
    }

    /// The bytes of memory that this takes, apart from the rows themselves.
    pub(super) fn size(&self) -> usize {
        let lists = [
            &self.groups,
            &self.group_starts,
            &self.entry_texts,
            &self.row_starts,
            &self.row_ids,
        ];
        let places: usize = lists.iter().map(|list| list.capacity()).sum();
        self.texts.size() + places * size_of::<u32>()
    }
}

/// The distinct texts of a column, and the id of each row's.
fn distinct(
    column: &ArrayRef,
    threads: usize,
    cancellation: &Cancellation,
) -> Result<(Texts, Vec<u32>)> {
    let strings = Strings::from_array(column)?;
    let rows = 0..column.len();
    let mut steps = cancellation.steps();
    let mut present: Vec<&str> = Vec::with_capacity(column.len());
    for row in rows.clone() {
        steps.step(0)?;
        present.extend(strings.get(row));
    }
    let (texts, ids) = Texts::in_threads(&present, threads, cancellation)?;
    if ids.len() == rows.len() {
        return Ok((texts, ids));
    }
    let mut ids = ids.into_iter();
    let mut all = Vec::with_capacity(column.len());
    for row in rows {
        steps.step(0)?;
        let id = strings.get(row).and_then(|_| ids.next());
        all.push(id.unwrap_or(NO_TEXT));
    }
    Ok((texts, all))
}
