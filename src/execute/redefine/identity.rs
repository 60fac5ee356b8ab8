//! `ALTER COLUMN` of the numbers of a column.

use datafusion::sql::sqlparser::ast::{ColumnDef, ColumnOption};

use crate::catalog::pg_catalog::sequence_type;
use crate::catalog::{NewObject, Object};
use crate::error::{Error, Result, SqlState};
use crate::models::constraints;
use crate::session::Session;
use crate::sql::alter::Restart;
use crate::sql::alter_identity::IdentityChange;
use crate::sql::create_sequence::SequenceOptions;
use crate::sql::identity::{self, Identity, is_identity};
use crate::sql::name::Quoted;
use crate::sql::{Statement, parse_one};

/// Changes what a column declares; false where nothing is to be done.
///
/// # Errors
/// 55000 for a column that has numbers already, or none; 22023 for options that contradict each other.
pub fn declare(
    session: &Session,
    object: &Object,
    column: &mut ColumnDef,
    change: &IdentityChange,
) -> Result<bool> {
    let (table, name) = (&object.name.name, column.name.value.clone());
    let described = format!("column \"{name}\" of relation \"{table}\"");
    let refused = |what: &str| {
        let message = format!("{described} {what}");
        Err(Error::new(
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            message,
        ))
    };
    let before = constraints::identity_of(object, &name);
    match (change, before) {
        (IdentityChange::Add(_), Some(_)) => refused("is already an identity column"),
        (IdentityChange::Add(option), None) => {
            let options = &column.options;
            if !options.iter().any(|it| it.option == ColumnOption::NotNull) {
                return refused("must be declared NOT NULL before identity can be added");
            }
            if options
                .iter()
                .any(|it| matches!(it.option, ColumnOption::Default(_)))
            {
                return refused("already has a default value");
            }
            column.options.push(option.as_ref().clone());
            identity::check(column)?;
            Ok(true)
        }
        (IdentityChange::Drop { if_exists: true }, None) => {
            let notice = format!("{described} is not an identity column, skipping");
            session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
            Ok(false)
        }
        (_, None) => refused("is not an identity column"),
        (IdentityChange::Drop { .. }, Some(_)) => {
            column.options.retain(|option| !is_identity(option));
            Ok(true)
        }
        (
            IdentityChange::Set {
                always, options, ..
            },
            Some(before),
        ) => {
            let data_type = sequence_type(object, &name);
            let known = SequenceOptions {
                data_type: Some(data_type),
                increment: Some(before.increment),
                minimum: Some(Some(before.minimum)),
                maximum: Some(Some(before.maximum)),
                start: Some(before.start),
                cycles: Some(before.cycles),
                ..SequenceOptions::default()
            };
            let changed = options
                .iter()
                .fold(known, |known, option| option.clone().or(&known));
            let numbers = Identity {
                always: always.unwrap_or(before.always),
                ..changed.numbers()?
            };
            column.options.retain(|option| !is_identity(option));
            column.options.push(written(&numbers)?);
            Ok(true)
        }
    }
}

/// Has the numbers of a column go on where the change says: under another key, which only the changed
/// definition tells, so that a transaction that is rolled back leaves them where they were.
///
/// # Errors
/// 22023 for a number that there may not be; those of the disk.
pub fn renumber(
    session: &Session,
    object: &Object,
    new: &mut NewObject,
    column: &str,
    change: &IdentityChange,
) -> Result<()> {
    let Statement::CreateTable(create) = &new.definition else {
        return Ok(());
    };
    let Some(numbers) = identity::of_column(&create.columns, column) else {
        return Ok(());
    };
    let catalog = &session.instance.catalog;
    let (next, last) = match change {
        IdentityChange::Drop { .. } => return Ok(()),
        IdentityChange::Add(_) => (numbers.start.into(), numbers.start.into()),
        IdentityChange::Set { restart, .. } => match restart {
            Some(Restart::AtStart) => (numbers.start.into(), numbers.start.into()),
            Some(Restart::With(number)) => (i128::from(*number), i128::from(*number)),
            None => {
                let Some(before) = constraints::identity_of(object, column) else {
                    return Ok(());
                };
                let next = catalog.next_number(object.oid, object.sequence_key(column), &before)?;
                match before.last_before(next) {
                    Some(last) => (last + i128::from(numbers.increment), last),
                    None => (next, next),
                }
            }
        },
    };
    if !(i128::from(numbers.minimum)..=i128::from(numbers.maximum)).contains(&last) {
        let message = format!("RESTART value ({last}) is beyond MINVALUE and MAXVALUE");
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
    }
    // A number that nothing else has, nor gets: two transactions must not share a key.
    let key = object.renumbered_key(column, catalog.reserve_oid()?);
    catalog.set_next_number(object.oid, &key, next)?;
    new.sequences.insert(column.to_owned(), key);
    Ok(())
}

/// What declares these numbers.
fn written(numbers: &Identity) -> Result<datafusion::sql::sqlparser::ast::ColumnOptionDef> {
    let how = if numbers.always {
        "ALWAYS"
    } else {
        "BY DEFAULT"
    };
    let text = format!(
        "CREATE TABLE t ({} BIGINT GENERATED {how} AS IDENTITY (INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {}{}))",
        Quoted("c"),
        numbers.increment,
        numbers.minimum,
        numbers.maximum,
        numbers.start,
        if numbers.cycles { " CYCLE" } else { "" }
    );
    let Statement::CreateTable(create) = parse_one(&text)? else {
        return Err(Error::internal("an identity is no option of a column"));
    };
    let options = create.columns.into_iter().flat_map(|column| column.options);
    let found = options.into_iter().find(is_identity);
    found.ok_or_else(|| Error::internal("an identity is no option of a column"))
}
