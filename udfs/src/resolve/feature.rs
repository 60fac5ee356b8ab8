//! The distinct cleaned values of what is compared, with what comparing them needs.

use super::cell::Cell;
use super::dictionary::{Dictionary, Interner, MISSING};
use super::feature_kind::FeatureKind;
use super::hashing::hash_text;
use crate::FunctionError;
use crate::normalize::nicknames::root;

/// The distinct values of one thing that is compared.
#[derive(Clone, Debug)]
pub(super) struct Feature {
    /// The column that it is of, by its place among those compared.
    pub(super) column: usize,
    pub(super) kind: FeatureKind,
    interner: Interner,
    /// How many records have each value.
    pub(super) counts: Vec<u32>,
    derived: Derived,
}

/// What is kept of each value besides its text.
#[derive(Clone, Debug)]
enum Derived {
    Nothing,
    /// The hash of the formal name of a given name.
    Roots(Vec<u64>),
    Numbers(Vec<f64>),
    Words(WordLists),
}

/// The hashes of the words of each value, ascending.
#[derive(Clone, Debug, Default)]
pub(super) struct WordLists {
    ends: Vec<u32>,
    words: Vec<u64>,
}

impl WordLists {
    /// The words of a value, each once.
    pub(super) fn of(&self, code: u32) -> &[u64] {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.words[start as usize..self.ends[code] as usize]
    }

    fn push(&mut self, text: &str) {
        let start = self.words.len();
        let words = text.split(' ').filter(|word| !word.is_empty());
        self.words.extend(words.map(hash_text));
        self.words[start..].sort_unstable();
        let mut kept = start;
        for at in start..self.words.len() {
            if at == start || self.words[at] != self.words[kept - 1] {
                self.words[kept] = self.words[at];
                kept += 1;
            }
        }
        self.words.truncate(kept);
        self.ends.push(kept as u32);
    }
}

impl Feature {
    pub(super) fn new(column: usize, kind: FeatureKind) -> Self {
        Self {
            column,
            kind,
            interner: Interner::default(),
            counts: Vec::new(),
            derived: match kind {
                FeatureKind::Given => Derived::Roots(Vec::new()),
                FeatureKind::Number => Derived::Numbers(Vec::new()),
                FeatureKind::Text | FeatureKind::Codes => Derived::Words(WordLists::default()),
                _ => Derived::Nothing,
            },
        }
    }

    pub(super) fn intern(&mut self, text: &str) -> Result<u32, FunctionError> {
        self.interner.intern(text)
    }

    /// The same, of several texts.
    pub(super) fn intern_all(
        &mut self,
        texts: &[&str],
        codes: &mut Vec<u32>,
    ) -> Result<(), FunctionError> {
        self.interner.intern_all(texts, codes)
    }

    pub(super) fn dictionary(&self) -> &Dictionary {
        self.interner.dictionary()
    }

    /// Has copies share the values that there are.
    pub(super) fn share(&mut self) {
        self.interner.share();
    }

    /// The number of a text that is among the values.
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.interner.find(text)
    }

    /// Has these values be missing, among those of records.
    pub(super) fn leave_out(&mut self, values: &[u32], codes: &mut [u32]) {
        if values.is_empty() {
            return;
        }
        for code in codes.iter_mut().filter(|code| values.contains(code)) {
            *code = MISSING;
        }
        for code in values {
            let records = std::mem::take(&mut self.counts[*code as usize]);
            self.counts[MISSING as usize] += records;
        }
    }

    /// Derives what comparing needs from the values that came since.
    pub(super) fn derive(&mut self) {
        let dictionary = self.interner.dictionary();
        self.counts.resize(dictionary.len(), 0);
        let values = |derived: usize| {
            (derived as u32..dictionary.len() as u32).map(|code| dictionary.text(code))
        };
        match &mut self.derived {
            Derived::Nothing => {}
            Derived::Roots(roots) => roots.extend(values(roots.len()).map(hash_of_root)),
            Derived::Numbers(numbers) => {
                numbers.extend(values(numbers.len()).map(|text| text.parse().unwrap_or(0.0)));
            }
            Derived::Words(lists) => values(lists.ends.len()).for_each(|text| lists.push(text)),
        }
    }

    /// What a record with a value has.
    pub(super) fn cell(&self, code: u32) -> Cell {
        Cell::new(
            code,
            self.dictionary().text(code),
            self.kind,
            self.root(code),
        )
    }

    /// The hash of the formal name of a given name; 0 elsewhere.
    pub(super) fn root(&self, code: u32) -> u64 {
        match &self.derived {
            Derived::Roots(roots) => roots[code as usize],
            _ => 0,
        }
    }

    /// The number of a value.
    pub(super) fn number(&self, code: u32) -> f64 {
        match &self.derived {
            Derived::Numbers(numbers) => numbers[code as usize],
            _ => 0.0,
        }
    }

    /// The words of a text; none elsewhere.
    pub(super) fn words(&self, code: u32) -> &[u64] {
        match &self.derived {
            Derived::Words(lists) => lists.of(code),
            _ => &[],
        }
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let derived = match &self.derived {
            Derived::Nothing => 0,
            Derived::Roots(roots) => roots.len() * 8,
            Derived::Numbers(numbers) => numbers.len() * 8,
            Derived::Words(lists) => lists.words.len() * 8 + lists.ends.len() * 4,
        };
        self.dictionary().bytes() + self.dictionary().len() * 16 + derived
    }
}

/// The hash of the formal name of a given name; 0 for a missing one.
fn hash_of_root(text: &str) -> u64 {
    match text.split(' ').next() {
        None | Some("") => 0,
        Some(name) => hash_text(&root(name).to_lowercase()),
    }
}
