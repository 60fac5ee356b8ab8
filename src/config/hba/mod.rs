//! Who may connect, from where, and by what proof: `pg_hba.conf` in PostgreSQL's own form.
//!
//! The first rule that is of a client decides, and who no rule is of is refused. A file with one line
//! that cannot be read has no rules at all: what that line was to keep out must not come in by a
//! later one.

mod address;
mod fields;
mod identity;
mod rule;
#[cfg(test)]
mod tests;
mod tokens;

use std::path::Path;

pub use identity::Maps;
pub use rule::{Attempt, CertificateName, ClientCertificate, Method, Rule};

use self::address::Addresses;
use crate::error::{Error, Result, SqlState};

/// The rules of a file, and the maps that they name.
pub struct Rules {
    rules: Vec<Rule>,
    /// Which roles the names in certificates may be.
    pub maps: Maps,
}

impl Rules {
    /// Reads `hba_file`, and `ident_file` where there is one.
    ///
    /// # Errors
    /// F0000 for a file that cannot be read, has a line that cannot be, or has none; with the first
    /// such line, and how many more there are.
    pub fn load(hba_file: &Path, ident_file: &Path) -> Result<Self> {
        let rules = all_good(hba_file, parsed(hba_file)?)?;
        if rules.is_empty() {
            let message = format!(
                "configuration file \"{}\" contains no entries",
                hba_file.display()
            );
            return Err(Error::new(SqlState::CONFIG_FILE_ERROR, message)
                .with_hint("Nobody could connect: write a rule, or unset hba_file."));
        }
        let maps = Maps::load(ident_file)?;
        Ok(Self { rules, maps })
    }

    /// The rule that decides about a client.
    pub fn find(&self, attempt: &Attempt<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.is_of(attempt))
    }

    /// All of them.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }
}

/// A file's lines with their numbers, each with what it says.
fn parsed(path: &Path) -> Result<Vec<(usize, Result<Rule>)>> {
    let lines = tokens::read(path)?.into_iter();
    Ok(lines
        .map(|line| {
            let rule = match &line.error {
                Some(error) => Err(Error::new(SqlState::CONFIG_FILE_ERROR, error)),
                None => Rule::parse(&line),
            };
            (line.number, rule)
        })
        .collect())
}

/// What all lines of a file say.
///
/// # Errors
/// The first of theirs, with its line, and as a detail how many more there are.
fn all_good<T>(path: &Path, lines: impl IntoIterator<Item = (usize, Result<T>)>) -> Result<Vec<T>> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (number, parsed) in lines {
        match parsed {
            Ok(parsed) => good.push(parsed),
            Err(error) => bad.push((number, error)),
        }
    }
    let others: Vec<String> = bad
        .iter()
        .skip(1)
        .map(|(number, error)| format!("line {number}: {}", error.message()))
        .collect();
    match bad.into_iter().next() {
        None => Ok(good),
        Some((number, error)) => {
            let told = super::file::at_line(path, number, error.message());
            let told = match others.is_empty() {
                true => told,
                false => told.with_detail(format!("And {}.", others.join("; "))),
            };
            Err(match error.hint() {
                Some(hint) => told.with_hint(hint),
                None => told,
            })
        }
    }
}

/// A line of the file as `pg_hba_file_rules` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRule {
    /// The line's number.
    pub line: usize,
    /// What it says, if it can be read.
    pub rule: Option<RuleColumns>,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// The columns of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleColumns {
    /// Which connections it is of.
    pub connections: &'static str,
    /// The databases.
    pub databases: Vec<String>,
    /// The users.
    pub users: Vec<String>,
    /// From where.
    pub address: String,
    /// How much of the address counts.
    pub netmask: Option<String>,
    /// The method.
    pub method: &'static str,
    /// Its options.
    pub options: Vec<String>,
}

/// The lines of the file as it is now, which may not be what was loaded.
///
/// # Errors
/// F0000 where the file cannot be read.
pub fn shown(hba_file: &Path, has_certificate: bool) -> Result<Vec<ShownRule>> {
    let shown = |(line, parsed): (usize, Result<Rule>)| match parsed {
        Ok(rule) => ShownRule {
            line,
            error: rule.obstacle(has_certificate).map(str::to_owned),
            rule: Some(columns(&rule)),
        },
        Err(error) => ShownRule {
            line,
            rule: None,
            error: Some(error.message().to_owned()),
        },
    };
    Ok(parsed(hba_file)?.into_iter().map(shown).collect())
}

fn columns(rule: &Rule) -> RuleColumns {
    let texts = |tokens: &[tokens::Token]| tokens.iter().map(|it| it.text.clone()).collect();
    let (address, netmask) = match rule.addresses {
        Addresses::All => ("all".to_owned(), None),
        Addresses::SameHost => ("samehost".to_owned(), None),
        Addresses::Range { address, mask } => (address.to_string(), Some(mask.to_string())),
    };
    RuleColumns {
        connections: rule.connections.name(),
        databases: texts(&rule.databases),
        users: texts(&rule.users),
        address,
        netmask,
        method: rule.method.name(),
        options: rule.options(),
    }
}

/// A line of `ident_file` as `pg_ident_file_mappings` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownMapping {
    /// The line's number.
    pub line: usize,
    /// The map, the name in the certificate and the role, if the line can be read.
    pub mapping: Option<[String; 3]>,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// The lines of the file of maps as it is now.
///
/// # Errors
/// F0000 where the file cannot be read.
pub fn shown_mappings(ident_file: &Path) -> Result<Vec<ShownMapping>> {
    let lines = identity::read(ident_file)?.into_iter();
    Ok(lines
        .map(|(line, parsed)| {
            let (mapping, error) = match parsed {
                Ok(it) => (Some([it.map, it.name, it.role]), None),
                Err(error) => (None, Some(error.message().to_owned())),
            };
            ShownMapping {
                line: line.number,
                mapping,
                error,
            }
        })
        .collect())
}
