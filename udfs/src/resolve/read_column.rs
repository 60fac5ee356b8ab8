//! Reads the values of a column: each distinct one is cleaned once.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryReservation;

use super::clean::{Cleaner, LONGEST};
use super::copies;
use super::dictionary::{Dictionary, Interner, MISSING};
use super::feature::Feature;
use super::feature_kind::{FeatureKind, features};
use super::hint::Hint;
use super::kind::ColumnKind;
use super::options::ResolveOptions;
use super::profile::{SAMPLE, profile};
use super::records::Column;
use super::rows::{shown, texts};
use crate::interrupt::listen;

/// How many distinct values are cleaned at a time.
const AT_A_TIME: usize = 256;

/// A column that was read.
pub(super) struct ReadColumn {
    pub(super) column: Column,
    /// What is compared of it, with the number of the value of each record.
    pub(super) features: Vec<(Feature, Vec<u32>)>,
    /// The memory of these.
    pub(super) memory: MemoryReservation,
}

/// Gives the distinct values of a column their numbers, as records come.
#[derive(Debug)]
pub(super) struct ColumnReader {
    name: String,
    hint: Hint,
    values: Interner,
    /// The number of the value of each record.
    raw: Vec<u32>,
    present: usize,
    /// Whether conditions compare it as it is, so that it need have no texts but those that are shown.
    has_levels: bool,
    /// Why the column cannot be read, which is said if it is to be compared.
    refused: Option<DataFusionError>,
}

impl ColumnReader {
    /// For the column of this name, which lets expect this.
    pub(super) fn new(name: &str, hint: Hint) -> Self {
        Self {
            name: name.to_owned(),
            hint,
            values: Interner::default(),
            raw: Vec::new(),
            present: 0,
            has_levels: false,
            refused: None,
        }
    }

    /// The same for a column that has levels of its own.
    pub(super) fn with_levels(self, has_levels: bool) -> Self {
        Self { has_levels, ..self }
    }

