//! Which table, and the name of its folder.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::sql::QualifiedName;

/// The longest part of a folder's name that comes from a name in SQL; file systems allow 255.
const MAX_NAME: usize = 100;

/// A table of the warehouse: its number makes it unique, its names make its folder readable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TableId {
    /// The number of the table in the catalog, never used again.
    pub oid: u32,
    /// The schema that the table is created in.
    pub schema: String,
    /// The name that the table is created with.
    pub name: String,
    /// What messages call it, where it has another name by now: that tells no two tables apart.
    #[serde(skip)]
    pub(super) called: Option<String>,
}

impl PartialEq for TableId {
    fn eq(&self, other: &Self) -> bool {
        (self.oid, &self.schema, &self.name) == (other.oid, &other.schema, &other.name)
    }
}

impl Eq for TableId {}

impl Hash for TableId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.oid, &self.schema, &self.name).hash(state);
    }
}

impl TableId {
    /// The table of this number and these names.
    pub fn new(oid: u32, schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            oid,
            schema: schema.into(),
            name: name.into(),
            called: None,
        }
    }

    /// The table, which messages call by this name.
    pub fn called(self, name: impl fmt::Display) -> Self {
        Self {
            called: Some(name.to_string()),
            ..self
        }
    }

    /// The names of the two folders that the table lies in, `<schema>` and `<name>-<oid>`.
    ///
    /// Characters that mean something to URLs, shells or file systems become `_`: the number
    /// keeps two tables apart, so the names need not.
    pub fn folders(&self) -> [String; 2] {
        [
            folder_name(&self.schema),
            format!("{}-{}", folder_name(&self.name), self.oid),
        ]
    }
}

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.called {
            Some(called) => f.write_str(called),
            None => write!(f, "{}", QualifiedName::new(&self.schema, &self.name)),
        }
    }
}

/// The number of the table that a folder of this name belongs to.
pub(super) fn oid_of_folder(name: &str) -> Option<u32> {
    let (_, oid) = name.rsplit_once('-')?;
    oid.parse().ok()
}

fn folder_name(name: &str) -> String {
    let mut folder: String = name
        .chars()
        .take(MAX_NAME)
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if folder.is_empty() {
        folder.push('_');
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_plain_and_carry_the_number() {
        let id = TableId::new(17, "my schema", "a/../ü%20\"b");
        let [schema, table] = id.folders();
        assert_eq!(schema, "my_schema");
        assert_eq!(table, "a______20_b-17");
        assert_eq!(oid_of_folder(&table), Some(17));
        assert_eq!(oid_of_folder("_delta_log"), None);
        let called = id.clone().called("s.t");
        assert_eq!(called, id);
        assert_eq!(called.folders(), id.folders());
        assert_eq!(called.to_string(), "s.t");
        let long = TableId::new(1, "", "x".repeat(500)).folders();
        assert_eq!(long[0], "_");
        assert!(long[1].len() < 120);
    }
}
