//! What a value of a column that repeats others says of these: a copy says the same, and a full name has a
//! given and a family name.

use serde::{Deserialize, Serialize};

use super::clean::Cleaner;
use super::kind::ColumnKind;
use super::resolver::Resolver;

/// How many words of a full name are tried as the last one of its first part.
const MOST_WORDS: usize = 8;

/// A column that is not compared, as it says nothing that others do not say.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// Its name.
    pub column: String,
    /// The columns that say it: one, of which it is a copy, or those that it is made of.
    pub of: Vec<String>,
}

impl Resolver {
    /// What a value of a column says of each of those that it repeats; nothing where that cannot be told.
    ///
    /// Which words of a full name are which is told by the names that the records have.
    pub fn parts_of(&self, repeat: &Repeat, value: &str) -> Vec<Option<String>> {
        match repeat.of.as_slice() {
            [_] => vec![Some(value.to_owned())],
            [first, second] => {
                let kinds = [first, second].map(|column| self.kind_of(column));
                let (given, family) = match kinds {
                    [Some(ColumnKind::GivenName), Some(ColumnKind::FamilyName)] => (first, second),
                    [Some(ColumnKind::FamilyName), Some(ColumnKind::GivenName)] => (second, first),
                    _ => return vec![None; 2],
                };
                let [given_name, family_name] = self.names_of(value, [given, family]);
                match given == first {
                    true => vec![given_name, family_name],
                    false => vec![family_name, given_name],
                }
            }
            of => vec![None; of.len()],
        }
    }

    fn kind_of(&self, column: &str) -> Option<ColumnKind> {
        let mut columns = self.model.columns.iter();
        let found = columns.find(|known| known.name == column);
        found.map(|found| found.kind)
    }

    /// The given and the family name of a full one, for columns of these names.
    fn names_of(&self, value: &str, [given, family]: [&str; 2]) -> [Option<String>; 2] {
        let words: Vec<&str> = value.split_whitespace().collect();
        let name = |words: &[&str]| words.join(" ");
        let known = |name: &[String; 2]| {
            let [given, family] = [(given, &name[0]), (family, &name[1])]
                .map(|(column, name)| self.is_known(column, name));
            (given && family, family, given)
        };
        if let [word] = words.as_slice() {
            let name = [(*word).to_owned(), (*word).to_owned()];
            let (_, is_family, is_given) = known(&name);
            let [given, family] = name;
            return match is_given && !is_family {
                true => [Some(given), None],
                false => [None, Some(family)],
            };
        }
        let mut best: Option<((bool, bool, bool), [String; 2])> = None;
        let turned = value.split_once(',').map(|(family, given)| {
            [given, family].map(|part| name(&part.split_whitespace().collect::<Vec<_>>()))
        });
        let splits = 1..words.len().min(MOST_WORDS);
        let parts = splits.map(|at| (name(&words[..at]), name(&words[at..])));
        let parts: Vec<(String, String)> = parts.collect();
        let in_order = parts.iter().cloned();
        let in_order = in_order.map(|(given, family)| [given, family]);
        let family_first = parts.iter().cloned();
        let family_first = family_first.map(|(family, given)| [given, family]);
        for name in turned.into_iter().chain(in_order).chain(family_first) {
            let known = known(&name);
            if best.as_ref().is_none_or(|(best, _)| known > *best) {
                best = Some((known, name));
            }
        }
        match best {
            Some((_, [given, family])) => [Some(given), Some(family)],
            None => [None, None],
        }
    }

    /// Whether a record has a value in a column of one feature.
    fn is_known(&self, column: &str, value: &str) -> bool {
        let mut columns = self.records.columns.iter().enumerate();
        let Some((place, column)) = columns.find(|(_, known)| known.name == column) else {
            return false;
        };
        let mut of_column = self.records.features().iter();
        let Some(feature) = of_column.find(|feature| feature.column == place) else {
            return false;
        };
        let mut cleaned = [String::new()];
        Cleaner::new(column).clean(value, &mut cleaned);
        !cleaned[0].is_empty() && feature.find(&cleaned[0]).is_some()
    }
}
