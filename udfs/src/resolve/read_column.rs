//! Reads the values of a column: each distinct one is cleaned once.

use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;

use super::clean::{Cleaner, LONGEST};
use super::dictionary::{Interner, MISSING};
use super::feature::Feature;
use super::feature_kind::features;
use super::kind::ColumnKind;
use super::options::ResolveOptions;
use super::placeholder::placeholders;
use super::profile::{SAMPLE, profile};
use super::records::Column;
use super::rows::Rows;
use crate::interrupt::listen;

/// Every how many distinct values an interrupt is listened for.
const LISTENING: usize = 4096;

/// A column that was read.
pub(super) struct ReadColumn {
    pub(super) column: Column,
    /// What is compared of it, with the number of the value of each record.
    pub(super) features: Vec<(Feature, Vec<u32>)>,
    /// The memory of these.
    pub(super) memory: MemoryReservation,
}

/// Reads a column, as its values ask for, or as those were read that a model was trained on; `None` for
/// one that is not compared.
///
/// # Errors
/// 0A000 for a type that has no texts; where memory does not suffice, or the work is interrupted.
pub(super) fn read_column(
    rows: &Rows,
    at: usize,
    known: Option<&Column>,
    options: &ResolveOptions,
    reservation: &MemoryReservation,
) -> Result<Option<ReadColumn>> {
    let name = rows.name(at);
    let mut values = Interner::default();
    let mut raw = Vec::with_capacity(rows.count);
    let mut present = 0;
    rows.texts(at, |text| {
        let text = text.unwrap_or_default();
        let text = &text[..text.floor_char_boundary(LONGEST)];
        present += usize::from(!text.is_empty());
        raw.push(values.intern(text)?);
        Ok(())
    })?;
    let values = values.finish();
    let memory = reservation.new_empty();
    memory.try_resize(rows.count * size_of::<u32>() + values.bytes())?;
    let mut column = match known {
        Some(column) => column.clone(),
        None => {
            let declared = options.declared(name);
            // By their hashes, so that it does not matter which come first.
            let most = (SAMPLE as u128) << 64;
            let most = u64::try_from(most / values.len().max(1) as u128).unwrap_or(u64::MAX);
            let sample: Vec<&str> = (1..values.len() as u32)
                .filter(|code| values.hash(*code) <= most)
                .map(|code| values.text(code))
                .collect();
            let (kind, dates) = profile(name, &sample, values.len() - 1, present);
            Column {
                name: name.to_owned(),
                kind: declared.unwrap_or(kind),
                dates,
                placeholders: Vec::new(),
            }
        }
    };
    if column.kind == ColumnKind::Ignore {
        return Ok(None);
    }
    let kinds = features(column.kind);
    let mut read: Vec<(Feature, Vec<u32>)> = kinds
        .iter()
        .map(|kind| (Feature::new(at, *kind), vec![MISSING]))
        .collect();
    let mut cleaner = Cleaner::new(column.kind, column.dates);
    let mut cleaned = vec![String::new(); kinds.len()];
    let listener = listen();
    for (at, text) in values.texts().enumerate() {
        if at % LISTENING == 0 {
            listener.check()?;
        }
        cleaner.clean(text, &mut cleaned);
        for ((feature, codes), text) in read.iter_mut().zip(&cleaned) {
            codes.push(feature.intern(text)?);
        }
    }
    drop(values);
    let bytes: usize = read.iter().map(|(feature, _)| feature.bytes()).sum();
    let codes = rows.count * size_of::<u32>();
    memory.try_resize(codes * (1 + read.len()) + bytes)?;
    for (at, (feature, of_values)) in read.iter_mut().enumerate() {
        let mut codes: Vec<u32> = raw.iter().map(|value| of_values[*value as usize]).collect();
        feature.counts = vec![0; feature.dictionary().len()];
        for code in &codes {
            feature.counts[*code as usize] += 1;
        }
        let nothing: Vec<u32> = match known {
            None => {
                let found = placeholders(feature);
                let text = |code: &u32| feature.dictionary().text(*code).to_owned();
                column.placeholders.push(found.iter().map(text).collect());
                found
            }
            Some(column) => {
                let known = column.placeholders.get(at).into_iter().flatten();
                known.filter_map(|text| feature.find(text)).collect()
            }
        };
        if !nothing.is_empty() {
            for code in codes.iter_mut().filter(|code| nothing.contains(code)) {
                *code = MISSING;
            }
            for code in nothing {
                feature.counts[MISSING as usize] += feature.counts[code as usize];
                feature.counts[code as usize] = 0;
            }
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
