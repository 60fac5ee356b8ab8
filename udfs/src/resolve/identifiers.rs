//! What names a record: its identifier, and the system that it is from.

use arrow::array::{Array, ArrayRef};
use datafusion::error::{DataFusionError, Result};

use super::dictionary::{Interner, MISSING};
use super::records::{EMPTY, write_key};
use super::rows::{has_no_texts, texts};
use crate::FunctionError;
use crate::wording::{quoted, type_name};

/// The names of records, in their order.
pub(super) struct Identifiers {
    /// Source and identifier of each record; its place is the number less one.
    pub(super) ids: Interner,
    pub(super) sources: Vec<u32>,
    pub(super) source_names: Vec<String>,
}

/// Reads the columns of the identifiers and of the sources.
#[derive(Debug)]
pub(super) struct IdentifierReader {
    /// The column of the identifiers.
    name: String,
    /// The column of the sources, if there is any.
    source: Option<String>,
    ids: Interner,
    sources: Vec<u32>,
    source_names: Interner,
}

impl IdentifierReader {
    /// For columns of these names.
    pub(super) fn new(name: &str, source: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            source: source.map(str::to_owned),
            ids: Interner::default(),
            sources: Vec::new(),
            source_names: Interner::default(),
        }
    }

    /// Takes in some records.
    ///
    /// # Errors
    /// 23502 for a record without an identifier, 23505 for one that another record has; 0A000 for columns of a
    /// type that has no texts.
    pub(super) fn push(&mut self, ids: &ArrayRef, sources: Option<&ArrayRef>) -> Result<()> {
        let source = self.source.as_ref().zip(sources);
        for (name, array) in source.into_iter().chain([(&self.name, ids)]) {
            check_texts(name, array)?;
        }
        let mut row = self.ids.dictionary().len() - 1;
        if let (Some(name), Some(sources)) = (&self.source, sources) {
            texts(sources, name, |texts| {
                Ok(self.source_names.intern_all(texts, &mut self.sources)?)
            })?;
        }
        let mut keys: Vec<String> = Vec::new();
        let mut codes = Vec::new();
        texts(ids, &self.name, |texts| {
            if texts.iter().any(|text| text.is_empty()) {
                return Err(refused(
                    "23502",
                    format!("{} of a record is NULL or empty", quoted(&self.name)),
                    "Every record needs its own identifier: leave out those without.",
                ));
            }
            codes.clear();
            if self.source.is_none() {
                self.ids.intern_all(texts, &mut codes)?;
            } else {
                keys.resize(texts.len(), String::new());
                for (at, (key, text)) in keys.iter_mut().zip(texts).enumerate() {
                    let source = self.sources.get(row + at);
                    let source = source.map(|code| self.source_names.dictionary().text(*code));
                    write_key(key, source, text);
                }
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                self.ids.intern_all(&keys, &mut codes)?;
            }
            for (code, text) in codes.iter().zip(texts) {
                row += 1;
                if *code as usize != row {
                    return Err(repeated(&self.name, text));
                }
            }
            Ok(())
        })?;
        if let Some(sources) = sources {
            self.tell_empty(sources);
        }
        Ok(())
    }

    /// Tells the last sources that are empty texts from those that are NULL.
    fn tell_empty(&mut self, last: &ArrayRef) {
        let nulls = last.logical_nulls();
        let first = self.sources.len().saturating_sub(last.len());
        for (at, code) in self.sources.iter_mut().skip(first).enumerate() {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(at));
            if *code == MISSING && !is_null {
                *code = EMPTY;
            }
        }
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.ids.bytes() + self.sources.capacity() * size_of::<u32>()
    }

    /// The names of all records.
    pub(super) fn finish(self) -> Identifiers {
        let texts = self.source_names.dictionary().texts();
        let source_names = std::iter::once("").chain(texts).map(str::to_owned);
        Identifiers {
            source_names: source_names.collect(),
            ids: self.ids,
            sources: self.sources,
        }
    }
}

/// That two records have one identifier, in the column of this name.
pub fn repeated(column: &str, id: &str) -> DataFusionError {
    refused(
        "23505",
        format!(
            "two records have the same {}: {}",
            quoted(column),
            quoted(id)
        ),
        "Every record needs its own identifier: take SELECT DISTINCT ON, or name the column that \
         tells systems apart with the option source.",
    )
}

/// That the values of a column can name records.
fn check_texts(name: &str, array: &ArrayRef) -> Result<()> {
    match has_no_texts(array.data_type()) {
        false => Ok(()),
        true => {
            let kind = type_name(array.data_type());
            let message = format!(
                "column {} is of type {kind}, which names no records",
                quoted(name)
            );
            let error = FunctionError::unsupported(message);
            Err(error.with_hint("Have the query cast it to text.").into())
        }
    }
}

fn refused(sqlstate: &'static str, message: String, hint: &str) -> DataFusionError {
    FunctionError {
        sqlstate,
        message,
        hint: Some(hint.to_owned()),
    }
    .into()
}
