//! `LIKE table [INCLUDING | EXCLUDING part ...]` among the columns of `CREATE TABLE`.

use std::fmt;

use super::constraint::Declared;
use super::cursor::{Parsed, Parser};
use super::name::ObjectName;

/// The clauses of a statement, and the constraints beside them, which may be about columns that these
/// stand for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Likes {
    /// The clauses, in order.
    pub tables: Vec<Like>,
    /// The constraints that are declared with the table.
    pub declared: Vec<Declared>,
}

/// A relation whose columns a table takes over.
#[derive(Clone, Debug, PartialEq)]
pub struct Like {
    /// How many columns are declared before it.
    pub place: usize,
    /// The relation.
    pub table: ObjectName,
    /// What comes with its columns.
    pub parts: Parts,
}

/// What comes with columns that are taken over, beside their names, types and `NOT NULL`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// `COMMENTS`
    pub comments: bool,
    /// `CONSTRAINTS`: the checks.
    pub constraints: bool,
    /// `DEFAULTS`
    pub defaults: bool,
    /// `GENERATED`
    pub generated: bool,
    /// `IDENTITY`
    pub identity: bool,
    /// `INDEXES`: keys, and the options of what is keyed, too.
    pub indexes: bool,
}

impl Like {
    /// Parses the clause; `place` columns are declared before it.
    pub(super) fn parse(parser: &mut Parser, place: usize) -> Parsed<Self> {
        parser.expect_words(&["LIKE"])?;
        let table = parser.object_name()?;
        let mut parts = Parts::default();
        loop {
            let including = match parser.peek_word(0).as_deref() {
                Some("INCLUDING") => true,
                Some("EXCLUDING") => false,
                _ => break,
            };
            parser.advance_token();
            match parser.peek_word(0).as_deref() {
                Some("ALL") => {
                    parts = Parts {
                        comments: including,
                        constraints: including,
                        defaults: including,
                        generated: including,
                        identity: including,
                        indexes: including,
                    }
                }
                Some("COMMENTS") => parts.comments = including,
                Some("CONSTRAINTS") => parts.constraints = including,
                Some("DEFAULTS") => parts.defaults = including,
                Some("GENERATED") => parts.generated = including,
                Some("IDENTITY") => parts.identity = including,
                Some("INDEXES") => parts.indexes = including,
                // How PostgreSQL keeps values has no like here.
                Some("COMPRESSION" | "STATISTICS" | "STORAGE") => {}
                _ => return parser.fail("a part of a table"),
            }
            parser.advance_token();
        }
        Ok(Self {
            place,
            table,
            parts,
        })
    }
}

impl fmt::Display for Like {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LIKE {}", self.table)?;
        let parts = [
            (self.parts.comments, "COMMENTS"),
            (self.parts.constraints, "CONSTRAINTS"),
            (self.parts.defaults, "DEFAULTS"),
            (self.parts.generated, "GENERATED"),
            (self.parts.identity, "IDENTITY"),
            (self.parts.indexes, "INDEXES"),
        ];
        for (_, part) in parts.iter().filter(|(is_included, _)| *is_included) {
            write!(f, " INCLUDING {part}")?;
        }
        Ok(())
    }
}
