//! Names of objects.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The schema that unqualified names of new objects go to.
pub const DEFAULT_SCHEMA: &str = "public";

/// The one database.
pub const DATABASE: &str = "tributary";

/// The relation of the rows that the body of a function of users' gives, beside one of its arguments.
pub const FUNCTION_BODY: &str = "tributary:body";

/// A name as written: `name`, `schema.name` or `database.schema.name` (the database is dropped).
///
/// Parts are folded to lower case unless they were quoted, as Postgres does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    /// The schema, where the statement names one.
    pub schema: Option<String>,
    /// The object.
    pub name: String,
}

/// The full name of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QualifiedName {
    /// The schema.
    pub schema: String,
    /// The object.
    pub name: String,
}

impl QualifiedName {
    /// `schema.name`.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            schema: schema.into(),
            name: name.into(),
        }
    }
}

impl ObjectName {
    /// The full name, with `schema` where the statement named none.
    pub fn qualify(&self, schema: &str) -> QualifiedName {
        QualifiedName::new(self.schema.as_deref().unwrap_or(schema), &self.name)
    }

    /// The name as messages have it between quotes of their own, which its parts have none of then.
    pub fn between_quotes(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

impl From<QualifiedName> for ObjectName {
    fn from(name: QualifiedName) -> Self {
        Self {
            schema: Some(name.schema),
            name: name.name,
        }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", Quoted(schema))?;
        }
        Quoted(&self.name).fmt(f)
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", Quoted(&self.schema), Quoted(&self.name))
    }
}

/// An identifier as SQL text, quoted where it must be.
pub struct Quoted<'a>(pub &'a str);

impl Quoted<'_> {
    /// Whether the identifier needs no quotes.
    pub fn is_plain(&self) -> bool {
        self.0
            .starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && self
                .0
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !is_reserved(self.0)
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() {
            f.write_str(self.0)
        } else {
            write!(f, "\"{}\"", self.0.replace('"', "\"\""))
        }
    }
}

/// Names one after the other, `a, "B"`, with quotes where they must be.
pub fn listed(names: &[String]) -> String {
    let names = names.iter().map(|name| Quoted(name).to_string());
    names.collect::<Vec<_>>().join(", ")
}

/// ` (a, b)` with quotes where they must be, or nothing for no names.
pub struct Parenthesized<'a>(pub &'a [String]);

impl fmt::Display for Parenthesized<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_columns(f, self.0)
    }
}

/// Writes `(a, b)` with quotes where they must be, or nothing for no names.
pub(super) fn write_columns(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    for (index, name) in names.iter().enumerate() {
        let separator = if index == 0 { " (" } else { ", " };
        write!(f, "{separator}{}", Quoted(name))?;
    }
    if names.is_empty() {
        Ok(())
    } else {
        f.write_str(")")
    }
}

/// Writes `CREATE [OR REPLACE] kind [IF NOT EXISTS] name`.
pub(super) fn write_create(
    f: &mut fmt::Formatter<'_>,
    or_replace: bool,
    kind: &str,
    if_not_exists: bool,
    name: &ObjectName,
) -> fmt::Result {
    let or_replace = if or_replace { "OR REPLACE " } else { "" };
    let if_not_exists = if if_not_exists { "IF NOT EXISTS " } else { "" };
    write!(f, "CREATE {or_replace}{kind} {if_not_exists}{name}")
}

/// The words that Postgres reserves (Appendix C of its manual), so that what is displayed can be
/// read by its tools too.
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "unnest",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

fn is_reserved(word: &str) -> bool {
    use datafusion::sql::sqlparser::keywords;
    if RESERVED.binary_search(&word).is_ok() {
        return true;
    }
    let upper = word.to_uppercase();
    keywords::ALL_KEYWORDS
        .binary_search(&upper.as_str())
        .is_ok_and(|index| {
            let keyword = keywords::ALL_KEYWORDS_INDEX[index];
            keywords::RESERVED_FOR_TABLE_ALIAS.contains(&keyword)
                || keywords::RESERVED_FOR_COLUMN_ALIAS.contains(&keyword)
                || keywords::RESERVED_FOR_IDENTIFIER.contains(&keyword)
        })
}
