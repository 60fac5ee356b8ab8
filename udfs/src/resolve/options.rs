//! What can be said about an entity resolution.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::kind::{ColumnKind, nearest_hint};
use super::own_levels::OwnLevels;
use crate::FunctionError;
use crate::wording::quoted;

/// How many processors there are. To find out reads several files, which takes longer than a lookup.
static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));

/// Which pairs of records may be one entity.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Any two records.
    #[default]
    LinkAndDedupe,
    /// Two records of different sources.
    LinkOnly,
    /// Two records of one source.
    Dedupe,
}

impl Link {
    const ALL: [(&'static str, Self); 3] = [
        ("dedupe", Self::Dedupe),
        ("link_only", Self::LinkOnly),
        ("link_and_dedupe", Self::LinkAndDedupe),
    ];
}

/// The options of an entity resolution; those of `CREATE MODEL`, by the same names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResolveOptions {
    /// The column that names a record.
    pub unique_id: String,
    /// The column that names the system a record is from; `unique_id` is unique within it.
    pub source: Option<String>,
    /// Which pairs may be one entity.
    pub link: Link,
    /// The probability from which on two records are held to be one entity, from 0 to 1; where
    /// nothing is said it is found out.
    pub threshold: Option<f64>,
    /// How many pairs may be compared; by default 6 a record, but 3 million at least.
    pub pair_budget: Option<u64>,
    /// What the random choices depend on.
    pub seed: u64,
    /// Whether to agree on a rare value says more than to agree on a frequent one.
    pub term_frequency: bool,
    /// Whether a source has each entity once, so that two of its records are never one.
    pub one_to_one: Option<bool>,
    /// Kinds of columns, where the profile is not to decide.
    pub compare: Vec<(String, ColumnKind)>,
    /// Columns that are compared by levels of their own.
    pub own_levels: Vec<OwnLevels>,
    /// Columns whose values are keys of blocks and are not compared. Where there are any, records
    /// that have one in common are compared, and no others.
    pub block_on: Vec<String>,
    /// How many threads work; 0 for as many as there are processors. No answer depends on it.
    pub threads: usize,
}

impl Default for ResolveOptions {
    fn default() -> Self {
        Self {
            unique_id: String::new(),
            source: None,
            link: Link::default(),
            threshold: None,
            pair_budget: None,
            seed: 0,
            term_frequency: true,
            one_to_one: None,
            compare: Vec::new(),
            own_levels: Vec::new(),
            block_on: Vec::new(),
            threads: 0,
        }
    }
}

/// The threshold where nothing else is known: two records are rather one than two.
pub(super) const EVEN: f64 = 0.5;

/// Every option by its name.
const NAMES: [&str; 10] = [
    "unique_id",
    "source",
    "link",
    "threshold",
    "pair_budget",
    "seed",
    "term_frequency",
    "one_to_one",
    "compare",
    "threads",
];

impl ResolveOptions {
    /// Reads options as `OPTIONS (name = 'value', ...)` has them. `compare` is a list of
    /// `column kind` separated by commas.
    pub fn parse<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, FunctionError> {
        let mut options = Self::default();
        for (name, value) in pairs {
            options.set(&name.to_ascii_lowercase(), value)?;
        }
        if options.unique_id.is_empty() {
            return Err(FunctionError::invalid_argument(
                "an entity resolution needs the option unique_id",
            )
            .with_hint("Name the column that tells records apart: unique_id = 'record_id'."));
        }
        if (options.link == Link::LinkOnly || options.is_one_to_one()) && options.source.is_none() {
            return Err(FunctionError::invalid_argument(
                "link_only and one_to_one need the option source",
            )
            .with_hint("Name the column that tells systems apart: source = 'system'."));
        }
        if options.link == Link::Dedupe && options.is_one_to_one() {
            return Err(FunctionError::invalid_argument(
                "a source that has each entity once has no duplicates to be found",
            )
            .with_hint("Leave out one of link = 'dedupe' and one_to_one."));
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), FunctionError> {
        match name {
            "unique_id" => value.clone_into(&mut self.unique_id),
            "source" => self.source = Some(value.to_owned()),
            "link" => {
                let found = Link::ALL
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(value.trim()));
                let names = Link::ALL.iter().map(|(name, _)| *name);
                self.link = found
                    .map(|(_, link)| *link)
                    .ok_or_else(|| unfit(name, value).with_hint(nearest_hint(value, names)))?;
            }
            "threshold" => {
                let hint = "It is a probability, from 0 to 1. Without the option it is found out.";
                let threshold: f64 = number(name, value, hint)?;
                self.threshold = Some(threshold);
                if !(0.0..=1.0).contains(&threshold) {
                    return Err(unfit(name, value).with_hint(hint));
                }
            }
            "pair_budget" => {
                let hint = "It is a number of pairs, such as 5000000. Without the option it is 6 a record, and 3 million at least.";
                let budget: u64 = number(name, value, hint)?;
                if budget == 0 {
                    return Err(unfit(name, value).with_hint(hint));
                }
                self.pair_budget = Some(budget);
            }
            "seed" => {
                self.seed = number(name, value, "It is a whole number from 0 on, such as 1.")?
            }
            "term_frequency" => self.term_frequency = switch(name, value)?,
            "one_to_one" => self.one_to_one = Some(switch(name, value)?),
            "threads" => {
                let hint = "It is a number; 0 stands for as many as there are processors.";
                self.threads = number(name, value, hint)?;
            }
            "compare" => self.compare = comparisons(value)?,
            _ => {
                return Err(FunctionError::invalid_argument(format!(
                    "entity resolution has no option {}",
                    quoted(name)
                ))
                .with_hint(nearest_hint(name, NAMES.into_iter())));
            }
        }
        Ok(())
    }

    /// Whether a source has each entity once, as was said or learned.
    pub(super) fn is_one_to_one(&self) -> bool {
        self.one_to_one == Some(true)
    }

    /// What a column holds, where that is said.
    pub(super) fn declared(&self, column: &str) -> Option<ColumnKind> {
        if self.block_on.iter().any(|name| name == column) {
            return Some(ColumnKind::Key);
        }
        if self.own_levels.iter().any(|own| own.column == column) {
            return Some(ColumnKind::Levels);
        }
        let declared = self.compare.iter().find(|(name, _)| name == column);
        declared.map(|(_, kind)| *kind)
    }

    /// How many threads work.
    pub(super) fn workers(&self) -> usize {
        match self.threads {
            0 => *PROCESSORS,
            threads => threads,
        }
        .min(256)
    }
}

fn comparisons(value: &str) -> Result<Vec<(String, ColumnKind)>, FunctionError> {
    value
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| match item.rsplit_once(char::is_whitespace) {
            Some((column, kind)) => Ok((column.trim().to_owned(), ColumnKind::parse(kind)?)),
            None => Err(unfit("compare", item)
                .with_hint("Write a column and its kind: compare = 'dob date, ref national_id'.")),
        })
        .collect()
}

fn unfit(name: &str, value: &str) -> FunctionError {
    FunctionError::invalid_argument(format!(
        "{} is no value of the option {name} of an entity resolution",
        quoted(value)
    ))
}

fn number<T: std::str::FromStr>(name: &str, value: &str, hint: &str) -> Result<T, FunctionError> {
    let number = value.trim().parse();
    number.map_err(|_| unfit(name, value).with_hint(hint))
}

fn switch(name: &str, value: &str) -> Result<bool, FunctionError> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        _ => Err(unfit(name, value).with_hint("It is on or off.")),
    }
}
