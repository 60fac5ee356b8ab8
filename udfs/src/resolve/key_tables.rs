//! The keys of all values of the parts of rules: made once for all rules that have a part, and for
//! all records that have a value.

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
}

impl Table {
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
                Ok(Table { width, keys })
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
                Ok(Table {
                    width: table.width,
                    keys: table.keys.iter().map(keep).collect(),
                })
            },
        )?;
        self.tables = restricted;
        Ok(())
    }

    /// The keys of a rule, of whose parts these are.
    pub(super) fn of_rule<'b>(&'b self, rule: &'b Rule) -> RuleKeys<'b> {
        let place = |part: &KeyPart| self.parts.binary_search(part).unwrap_or_default();
        RuleKeys {
            records: self.records,
            words: self.words,
            rule,
            slots: rule.slots(),
            tables: rule
                .parts
                .iter()
                .map(|part| &self.tables[place(part)])
                .collect(),
        }
    }
}

/// The keys that a rule gives records.
pub(super) struct RuleKeys<'a> {
    records: &'a Records,
    words: &'a [WordCounts],
    rule: &'a Rule,
    slots: usize,
    tables: Vec<&'a Table>,
}

impl RuleKeys<'_> {
    /// How many keys a record can have.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// The keys of a record; [`NO_KEY`] for one that it does not have.
    #[inline]
    pub(super) fn of(&self, record: u32) -> [u64; RARE_WORDS] {
        let row = self.records.row(record);
        let parts = self.rule.parts.iter().zip(&self.tables);
        let mut keys = [NO_KEY; RARE_WORDS];
        if self.slots == 1 {
            for (at, (part, table)) in parts.enumerate() {
                let key = table.keys[row[part.feature].code as usize];
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
