//! The keys of all values of the parts of rules: made once for all rules that have a part, and for
//! all records that have a value.

use std::ops::Range;

use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use hashbrown::HashSet;

use super::key_part::{NO_KEY, RARE_WORDS};
use super::records::Records;
use super::rule::{KeyPart, Rule, join};
use super::threads;
use super::word_weights::WordCounts;
use crate::interrupt::listen;

/// Every how many values an interrupt is listened for.
const LISTENING: usize = 1 << 14;

/// The keys of all values of some parts.
pub(super) struct KeyTables<'a> {
    records: &'a Records,
    words: &'a [WordCounts],
    parts: Vec<KeyPart>,
    tables: Vec<Table>,
    _memory: MemoryReservation,
}

/// The keys of all values of a part, by the numbers of the values.
struct Table {
    /// How many keys a value can have.
    width: usize,
    keys: Vec<u64>,
    /// A bit for each value that has a key, where few have and the keys do not fit into a cache.
    present: Vec<u64>,
}

impl Table {
    /// The same table with these keys, of which few are left.
    fn with_few(&self, keys: Vec<u64>) -> Self {
        let bits = |keys: &[u64]| {
            let bits = keys.iter().enumerate();
            bits.fold(0, |word, (bit, key)| {
                word | u64::from(*key != NO_KEY) << bit
            })
        };
        let present = match self.width {
            1 => keys.chunks(64).map(bits).collect(),
            _ => Vec::new(),
        };
        Self {
            width: self.width,
            keys,
            present,
        }
    }

    /// The key of a value that has one at most.
    #[inline]
    fn key(&self, code: u32) -> u64 {
        let code = code as usize;
        match self.present.get(code / 64) {
            Some(bits) if bits >> (code % 64) & 1 == 0 => NO_KEY,
            _ => self.keys[code],
        }
    }

    #[inline]
    fn of_value(&self, code: u32) -> &[u64] {
        &self.keys[code as usize * self.width..][..self.width]
    }
}

impl<'a> KeyTables<'a> {
    /// Those of the parts of some rules.
    ///
    /// # Errors
    /// Where memory does not suffice, or the work is interrupted.
    pub(super) fn of<'b>(
        rules: impl Iterator<Item = &'b Rule>,
        records: &'a Records,
        words: &'a [WordCounts],
        workers: usize,
    ) -> Result<Self> {
        let mut parts: Vec<KeyPart> = rules.flat_map(|rule| rule.parts.clone()).collect();
        parts.sort_unstable();
        parts.dedup();
        let width = |part: &KeyPart| {
            if part.part.is_several() {
                RARE_WORDS
            } else {
                1
            }
        };
        let values = |part: &KeyPart| records.features()[part.feature].dictionary().len();
        let memory = records.reservation.new_empty();
        let keys: usize = parts.iter().map(|part| values(part) * width(part)).sum();
        memory.try_resize(keys * size_of::<u64>())?;
        let tables = threads::map(
            workers,
            parts.len(),
            || (),
            |(), at| {
                let part = parts[at];
                let feature = &records.features()[part.feature];
                let (values, width) = (values(&part), width(&part));
                let words = words.get(part.feature);
                let mut keys = Vec::with_capacity(values * width);
                let listener = listen();
                for code in 0..values {
                    if code % LISTENING == 0 {
                        listener.check()?;
                    }
                    let of_value = part.part.keys(feature, part.feature, words, code as u32);
                    keys.extend_from_slice(&of_value[..width]);
                }
                let present = Vec::new();
                Ok(Table {
                    width,
                    keys,
                    present,
                })
            },
        )?;
        Ok(Self {
            records,
            words,
            parts,
            tables,
            _memory: memory,
        })
    }

    /// Leaves only keys that some of these records have: no other ones bring anybody together with
    /// them.
    ///
    /// # Errors
    /// Where the work is interrupted.
    pub(super) fn restrict(&mut self, queries: &[u32], workers: usize) -> Result<()> {
        let restricted = threads::map(
            workers,
            self.parts.len(),
            || (),
            |(), at| {
                let (part, table) = (self.parts[at], &self.tables[at]);
                let code = |query: &u32| self.records.row(*query)[part.feature].code;
                let of_query = |query| table.of_value(code(query)).iter().copied();
                let kept: HashSet<u64> = queries.iter().flat_map(of_query).collect();
                let keep = |key: &u64| if kept.contains(key) { *key } else { NO_KEY };
                Ok(table.with_few(table.keys.iter().map(keep).collect()))
            },
        )?;
        self.tables = restricted;
        Ok(())
    }

    /// The keys of a rule, of whose parts these are.
    pub(super) fn of_rule<'b>(&'b self, rule: &'b Rule) -> RuleKeys<'b> {
        let place = |part: &KeyPart| self.parts.binary_search(part).unwrap_or_default();
        let places: Vec<usize> = rule.parts.iter().map(place).collect();
        RuleKeys {
            records: self.records,
            words: self.words,
            rule,
            slots: rule.slots(),
            tables: places.iter().map(|place| &self.tables[*place]).collect(),
            places,
        }
    }
}

