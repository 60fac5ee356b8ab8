//! What `ALTER TABLE` does about columns that are computed from others.

use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::models::constraints;
use crate::session::Session;
use crate::sql::Statement;
use crate::sql::generated::computed_from;

/// The columns that are computed from a column of a table.
fn computed(object: &Object, column: &str) -> Vec<String> {
    match &object.definition {
        Statement::CreateTable(create) => {
            let computed = computed_from(&create.columns, column);
            computed.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// A column that is dropped, and those that go with it.
pub(super) fn going(object: &Object, column: &str) -> Vec<String> {
    let mut going = vec![column.to_owned()];
    going.extend(computed(object, column));
    going
}

/// That nothing is computed from a column that is dropped.
///
/// # Errors
/// 2BP01 where something is.
pub(super) fn keep(object: &Object, column: &str) -> Result<()> {
    let table = format!("table {}", object.name);
    let lines = computed(object, column).into_iter();
    let lines: Vec<String> = lines
        .map(|own| format!("column {own} of {table} depends on column {column} of {table}"))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let message =
        format!("cannot drop column {column} of {table} because other objects depend on it");
    Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, message)
        .with_detail(lines.join("\n"))
        .with_hint("Use DROP ... CASCADE to drop the dependent objects too."))
}

/// Tells of columns that have gone with the first one.
pub(super) fn tell(session: &Session, object: &Object, gone: &[String]) {
    for column in gone.iter().skip(1) {
        let message = format!("drop cascades to column {column} of table {}", object.name);
        session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, message));
    }
}

/// That nothing is computed from a column that gets another type.
///
/// # Errors
/// 0A000 where something is, as in PostgreSQL.
pub(super) fn keep_type(object: &Object, column: &str) -> Result<()> {
    match computed(object, column).first() {
        None => Ok(()),
        Some(own) => Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "cannot alter type of a column used by a generated column",
        )
        .with_detail(format!(
            "Column \"{column}\" is used by generated column \"{own}\"."
        ))),
    }
}

/// That a column that gets a default is not computed.
///
/// # Errors
/// 42601 where it is.
pub(super) fn refuse_default(object: &Object, column: &str) -> Result<()> {
    match constraints::generated_of(object, column) {
        None => Ok(()),
        Some(_) => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            format!(
                "column \"{column}\" of relation \"{}\" is a generated column",
                object.name.name
            ),
        )
        .with_hint("Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.")),
    }
}

/// The error of a column that is not computed.
pub(super) fn not_generated(table: &str, column: &str) -> Error {
    Error::new(
        SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("column \"{column}\" of relation \"{table}\" is not a stored generated column"),
    )
}
