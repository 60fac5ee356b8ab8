//! The definition of a table as the log of its rows tells it, so that a version can be restored as what
//! it was: columns, constraints and options, and which numbers its identity columns go on with.
//!
//! Foreign keys are not among it, for they depend on other tables, which are not restored with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::constraints;
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::sql::create_table::CreateTable;
use crate::sql::{Statement, parse_one};

/// What a table was declared as.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The statement, without foreign keys. Its name is that of then.
    pub create: CreateTable,
    /// What the numbers of identity columns are kept under, by column ([`Object::sequences`]).
    pub numbers: BTreeMap<String, String>,
}

/// It in the log, as JSON.
#[derive(Serialize, Deserialize)]
struct Written {
    create: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    numbers: BTreeMap<String, String>,
}

/// The definition of a table for its log; `before` is what the table was until now, if it was.
///
/// # Errors
/// What is no table.
pub fn record(object: &Object, before: Option<&Object>) -> Result<String> {
    let Statement::CreateTable(create) = &object.definition else {
        return Err(Error::internal(format!("{} is not a table", object.name)));
    };
    let mut create = create.clone();
    create
        .constraints
        .retain(|constraint| constraint.rule.foreign_key().is_none());
    let names = object.schema.fields().iter().map(|field| field.name());
    let identities = names.filter(|name| constraints::identity_of(object, name).is_some());
    let key_of = |column: &String| {
        let own = object.sequences.get(column);
        let key = own.or_else(|| before?.sequences.get(column));
        (column.clone(), key.unwrap_or(column).clone())
    };
    let written = Written {
        create: Statement::CreateTable(create).to_string(),
        numbers: identities.map(key_of).collect(),
    };
    serde_json::to_string(&written)
        .map_err(|error| Error::internal(format!("a definition cannot be written: {error}")))
}

/// Reads what [`record`] has written.
///
/// # Errors
/// XX001 for what is none.
pub fn read(text: &str) -> Result<Recorded> {
    let unreadable = || {
        Error::new(
            SqlState::DATA_CORRUPTED,
            "the definition in the table's log cannot be read",
        )
    };
    let written: Written = serde_json::from_str(text).map_err(|_| unreadable())?;
    match parse_one(&written.create) {
        Ok(Statement::CreateTable(create)) => Ok(Recorded {
            create,
            numbers: written.numbers,
        }),
        _ => Err(unreadable()),
    }
}