/// The keys of some records that follow each other, part after part. To look up the values of one
/// part of many records takes a fraction of what it takes record after record, and a part of several
/// rules is looked up once.
#[derive(Default)]
pub(super) struct KeyColumns {
    records: Range<u32>,
    /// By the places of the parts among those of the tables, ascending.
    of_parts: Vec<(usize, Vec<u64>)>,
}

impl KeyColumns {
    /// For these rules.
    pub(super) fn of<'a, 'b: 'a>(rules: impl Iterator<Item = &'a RuleKeys<'b>>) -> Self {
        let mut places: Vec<usize> = rules
            .filter(|rule| rule.is_plain())
            .flat_map(|rule| rule.places.iter().copied())
            .collect();
        places.sort_unstable();
        places.dedup();
        let of_parts = places.into_iter().map(|place| (place, Vec::new()));
        Self {
            records: 0..0,
            of_parts: of_parts.collect(),
        }
    }

    /// Looks up what these records have.
    pub(super) fn look_up(&mut self, tables: &KeyTables<'_>, records: Range<u32>) {
        let width = tables.records.features().len();
        let rows = records.start as usize * width..records.end as usize * width;
        let cells = &tables.records.cells[rows];
        for (place, keys) in &mut self.of_parts {
            let (part, table) = (tables.parts[*place], &tables.tables[*place]);
            let codes = cells.iter().skip(part.feature).step_by(width);
            keys.clear();
            match table.present.is_empty() {
                true => keys.extend(codes.map(|cell| table.keys[cell.code as usize])),
                false => keys.extend(codes.map(|cell| table.key(cell.code))),
            }
        }
        self.records = records;
    }

    fn of_part(&self, place: usize) -> &[u64] {
        let found = self
            .of_parts
            .binary_search_by_key(&place, |(place, _)| *place);
        found.map_or(&[], |at| &self.of_parts[at].1)
    }
}

/// The keys that a rule gives records.
pub(super) struct RuleKeys<'a> {
    records: &'a Records,
    words: &'a [WordCounts],
    rule: &'a Rule,
    slots: usize,
    tables: Vec<&'a Table>,
    /// The places of the parts among those of the tables.
    places: Vec<usize>,
}

impl RuleKeys<'_> {
    /// How many keys a record can have.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// Whether a record has one key, whose parts are all there is to it.
    fn is_plain(&self) -> bool {
        self.slots == 1 && self.rule.oversized.is_empty()
    }

    /// Calls for each key of each record that was looked up.
    #[inline]
    pub(super) fn each(&self, columns: &KeyColumns, mut each: impl FnMut(u32, u64)) {
        let records = columns.records.clone();
        match (self.is_plain(), self.places.as_slice()) {
            (true, [part]) => {
                let keys = records.zip(columns.of_part(*part));
                keys.filter(|(_, key)| **key != NO_KEY)
                    .for_each(|(record, key)| each(record, *key));
            }
            (true, [first, second]) => {
                let (first, second) = (columns.of_part(*first), columns.of_part(*second));
                for (record, (first, second)) in records.zip(first.iter().zip(second)) {
                    if *first != NO_KEY && *second != NO_KEY {
                        each(record, join(*first, *second));
                    }
                }
            }
            _ => {
                for record in records {
                    let keys = self.of(record);
                    let keys = keys[..self.slots].iter().filter(|key| **key != NO_KEY);
                    keys.for_each(|key| each(record, *key));
                }
            }
        }
    }

    /// The keys of a record; [`NO_KEY`] for one that it does not have.
    #[inline]
    pub(super) fn of(&self, record: u32) -> [u64; RARE_WORDS] {
        let row = self.records.row(record);
        let parts = self.rule.parts.iter().zip(&self.tables);
        let mut keys = [NO_KEY; RARE_WORDS];
        if self.slots == 1 {
            for (at, (part, table)) in parts.enumerate() {
                let key = table.key(row[part.feature].code);
                if key == NO_KEY {
                    return [NO_KEY; RARE_WORDS];
                }
                keys[0] = if at == 0 { key } else { join(keys[0], key) };
            }
            return self.rule.refine(self.records, self.words, row, keys);
        }
        self.rule
            .keys_by(self.records, self.words, row, |at, part| {
                let mut keys = [NO_KEY; RARE_WORDS];
                let of_value = self.tables[at].of_value(row[part.feature].code);
                keys[..of_value.len()].copy_from_slice(of_value);
                keys
            })
    }
}
