//! `pg_ident.conf`: which roles the names in certificates may be.

use std::path::Path;

use tributary_udfs::postgres::RegularExpression;

use super::tokens::{self, Line, Token};
use crate::error::{Error, Result, SqlState};

/// The maps of a file.
#[derive(Default)]
pub struct Maps(Vec<Mapping>);

/// A line: in this map, who has this name may be this role.
pub(super) struct Mapping {
    pub(super) map: String,
    /// The name as it is written.
    pub(super) name: String,
    pub(super) role: String,
    /// The expression that the name is, where it begins with a slash.
    expression: Option<RegularExpression>,
}

impl Maps {
    /// Reads a file; without one there are no maps.
    ///
    /// # Errors
    /// F0000 for a line that cannot be read.
    pub(super) fn load(path: &Path) -> Result<Self> {
        if path.as_os_str().is_empty() {
            return Ok(Self::default());
        }
        let parsed = read(path)?
            .into_iter()
            .map(|(line, mapping)| (line.number, mapping));
        super::all_good(path, parsed).map(Self)
    }

    /// Whether who has a name may be a role: without a map, the one of that name.
    pub fn allow(&self, map: Option<&str>, name: &str, role: &str) -> bool {
        match map {
            Some(map) => self
                .0
                .iter()
                .any(|mapping| mapping.map == map && mapping.allows(name, role)),
            None => name == role,
        }
    }
}

/// The lines of a file, with what they say.
pub(super) fn read(path: &Path) -> Result<Vec<(Line, Result<Mapping>)>> {
    let lines = tokens::read(path)?.into_iter();
    Ok(lines
        .map(|line| {
            let mapping = Mapping::parse(&line);
            (line, mapping)
        })
        .collect())
}

impl Mapping {
    fn parse(line: &Line) -> Result<Self> {
        if let Some(error) = &line.error {
            return Err(wrong(error));
        }
        let mut fields = line.fields.iter();
        let mut next = || -> Result<&Token> {
            match fields.next().map(Vec::as_slice) {
                Some([token]) => Ok(token),
                Some(_) => Err(wrong("multiple values in ident field")),
                None => Err(wrong("missing entry at end of line")),
            }
        };
        let (map, name, role) = (next()?, next()?, next()?);
        let expression = name.text.strip_prefix('/').map(|pattern| {
            RegularExpression::compile(pattern).map_err(|error| {
                let why = error.to_string();
                let why = why.trim_start_matches("invalid regular expression: ");
                wrong(format!("invalid regular expression \"{pattern}\": {why}"))
            })
        });
        Ok(Self {
            map: map.text.clone(),
            name: name.text.clone(),
            role: role.text.clone(),
            expression: expression.transpose()?,
        })
    }

    fn allows(&self, name: &str, role: &str) -> bool {
        let Some(expression) = &self.expression else {
            return self.name == name && self.role == role;
        };
        let Some(first) = expression.first_group(name) else {
            return false;
        };
        match (self.role.split_once("\\1"), first) {
            (Some((before, after)), Some(group)) => {
                role.strip_prefix(before)
                    .and_then(|rest| rest.strip_suffix(after))
                    == Some(group)
            }
            // There is nothing to put in its place.
            (Some(_), None) => false,
            (None, _) => self.role == role,
        }
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(SqlState::CONFIG_FILE_ERROR, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_says_who_may_be_which_role() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pg_ident.conf");
        let text =
            "people \"Jane Doe\" jane\npeople /^(.*)@example\\.com$ \\1\npeople /^ops- reader\n";
        std::fs::write(&path, text).unwrap();
        let maps = Maps::load(&path).unwrap();
        for (map, name, role, wanted) in [
            (None, "jane", "jane", true),
            (None, "Jane Doe", "jane", false),
            (Some("people"), "Jane Doe", "jane", true),
            (Some("people"), "jane", "jane", false),
            (Some("people"), "jo@example.com", "jo", true),
            (Some("people"), "jo@example.com", "jane", false),
            (Some("people"), "jo@example.org", "jo", false),
            (Some("people"), "ops-7", "reader", true),
            (Some("people"), "my-ops-7", "reader", false),
            (Some("others"), "jo@example.com", "jo", false),
        ] {
            assert_eq!(maps.allow(map, name, role), wanted, "{map:?} {name} {role}");
        }
        for (text, message) in [
            ("people jane", "line 1: missing entry at end of line"),
            ("\npeople a,b c", "line 2: multiple values in ident field"),
            ("people /( jane", "line 1: invalid regular expression \"(\""),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Maps::load(&path).err().unwrap();
            assert!(error.message().contains(message), "{error}");
        }
    }
}