    /// Takes in the values of some records.
    pub(super) fn push(&mut self, array: &ArrayRef) {
        if self.refused.is_some() {
            return;
        }
        let Self {
            name,
            values,
            raw,
            present,
            has_levels,
            ..
        } = self;
        let given = match *has_levels {
            true => shown(array),
            false => Ok(Arc::clone(array)),
        };
        let each = |texts: &[&str]| -> Result<()> {
            *present += texts.iter().filter(|text| !text.is_empty()).count();
            if texts.iter().all(|text| text.len() <= LONGEST) {
                return Ok(values.intern_all(texts, raw)?);
            }
            let texts = texts
                .iter()
                .map(|text| &text[..text.floor_char_boundary(LONGEST)]);
            Ok(values.intern_all(&texts.collect::<Vec<_>>(), raw)?)
        };
        let read = given.and_then(|given| texts(&given, name, each));
        self.refused = read.err();
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Takes it that its name lets expect this.
    pub(super) fn expect(&mut self, hint: Hint) {
        self.hint = hint;
    }

    /// What its name lets expect.
    pub(super) fn hint(&self) -> Hint {
        self.hint
    }

    /// Its distinct values.
    pub(super) fn dictionary(&self) -> &Dictionary {
        self.values.dictionary()
    }

    /// The number of the value of each record.
    pub(super) fn codes(&self) -> &[u32] {
        &self.raw
    }

    /// The number of the value of a record.
    pub(super) fn code(&self, row: usize) -> u32 {
        self.raw.get(row).copied().unwrap_or(MISSING)
    }

    /// The value of a record.
    pub(super) fn value(&self, row: usize) -> &str {
        self.dictionary().text(self.code(row))
    }

    /// The words of the value of a record, whatever their case.
    pub(super) fn words(&self, row: usize) -> HashSet<String> {
        let value = self.value(row);
        let words = value.split(|letter: char| !letter.is_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    }

    /// Whether most of some distinct values have a mark.
    pub(super) fn has_mark(&self, mark: char) -> bool {
        let values = self.values.dictionary().texts().skip(1).take(SAMPLE);
        let (marked, all) = values.fold((0, 0), |(marked, all), value| {
            (marked + usize::from(value.contains(mark)), all + 1)
        });
        2 * marked > all
    }

    /// Whether its values tell records apart where they are compared.
    pub(super) fn tells_apart(&self, options: &ResolveOptions) -> bool {
        let values = self.dictionary();
        if values.len() <= 2 || self.refused.is_some() {
            return false;
        }
        self.compared(options).is_some()
    }

    /// What it holds, as far as its name and its values tell, where records are compared by it.
    pub(super) fn compared(&self, options: &ResolveOptions) -> Option<ColumnKind> {
        let values = self.dictionary();
        let named = (self.name.as_str(), self.hint);
        let column = recognised(named, (values, &self.raw), self.present, options, false);
        let are_rows_own = column.kind == ColumnKind::Uuid && values.len() > self.present;
        let is_compared = !matches!(column.kind, ColumnKind::Ignore | ColumnKind::Key);
        (is_compared && !are_rows_own).then_some(column.kind)
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.raw.capacity() * size_of::<u32>() + self.values.bytes()
    }

    /// The column, cleaned as its values ask for, or as those were that a model was trained on; `None`
    /// for one that is not compared. Of `copies`, whose columns tell none apart, what they have in common is.
    ///
    /// # Errors
    /// 0A000 for a type that has no texts; where memory does not suffice, or the work is interrupted.
    pub(super) fn finish(
        self,
        known: Option<&Column>,
        options: &ResolveOptions,
        copies: bool,
        reservation: &MemoryReservation,
    ) -> Result<Option<ReadColumn>> {
        if known.is_none() && options.declared(&self.name) == Some(ColumnKind::Ignore) {
            return Ok(None);
        }
        if let Some(error) = self.refused {
            return Err(error);
        }
        let Self {
            name,
            hint,
            values,
            raw,
            ..
        } = self;
        let values = values.finish();
        let memory = reservation.new_empty();
        memory.try_resize(raw.len() * size_of::<u32>() + values.bytes())?;
        let column = match known {
            Some(column) => column.clone(),
            None => {
                let (named, values) = ((name.as_str(), hint), (&values, raw.as_slice()));
                recognised(named, values, self.present, options, copies)
            }
        };
        if column.kind == ColumnKind::Ignore {
            return Ok(None);
        }
        let mut read = cleaned(&column, &values)?;
        drop(values);
        let bytes: usize = read.iter().map(|(feature, _)| feature.bytes()).sum();
        let codes = raw.len() * size_of::<u32>();
        memory.try_resize(codes * (1 + read.len()) + bytes)?;
        for (at, (feature, of_values)) in read.iter_mut().enumerate() {
            let mut codes: Vec<u32> = raw.iter().map(|value| of_values[*value as usize]).collect();
            feature.counts = vec![0; feature.dictionary().len()];
            for code in &codes {
                feature.counts[*code as usize] += 1;
            }
            // All that could be learned of them is that none match.
            let is_rows_own = feature.kind == FeatureKind::Uuid
                && feature.counts[1..].iter().all(|count| *count <= 1);
            if is_rows_own && known.is_none() && options.declared(&column.name).is_none() {
                return Ok(None);
            }
            if let Some(known) = known {
                let nothing = known.placeholders.get(at).into_iter().flatten();
                let nothing = nothing.filter_map(|text| feature.find(text));
                let nothing: Vec<u32> = nothing.collect();
                feature.leave_out(&nothing, &mut codes);
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

/// What a column of this name holds, by its distinct values and the number of that of each record, which may
/// all be copies.
fn recognised(
    (name, hint): (&str, Hint),
    (values, raw): (&Dictionary, &[u32]),
    present: usize,
    options: &ResolveOptions,
    copies: bool,
) -> Column {
    // By their hashes, so that it does not matter which come first.
    let most = (SAMPLE as u128) << 64;
    let most = u64::try_from(most / values.len().max(1) as u128).unwrap_or(u64::MAX);
    let mut records = vec![0_u32; values.len()];
    for code in raw {
        records[*code as usize] += 1;
    }
    let sample: Vec<(&str, u32)> = (1..values.len() as u32)
        .filter(|code| values.hash(*code) <= most)
        .map(|code| (values.text(code), records[code as usize]))
        .collect();
    let distinct = values.len() - 1;
    let (kind, dates, mark) = match copies && distinct == 1 {
        false => profile((name, hint), &sample, distinct, present),
        // As if there were another one: a value that all have in common is of no kind.
        true => match profile((name, hint), &sample, distinct + 1, present) {
            (kind, dates, mark) if copies::tells(kind) => (kind, dates, mark),
            (_, dates, mark) => (ColumnKind::Ignore, dates, mark),
        },
    };
    Column {
        name: name.to_owned(),
        kind: options.declared(name).unwrap_or(kind),
        dates: dates.most,
        marked_dates: dates.marked,
        mark,
        placeholders: Vec::new(),
    }
}

/// The features of the distinct values of a column, with the numbers that these have there.
fn cleaned(column: &Column, values: &Dictionary) -> Result<Vec<(Feature, Vec<u32>)>> {
    let kinds = features(column.kind);
    let mut read: Vec<(Feature, Vec<u32>)> = kinds
        .iter()
        .map(|kind| (Feature::new(0, *kind), vec![MISSING]))
        .collect();
    let mut cleaner = Cleaner::new(column);
    let at_a_time = values.len().min(AT_A_TIME);
    let mut cleaned = vec![vec![String::new(); kinds.len()]; at_a_time];
    let listener = listen();
    for start in (1..values.len()).step_by(AT_A_TIME) {
        listener.check()?;
        let codes = start as u32..values.len().min(start + AT_A_TIME) as u32;
        let some = &mut cleaned[..codes.len()];
        for (code, cleaned) in codes.zip(&mut *some) {
            cleaner.clean(values.text(code), cleaned);
        }
        for (at, (feature, codes)) in read.iter_mut().enumerate() {
            let texts: Vec<&str> = some.iter().map(|features| features[at].as_str()).collect();
            feature.intern_all(&texts, codes)?;
        }
    }
    Ok(read)
}
